/**
 * The group dialect names a conversation by a group, whose id is only known after joining it. Callers use addresses; here
 * they are mapped to groups, by joins that are shared and remembered.
 */
import { BoundedMap } from "@effect-signalwire/runtime/BoundedMap"
import * as SingleFlight from "@effect-signalwire/runtime/SingleFlight"
import type { AddressId, GroupId } from "@effect-signalwire/schema/Ids"
import * as JoinConversationResponse from "@effect-signalwire/schema/JoinConversationResponse"
import { invalidParameter, Malformed } from "@effect-signalwire/schema/Reason"
import * as Subscriber from "@effect-signalwire/schema/Subscriber"
import * as Effect from "effect/Effect"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import type { Client, GroupState } from "./client.ts"
import { fromDecoded, makeError, withMethod } from "./errors.ts"
import { ambiguousGroupId, parseAddress } from "./groupId.ts"
import * as Requests from "./request.ts"

type JoinResponse = JoinConversationResponse.JoinConversationResponse

/** A group, and the subscriber's own address in it. */
export interface Membership {
  readonly groupId: GroupId
  readonly fromAddressId: AddressId
}

/** How many addresses, and how many groups, are remembered, at least. */
const capacity = 10_000

/** After so many failed lookups of the subscriber, lists are read without another one. */
const maxFailedLookups = 3

const stateOf = (client: Client): GroupState =>
  client.groups ??= {
    ownAddresses: undefined,
    failedLookups: 0,
    groupOfAddress: new BoundedMap(capacity),
    addressOfGroup: new BoundedMap(capacity),
    subscriberLookup: SingleFlight.make(),
    joins: SingleFlight.make()
  }

/** Remembers the subscriber's own addresses. */
export const rememberOwnAddresses = (client: Client, subscriber: Subscriber.Subscriber): void => {
  stateOf(client).ownAddresses = subscriber.addresses.map(({ id }) => id)
}

/** Remembers the group of an address. */
export const rememberGroup = (client: Client, { addressId, groupId }: JoinResponse): void => {
  if (groupId === null) return
  const state = stateOf(client)
  state.groupOfAddress.set(addressId, { groupId })
  state.addressOfGroup.set(groupId, addressId)
}

/** The address of a group; `null` if it is not known. */
export const addressOf = ({ groups }: Client, groupId: GroupId): AddressId | null =>
  groups?.addressOfGroup.get(groupId) ?? parseAddress(groupId, groups?.ownAddresses ?? [])

/** Requests the subscriber that the token belongs to. */
export const requestSubscriber = (
  client: Client,
  method: string,
  isRetried: boolean
): Effect.Effect<Subscriber.Subscriber, SignalWireHttpError> => {
  const call = { method, request: Requests.get(client, ["subscriber", "info"]) }
  return Effect.flatMap(
    isRetried ? Requests.executeWithRetry(client, call) : Requests.executeOnce(client, call),
    (body) => fromDecoded(method, Subscriber.decode(body))
  )
}

/** Looks up the subscriber and remembers its addresses; concurrent callers share one request. */
const lookUpSubscriber = (
  client: Client,
  method: string,
  isRetried: boolean
): Effect.Effect<void, SignalWireHttpError> =>
  stateOf(client).subscriberLookup.run(
    isRetried,
    Effect.tap(requestSubscriber(client, method, isRetried), (subscriber) =>
      Effect.sync(() => rememberOwnAddresses(client, subscriber)))
  ).pipe(Effect.mapError(withMethod(method)), Effect.asVoid)

/** The subscriber's own address, which joins and sends come from. */
const ownAddress = Effect.fnUntraced(
  function*(client: Client, method: string): Effect.fn.Return<AddressId, SignalWireHttpError> {
    if (client.groups?.ownAddresses === undefined) yield* lookUpSubscriber(client, method, true)
    const first = client.groups?.ownAddresses?.[0]
    if (first !== undefined) return first
    return yield* makeError(
      method,
      invalidParameter(
        "token",
        "belongs to a guest, who has no address; joining and sending require the token of a subscriber"
      )
    )
  }
)

/** Requests a join in the form of either dialect, and returns the JSON of the response. */
export const requestJoin = (
  client: Client,
  method: string,
  body: JoinConversationResponse.AddressRequest | JoinConversationResponse.GroupRequest
): Effect.Effect<unknown, SignalWireHttpError> =>
  Requests.executeWithRetry(client, { method, request: Requests.post(client, ["conversations", "join"], body) })

const missingGroupId = (method: string): SignalWireHttpError =>
  makeError(method, new Malformed({ path: "group_id", detail: "Missing key" }))

/** Joins the group of an address; concurrent callers share one request. */
export const join = (
  client: Client,
  method: string,
  addressId: AddressId
): Effect.Effect<JoinResponse, SignalWireHttpError> =>
  stateOf(client).joins.run(
    addressId,
    Effect.gen(function*() {
      const from = yield* ownAddress(client, method)
      const body = yield* requestJoin(client, method, {
        from_fabric_address_id: from,
        fabric_address_ids: [addressId, from]
      })
      const joined = yield* fromDecoded(method, JoinConversationResponse.decode(body, addressId))
      if (joined.groupId === null) return yield* missingGroupId(method)
      rememberGroup(client, joined)
      const { conversationId, fromAddressId, groupId } = joined
      return new JoinConversationResponse.JoinConversationResponse({
        conversationId,
        addressId,
        fromAddressId: fromAddressId ?? from,
        groupId
      })
    })
  ).pipe(Effect.mapError(withMethod(method)))

/** The remembered group of an address, which is joined if there is none. */
const groupOf = Effect.fnUntraced(function*(
  client: Client,
  method: string,
  addressId: AddressId
): Effect.fn.Return<GroupId, SignalWireHttpError> {
  const known = client.groups?.groupOfAddress.get(addressId)
  if (known !== undefined) return known.groupId
  const { groupId } = yield* join(client, method, addressId)
  return groupId ?? (yield* missingGroupId(method))
})

/** Parameters whose errors say nothing about the group of a message. */
const contentParameters: ReadonlyArray<string | null> = ["text", "metadata", "details"]

/** Whether an error may mean that the server does not know the group, or no longer. */
const isGroupError = ({ reason }: SignalWireHttpError): boolean =>
  reason._tag === "NotFound" ||
  (reason._tag === "Invalid" && !reason.errors.some(({ attribute }) => contentParameters.includes(attribute)))

/**
 * Runs `use` with the group of an address. If the server does not know a remembered group any more, joins again and runs
 * `use` once more.
 */
export const withGroup = Effect.fnUntraced(function*<A>(
  client: Client,
  method: string,
  addressId: AddressId,
  use: (membership: Membership) => Effect.Effect<A, SignalWireHttpError>
): Effect.fn.Return<A, SignalWireHttpError> {
  const fromAddressId = yield* ownAddress(client, method)
  const { groupOfAddress } = stateOf(client)
  const known = groupOfAddress.get(addressId)
  const groupId = known?.groupId ?? (yield* groupOf(client, method, addressId))
  const first = use({ groupId, fromAddressId })
  if (known === undefined) return yield* first
  return yield* Effect.catchIf(first, isGroupError, () => {
    // another caller may have joined again meanwhile
    if (groupOfAddress.get(addressId) === known) groupOfAddress.remove(addressId)
    return Effect.flatMap(groupOf(client, method, addressId), (groupId) => use({ groupId, fromAddressId }))
  })
})

/**
 * Looks up the subscriber if the addresses of some items can't be decoded without its own addresses. A failed lookup is
 * no failure of the list: those addresses are then `null`.
 */
export const prepareDecoding = (
  client: Client,
  method: string,
  items: ReadonlyArray<unknown>
): Effect.Effect<void> => {
  const isNeeded = client.groups?.ownAddresses === undefined && items.some((item) => {
    const groupId = ambiguousGroupId(item)
    return groupId !== undefined && addressOf(client, groupId) === null
  })
  if (!isNeeded) return Effect.void
  const state = stateOf(client)
  if (state.failedLookups >= maxFailedLookups) return Effect.void
  return Effect.catch(lookUpSubscriber(client, method, false), () =>
    Effect.sync(() => {
      state.failedLookups++
    }))
}
