/**
 * `client.address`: looks up the addresses of rooms, subscribers and other parties that have conversations.
 *
 * @since 0.1.0
 */
import type * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import type * as Documented from "@effect-signalwire/schema/Documented"
import type { Page } from "./Page.ts"
import type { RunOptions } from "./RunOptions.ts"

/** The options of `getAddresses`: which addresses to list, and in which order. */
export interface GetAddressesOptions extends RunOptions, SignalWireHttp.AddressOptions {}

/** The options of `getAddress`: the `id` or the `name` of the address. */
export type GetAddressOptions = RunOptions & ({ readonly id: string } | { readonly name: string })

/** The methods of `client.address`. */
export interface AddressApi {
  /**
   * Reads the first page of addresses, ordered by `sortBy` and `sortOrder`, or else as the server chooses.
   *
   * Rejects with a `ConversationError` of one of these reasons:
   *
   * - `Invalid`: an option is invalid.
   * - `Unauthorized`: the token was refused, and `onRefreshToken` returned no valid one.
   * - `Forbidden`: the token does not allow this call.
   * - `Transport`, `Timeout`, `RateLimited`, `ServerError`: still failing after five attempts or 90 seconds.
   * - `Malformed`: the response could not be decoded.
   * - `Closed`: the client is disconnected.
   */
  readonly getAddresses: (options?: GetAddressesOptions) => Promise<Page<Documented.Address>>
  /**
   * Reads one address by `id` or by `name`. A name with exactly this spelling takes precedence over one that differs in
   * case; the latter is found only if the server's filter ignores case, as the sandbox's does.
   *
   * Rejects with a `ConversationError`: `NotFound` when the address does not exist, and otherwise for the reasons of
   * {@link getAddresses}.
   */
  readonly getAddress: (options: GetAddressOptions) => Promise<Documented.Address>
  /**
   * Reads the subscriber's own addresses.
   *
   * Rejects with a `ConversationError` for the reasons of {@link getAddresses}.
   */
  readonly getMyAddresses: (options?: RunOptions) => Promise<ReadonlyArray<Documented.Address>>
}
