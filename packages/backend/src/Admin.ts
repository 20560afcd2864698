/**
 * The request and response bodies of the admin API. All paths begin with `/_sandbox`.
 *
 * @since 0.1.0
 */
import { AddressId, MessageId, SubscriberId } from "@effect-signalwire/schema/Ids"
import * as WireSchemas from "@effect-signalwire/schema/WireSchemas"
import * as Schema from "effect/Schema"
import { optionalField } from "./internal/optionalField.ts"
import * as WireLog from "./WireLog.ts"

/**
 * Response of `GET /_sandbox`: the project, the rooms, and the subscribers with their tokens. `expiresAt` is in unix seconds.
 */
export const Ready = Schema.Struct({
  projectId: Schema.String,
  apiToken: Schema.String,
  subscribers: Schema.Array(Schema.Struct({
    id: SubscriberId,
    name: Schema.String,
    addressId: AddressId,
    token: Schema.String,
    expiresAt: Schema.Finite
  })),
  rooms: Schema.Array(Schema.Struct({ name: Schema.String, addressId: AddressId }))
})
export type Ready = typeof Ready.Type

/** Body of `POST /_sandbox/subscribers`. */
export const NewSubscriber = Schema.Struct({
  name: Schema.String,
  displayName: optionalField(Schema.String),
  email: optionalField(Schema.String)
})
export type NewSubscriber = typeof NewSubscriber.Type

/** Response of `POST /_sandbox/subscribers`. `expiresAt` is in unix seconds. */
export const SubscriberCreated = Schema.Struct({
  id: SubscriberId,
  name: Schema.String,
  addressId: AddressId,
  token: Schema.String,
  refreshToken: Schema.String,
  expiresAt: Schema.Finite
})
export type SubscriberCreated = typeof SubscriberCreated.Type

/** Body of `POST /_sandbox/rooms`. */
export const NewRoom = Schema.Struct({ name: Schema.String, displayName: optionalField(Schema.String) })
export type NewRoom = typeof NewRoom.Type

/** Response of `POST /_sandbox/rooms`. */
export const RoomCreated = Schema.Struct({ name: Schema.String, addressId: AddressId })
export type RoomCreated = typeof RoomCreated.Type

/** Body of `POST /_sandbox/tokens`. */
export const NewToken = Schema.Struct({
  subscriberId: Schema.String,
  ttlSeconds: optionalField(Schema.Finite.check(Schema.isBetween({ minimum: -1e9, maximum: 1e9 })))
})
export type NewToken = typeof NewToken.Type

/** Response of `POST /_sandbox/tokens`. `expiresAt` is in unix seconds. */
export const TokenMinted = Schema.Struct({
  token: Schema.String,
  refreshToken: Schema.String,
  expiresAt: Schema.Finite
})
export type TokenMinted = typeof TokenMinted.Type

/** Body of `POST /_sandbox/tokens/expire`. */
export const ExpireToken = Schema.Struct({ token: Schema.String })
export type ExpireToken = typeof ExpireToken.Type

/** An identifier such as `call_started`. */
const Identifier = Schema.String.check(Schema.isPattern(/^[\w.-]{1,100}$/))

/** A message to store as if its sender had sent it. A call log has the `subtype` `log` and a `kind`. */
export const NewMessage = Schema.Struct({
  /** The id of the sender, not of its address. */
  from: Schema.String,
  /** The address to send to. The sender joins the conversation if it has not joined it. */
  addressId: Schema.String,
  text: optionalField(Schema.String),
  subtype: optionalField(Identifier),
  kind: optionalField(Identifier),
  hidden: optionalField(Schema.Boolean),
  metadata: optionalField(WireSchemas.JsonObject),
  details: optionalField(WireSchemas.JsonObject),
  /** The time in unix seconds, from 0 to 8e9. @default now */
  ts: optionalField(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 8e9 }))),
  /** Whether the message is pushed to sessions. If `false`, it can only be read from history. @default true */
  push: optionalField(Schema.Boolean)
})
export type NewMessage = typeof NewMessage.Type

/** Body of `POST /_sandbox/messages`. */
export const NewMessages = Schema.Struct({ messages: Schema.Array(NewMessage) })
export type NewMessages = typeof NewMessages.Type

/** Response of `POST /_sandbox/messages`, in the order of the request. `ts` is in unix seconds. */
export const MessagesCreated = Schema.Struct({
  messages: Schema.Array(Schema.Struct({ id: MessageId, ts: Schema.Finite }))
})
export type MessagesCreated = typeof MessagesCreated.Type

/** Response of `GET /_sandbox/messages?addressId=`: the stored messages, oldest first, with the keys of both dialects. */
export const StoredMessages = Schema.Struct({ messages: Schema.Array(WireSchemas.ConversationEvent) })
export type StoredMessages = typeof StoredMessages.Type

/** Response of `GET /_sandbox/sessions`. */
export const SessionList = Schema.Struct({
  sessions: Schema.Array(Schema.Struct({
    protocol: Schema.String,
    subscriberId: SubscriberId,
    connected: Schema.Boolean,
    /** The number of events that the client has not acknowledged. */
    unacked: Schema.Int,
    /** The size of these events and of the frames that are queued to be written, in bytes. */
    bytes: Schema.Int
  }))
})
export type SessionList = typeof SessionList.Type

/** Body of `POST /_sandbox/sessions/drop`. Without a `code`, sockets are closed without a close frame. */
export const DropSessions = Schema.Struct({
  subscriberId: optionalField(Schema.String),
  code: optionalField(Schema.Int.check(Schema.isBetween({ minimum: 1000, maximum: 4999 })))
})
export type DropSessions = typeof DropSessions.Type

/** Body of `POST /_sandbox/sessions/disconnect`, which sends `signalwire.disconnect`. With `restart`, sessions are removed. */
export const DisconnectSessions = Schema.Struct({
  subscriberId: optionalField(Schema.String),
  restart: optionalField(Schema.Boolean)
})
export type DisconnectSessions = typeof DisconnectSessions.Type

/** Response of `POST /_sandbox/sessions/drop` and `/disconnect`: the number of sockets that were open. */
export const SessionsDropped = Schema.Struct({ dropped: Schema.Int })
export type SessionsDropped = typeof SessionsDropped.Type

/** Response of `GET /_sandbox/log`, oldest entries first. */
export const WireLogList = Schema.Struct({
  enabled: Schema.Boolean,
  /** The number of entries that were dropped because the log was full. */
  forgotten: Schema.Int,
  entries: Schema.Array(WireLog.Entry)
})
export type WireLogList = typeof WireLogList.Type

/** Body and response of `PUT /_sandbox/log`. */
export const WireLogSwitch = Schema.Struct({ enabled: Schema.Boolean })
export type WireLogSwitch = typeof WireLogSwitch.Type
