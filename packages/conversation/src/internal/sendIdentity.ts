/**
 * Recognizes stored copies of one send. A browser may repeat a request by itself, and a network may deliver a request
 * that the client gave up: the server then stores two messages with different ids, but with the same client id, sender
 * and conversation.
 */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { AddressId, ClientId, ConversationId, SubscriberId } from "@effect-signalwire/schema/Ids"

/**
 * The fields that the copies of one send have in common. The conversation is identified by `conversationId`, which
 * every form of a message has: in the group dialect, `addressId` may be `null` in one copy and known in the next.
 */
export interface SendIdentity {
  readonly clientId: ClientId
  readonly conversationId: ConversationId
  readonly userId: SubscriberId | null
  readonly fromAddressId: AddressId | null
}

/** The identity of the send that stored a message; `undefined` for a message without a client id. */
export const fromMessage = (message: ConversationMessage): SendIdentity | undefined => {
  const { clientId, conversationId, fromAddressId, userId } = message
  return clientId === null ? undefined : { clientId, conversationId, fromAddressId, userId }
}

/**
 * Whether two copies are of one send. The address dialect identifies the sender by subscriber, the group dialect by
 * address, and some forms by both. One match is enough, since two senders share neither. A copy without a sender is
 * never the same as another.
 */
export const isSame = (a: SendIdentity, b: SendIdentity): boolean =>
  a.clientId === b.clientId &&
  a.conversationId === b.conversationId &&
  ((a.userId !== null && a.userId === b.userId) ||
    (a.fromAddressId !== null && a.fromAddressId === b.fromAddressId))

/** The keys of a send, one for each identification of its sender: two sends are the same when they share a key. */
export const keys = ({ clientId, conversationId, fromAddressId, userId }: SendIdentity): ReadonlyArray<string> => [
  ...userId === null ? [] : [JSON.stringify([clientId, conversationId, "user", userId])],
  ...fromAddressId === null ? [] : [JSON.stringify([clientId, conversationId, "from", fromAddressId])]
]
