/**
 * `client.address`: addresses, which name the rooms, subscribers and others that there are conversations with.
 *
 * @since 0.1.0
 */
import { ConversationError, type Underlying } from "@effect-signalwire/conversation/ConversationError"
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Documented from "@effect-signalwire/schema/Documented"
import * as PageOf from "@effect-signalwire/schema/Page"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Caller from "./internal/caller.ts"
import { given } from "./internal/options.ts"
import { type Page, toPage } from "./internal/page.ts"
import type { Runner, RunOptions } from "./internal/runner.ts"

/** Which addresses to list, and in which order. */
export interface GetAddressesOptions extends RunOptions, SignalWireHttp.AddressOptions {}

/** Which address to look up: by id, or by name. */
export type GetAddressOptions = RunOptions & ({ readonly id: string } | { readonly name: string })

/** The methods of `client.address`. */
export interface AddressApi {
  /**
   * Addresses, in the order that `sortBy` and `sortOrder` ask for, by default the server's: the first page.
   *
   * Rejects with a `ConversationError`: `Invalid` for a `pageSize`, `sortBy` or `sortOrder` that can't be;
   * `Unauthorized` for a token that is refused, once `onRefreshToken` has no other; `Forbidden` for one that does not
   * allow it; `Transport`, `Timeout`, `RateLimited` and `ServerError` after five tries, or 90 seconds; `Malformed` for
   * a response that is not the service's; `Closed` after `disconnect`.
   */
  readonly getAddresses: (options?: GetAddressesOptions) => Promise<Page<Documented.Address>>
  /**
   * One address, by `id` or by `name`. A name with exactly this spelling takes precedence over one that differs by
   * case, which is found where the server's filter ignores case, as the sandbox's does.
   *
   * Rejects with a `ConversationError`: `NotFound` when there is none, and for the reasons of {@link getAddresses}.
   */
  readonly getAddress: (options: GetAddressOptions) => Promise<Documented.Address>
  /**
   * The subscriber's own addresses.
   *
   * Rejects with a `ConversationError`, for the reasons of {@link getAddresses}.
   */
  readonly getMyAddresses: (options?: RunOptions) => Promise<ReadonlyArray<Documented.Address>>
}

/** Makes the methods on a client's services. */
export const make = (runner: Runner<SignalWireHttp.SignalWireHttp>): AddressApi => {
  const use = <A, E extends Underlying>(
    f: (http: SignalWireHttp.Service) => Effect.Effect<A, E>,
    options: RunOptions
  ): Promise<A> =>
    runner.run(
      Effect.mapError(Effect.flatMap(SignalWireHttp.SignalWireHttp, f), ConversationError.from("address")),
      options
    )
  return {
    getAddresses: Caller.method("address.getAddresses", async (_, options: GetAddressesOptions = {}) => {
      const own = given(options)
      const page = await use(
        (http) =>
          Effect.map(
            http.getAddresses(own),
            (page) => PageOf.mapBoth(page, { onItem: identity, onError: ConversationError.from("address") })
          ),
        own
      )
      return toPage(runner, "address.getAddresses", page, Documented.address, own)
    }),
    getAddress: Caller.method("address.getAddress", async (_, options: GetAddressOptions) => {
      const own = given(options)
      return Documented.address(
        await use((http) => "name" in own ? http.getAddressByName(own) : http.getAddress(own), own)
      )
    }),
    getMyAddresses: Caller.method("address.getMyAddresses", async (_, options: RunOptions = {}) => {
      const { addresses } = await use(({ getSubscriber }) => getSubscriber, given(options))
      return addresses.map(Documented.address)
    })
  }
}
