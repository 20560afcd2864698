/**
 * Subscribers, rooms and their addresses.
 */
import { AddressId, SubscriberId } from "@effect-signalwire/schema/Ids"
import * as Effect from "effect/Effect"
import type { Service, Viewer } from "../Backend.ts"
import type * as Records from "../Records.ts"
import * as Refused from "../Refused.ts"
import * as Claims from "./claims.ts"
import { isWellFormed } from "./content.ts"
import type { Core } from "./core.ts"
import { toAddress } from "./models.ts"
import { bySort } from "./order.ts"
import type { Pages } from "./pages.ts"

/** How long a name may be, of whatever kind. */
const maxName = 200

export type Directory = ReturnType<typeof make>

export const make = ({ chance, commit, exclusively, now, state }: Core, { pageOf }: Pages) => {
  const toViewer = (subscriberId: string, token: Records.Token): Effect.Effect<Viewer, Refused.Refused> => {
    const subscriber = state.subscribers.get(SubscriberId.make(subscriberId))
    const address = subscriber === undefined ? undefined : state.ownAddresses.get(subscriber.id)
    return subscriber === undefined
      ? Effect.fail(Refused.notFound)
      : Effect.succeed({ subscriber, address: address ?? null, token, claims: Claims.read(token.token) })
  }
  const noToken = (subscriberId: string): Records.Token => ({
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
  const checkText = (attribute: string, text: string | undefined): Effect.Effect<void, Refused.Refused> =>
    text === undefined || (text.trim() !== "" && text.length <= maxName && isWellFormed(text))
      ? Effect.void
      : Effect.fail(Refused.invalidParameter(attribute, `must have 1 to ${maxName} characters`))
  const checkName = (name: string, taken: boolean): Effect.Effect<void, Refused.Refused> =>
    Effect.andThen(
      name.trim() === "" ? Effect.fail(Refused.missing("name")) : checkText("name", name),
      taken ? Effect.fail(Refused.invalidParameter("name", "is taken")) : Effect.void
    )

  const addSubscriber: Service["addSubscriber"] = (options) =>
    exclusively(Effect.gen(function*() {
      yield* checkName(options.name, findSubscriber(options.name) !== undefined)
      yield* checkText("display_name", options.displayName)
      yield* checkText("email", options.email)
      const subscriber: Records.Subscriber = {
        id: SubscriberId.make(chance.uuid()),
        name: options.name,
        displayName: options.displayName ?? options.name,
        // every subscriber has one, and older clients rely on it
        email: options.email ?? `${options.name.replace(/[^\w.+-]+/g, ".")}@sandbox.test`,
        createdAt: now()
      }
      const address: Records.Address = {
        id: AddressId.make(chance.uuid()),
        type: "subscriber",
        name: subscriber.name,
        displayName: subscriber.displayName,
        resourceId: subscriber.id,
        createdAt: subscriber.createdAt
      }
      yield* commit([{ _tag: "SubscriberAdded", subscriber }, { _tag: "AddressAdded", address }])
      return { subscriber, address, token: noToken(subscriber.id), claims: {} }
    }))
  /** Somebody without an address. */
  const newGuest = (): Records.Subscriber => {
    const name = `guest-${chance.uuid()}`
    return {
      id: SubscriberId.make(chance.uuid()),
      name,
      displayName: "Guest",
      email: `${name}@sandbox.test`,
      createdAt: now()
    }
  }
  const addRoom: Service["addRoom"] = (options) =>
    exclusively(Effect.gen(function*() {
      yield* checkName(options.name, findRoom(options.name) !== undefined)
      yield* checkText("display_name", options.displayName)
      const address: Records.Address = {
        id: AddressId.make(chance.uuid()),
        type: "room",
        name: options.name,
        displayName: options.displayName ?? options.name,
        resourceId: chance.uuid(),
        createdAt: now()
      }
      yield* commit([{ _tag: "AddressAdded", address }])
      return address
    }))

  const addressOf = (id: string) => state.addresses.get(AddressId.make(id))
  /** Guests see what they are allowed to. */
  const maySee = ({ claims }: Viewer, id: string): boolean =>
    claims.allowed_addresses === undefined || claims.allowed_addresses.some((allowed) => allowed === id)
  const addresses: Service["addresses"] = (viewer, request) => {
    const { displayName, names, sortBy, sortOrder, type } = request
    const folded = names?.map((name) => name.toLowerCase())
    return pageOf(
      JSON.stringify(["addresses", viewer.subscriber.id, names, type, displayName, sortBy, sortOrder]),
      request.page,
      () => {
        const found = [...state.addresses.values()].filter((address) =>
          maySee(viewer, address.id) &&
          (folded === undefined || folded.includes(address.name.toLowerCase())) &&
          (type === undefined || address.type === type) &&
          (displayName === undefined || address.displayName === displayName)
        )
        return sortBy === undefined ? found : found.toSorted(
          bySort((address) => sortBy === "name" ? address.name : address.createdAt, sortOrder === "desc")
        )
      },
      (address) => address.id,
      (id) => {
        const address = addressOf(id)
        return address === undefined ? undefined : toAddress(address)
      }
    )
  }
  const address: Service["address"] = (viewer, id) => {
    const found = addressOf(id)
    return found === undefined || !maySee(viewer, id) ? Effect.fail(Refused.notFound) : Effect.succeed(toAddress(found))
  }

  return {
    addRoom,
    addSubscriber,
    address,
    addressOf,
    addresses,
    findRoom,
    findSubscriber,
    maySee,
    newGuest,
    noToken,
    toViewer
  }
}
