/**
 * One send, as its stored copies tell it. A browser may repeat a request by itself, and a network may deliver one that was
 * given up: the server then stores two messages of different ids, with the same client id, from the same sender and in
 * the same conversation.
 */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { AddressId, ClientId, ConversationId, SubscriberId } from "@effect-signalwire/schema/Ids"

/**
 * What the copies of one send have in common. The conversation is named by `conversationId`, which every form of a message
 * has; `addressId` is learned in the group dialect, so it may be `null` in one copy and known in the next.
 */
export interface Send {
  readonly clientId: ClientId
  readonly conversationId: ConversationId
  readonly userId: SubscriberId | null
  readonly fromAddressId: AddressId | null
}

/** The send that a message is a copy of; `undefined` where it carries no client id. */
export const of = (message: ConversationMessage): Send | undefined => {
  const { clientId, conversationId, fromAddressId, userId } = message
  return clientId === null ? undefined : { clientId, conversationId, fromAddressId, userId }
}

/**
 * Whether two copies are of one send. The sender is told by subscriber in the address dialect, by address in the group
 * dialect, by both in some forms: that both copies tell the same in one way is enough, since two senders share neither. A copy that
 * does not tell who sent it is the same as no other.
 */
export const isSame = (a: Send, b: Send): boolean =>
  a.clientId === b.clientId &&
  a.conversationId === b.conversationId &&
  ((a.userId !== null && a.userId === b.userId) ||
    (a.fromAddressId !== null && a.fromAddressId === b.fromAddressId))

/** The names of a send, one for each way of telling its sender: two sends are the same when they share one. */
export const names = ({ clientId, conversationId, fromAddressId, userId }: Send): ReadonlyArray<string> => [
  ...userId === null ? [] : [JSON.stringify([clientId, conversationId, "user", userId])],
  ...fromAddressId === null ? [] : [JSON.stringify([clientId, conversationId, "from", fromAddressId])]
]
