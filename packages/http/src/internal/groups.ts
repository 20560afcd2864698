/**
 * The group dialect: a conversation is named by a group that only joining can tell. Callers keep to addresses.
 */
import * as SingleFlight from "@effect-signalwire/runtime/SingleFlight"
import * as Branded from "@effect-signalwire/schema/Branded"
import type { AddressId, GroupId } from "@effect-signalwire/schema/Ids"
import * as JoinConversationResponse from "@effect-signalwire/schema/JoinConversationResponse"
import { invalidParameter, Malformed } from "@effect-signalwire/schema/Reason"
import * as Subscriber from "@effect-signalwire/schema/Subscriber"
import * as Effect from "effect/Effect"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import { makeMap } from "./bounded.ts"
import type { Client, Groups } from "./client.ts"
import { failed, readable, renamed } from "./errors.ts"
import * as Requests from "./request.ts"

type Joined = JoinConversationResponse.JoinConversationResponse

/** Who sends to which group. */
export interface Membership {
  readonly groupId: GroupId
  readonly me: AddressId
}

/** At least so many addresses, and groups, are remembered. */
const capacity = 10_000

/** How often reading a list may wait for who its reader is, and not learn it. */
const maxVain = 3

const prefix = "sw_"

/** What is wrong with a message's content says nothing about its group. */
const contents: ReadonlyArray<string | null> = ["text", "metadata", "details"]

const isAboutGroup = ({ reason }: SignalWireHttpError): boolean =>
  reason._tag === "NotFound" ||
  (reason._tag === "Invalid" && !reason.errors.some(({ attribute }) => contents.includes(attribute)))

/** A group that only the caller's own address tells the other side of: `sw_<address>_<address>`, without `address_id`. */
const unnamedPair = (item: unknown): GroupId | undefined =>
  typeof item === "object" && item !== null && "group_id" in item && typeof item.group_id === "string" &&
    !("address_id" in item && typeof item.address_id === "string") && item.group_id.slice(prefix.length).includes("_")
    ? Branded.groupId(item.group_id)
    : undefined

const groupsOf = (client: Client): Groups =>
  client.groups ??= {
    own: undefined,
    vain: 0,
    ofAddress: makeMap(capacity),
    addressOf: makeMap(capacity),
    asking: SingleFlight.make(),
    joining: SingleFlight.make()
  }

/** Learns the caller's own addresses. */
export const recognise = (client: Client, subscriber: Subscriber.Subscriber): void => {
  groupsOf(client).own = subscriber.addresses.map(({ id }) => id)
}

/** Learns which group an address has. */
export const remember = (client: Client, { addressId, groupId }: Joined): void => {
  if (groupId === null) return
  const groups = groupsOf(client)
  groups.ofAddress.set(addressId, { groupId })
  groups.addressOf.set(groupId, addressId)
}

const derive = (own: ReadonlyArray<AddressId>, groupId: GroupId): AddressId | null => {
  if (!groupId.startsWith(prefix)) return null
  const rest = groupId.slice(prefix.length)
  if (rest === "") return null
  if (!rest.includes("_")) return Branded.addressId(rest)
  for (const id of own) {
    if (rest.startsWith(`${id}_`)) return Branded.addressId(rest.slice(id.length + 1))
    if (rest.endsWith(`_${id}`)) return Branded.addressId(rest.slice(0, -id.length - 1))
  }
  return null
}

/** The address of a group, as far as it is known. */
export const addressOf = ({ groups }: Client, groupId: GroupId): AddressId | null =>
  groups?.addressOf.get(groupId) ?? derive(groups?.own ?? [], groupId)

/** Who the token belongs to; `patient` tries again when that fails. */
export const subscriber = (
  client: Client,
  method: string,
  patient: boolean
): Effect.Effect<Subscriber.Subscriber, SignalWireHttpError> => {
  const call = { method, request: Requests.get(client, ["subscriber", "info"]) }
  return Effect.flatMap(
    patient ? Requests.repeatable(client, call) : Requests.once(client, call),
    (answer) => readable(method, Subscriber.decode(answer))
  )
}

const ask = (client: Client, method: string, patient: boolean): Effect.Effect<void, SignalWireHttpError> =>
  groupsOf(client).asking.run(
    patient,
    Effect.tap(subscriber(client, method, patient), (found) => Effect.sync(() => recognise(client, found)))
  ).pipe(Effect.mapError(renamed(method)), Effect.asVoid)

const me = Effect.fnUntraced(
  function*(client: Client, method: string): Effect.fn.Return<AddressId, SignalWireHttpError> {
    if (client.groups?.own === undefined) yield* ask(client, method, true)
    const first = client.groups?.own?.[0]
    if (first !== undefined) return first
    return yield* failed(
      method,
      invalidParameter("token", "belongs to a guest without an address of its own; join and send need a subscriber's")
    )
  }
)

/** Asks to join, in the form of either dialect. */
export const postJoin = (
  client: Client,
  method: string,
  body: JoinConversationResponse.AddressRequest | JoinConversationResponse.GroupRequest
): Effect.Effect<unknown, SignalWireHttpError> =>
  Requests.repeatable(client, { method, request: Requests.post(client, ["conversations", "join"], body) })

/** Joins the group of an address; all who ask at the same time share one request. */
export const join = (
  client: Client,
  method: string,
  addressId: AddressId
): Effect.Effect<Joined, SignalWireHttpError> =>
  groupsOf(client).joining.run(
    addressId,
    Effect.gen(function*() {
      const from = yield* me(client, method)
      const answer = yield* postJoin(client, method, {
        from_fabric_address_id: from,
        fabric_address_ids: [addressId, from]
      })
      const joined = yield* readable(method, JoinConversationResponse.decode(answer, addressId))
      if (joined.groupId === null) {
        return yield* failed(method, new Malformed({ path: "group_id", detail: "Missing key" }))
      }
      remember(client, joined)
      const { conversationId, fromAddressId, groupId } = joined
      return new JoinConversationResponse.JoinConversationResponse({
        conversationId,
        addressId,
        fromAddressId: fromAddressId ?? from,
        groupId
      })
    })
  ).pipe(Effect.mapError(renamed(method)))

const entryOf = Effect.fnUntraced(function*(
  client: Client,
  method: string,
  addressId: AddressId
): Effect.fn.Return<{ readonly groupId: GroupId }, SignalWireHttpError> {
  const known = client.groups?.ofAddress.get(addressId)
  if (known !== undefined) return known
  const { groupId } = yield* join(client, method, addressId)
  return groupId === null
    ? yield* failed(method, new Malformed({ path: "group_id", detail: "Missing key" }))
    : client.groups?.ofAddress.get(addressId) ?? { groupId }
})

/** Does something with the group of an address; once more when the group turns out to be gone. */
export const within = Effect.fnUntraced(function*<A>(
  client: Client,
  method: string,
  addressId: AddressId,
  use: (membership: Membership) => Effect.Effect<A, SignalWireHttpError>
): Effect.fn.Return<A, SignalWireHttpError> {
  const from = yield* me(client, method)
  const { ofAddress } = groupsOf(client)
  const known = ofAddress.get(addressId)
  const { groupId } = known ?? (yield* entryOf(client, method, addressId))
  const first = use({ groupId, me: from })
  if (known === undefined) return yield* first
  return yield* Effect.catchIf(first, isAboutGroup, () => {
    // Another caller may have replaced the entry meanwhile.
    if (ofAddress.get(addressId) === known) ofAddress.remove(addressId)
    return Effect.flatMap(entryOf(client, method, addressId), (entry) => use({ groupId: entry.groupId, me: from }))
  })
})

/** Finds out whose client this is when these items can't be understood without. */
export const prepare = (client: Client, method: string, items: ReadonlyArray<unknown>): Effect.Effect<void> => {
  const isNeeded = client.groups?.own === undefined && items.some((item) => {
    const groupId = unnamedPair(item)
    return groupId !== undefined && addressOf(client, groupId) === null
  })
  if (!isNeeded) return Effect.void
  const groups = groupsOf(client)
  if (groups.vain >= maxVain) return Effect.void
  return Effect.catch(ask(client, method, false), () =>
    Effect.sync(() => {
      groups.vain++
    }))
}
