/**
 * Joining, sending, and reading what was sent.
 */
import * as ConversationEvent from "@effect-signalwire/schema/ConversationEvent"
import { AddressId, GroupId, MessageId, SubscriberId } from "@effect-signalwire/schema/Ids"
import { JoinConversationResponse } from "@effect-signalwire/schema/JoinConversationResponse"
import * as Effect from "effect/Effect"
import * as Iterable from "effect/Iterable"
import type { Content, Member, Sent, Service, Target, Viewer } from "../Backend.ts"
import type * as Records from "../Records.ts"
import * as Refused from "../Refused.ts"
import type { StorageError } from "../Storage.ts"
import { checkContent } from "./content.ts"
import type { Core } from "./core.ts"
import type { Directory } from "./directory.ts"
import { bySort } from "./order.ts"
import type { Pages } from "./pages.ts"
import type { Conversation as Group } from "./state.ts"
import { type Bounds, Timeline } from "./timeline.ts"
import type { Views } from "./views.ts"

export const make = (
  { chance, commit, exclusively, nextMicros, now, settings, state }: Core,
  { addressOf, maySee, noToken, toViewer }: Directory,
  { page, pageOf }: Pages,
  { sides, toConversation, toEvent, toFields }: Views,
  publish: (message: Records.Message) => void
) => {
  const activity = ({ group, timeline }: Group) => timeline.newest?.micros ?? group.createdAt * 1000
  const conversations: Service["conversations"] = (viewer, request) => {
    const id = viewer.subscriber.id
    return pageOf(
      JSON.stringify(["conversations", id]),
      request,
      () => [...state.memberships.get(id) ?? []].toSorted(bySort(activity, true)),
      ({ group }) => group.id,
      (groupId) => {
        const found = state.conversations.get(GroupId.make(groupId))
        return found === undefined ? undefined : toConversation(found, id)
      }
    )
  }

  const groupIdOf = (own: Records.Address, other: Records.Address): GroupId =>
    GroupId.make(other.type === "room" ? `sw_${other.id}` : `sw_${[own.id, other.id].toSorted().join("_")}`)
  const joined = (viewer: Viewer, groupId: GroupId): Group | undefined => {
    const found = state.conversations.get(groupId)
    return found?.members.has(viewer.subscriber.id) === true ? found : undefined
  }
  const nothing = new Timeline()
  const timelineOf = (viewer: Viewer, id: string | undefined): Effect.Effect<Timeline, Refused.Refused> => {
    if (id === undefined) return Effect.succeed(state.inbox(viewer.subscriber.id))
    const isGroupId = id.startsWith("sw_")
    if (isGroupId && settings.dialect !== "address") {
      const found = joined(viewer, GroupId.make(id))
      return found === undefined ? Effect.fail(Refused.notFound) : Effect.succeed(found.timeline)
    }
    if (settings.dialect === "group") {
      return Effect.fail(Refused.invalid("invalid_group_configuration", "a group id begins with sw_", "group_id"))
    }
    const other = addressOf(id)
    if (other === undefined || !maySee(viewer, other.id)) return Effect.fail(Refused.notFound)
    if (viewer.address === null) return Effect.succeed(nothing)
    // a conversation that was not begun, or not joined, has nothing to show
    return Effect.succeed(joined(viewer, groupIdOf(viewer.address, other))?.timeline ?? nothing)
  }
  const messages: Service["messages"] = (viewer, { conversationId, page: request, since, until }) =>
    Effect.flatMap(timelineOf(viewer, conversationId), (timeline) =>
      page(
        JSON.stringify(["messages", viewer.subscriber.id, conversationId, since, until]),
        request,
        () => ({ seq: state.seq, ids: [] }),
        ({ seq }, offset, count) => {
          const bounds: Bounds = {
            seq,
            since: since === undefined ? -Infinity : Math.round(since * 1e6),
            until: until === undefined ? Infinity : Math.round(until * 1e6)
          }
          return timeline.read(bounds, offset, count).flatMap((message) => {
            const found = state.conversations.get(message.groupId)
            return found === undefined ? [] : [toFields(message, found.group, viewer.subscriber.id)]
          })
        }
      ))

  /**
   * What has to happen before a viewer is in the conversation with an address; nothing when it is in it already. The
   * keys tell whether two such changes are the same, though they were made at different times.
   */
  const joining = (viewer: Member, other: Records.Address) => {
    const groupId = groupIdOf(viewer.address, other)
    const known = state.conversations.get(groupId)
    const changes: Array<{ readonly key: string; readonly change: Records.Change }> = []
    if (known === undefined) {
      const addressIds = other.type === "room" ? [other.id] : [viewer.address.id, other.id].toSorted()
      changes.push({
        key: groupId,
        change: { _tag: "GroupAdded", group: { id: groupId, addressIds, createdAt: now() } }
      })
    }
    const members = [viewer.subscriber.id]
    if (other.type === "subscriber") members.push(SubscriberId.make(other.resourceId))
    for (const subscriberId of members) {
      if (known?.members.has(subscriberId) !== true) {
        changes.push({
          key: `${groupId} ${subscriberId}`,
          change: { _tag: "MemberJoined", member: { groupId, subscriberId } }
        })
      }
    }
    return { groupId, changes }
  }
  /** Guests have no address to send from. */
  const asMember = ({ address, ...viewer }: Viewer): Effect.Effect<Member, Refused.Refused> =>
    address === null ? Effect.fail(foreignSender) : Effect.succeed({ ...viewer, address })
  const foreignSender = Refused.invalid(
    "from_fabric_address_id_does_not_match_subscriber",
    "from_fabric_address_id does not belong to the subscriber",
    "from_fabric_address_id"
  )
  const checkSender = (viewer: Member, fromAddressId: string): Effect.Effect<void, Refused.Refused> =>
    fromAddressId === viewer.address.id ? Effect.void : Effect.fail(foreignSender)
  const illegal = (attribute: string) =>
    Refused.invalid("invalid_group_configuration", "a conversation is one room, or two subscribers", attribute)

  const join: Service["join"] = (asker, ids, fromAddressId) =>
    exclusively(Effect.gen(function*() {
      const viewer = yield* asMember(asker)
      const attribute = fromAddressId === undefined ? "conversation_id" : "fabric_address_ids"
      if (fromAddressId !== undefined) yield* checkSender(viewer, fromAddressId)
      if (ids.length === 0) return yield* Refused.invalid("no_fabric_addresses", "no addresses were given", attribute)
      const found = [...new Set(ids)].flatMap((id) => addressOf(id) ?? [])
      if (found.length < new Set(ids).size) {
        return yield* Refused.invalid("unrecognized_fabric_addresses", "an address is not known", attribute)
      }
      const others = found.filter((address) => address.id !== viewer.address.id)
      const [other] = others
      if (other === undefined || others.length > 1) return yield* illegal(attribute)
      const { changes, groupId } = joining(viewer, other)
      yield* commit(changes.map(({ change }) => change))
      return new JoinConversationResponse({
        conversationId: other.id,
        addressId: other.id,
        fromAddressId: viewer.address.id,
        groupId
      })
    }))

  const resolve = Effect.fnUntraced(function*(viewer: Member, target: Target) {
    if (target._tag === "Address") {
      const other = addressOf(target.addressId)
      if (other === undefined) return yield* Refused.notFound
      if (other.id === viewer.address.id) return yield* illegal("conversation_id")
      return { ...joining(viewer, other), addressId: other.id }
    }
    yield* checkSender(viewer, target.fromAddressId)
    if (!target.groupId.startsWith("sw_")) return yield* illegal("group_id")
    const found = joined(viewer, target.groupId)
    if (found === undefined) return yield* Refused.notFound
    return { groupId: found.group.id, changes: [], addressId: sides(found.group, viewer.subscriber.id).otherId }
  })

  interface Entry {
    readonly viewer: Viewer
    readonly target: Target
    readonly content: Content
  }
  /** Stores all of the entries or none. */
  const store = (entries: ReadonlyArray<Entry>): Effect.Effect<ReadonlyArray<Sent>, Refused.Refused | StorageError> =>
    exclusively(Effect.gen(function*() {
      // by key, because two entries may want to begin the same conversation
      const joins = new Map<string, Records.Change>()
      const messages: Array<Records.Message> = []
      const sent: Array<Sent> = []
      for (const { content, target, viewer: asker } of entries) {
        const viewer = yield* asMember(asker)
        yield* checkContent(content, settings.maxTextLength)
        const { addressId, changes, groupId } = yield* resolve(viewer, target)
        for (const { change, key } of changes) if (!joins.has(key)) joins.set(key, change)
        const message: Records.Message = {
          seq: state.seq + messages.length + 1,
          id: MessageId.make(chance.uuid()),
          groupId,
          senderId: viewer.subscriber.id,
          fromAddressId: viewer.address.id,
          micros: content.ts === undefined ? nextMicros() : Math.round(content.ts * 1e6),
          subtype: content.subtype ?? "chat",
          kind: content.kind ?? null,
          text: content.text,
          metadata: content.metadata,
          details: content.details,
          hidden: content.hidden ?? false
        }
        messages.push(message)
        sent.push({ id: message.id, ts: message.micros / 1e6, groupId, addressId, fromAddressId: viewer.address.id })
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
  const send: Service["send"] = (viewer, target, content) =>
    Effect.flatMap(
      store([{ viewer, target, content }]),
      ([sent]) => sent === undefined ? Effect.die("nothing was sent") : Effect.succeed(sent)
    )
  const seed: Service["seed"] = (messages) =>
    Effect.flatMap(
      Effect.forEach(messages, ({ addressId, content, subscriberId }, index) => {
        const name = `messages[${index}]`
        if (addressOf(addressId) === undefined) {
          return Effect.fail(Refused.unknown(`${name}.addressId`, "the id of an address"))
        }
        return Effect.matchEffect(toViewer(subscriberId, noToken(subscriberId)), {
          onFailure: () => Effect.fail(Refused.unknown(`${name}.from`, "the id of a subscriber")),
          onSuccess: (viewer) =>
            Effect.as(
              checkContent(content, settings.maxTextLength, `${name}.`),
              {
                viewer,
                target: { _tag: "Address", addressId: AddressId.make(addressId) },
                content
              } satisfies Entry
            )
        })
      }),
      store
    )
  const stored: Service["stored"] = (addressId) => {
    const found = [...state.conversations.values()]
      .filter(({ group }) => addressId === undefined || group.addressIds.some((id) => id === addressId))
      .flatMap(({ group, timeline }) => timeline.messages.map((message) => ({ group, message })))
      .toSorted(bySort(({ message }) => message.micros, false))
    // seen from the sender's side, so that a pair is named by the address it was sent to
    return Iterable.map(
      found,
      ({ group, message }) => ConversationEvent.encode(toEvent(message, group, message.senderId), "all")
    )
  }

  return { conversations, join, messages, seed, send, stored }
}
