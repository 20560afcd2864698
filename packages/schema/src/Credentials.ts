/**
 * The token that REST and socket share, and the one way to replace it.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Backoff from "./Backoff.ts"
import * as Flight from "./Flight.ts"
import * as Watched from "./Watched.ts"

/** The token could not be replaced. Where it is retryable, a later refresh may succeed. */
export class CredentialsError extends Data.TaggedError("CredentialsError")<{
  readonly detail: string
  readonly isRetryable: boolean
  readonly cause?: unknown
}> {
  override get message() {
    return this.detail
  }
}

/** What the service offers. */
export interface Service {
  /** The token to use now. */
  readonly current: Effect.Effect<Redacted.Redacted>
  /** Calls back with each token that replaces the one before it, until the scope closes. */
  readonly watch: (watcher: (token: Redacted.Redacted) => void) => Effect.Effect<void, never, Scope.Scope>
  /**
   * Answers another token than the one that was refused. One refresh serves all who ask while it runs, and those who
   * come with a token that was replaced meanwhile get the new one at once.
   */
  readonly renew: (refused: Redacted.Redacted) => Effect.Effect<Redacted.Redacted, CredentialsError>
  /** Replaces the token by hand. */
  readonly replace: (token: Redacted.Redacted) => Effect.Effect<void>
  /** Told when a token expires; where it can be refreshed, that is done ahead of it. */
  readonly expires: (token: Redacted.Redacted, at: DateTime.Utc) => Effect.Effect<void>
}

/** The token that REST and socket share. */
export class Credentials extends Context.Service<Credentials, Service>()("@effect-signalwire/schema/Credentials") {}

/** The token, and how to get another one. */
export interface Options<R = never> {
  /** A subscriber access token. */
  readonly token: Redacted.Redacted
  /**
   * How to get another token. Without it a refused token stays refused. When it fails, calls that wait for it fail;
   * what goes on for long, such as a subscription, waits and tries again, as the network may be down. A failure whose
   * `isRetryable` is `false` says that there will be no other token.
   */
  readonly refresh?: Effect.Effect<Redacted.Redacted, unknown, R> | undefined
  /** How long before its expiry a token is refreshed; half of its life at the most. @default "1 minute" */
  readonly refreshAhead?: Duration.Input | undefined
}

/** A clock that is wrong must not make every token look expired and be refreshed without end. Milliseconds. */
const minRefreshInterval = 10_000

const saysFinal = (failure: unknown): boolean =>
  typeof failure === "object" && failure !== null && "isRetryable" in failure && failure.isRetryable === false

/** Whether a refresh that failed will never succeed: only the failure can say so, or what a Promise was rejected with. */
const isFinal = (failure: unknown): boolean =>
  saysFinal(failure) || (Cause.isUnknownError(failure) && saysFinal(failure.cause))

const refreshFailed = (cause: unknown): CredentialsError =>
  new CredentialsError({ detail: "the token could not be refreshed", isRetryable: !isFinal(cause), cause })

/** A refresh ahead of the expiry that fails is tried again, for there is still time. */
const untilRefreshed = Backoff.capped("1 second", "30 seconds")

const noRefresh = Effect.suspend(() =>
  Effect.fail(new CredentialsError({ detail: "no way to refresh the token was given", isRetryable: false }))
)

/** Answers another token than the one that was refused, by `refresh` where there is none yet. */
const renewing = (
  state: Watched.Watched<Redacted.Redacted>,
  refresh: Effect.Effect<Redacted.Redacted, CredentialsError>
): Service["renew"] =>
(refused) => Effect.flatMap(state.get, (token) => Equal.equals(token, refused) ? refresh : Effect.succeed(token))

/** Refreshes once at a time, for all who ask meanwhile. */
const sharing = (
  state: Watched.Watched<Redacted.Redacted>,
  refresh: Effect.Effect<Redacted.Redacted, CredentialsError>
): Effect.Effect<Redacted.Redacted, CredentialsError> =>
  Flight.make<"refresh", Redacted.Redacted, CredentialsError>()
    .run("refresh", Effect.tap(refresh, (token) => state.set(token)))

/** Refreshes tokens ahead of their expiry, as long as the scope is open. */
const refreshingAhead = (
  renew: Service["renew"],
  aheadMillis: number,
  scope: Scope.Scope
): Service["expires"] => {
  let timer: Fiber.Fiber<void> | undefined
  let refreshedAt = Number.NEGATIVE_INFINITY
  const refreshAhead = Effect.fnUntraced(function*(token: Redacted.Redacted, expiresAt: number) {
    const now = yield* Clock.currentTimeMillis
    const remaining = expiresAt - now
    yield* Effect.sleep(Math.max(remaining - aheadMillis, remaining / 2, refreshedAt + minRefreshInterval - now, 0))
    refreshedAt = yield* Clock.currentTimeMillis
    yield* Effect.retry(renew(token), { schedule: untilRefreshed, while: (error) => error.isRetryable })
  })
  return (token, at) =>
    Effect.map(
      Effect.forkIn(Effect.catch(refreshAhead(token, DateTime.toEpochMillis(at)), () => Effect.void), scope),
      (next) => {
        timer?.interruptUnsafe()
        timer = next
      }
    )
}

const ignored: Service["expires"] = () => Effect.void

/** Builds the service. Tokens are refreshed ahead of their expiry as long as its scope is open. */
export const make = Effect.fnUntraced(
  function*<R = never>(options: Options<R>): Effect.fn.Return<Service, never, R | Scope.Scope> {
    const state = Watched.make(options.token)
    const { refresh } = options
    const renew = renewing(
      state,
      refresh === undefined
        ? noRefresh
        : sharing(state, Effect.provideContext(Effect.mapError(refresh, refreshFailed), yield* Effect.context<R>()))
    )
    return Credentials.of({
      current: state.get,
      watch: (watcher) => state.watch(watcher),
      renew,
      replace: (token) => state.set(token),
      expires: refresh === undefined
        ? ignored
        : refreshingAhead(
          renew,
          Duration.toMillis(Duration.fromInputUnsafe(options.refreshAhead ?? "1 minute")),
          yield* Effect.scope
        )
    })
  }
)

/** The service, with what `refresh` needs left open. */
export const layer = <R = never>(options: Options<R>): Layer.Layer<Credentials, never, Exclude<R, Scope.Scope>> =>
  Layer.effect(Credentials, make(options))
