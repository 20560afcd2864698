/** The methods of `client.address`. */
import { ConversationError, type UnderlyingError } from "@effect-signalwire/conversation/ConversationError"
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Documented from "@effect-signalwire/schema/Documented"
import * as PageOf from "@effect-signalwire/schema/Page"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type { AddressApi, GetAddressesOptions, GetAddressOptions } from "../AddressApi.ts"
import type { RunOptions } from "../RunOptions.ts"
import { normalizeOptions } from "./options.ts"
import { toPage } from "./page.ts"
import { asyncMethod } from "./publicMethod.ts"
import type { Runner } from "./runner.ts"

export const make = (runner: Runner<SignalWireHttp.SignalWireHttp>): AddressApi => {
  const use = <A, E extends UnderlyingError>(
    f: (http: SignalWireHttp.Service) => Effect.Effect<A, E>,
    options: RunOptions
  ): Promise<A> =>
    runner.run(
      Effect.mapError(Effect.flatMap(SignalWireHttp.SignalWireHttp, f), ConversationError.from("address")),
      options
    )
  return {
    getAddresses: asyncMethod("address.getAddresses", async (_, input: GetAddressesOptions = {}) => {
      const options = normalizeOptions(input)
      const page = await use(
        (http) =>
          Effect.map(
            http.getAddresses(options),
            (page) => PageOf.mapBoth(page, { onItem: identity, onError: ConversationError.from("address") })
          ),
        options
      )
      return toPage(runner, "address.getAddresses", page, Documented.address, options)
    }),
    getAddress: asyncMethod("address.getAddress", async (_, input: GetAddressOptions) => {
      const options = normalizeOptions(input)
      return Documented.address(
        await use((http) => "name" in options ? http.getAddressByName(options) : http.getAddress(options), options)
      )
    }),
    getMyAddresses: asyncMethod("address.getMyAddresses", async (_, options: RunOptions = {}) => {
      const { addresses } = await use(({ getSubscriber }) => getSubscriber, normalizeOptions(options))
      return addresses.map(Documented.address)
    })
  }
}
