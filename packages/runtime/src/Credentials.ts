/**
 * The `Credentials` service holds the subscriber access token that REST and the socket share, and is the only way to
 * replace it.
 *
 * ```ts
 * import * as Credentials from "@effect-signalwire/runtime/Credentials"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 *
 * declare const fetchToken: () => Promise<string>
 *
 * const layer = Credentials.layer({
 *   token: Redacted.make("<token>"),
 *   refresh: Effect.map(Effect.tryPromise(fetchToken), Redacted.make)
 * })
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { CredentialsError } from "./internal/credentialsError.ts"
import * as RefreshAhead from "./internal/refreshAhead.ts"
import { TokenRefresher } from "./internal/tokenRefresher.ts"
import * as ObservableRef from "./ObservableRef.ts"
import * as Settings from "./Settings.ts"

export { CredentialsError } from "./internal/credentialsError.ts"

/** The interface of the {@link Credentials} service. */
export interface Service {
  /** The current token. */
  readonly current: Effect.Effect<Redacted.Redacted>
  /** The current token, followed by each one that replaces it: the newest 1024 for a consumer that does not keep up. */
  readonly changes: Stream.Stream<Redacted.Redacted>
  /**
   * Returns another token than `refused`, the one that the server refused. If the token was already replaced, it
   * returns the new one at once. Otherwise it refreshes the token: one refresh serves all callers that wait for it, and
   * a token set by {@link replace} ends the wait. The refresh may have to wait for its turn, at most 30 seconds; see
   * {@link Options.refresh}.
   *
   * Fails with `CredentialsError` if the refresh fails, takes too long, or returns no other token; and immediately if
   * no refresh is configured, or an earlier one for the same token failed with `isRetryable: false`.
   */
  readonly renew: (refused: Redacted.Redacted) => Effect.Effect<Redacted.Redacted, CredentialsError>
  /** Replaces the token. All operations that wait for another token continue with it. */
  readonly replace: (token: Redacted.Redacted) => Effect.Effect<void>
  /**
   * Reports when a token expires, so that it is refreshed in advance; see {@link Options.refreshAhead}. It has no
   * effect if no refresh is configured, or the token is already replaced.
   */
  readonly setExpiry: (token: Redacted.Redacted, at: DateTime.Utc) => Effect.Effect<void>
}

/** The service that holds the token. */
export class Credentials extends Context.Service<Credentials, Service>()("@effect-signalwire/runtime/Credentials") {}

/** The options of {@link make} and {@link layer}. */
export interface Options<R = never> {
  /** A subscriber access token. */
  readonly token: Redacted.Redacted
  /**
   * Returns another token. Without it a refused token can only be replaced with {@link Service.replace}.
   *
   * It counts as failed if it fails, dies, takes longer than `refreshTimeout`, or returns no token, an empty one, or
   * the refused one. Calls that wait for it then fail; subscriptions and other long-lived operations wait and refresh
   * again, since the network may be down. If the failure, or the error that a Promise is rejected with, has
   * `isRetryable: false`, there is no other token: the refresh is not run again for this token, and everything waits
   * for {@link Service.replace}.
   *
   * It never runs twice at the same time. A run starts at least 1 second after the start of the one before it, then 2,
   * 4 and so on up to 30 seconds. After a minute without a run the interval is 1 second again.
   */
  readonly refresh?: Effect.Effect<Redacted.Redacted, unknown, R> | undefined
  /** The time limit of `refresh`. @default "10 seconds" */
  readonly refreshTimeout?: Duration.Input | undefined
  /**
   * How long before its expiry a token is refreshed. A token with less than twice that time left is refreshed after
   * half of it. @default "1 minute"
   */
  readonly refreshAhead?: Duration.Input | undefined
}

/**
 * What a layer requires for a `refresh` that requires `R`: all of it except for a scope. It is inferred from `refresh`
 * only, so that it is nothing without one, whatever type of layer is expected.
 */
export type Requirements<R> = Exclude<[R][R extends unknown ? 0 : never], Scope.Scope>

const notConfigured = Effect.suspend(() =>
  Effect.fail(new CredentialsError({ detail: "no token refresh is configured", isRetryable: false }))
)

/**
 * Makes the service. It refreshes tokens ahead of their expiry until its scope closes. Dies with `Invalid`, which names
 * the option, if a duration among the options is invalid.
 */
export const make = Effect.fnUntraced(
  function*<R = never>(options: Options<R>): Effect.fn.Return<Service, never, R | Scope.Scope> {
    const token = ObservableRef.make(options.token)
    const { refresh } = options
    const base = {
      current: token.get,
      changes: token.changes,
      replace: (replacement: Redacted.Redacted) => token.set(replacement)
    }
    if (refresh === undefined) {
      return Credentials.of({
        ...base,
        renew: (refused) =>
          Effect.flatMap(
            token.get,
            (current) => Equal.equals(current, refused) ? notConfigured : Effect.succeed(current)
          ),
        setExpiry: () => Effect.void
      })
    }
    const refresher = new TokenRefresher(
      token,
      Effect.provideContext(refresh, yield* Effect.context<R>()),
      Settings.millis("refreshTimeout", options.refreshTimeout ?? "10 seconds")
    )
    const renew: Service["renew"] = (refused) => refresher.renew(refused)
    return Credentials.of({
      ...base,
      renew,
      setExpiry: RefreshAhead.make(
        renew,
        Settings.millis("refreshAhead", options.refreshAhead ?? "1 minute"),
        yield* Effect.scope
      )
    })
  }
)

/** Makes the service as a layer. What `refresh` requires, except for a scope, becomes a requirement of the layer. */
export const layer = <R = never>(options: Options<R>): Layer.Layer<Credentials, never, Requirements<R>> =>
  Layer.effect(Credentials, make(options))
