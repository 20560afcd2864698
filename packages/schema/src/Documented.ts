/**
 * The snake_case objects of the published documentation: what plain TypeScript gets.
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
  /** A unique identifier for the conversation: an address id, or the id of a group, as the server has it. */
  readonly id: string
  /** The other side: what `addressId` means in every method. Not documented; `null` where the server does not tell. */
  readonly address_id: string | null
  /** The name of the conversation. */
  readonly name: string
  /** Additional metadata associated with the conversation. */
  readonly metadata: JsonObject
  /**
   * When the conversation was created: unix milliseconds (documented as "UNIX timestamp"; the example tells the unit).
   */
  readonly created_at: number
  /** When its last message was: unix milliseconds. After the first send of a client, that of its own clock. */
  readonly last_message_at: number
}

/** A message. `ts` is unix seconds with a fraction. What the server's dialect does not tell is `null`. */
export interface ConversationMessage {
  /** A unique identifier for the message. */
  readonly id: string
  /** The identifier of its conversation. */
  readonly conversation_id: string
  /** The subscriber who sent it; `null` in the group dialect, which does not tell. */
  readonly user_id: string | null
  /** The other side: what `addressId` means in every method. Documented for events only. */
  readonly address_id: string | null
  /** The address it was sent from. Not documented; servers of both dialects tell it. */
  readonly from_address_id: string | null
  /**
   * When the message was created: unix seconds with a fraction (documented as "Unix Epoch"; the example tells the
   * unit).
   */
  readonly ts: number
  /** The type of the message, such as `message`. */
  readonly type: string
  /** The subtype, such as `chat` or `log`. */
  readonly subtype: string | null
  /** The kind of a log entry, such as `call_started`; `null` for chat messages. */
  readonly kind: string | null
  /** What it says; `null` for log entries. Documented for events only. */
  readonly text: string | null
  /** Metadata that its sender gave it. Documented for events only. */
  readonly metadata: JsonObject
  /** Details that its sender gave it, or those of a log entry. */
  readonly details: JsonObject
  /**
   * The `clientId` that it was sent with by this SDK; `null` for a message without one. Not documented by SignalWire.
   */
  readonly client_id: string | null
}

/** A message as it happens. */
export interface ConversationEvent extends ConversationMessage {
  /** Whether it is to be shown. Documented as the text `"false"`; servers send a boolean. */
  readonly hidden: boolean
  /** The name of the conversation. */
  readonly conversation_name: string | null
  /** The name of the sender. */
  readonly user_name: string | null
}

/** The answer to joining. */
export interface JoinConversationResponse {
  /** The conversation that was joined. */
  readonly conversation_id: string
  /** The address that was asked for. */
  readonly address_id: string
  /** The joining subscriber's own address; `null` in the address dialect, which does not tell. */
  readonly from_address_id: string | null
}

/** An address. `created_at` is ISO-8601. */
export interface Address {
  /** What `addressId` means in every method. */
  readonly id: string
  /** The name to show. */
  readonly display_name: string
  /** The name to find it by. */
  readonly name: string
  /** `room`, `subscriber`, `app`, `call`, or one to come. */
  readonly type: string
  /** The resource it belongs to. */
  readonly resource_id: string | null
  /** A picture of what goes on there. */
  readonly preview_url: string | null
  /** A picture of it. */
  readonly cover_url: string | null
  /** Where it can be reached, by channel: `audio`, `messaging`, `video`. */
  readonly channels: { readonly [channel: string]: string }
  /** Whether it is closed to newcomers. */
  readonly locked: boolean
  /** When it was created: ISO-8601, in UTC. */
  readonly created_at: string | null
}

/** A subscriber. */
export interface Subscriber {
  /** What `user_id` of the messages it sends means, in the address dialect. */
  readonly id: string
  /** The e-mail address it signed up with. */
  readonly email: string | null
  /** Its first name. */
  readonly first_name: string | null
  /** Its last name. */
  readonly last_name: string | null
  /** The name to show. */
  readonly display_name: string | null
  /** What it works as. */
  readonly job_title: string | null
  /** Its time zone, as the server writes it. */
  readonly time_zone: string | null
  /** Its country. */
  readonly country: string | null
  /** Its region. */
  readonly region: string | null
  /** Whom it works for. */
  readonly company_name: string | null
  /** The key that push notifications are encrypted with. */
  readonly push_notification_key: string | null
  /** Its own addresses. */
  readonly fabric_addresses: ReadonlyArray<Address>
}

/** The documented object of a conversation. */
export const conversation = (from: ConversationModel.Conversation): Conversation => ({
  id: from.id,
  address_id: from.addressId,
  name: from.name,
  metadata: from.metadata,
  created_at: DateTime.toEpochMillis(from.createdAt),
  last_message_at: DateTime.toEpochMillis(from.lastMessageAt)
})

/** The documented object of a message. */
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

/** The documented object of an event. */
export const event = (from: ConversationEventModel.ConversationEvent): ConversationEvent => ({
  ...message(from),
  hidden: from.hidden,
  conversation_name: from.conversationName,
  user_name: from.userName
})

/** The documented object of the answer to joining. */
export const join = (from: JoinConversationResponseModel.JoinConversationResponse): JoinConversationResponse => ({
  conversation_id: from.conversationId,
  address_id: from.addressId,
  from_address_id: from.fromAddressId
})

/** The documented object of an address. */
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

/** The documented object of a subscriber. */
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
