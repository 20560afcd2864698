/**
 * Constructors of branded ids. They do what `make` of the schemas in `Ids` does, without loading Effect's Schema.
 *
 * @since 0.1.0
 */
import * as Brand from "effect/Brand"
import type { AddressId, ClientId, ConversationId, GroupId, MessageId, SubscriberId } from "./Ids.ts"

/** Brands a string as the id of an address. */
export const addressId = Brand.nominal<AddressId>()

/** Brands a string as the id of a conversation. */
export const conversationId = Brand.nominal<ConversationId>()

/** Brands a string as the id of a group. */
export const groupId = Brand.nominal<GroupId>()

/** Brands a string as the client id of a message. */
export const clientId = Brand.nominal<ClientId>()

/** Brands a string as the id of a message. */
export const messageId = Brand.nominal<MessageId>()

/** Brands a string as the id of a subscriber. */
export const subscriberId = Brand.nominal<SubscriberId>()
