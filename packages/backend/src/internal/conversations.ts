/**
 * Joins conversations, sends messages, and reads them.
 */
import * as ConversationEvent from "@effect-signalwire/schema/ConversationEvent"
import { AddressId, GroupId, MessageId, SubscriberId } from "@effect-signalwire/schema/Ids"
import { JoinConversationResponse } from "@effect-signalwire/schema/JoinConversationResponse"
import * as Effect from "effect/Effect"
import * as Iterable from "effect/Iterable"
import * as ApiError from "../ApiError.ts"
import type * as Records from "../Records.ts"
import type { StorageError } from "../Storage.ts"
import { compareBy } from "./compareBy.ts"
import type { Service } from "./contract.ts"
import type { Core } from "./core.ts"
import type { Directory } from "./directory.ts"
import { validateContent } from "./messageContent.ts"
import type { Caller, Content, Member, MessageTarget, SentMessage } from "./operations.ts"
import type { Pagination } from "./pagination.ts"
import type { Conversation as Group } from "./state.ts"
import { type Bounds, Timeline } from "./timeline.ts"
import type { Views } from "./views.ts"

export const make = (
  { commit, ids, nextMicros, now, settings, state, withWriteLock }: Core,
  { addressOf, canSee, emptyToken, toCaller }: Directory,
  { page, pageOfIds }: Pagination,
  { participants, toConversation, toEvent, toFields }: Views,
  publish: (message: Records.Message) => void
) => {
  const activity = ({ group, timeline }: Group) => timeline.newest?.micros ?? group.createdAt * 1000
  const conversations: Service["conversations"] = (caller, request) => {
    const id = caller.subscriber.id
    return pageOfIds(
      JSON.stringify(["conversations", id]),
      request,
      () => [...state.memberships.get(id) ?? []].toSorted(compareBy(activity, true)),
      ({ group }) => group.id,
      (groupId) => {
        const found = state.conversations.get(GroupId.make(groupId))
        return found === undefined ? undefined : toConversation(found, id)
      }
    )
  }

  const groupIdOf = (own: Records.Address, other: Records.Address): GroupId =>
    GroupId.make(other.type === "room" ? `sw_${other.id}` : `sw_${[own.id, other.id].toSorted().join("_")}`)
  const joined = (caller: Caller, groupId: GroupId): Group | undefined => {
    const found = state.conversations.get(groupId)
    return found?.members.has(caller.subscriber.id) === true ? found : undefined
  }
  const empty = new Timeline()
  const timelineOf = (caller: Caller, id: string | undefined): Effect.Effect<Timeline, ApiError.ApiError> => {
    if (id === undefined) return Effect.succeed(state.inbox(caller.subscriber.id))
    const isGroupId = id.startsWith("sw_")
    if (isGroupId && settings.dialect !== "address") {
      const found = joined(caller, GroupId.make(id))
      return found === undefined ? Effect.fail(ApiError.notFound) : Effect.succeed(found.timeline)
    }
    if (settings.dialect === "group") {
      return Effect.fail(
        ApiError.validation("invalid_group_configuration", "a group id must start with sw_", "group_id")
      )
    }
    const other = addressOf(id)
    if (other === undefined || !canSee(caller, other.id)) return Effect.fail(ApiError.notFound)
    if (caller.address === null) return Effect.succeed(empty)
    // a conversation without messages, or one that the caller has not joined, is empty
    return Effect.succeed(joined(caller, groupIdOf(caller.address, other))?.timeline ?? empty)
  }
  const messages: Service["messages"] = (caller, { conversationId, page: request, since, until }) =>
    Effect.flatMap(timelineOf(caller, conversationId), (timeline) =>
      page(
        JSON.stringify(["messages", caller.subscriber.id, conversationId, since, until]),
        request,
        () => ({ seq: state.seq, ids: [] }),
        ({ seq }, offset, count) => {
          const bounds: Bounds = {
            seq,
            since: Math.round((since ?? -Infinity) * 1e6),
            until: Math.round((until ?? Infinity) * 1e6)
          }
          return timeline.read(bounds, offset, count).flatMap((message) => {
            const found = state.conversations.get(message.groupId)
            return found === undefined ? [] : [toFields(message, found.group, caller.subscriber.id)]
          })
        }
      ))

  /**
   * Computes the changes by which a member joins the conversation with an address; there are none if it has already joined.
   * Changes with the same key have the same effect, even if they were made at different times.
   */
  const planJoin = (member: Member, other: Records.Address) => {
    const groupId = groupIdOf(member.address, other)
    const known = state.conversations.get(groupId)
    const changes: Array<{ readonly key: string; readonly change: Records.Change }> = []
    if (known === undefined) {
      const addressIds = other.type === "room" ? [other.id] : [member.address.id, other.id].toSorted()
      changes.push({
        key: groupId,
        change: { _tag: "GroupAdded", group: { id: groupId, addressIds, createdAt: now() } }
      })
    }
    const memberIds = [member.subscriber.id]
    if (other.type === "subscriber") memberIds.push(SubscriberId.make(other.resourceId))
    for (const subscriberId of memberIds) {
      if (known?.members.has(subscriberId) !== true) {
        changes.push({
          key: `${groupId} ${subscriberId}`,
          change: { _tag: "MemberJoined", member: { groupId, subscriberId } }
        })
      }
    }
    return { groupId, changes }
  }
  /** Fails for guests, who have no address to send from. */
  const asMember = ({ address, ...caller }: Caller): Effect.Effect<Member, ApiError.ApiError> =>
    address === null ? Effect.fail(senderMismatch) : Effect.succeed({ ...caller, address })
  const senderMismatch = ApiError.validation(
    "from_fabric_address_id_does_not_match_subscriber",
    "from_fabric_address_id does not belong to the subscriber",
    "from_fabric_address_id"
  )
  const checkSender = (member: Member, fromAddressId: string): Effect.Effect<void, ApiError.ApiError> =>
    fromAddressId === member.address.id ? Effect.void : Effect.fail(senderMismatch)
  const invalidGroup = (attribute: string) =>
    ApiError.validation(
      "invalid_group_configuration",
      "a conversation has either one room or two subscribers",
      attribute
    )

  const join: Service["join"] = (caller, addressIds, fromAddressId) =>
    withWriteLock(Effect.gen(function*() {
      const member = yield* asMember(caller)
      const attribute = fromAddressId === undefined ? "conversation_id" : "fabric_address_ids"
      if (fromAddressId !== undefined) yield* checkSender(member, fromAddressId)
      if (addressIds.length === 0) {
        return yield* ApiError.validation("no_fabric_addresses", "the list of addresses is empty", attribute)
      }
      const found = [...new Set(addressIds)].flatMap((id) => addressOf(id) ?? [])
      if (found.length < new Set(addressIds).size) {
        return yield* ApiError.validation("unrecognized_fabric_addresses", "an address does not exist", attribute)
      }
      const others = found.filter((address) => address.id !== member.address.id)
      const [other] = others
      if (other === undefined || others.length > 1) return yield* invalidGroup(attribute)
      const { changes, groupId } = planJoin(member, other)
      yield* commit(changes.map(({ change }) => change))
      return new JoinConversationResponse({
        conversationId: other.id,
        addressId: other.id,
        fromAddressId: member.address.id,
        groupId
      })
    }))

  const resolve = Effect.fnUntraced(function*(member: Member, target: MessageTarget) {
    if (target._tag === "Address") {
      const other = addressOf(target.addressId)
      if (other === undefined) return yield* ApiError.notFound
      if (other.id === member.address.id) return yield* invalidGroup("conversation_id")
      return { ...planJoin(member, other), addressId: other.id }
    }
    yield* checkSender(member, target.fromAddressId)
    if (!target.groupId.startsWith("sw_")) return yield* invalidGroup("group_id")
    const found = joined(member, target.groupId)
    if (found === undefined) return yield* ApiError.notFound
    return { groupId: found.group.id, changes: [], addressId: participants(found.group, member.subscriber.id).otherId }
  })

  interface NewMessage {
    readonly caller: Caller
    readonly target: MessageTarget
    readonly content: Content
  }
  /** Stores all messages or none. */
  const store = (
    entries: ReadonlyArray<NewMessage>
  ): Effect.Effect<ReadonlyArray<SentMessage>, ApiError.ApiError | StorageError> =>
    withWriteLock(Effect.gen(function*() {
      // by key, because two messages may start the same conversation
      const joins = new Map<string, Records.Change>()
      const messages: Array<Records.Message> = []
      const sent: Array<SentMessage> = []
      for (const { content, target, caller } of entries) {
        const member = yield* asMember(caller)
        yield* validateContent(content, settings.maxTextLength)
        const { addressId, changes, groupId } = yield* resolve(member, target)
        for (const { change, key } of changes) if (!joins.has(key)) joins.set(key, change)
        const message: Records.Message = {
          seq: state.seq + messages.length + 1,
          id: MessageId.make(ids.uuid()),
          groupId,
          senderId: member.subscriber.id,
          fromAddressId: member.address.id,
          micros: content.ts === undefined ? nextMicros() : Math.round(content.ts * 1e6),
          subtype: content.subtype ?? "chat",
          kind: content.kind ?? null,
          text: content.text,
          metadata: content.metadata,
          details: content.details,
          hidden: content.hidden ?? false
        }
        messages.push(message)
        sent.push({ id: message.id, ts: message.micros / 1e6, groupId, addressId, fromAddressId: member.address.id })
      }
      yield* commit([
        ...joins.values(),
        ...messages.map((message): Records.Change => ({ _tag: "MessageStored", message }))
      ])
      for (const [index, { content }] of entries.entries()) {
        const message = messages[index]
        if (message !== undefined && content.push !== false) publish(message)
      }
      return sent
    }))
  const send: Service["send"] = (caller, target, content) =>
    Effect.flatMap(
      store([{ caller, target, content }]),
      ([sent]) => sent === undefined ? Effect.die("nothing was sent") : Effect.succeed(sent)
    )
  const seed: Service["seed"] = (messages) =>
    Effect.flatMap(
      Effect.forEach(messages, ({ addressId, content, subscriberId }, index) => {
        const name = `messages[${index}]`
        if (addressOf(addressId) === undefined) {
          return Effect.fail(ApiError.unknownReference(`${name}.addressId`, "the id of an address"))
        }
        return Effect.matchEffect(toCaller(subscriberId, emptyToken(subscriberId)), {
          onFailure: () => Effect.fail(ApiError.unknownReference(`${name}.from`, "the id of a subscriber")),
          onSuccess: (caller) =>
            Effect.as(
              validateContent(content, settings.maxTextLength, `${name}.`),
              {
                caller,
                target: { _tag: "Address", addressId: AddressId.make(addressId) },
                content
              } satisfies NewMessage
            )
        })
      }),
      store
    )
  const stored: Service["stored"] = (addressId) => {
    const found = [...state.conversations.values()]
      .filter(({ group }) => addressId === undefined || group.addressIds.some((id) => id === addressId))
      .flatMap(({ group, timeline }) => timeline.messages.map((message) => ({ group, message })))
      .toSorted(compareBy(({ message }) => message.micros, false))
    // from the sender's perspective, so that each message has the address that it was sent to
    return Iterable.map(
      found,
      ({ group, message }) => ConversationEvent.encode(toEvent(message, group, message.senderId), "all")
    )
  }

  return { conversations, join, messages, seed, send, stored }
}
