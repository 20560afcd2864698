/**
 * Conversations and messages from the perspective of one member, who sees a conversation of two under the address of the other.
 */
import * as Conversation from "@effect-signalwire/schema/Conversation"
import * as ConversationEvent from "@effect-signalwire/schema/ConversationEvent"
import { AddressId, type SubscriberId } from "@effect-signalwire/schema/Ids"
import * as DateTime from "effect/DateTime"
import type * as Records from "../Records.ts"
import type { Core } from "./core.ts"
import type { Conversation as Group } from "./state.ts"

export type Views = ReturnType<typeof make>

export const make = ({ state }: Core) => {
  /** The member's own address, and the address that it sees the conversation under. */
  const participants = (group: Records.Group, subscriberId: SubscriberId) => {
    const own = state.ownAddresses.get(subscriberId)
    const otherId = group.addressIds.find((id) => id !== own?.id) ?? group.addressIds[0] ?? AddressId.make("")
    return { own, otherId, other: state.addresses.get(otherId) }
  }
  const toConversation = ({ group, timeline }: Group, subscriberId: SubscriberId) => {
    const { other, otherId, own } = participants(group, subscriberId)
    const newest = timeline.newest
    return new Conversation.Conversation({
      id: otherId,
      addressId: otherId,
      groupId: group.id,
      fromAddressId: own?.id ?? null,
      name: other?.displayName ?? "",
      metadata: {},
      createdAt: DateTime.makeUnsafe(group.createdAt),
      lastMessageAt: DateTime.makeUnsafe(
        newest === undefined ? group.createdAt : Math.floor(newest.micros / 1000)
      )
    })
  }

  const toFields = (message: Records.Message, group: Records.Group, callerId: SubscriberId) => {
    const { otherId } = participants(group, callerId)
    return {
      id: message.id,
      conversationId: otherId,
      groupId: message.groupId,
      userId: message.senderId,
      addressId: otherId,
      fromAddressId: message.fromAddressId,
      epochSeconds: message.micros / 1e6,
      type: "message",
      subtype: message.subtype,
      kind: message.kind,
      text: message.text,
      metadata: message.metadata,
      details: message.details,
      // clients that send a client id do so in the metadata
      clientId: null
    }
  }
  const toEvent = (message: Records.Message, group: Records.Group, callerId: SubscriberId) =>
    new ConversationEvent.ConversationEvent(toFields(message, group, callerId), {
      hidden: message.hidden,
      conversationName: participants(group, callerId).other?.displayName ?? null,
      userName: state.subscribers.get(message.senderId)?.displayName ?? null
    })

  return { participants, toConversation, toEvent, toFields }
}
