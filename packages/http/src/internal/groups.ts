/**
 * The group dialect: a conversation is named by a group that only joining can tell. Callers keep to addresses.
 */
import * as Branded from "@effect-signalwire/schema/Branded"
import type { AddressOf } from "@effect-signalwire/schema/ConversationMessage"
import type { AddressId, GroupId } from "@effect-signalwire/schema/Ids"
import * as JoinConversationResponse from "@effect-signalwire/schema/JoinConversationResponse"
import { invalidParameter, Malformed } from "@effect-signalwire/schema/Reason"
import type { Subscriber } from "@effect-signalwire/schema/Subscriber"
import * as Effect from "effect/Effect"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import { makeMap } from "./bounded.ts"
import { failed, renamed } from "./errors.ts"
import * as Flight from "./flight.ts"

type Joined = JoinConversationResponse.JoinConversationResponse

/** Who sends to which group. */
export interface Membership {
  readonly groupId: GroupId
  readonly me: AddressId
}

export interface Options {
  /** Who the token belongs to; `patient` tries again when that fails. */
  readonly subscriber: (method: string, patient: boolean) => Effect.Effect<Subscriber, SignalWireHttpError>
  readonly postJoin: (
    method: string,
    body: JoinConversationResponse.GroupRequest
  ) => Effect.Effect<unknown, SignalWireHttpError>
}

export interface Groups {
  readonly addressOf: AddressOf
  /** Learns the caller's own addresses. */
  readonly recognise: (subscriber: Subscriber) => void
  /** Learns which group an address has. */
  readonly remember: (joined: Joined) => void
  /** Joins the group of an address; all who ask at the same time share one request. */
  readonly join: (method: string, addressId: AddressId) => Effect.Effect<Joined, SignalWireHttpError>
  /** Does something with the group of an address; once more when the group turns out to be gone. */
  readonly within: <A>(
    method: string,
    addressId: AddressId,
    use: (membership: Membership) => Effect.Effect<A, SignalWireHttpError>
  ) => Effect.Effect<A, SignalWireHttpError>
  /** Finds out whose client this is when these items can't be understood without. */
  readonly prepare: (method: string, items: ReadonlyArray<unknown>) => Effect.Effect<void>
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

export const make = (options: Options): Groups => {
  let own: ReadonlyArray<AddressId> | undefined
  let vain = 0
  const groups = makeMap<AddressId, { readonly groupId: GroupId }>(capacity)
  const addresses = makeMap<GroupId, AddressId>(capacity)
  const asking = Flight.make<boolean, Subscriber, SignalWireHttpError>()
  const joining = Flight.make<AddressId, Joined, SignalWireHttpError>()

  const recognise: Groups["recognise"] = (subscriber) => {
    own = subscriber.addresses.map(({ id }) => id)
  }

  const remember: Groups["remember"] = ({ addressId, groupId }) => {
    if (groupId === null) return
    groups.set(addressId, { groupId })
    addresses.set(groupId, addressId)
  }

  const derive: AddressOf = (groupId) => {
    if (!groupId.startsWith(prefix)) return null
    const rest = groupId.slice(prefix.length)
    if (rest === "") return null
    if (!rest.includes("_")) return Branded.addressId(rest)
    for (const id of own ?? []) {
      if (rest.startsWith(`${id}_`)) return Branded.addressId(rest.slice(id.length + 1))
      if (rest.endsWith(`_${id}`)) return Branded.addressId(rest.slice(0, -id.length - 1))
    }
    return null
  }
  const addressOf: AddressOf = (groupId) => addresses.get(groupId) ?? derive(groupId)

  const ask = (method: string, patient: boolean): Effect.Effect<void, SignalWireHttpError> =>
    asking.run(patient, Effect.tap(options.subscriber(method, patient), (found) => Effect.sync(() => recognise(found))))
      .pipe(Effect.mapError(renamed(method)), Effect.asVoid)

  const me = Effect.fnUntraced(function*(method: string): Effect.fn.Return<AddressId, SignalWireHttpError> {
    if (own === undefined) yield* ask(method, true)
    const first = own?.[0]
    if (first !== undefined) return first
    return yield* failed(
      method,
      invalidParameter("token", "belongs to a guest without an address of its own; join and send need a subscriber's")
    )
  })

  const join: Groups["join"] = (method, addressId) =>
    joining.run(
      addressId,
      Effect.gen(function*() {
        const from = yield* me(method)
        const answer = yield* options.postJoin(method, {
          from_fabric_address_id: from,
          fabric_address_ids: [addressId, from]
        })
        const joined = yield* Effect.mapError(
          Effect.fromResult(JoinConversationResponse.decode(answer, addressId)),
          ({ message, path }) => failed(method, new Malformed({ path, detail: message }))
        )
        if (joined.groupId === null) {
          return yield* failed(method, new Malformed({ path: "group_id", detail: "Missing key" }))
        }
        remember(joined)
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
    method: string,
    addressId: AddressId
  ): Effect.fn.Return<{ readonly groupId: GroupId }, SignalWireHttpError> {
    const known = groups.get(addressId)
    if (known !== undefined) return known
    const { groupId } = yield* join(method, addressId)
    return groupId === null
      ? yield* failed(method, new Malformed({ path: "group_id", detail: "Missing key" }))
      : groups.get(addressId) ?? { groupId }
  })

  const within: Groups["within"] = Effect.fnUntraced(function*(method, addressId, use) {
    const from = yield* me(method)
    const known = groups.get(addressId)
    const { groupId } = known ?? (yield* entryOf(method, addressId))
    const first = use({ groupId, me: from })
    if (known === undefined) return yield* first
    return yield* Effect.catchIf(first, isAboutGroup, () => {
      // Another caller may have replaced the entry meanwhile.
      if (groups.get(addressId) === known) groups.remove(addressId)
      return Effect.flatMap(entryOf(method, addressId), (entry) => use({ groupId: entry.groupId, me: from }))
    })
  })

  const prepare: Groups["prepare"] = (method, items) => {
    const isNeeded = own === undefined && items.some((item) => {
      const groupId = unnamedPair(item)
      return groupId !== undefined && addressOf(groupId) === null
    })
    if (!isNeeded || vain >= maxVain) return Effect.void
    return Effect.ignore(Effect.tapError(ask(method, false), () =>
      Effect.sync(() => {
        vain++
      })))
  }

  return { addressOf, recognise, remember, join, within, prepare }
}
