/**
 * The identifiers of the Conversation namespace, branded so that one kind cannot be passed for another.
 * They carry no format check: ids are the server's, and one of an unexpected form must not cost a message.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** Id of a conversation: an {@link AddressId} in the address dialect, a {@link GroupId} in the group dialect. */
export const ConversationId = Schema.String.pipe(Schema.brand("ConversationId"))
export type ConversationId = typeof ConversationId.Type

/** Id of a group, `sw_<room address>` or `sw_<address>_<address>`: what names a conversation in the group dialect. */
export const GroupId = ConversationId.pipe(Schema.brand("GroupId"))
export type GroupId = typeof GroupId.Type

/** Id of a message; unique, and therefore what repetition is recognised by. */
export const MessageId = Schema.String.pipe(Schema.brand("MessageId"))
export type MessageId = typeof MessageId.Type

/**
 * Id of an address: a subscriber, room, app or call that can be talked to, and what names a conversation with it in the
 * address dialect.
 */
export const AddressId = ConversationId.pipe(Schema.brand("AddressId"))
export type AddressId = typeof AddressId.Type

/** Id of a subscriber; `user_id` of the messages it sends. */
export const SubscriberId = Schema.String.pipe(Schema.brand("SubscriberId"))
export type SubscriberId = typeof SubscriberId.Type

/** Id that a client gives a message before it is sent, so that its own message is recognised in history. */
export const ClientId = Schema.String.pipe(Schema.brand("ClientId"))
export type ClientId = typeof ClientId.Type
