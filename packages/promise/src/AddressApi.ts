/**
 * `client.address`: who and what can be talked to.
 *
 * @since 0.1.0
 */
import { ConversationError, type Underlying } from "@effect-signalwire/conversation/ConversationError"
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Documented from "@effect-signalwire/schema/Documented"
import * as PageOf from "@effect-signalwire/schema/Page"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import { type Page, toPage } from "./internal/page.ts"
import type { Runner, RunOptions } from "./internal/runner.ts"

export interface GetAddressesOptions extends RunOptions, SignalWireHttp.AddressOptions {}

/** By id, or by name. */
export type GetAddressOptions = RunOptions & ({ readonly id: string } | { readonly name: string })

export interface AddressApi {
  /** Addresses, in the order asked for. */
  readonly getAddresses: (options?: GetAddressesOptions) => Promise<Page<Documented.DocumentedAddress>>
  /** One address; rejects with `NotFound` when there is none. */
  readonly getAddress: (options: GetAddressOptions) => Promise<Documented.DocumentedAddress>
  /** The subscriber's own addresses. */
  readonly getMyAddresses: (options?: RunOptions) => Promise<ReadonlyArray<Documented.DocumentedAddress>>
}

export const make = (runner: Runner<SignalWireHttp.SignalWireHttp>): AddressApi => {
  const use = <A, E extends Underlying>(
    method: string,
    f: (http: SignalWireHttp.Service) => Effect.Effect<A, E>,
    options?: RunOptions
  ): Promise<A> =>
    runner.run(
      method,
      Effect.mapError(Effect.flatMap(SignalWireHttp.SignalWireHttp, f), ConversationError.from(method)),
      options
    )
  return {
    getAddresses: async (options) =>
      toPage(
        runner,
        "getAddresses",
        await use(
          "getAddresses",
          (http) =>
            Effect.map(http.getAddresses(options), (page) =>
              PageOf.mapBoth(page, { onItem: identity, onError: ConversationError.from("getAddresses") })),
          options
        ),
        Documented.address
      ),
    getAddress: async (options) =>
      Documented.address(
        await use(
          "getAddress",
          (http) => "name" in options ? http.getAddressByName(options) : http.getAddress(options),
          options
        )
      ),
    getMyAddresses: async (options) =>
      (await use("getMyAddresses", ({ getSubscriber }) => getSubscriber, options)).addresses.map(Documented.address)
  }
}
