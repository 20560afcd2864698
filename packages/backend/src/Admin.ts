/**
 * Bodies of the admin API, shared by the server and those who drive it. All paths begin with `/_sandbox`.
 *
 * @since 0.1.0
 */
import { AddressId, MessageId, SubscriberId } from "@effect-signalwire/schema/Ids"
import * as Wire from "@effect-signalwire/schema/Wire"
import * as Schema from "effect/Schema"
import * as WireLog from "./WireLog.ts"

const maybe = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** `GET /_sandbox`: whom the server serves, and what to authenticate with. `expiresAt` is in unix seconds. */
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
  displayName: maybe(Schema.String),
  email: maybe(Schema.String)
})
export type NewSubscriber = typeof NewSubscriber.Type

/** Its answer. `expiresAt` is in unix seconds. */
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
export const NewRoom = Schema.Struct({ name: Schema.String, displayName: maybe(Schema.String) })
export type NewRoom = typeof NewRoom.Type

/** Its answer. */
export const RoomCreated = Schema.Struct({ name: Schema.String, addressId: AddressId })
export type RoomCreated = typeof RoomCreated.Type

/** Body of `POST /_sandbox/tokens`. */
export const NewToken = Schema.Struct({
  subscriberId: Schema.String,
  ttlSeconds: maybe(Schema.Finite.check(Schema.isBetween({ minimum: -1e9, maximum: 1e9 })))
})
export type NewToken = typeof NewToken.Type

/** Its answer. `expiresAt` is in unix seconds. */
export const TokenMinted = Schema.Struct({
  token: Schema.String,
  refreshToken: Schema.String,
  expiresAt: Schema.Finite
})
export type TokenMinted = typeof TokenMinted.Type

/** Body of `POST /_sandbox/tokens/expire`. */
export const ExpireToken = Schema.Struct({ token: Schema.String })
export type ExpireToken = typeof ExpireToken.Type

/** A name such as `call_started`. */
const Word = Schema.String.check(Schema.isPattern(/^[\w.-]{1,100}$/))

/** A message to be stored as if its sender had sent it; a call log with a `subtype` of `log` and a `kind`. */
export const NewMessage = Schema.Struct({
  /** The sender: the `id` of a subscriber, not its address. */
  from: Schema.String,
  /** Whom it is sent to. The conversation is joined when it was not. */
  addressId: Schema.String,
  text: maybe(Schema.String),
  subtype: maybe(Word),
  kind: maybe(Word),
  hidden: maybe(Schema.Boolean),
  metadata: maybe(Wire.JsonObject),
  details: maybe(Wire.JsonObject),
  /** Unix seconds, within two centuries; by default now. */
  ts: maybe(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 8e9 }))),
  /** Whether sessions are told, as they are by default; otherwise it can only be found in history. */
  push: maybe(Schema.Boolean)
})
export type NewMessage = typeof NewMessage.Type

/** Body of `POST /_sandbox/messages`. */
export const NewMessages = Schema.Struct({ messages: Schema.Array(NewMessage) })
export type NewMessages = typeof NewMessages.Type

/** Its answer, in the order of the request. `ts` is in unix seconds. */
export const MessagesCreated = Schema.Struct({
  messages: Schema.Array(Schema.Struct({ id: MessageId, ts: Schema.Finite }))
})
export type MessagesCreated = typeof MessagesCreated.Type

/** Answer of `GET /_sandbox/messages?addressId=`: what is stored, oldest first, with the keys of both dialects. */
export const StoredMessages = Schema.Struct({ messages: Schema.Array(Wire.ConversationEvent) })
export type StoredMessages = typeof StoredMessages.Type

/** Answer of `GET /_sandbox/sessions`. */
export const SessionList = Schema.Struct({
  sessions: Schema.Array(Schema.Struct({
    protocol: Schema.String,
    subscriberId: SubscriberId,
    connected: Schema.Boolean,
    /** Events that it has not acknowledged. */
    unacked: Schema.Int,
    /** What these take, and the frames that wait to be written to it: bytes. */
    bytes: Schema.Int
  }))
})
export type SessionList = typeof SessionList.Type

/** Body of `POST /_sandbox/sessions/drop`. Without a `code` the sockets break without a close frame. */
export const DropSessions = Schema.Struct({
  subscriberId: maybe(Schema.String),
  code: maybe(Schema.Int.check(Schema.isBetween({ minimum: 1000, maximum: 4999 })))
})
export type DropSessions = typeof DropSessions.Type

/** Body of `POST /_sandbox/sessions/disconnect`: `signalwire.disconnect` is sent; with `restart` sessions are forgotten. */
export const DisconnectSessions = Schema.Struct({
  subscriberId: maybe(Schema.String),
  restart: maybe(Schema.Boolean)
})
export type DisconnectSessions = typeof DisconnectSessions.Type

/** Answer of both: how many sockets were open. */
export const SessionsDropped = Schema.Struct({ dropped: Schema.Int })
export type SessionsDropped = typeof SessionsDropped.Type

/** Answer of `GET /_sandbox/log`, oldest first. */
export const WireLogList = Schema.Struct({
  enabled: Schema.Boolean,
  /** How many entries there was no room for. */
  forgotten: Schema.Int,
  entries: Schema.Array(WireLog.Entry)
})
export type WireLogList = typeof WireLogList.Type

/** Body of `PUT /_sandbox/log`, and its answer. */
export const WireLogSwitch = Schema.Struct({ enabled: Schema.Boolean })
export type WireLogSwitch = typeof WireLogSwitch.Type
