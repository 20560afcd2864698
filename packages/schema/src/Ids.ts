/**
 * Branded ids of the Conversation namespace: an id of one kind cannot be passed where another is expected.
 * Their format is not checked, since the server chooses it and an unexpected format must not make a message invalid.
 *
 * `AddressId.make("…")` brands a string. Programs that do not load Effect's Schema use the constructors in `Branded`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** Id of a conversation: an {@link AddressId} in the address dialect, a {@link GroupId} in the group dialect. */
export const ConversationId = Schema.String.pipe(Schema.brand("ConversationId"))
export type ConversationId = typeof ConversationId.Type

/**
 * Id of a group, `sw_<room address>` or `sw_<address>_<address>`. In the group dialect it identifies a conversation.
 */
export const GroupId = ConversationId.pipe(Schema.brand("GroupId"))
export type GroupId = typeof GroupId.Type

/** Unique id of a message. Duplicates are detected by it. */
export const MessageId = Schema.String.pipe(Schema.brand("MessageId"))
export type MessageId = typeof MessageId.Type

/**
 * Id of an address: a subscriber, room, app or call. In the address dialect it also identifies the conversation with
 * that address.
 */
export const AddressId = ConversationId.pipe(Schema.brand("AddressId"))
export type AddressId = typeof AddressId.Type

/** Id of a subscriber. Messages of the address dialect have their sender's as `user_id`. */
export const SubscriberId = Schema.String.pipe(Schema.brand("SubscriberId"))
export type SubscriberId = typeof SubscriberId.Type

/** Id that a client assigns to a message before sending it, so that it can find the stored message in history. */
export const ClientId = Schema.String.pipe(Schema.brand("ClientId"))
export type ClientId = typeof ClientId.Type

/** A string without a brand. Branded ids are not assignable to it. */
type Unbranded = string & { readonly "~effect/Brand"?: never }

/**
 * The id of an address as methods accept it: an {@link AddressId}, or a string without a brand. An id of another kind,
 * such as a {@link MessageId}, is not assignable.
 */
export const AddressIdInput = Schema.String.pipe(Schema.refine((_id): _id is AddressId | Unbranded => true))
export type AddressIdInput = typeof AddressIdInput.Type

/**
 * The client id of a message as methods accept it: a {@link ClientId}, or a string without a brand. An id of another
 * kind is not assignable.
 */
export const ClientIdInput = Schema.String.pipe(Schema.refine((_id): _id is ClientId | Unbranded => true))
export type ClientIdInput = typeof ClientIdInput.Type
