/**
 * The snake_case objects of the published documentation: what plain TypeScript gets.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import type { Address } from "./Address.ts"
import type { Conversation } from "./Conversation.ts"
import type { ConversationEvent } from "./ConversationEvent.ts"
import type { ConversationMessage } from "./ConversationMessage.ts"
import type { JoinConversationResponse } from "./JoinConversationResponse.ts"
import type { JsonObject } from "./JsonObject.ts"
import type { Subscriber } from "./Subscriber.ts"

/** A conversation. Times are unix milliseconds. */
export interface DocumentedConversation {
  readonly id: string
  readonly address_id: string | null
  readonly name: string
  readonly metadata: JsonObject
  readonly created_at: number
  readonly last_message_at: number
}

/** A message. `ts` is unix seconds with a fraction. What the server's dialect does not tell is `null`. */
export interface DocumentedMessage {
  readonly id: string
  readonly conversation_id: string
  readonly user_id: string | null
  readonly address_id: string | null
  readonly from_address_id: string | null
  readonly ts: number
  readonly type: string
  readonly subtype: string | null
  readonly kind: string | null
  readonly text: string | null
  readonly metadata: JsonObject
  readonly details: JsonObject
}

/** A message as it happens. */
export interface DocumentedEvent extends DocumentedMessage {
  readonly hidden: boolean
  readonly conversation_name: string | null
  readonly user_name: string | null
}

/** The answer to joining. */
export interface DocumentedJoin {
  readonly conversation_id: string
  readonly address_id: string
  readonly from_address_id: string | null
}

/** An address. `created_at` is ISO-8601. */
export interface DocumentedAddress {
  readonly id: string
  readonly display_name: string
  readonly name: string
  readonly type: string
  readonly resource_id: string | null
  readonly preview_url: string | null
  readonly cover_url: string | null
  readonly channels: { readonly [channel: string]: string }
  readonly locked: boolean
  readonly created_at: string | null
}

/** A subscriber. */
export interface DocumentedSubscriber {
  readonly id: string
  readonly email: string | null
  readonly first_name: string | null
  readonly last_name: string | null
  readonly display_name: string | null
  readonly job_title: string | null
  readonly time_zone: string | null
  readonly country: string | null
  readonly region: string | null
  readonly company_name: string | null
  readonly push_notification_key: string | null
  readonly fabric_addresses: ReadonlyArray<DocumentedAddress>
}

export const conversation = (from: Conversation): DocumentedConversation => ({
  id: from.id,
  address_id: from.addressId,
  name: from.name,
  metadata: from.metadata,
  created_at: DateTime.toEpochMillis(from.createdAt),
  last_message_at: DateTime.toEpochMillis(from.lastMessageAt)
})

export const message = (from: ConversationMessage): DocumentedMessage => ({
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
  details: from.details
})

export const event = (from: ConversationEvent): DocumentedEvent => ({
  ...message(from),
  hidden: from.hidden,
  conversation_name: from.conversationName,
  user_name: from.userName
})

export const join = (from: JoinConversationResponse): DocumentedJoin => ({
  conversation_id: from.conversationId,
  address_id: from.addressId,
  from_address_id: from.fromAddressId
})

export const address = (from: Address): DocumentedAddress => ({
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

export const subscriber = (from: Subscriber): DocumentedSubscriber => ({
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
