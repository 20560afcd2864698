/**
 * Subscribers, rooms and their addresses.
 */
import { AddressId, SubscriberId } from "@effect-signalwire/schema/Ids"
import * as Effect from "effect/Effect"
import * as ApiError from "../ApiError.ts"
import type * as Records from "../Records.ts"
import { compareBy } from "./compareBy.ts"
import type { Service } from "./contract.ts"
import type { Core } from "./core.ts"
import { isWellFormed } from "./messageContent.ts"
import { toAddress } from "./models.ts"
import type { Caller } from "./operations.ts"
import type { Pagination } from "./pagination.ts"
import * as TokenClaims from "./tokenClaims.ts"

/** The maximum length of a name, display name or email address, in UTF-16 code units. */
const maxNameLength = 200

export type Directory = ReturnType<typeof make>

export const make = ({ commit, ids, now, state, withWriteLock }: Core, { pageOfIds }: Pagination) => {
  const toCaller = (subscriberId: string, token: Records.Token): Effect.Effect<Caller, ApiError.ApiError> => {
    const subscriber = state.subscribers.get(SubscriberId.make(subscriberId))
    const address = subscriber === undefined ? undefined : state.ownAddresses.get(subscriber.id)
    return subscriber === undefined
      ? Effect.fail(ApiError.notFound)
      : Effect.succeed({ subscriber, address: address ?? null, token, claims: TokenClaims.decode(token.token) })
  }
  const emptyToken = (subscriberId: string): Records.Token => ({
    token: "",
    kind: "SAT",
    jti: "",
    subscriberId: SubscriberId.make(subscriberId),
    expiresAt: 0
  })
  const findSubscriber = (reference: string) => {
    for (const subscriber of state.subscribers.values()) {
      if (subscriber.name === reference || subscriber.email === reference) return subscriber
    }
    return undefined
  }
  const findRoom = (name: string) => {
    for (const address of state.addresses.values()) {
      if (address.type === "room" && address.name === name) return address
    }
    return undefined
  }
  const validateString = (attribute: string, text: string | undefined): Effect.Effect<void, ApiError.ApiError> =>
    text === undefined || (text.trim() !== "" && text.length <= maxNameLength && isWellFormed(text))
      ? Effect.void
      : Effect.fail(ApiError.invalidParameter(attribute, `must have 1 to ${maxNameLength} characters`))
  const validateName = (name: string, taken: boolean): Effect.Effect<void, ApiError.ApiError> =>
    Effect.andThen(
      name.trim() === "" ? Effect.fail(ApiError.missingParameter("name")) : validateString("name", name),
      taken ? Effect.fail(ApiError.invalidParameter("name", "is taken")) : Effect.void
    )

  const addSubscriber: Service["addSubscriber"] = (options) =>
    withWriteLock(Effect.gen(function*() {
      yield* validateName(options.name, findSubscriber(options.name) !== undefined)
      yield* validateString("display_name", options.displayName)
      yield* validateString("email", options.email)
      const subscriber: Records.Subscriber = {
        id: SubscriberId.make(ids.uuid()),
        name: options.name,
        displayName: options.displayName ?? options.name,
        // older clients rely on every subscriber having an email address
        email: options.email ?? `${options.name.replace(/[^\w.+-]+/g, ".")}@sandbox.test`,
        createdAt: now()
      }
      const address: Records.Address = {
        id: AddressId.make(ids.uuid()),
        type: "subscriber",
        name: subscriber.name,
        displayName: subscriber.displayName,
        resourceId: subscriber.id,
        createdAt: subscriber.createdAt
      }
      yield* commit([{ _tag: "SubscriberAdded", subscriber }, { _tag: "AddressAdded", address }])
      return { subscriber, address, token: emptyToken(subscriber.id), claims: {} }
    }))
  /** Makes a subscriber without an address. */
  const newGuest = (): Records.Subscriber => {
    const name = `guest-${ids.uuid()}`
    return {
      id: SubscriberId.make(ids.uuid()),
      name,
      displayName: "Guest",
      email: `${name}@sandbox.test`,
      createdAt: now()
    }
  }
  const addRoom: Service["addRoom"] = (options) =>
    withWriteLock(Effect.gen(function*() {
      yield* validateName(options.name, findRoom(options.name) !== undefined)
      yield* validateString("display_name", options.displayName)
      const address: Records.Address = {
        id: AddressId.make(ids.uuid()),
        type: "room",
        name: options.name,
        displayName: options.displayName ?? options.name,
        resourceId: ids.uuid(),
        createdAt: now()
      }
      yield* commit([{ _tag: "AddressAdded", address }])
      return address
    }))

  const addressOf = (id: string) => state.addresses.get(AddressId.make(id))
  /** A guest can see only the addresses that its claims list. */
  const canSee = ({ claims }: Caller, id: string): boolean =>
    claims.allowed_addresses === undefined || claims.allowed_addresses.some((allowed) => allowed === id)
  const addresses: Service["addresses"] = (caller, request) => {
    const { displayName, names, sortBy, sortOrder, type } = request
    const lowerCaseNames = names?.map((name) => name.toLowerCase())
    return pageOfIds(
      JSON.stringify(["addresses", caller.subscriber.id, names, type, displayName, sortBy, sortOrder]),
      request.page,
      () => {
        const found = [...state.addresses.values()].filter((address) =>
          canSee(caller, address.id) &&
          (lowerCaseNames === undefined || lowerCaseNames.includes(address.name.toLowerCase())) &&
          (type === undefined || address.type === type) &&
          (displayName === undefined || address.displayName === displayName)
        )
        return sortBy === undefined ? found : found.toSorted(
          compareBy((address) => sortBy === "name" ? address.name : address.createdAt, sortOrder === "desc")
        )
      },
      (address) => address.id,
      (id) => {
        const address = addressOf(id)
        return address === undefined ? undefined : toAddress(address)
      }
    )
  }
  const address: Service["address"] = (caller, id) => {
    const found = addressOf(id)
    return found === undefined || !canSee(caller, id)
      ? Effect.fail(ApiError.notFound)
      : Effect.succeed(toAddress(found))
  }

  return {
    addRoom,
    addSubscriber,
    address,
    addressOf,
    addresses,
    findRoom,
    findSubscriber,
    canSee,
    newGuest,
    emptyToken,
    toCaller
  }
}
