/**
 * The snake_case objects of SignalWire's published documentation, as the Promise client returns them.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import type * as AddressModel from "./Address.ts"
import type * as ConversationModel from "./Conversation.ts"
import type * as ConversationEventModel from "./ConversationEvent.ts"
import type * as ConversationMessageModel from "./ConversationMessage.ts"
import type * as JoinConversationResponseModel from "./JoinConversationResponse.ts"
import type { JsonObject } from "./JsonObject.ts"
import type * as SubscriberModel from "./Subscriber.ts"

/** A conversation. Times are unix milliseconds. */
export interface Conversation {
  /** A unique identifier for the conversation: an address id or a group id, depending on the server's dialect. */
  readonly id: string
  /**
   * The address of the other side: the id that every method takes as `addressId`; `null` if the server does not send
   * it. Not documented by SignalWire.
   */
  readonly address_id: string | null
  /** The name of the conversation. */
  readonly name: string
  /** Additional metadata associated with the conversation. */
  readonly metadata: JsonObject
  /**
   * When the conversation was created, in unix milliseconds (documented as "UNIX timestamp"; the example shows the
   * unit).
   */
  readonly created_at: number
  /**
   * When its last message was stored, in unix milliseconds. After this client has sent a message it may be a time of
   * this client's own clock.
   */
  readonly last_message_at: number
}

/**
 * A message. `ts` is unix seconds with a fraction. Fields that the server's dialect does not provide are `null`.
 */
export interface ConversationMessage {
  /** A unique identifier for the message. */
  readonly id: string
  /** The identifier of the conversation. */
  readonly conversation_id: string
  /** The subscriber who sent it; `null` in the group dialect, which does not include it. */
  readonly user_id: string | null
  /** The address of the other side: the id that every method takes as `addressId`. Documented for events only. */
  readonly address_id: string | null
  /** The address it was sent from. Not documented; servers of both dialects send it. */
  readonly from_address_id: string | null
  /**
   * When the message was created, in unix seconds with a fraction (documented as "Unix Epoch"; the example shows the
   * unit).
   */
  readonly ts: number
  /** The type of the message, such as `message`. */
  readonly type: string
  /** The subtype, such as `chat` or `log`. */
  readonly subtype: string | null
  /** The kind of a log entry, such as `call_started`; `null` for chat messages. */
  readonly kind: string | null
  /** The text of the message; `null` for log entries. Documented for events only. */
  readonly text: string | null
  /** Metadata that the sender attached. Documented for events only. */
  readonly metadata: JsonObject
  /** Details that the sender attached, or those of a log entry. */
  readonly details: JsonObject
  /**
   * The `clientId` that this SDK sent the message with; `null` for a message without one. Not documented by SignalWire.
   */
  readonly client_id: string | null
}

/** A message that was received live. */
export interface ConversationEvent extends ConversationMessage {
  /** Whether the message is meant to be hidden. Documented as the string `"false"`; servers send a boolean. */
  readonly hidden: boolean
  /** The name of the conversation. */
  readonly conversation_name: string | null
  /** The name of the sender. */
  readonly user_name: string | null
}

/** The response to a join. */
export interface JoinConversationResponse {
  /** The conversation that was joined. */
  readonly conversation_id: string
  /** The address that was joined. */
  readonly address_id: string
  /** The joining subscriber's own address; `null` in the address dialect, which does not include it. */
  readonly from_address_id: string | null
}

/** An address that a conversation can be held with. */
export interface Address {
  /** The id that every method takes as `addressId`. */
  readonly id: string
  /** The name to display. */
  readonly display_name: string
  /** The name used in URIs such as `/private/<name>`. */
  readonly name: string
  /** `app`, `call`, `room` or `subscriber`. An open set: servers may add types. */
  readonly type: string
  /** The id of the resource that the address belongs to. */
  readonly resource_id: string | null
  /** URL of an image that previews the current activity, such as a room's video. */
  readonly preview_url: string | null
  /** URL of the cover image. */
  readonly cover_url: string | null
  /** URIs by channel (`audio`, `video`, `messaging`). An address with `messaging` accepts chat messages. */
  readonly channels: { readonly [channel: string]: string }
  /** Whether new participants are kept out. */
  readonly locked: boolean
  /** When the address was created, as ISO 8601 in UTC. */
  readonly created_at: string | null
}

/** A subscriber: the user that a token belongs to. */
export interface Subscriber {
  /** The subscriber's id. Messages of the address dialect have it as their `user_id`. */
  readonly id: string
  /** E-mail address. */
  readonly email: string | null
  /** First name. */
  readonly first_name: string | null
  /** Last name. */
  readonly last_name: string | null
  /** The name to display. */
  readonly display_name: string | null
  /** Job title. */
  readonly job_title: string | null
  /** Time zone, in the server's notation. */
  readonly time_zone: string | null
  /** Country. */
  readonly country: string | null
  /** Region. */
  readonly region: string | null
  /** Name of the company. */
  readonly company_name: string | null
  /** The key that push notifications are encrypted with. */
  readonly push_notification_key: string | null
  /** The subscriber's own addresses. */
  readonly fabric_addresses: ReadonlyArray<Address>
}

/** Converts a conversation to its documented object. */
export const conversation = (from: ConversationModel.Conversation): Conversation => ({
  id: from.id,
  address_id: from.addressId,
  name: from.name,
  metadata: from.metadata,
  created_at: DateTime.toEpochMillis(from.createdAt),
  last_message_at: DateTime.toEpochMillis(from.lastMessageAt)
})

/** Converts a message to its documented object. */
export const message = (from: ConversationMessageModel.ConversationMessage): ConversationMessage => ({
  id: from.id,
  conversation_id: from.conversationId,
  user_id: from.userId,
  address_id: from.addressId,
  from_address_id: from.fromAddressId,
  ts: from.epochSeconds,
  type: from.type,
  subtype: from.subtype,
  kind: from.kind,
  text: from.text,
  metadata: from.metadata,
  details: from.details,
  client_id: from.clientId
})

/** Converts an event to its documented object. */
export const event = (from: ConversationEventModel.ConversationEvent): ConversationEvent => ({
  ...message(from),
  hidden: from.hidden,
  conversation_name: from.conversationName,
  user_name: from.userName
})

/** Converts the response to a join to its documented object. */
export const join = (from: JoinConversationResponseModel.JoinConversationResponse): JoinConversationResponse => ({
  conversation_id: from.conversationId,
  address_id: from.addressId,
  from_address_id: from.fromAddressId
})

/** Converts an address to its documented object. */
export const address = (from: AddressModel.Address): Address => ({
  id: from.id,
  display_name: from.displayName,
  name: from.name,
  type: from.type,
  resource_id: from.resourceId,
  preview_url: from.previewUrl,
  cover_url: from.coverUrl,
  channels: from.channels,
  locked: from.locked,
  created_at: from.createdAt === null ? null : DateTime.formatIso(from.createdAt)
})

/** Converts a subscriber to its documented object. */
export const subscriber = (from: SubscriberModel.Subscriber): Subscriber => ({
  id: from.id,
  email: from.email,
  first_name: from.firstName,
  last_name: from.lastName,
  display_name: from.displayName,
  job_title: from.jobTitle,
  time_zone: from.timeZone,
  country: from.country,
  region: from.region,
  company_name: from.companyName,
  push_notification_key: from.pushNotificationKey,
  fabric_addresses: from.addresses.map(address)
})
