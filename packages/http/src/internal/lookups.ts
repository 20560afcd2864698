/**
 * Lookups of the subscriber and of single addresses.
 */
import * as Address from "@effect-signalwire/schema/Address"
import { Malformed, NotFound } from "@effect-signalwire/schema/Reason"
import type { Subscriber } from "@effect-signalwire/schema/Subscriber"
import * as Effect from "effect/Effect"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import { withOptions } from "./call.ts"
import type { Client } from "./client.ts"
import { fromDecoded, makeError } from "./errors.ts"
import * as Groups from "./groups.ts"
import * as Lists from "./lists.ts"
import * as Requests from "./request.ts"
import * as Validation from "./validation.ts"

export const getSubscriber = (client: Client): Effect.Effect<Subscriber, SignalWireHttpError> =>
  Groups.requestSubscriber(client, "getSubscriber", true).pipe(
    Effect.tap((subscriber) => Effect.sync(() => Groups.rememberOwnAddresses(client, subscriber))),
    client.instrumentation.span("getSubscriber")
  )

export const getAddress = (
  client: Client,
  options: { readonly id: string }
): Effect.Effect<Address.Address, SignalWireHttpError> => {
  const method = "getAddress"
  return withOptions(client, method, options, Validation.addressById, (id) =>
    Effect.flatMap(
      Requests.executeWithRetry(client, { method, request: Requests.get(client, ["addresses", id]) }),
      (body) => fromDecoded(method, Address.decode(body))
    ))
}

const isSameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

export const getAddressByName = (
  client: Client,
  options: { readonly name: string }
): Effect.Effect<Address.Address, SignalWireHttpError> => {
  const method = "getAddressByName"
  return withOptions(
    client,
    method,
    options,
    Validation.addressByName,
    (name) =>
      Effect.flatMap(Lists.addresses(client, method, { name }).readFirst, ({ items, malformed }) => {
        // a server may ignore the filter, or its case
        const found = items.find((address) => address.name === name) ??
          items.find((address) => isSameName(address.name, name))
        if (found !== undefined) return Effect.succeed(found)
        const [first] = malformed
        return Effect.fail(makeError(
          method,
          first !== undefined && items.length === 0
            ? new Malformed({ path: first.path, detail: first.message })
            : new NotFound({ detail: `no address has the name "${name}"` })
        ))
      })
  )
}
