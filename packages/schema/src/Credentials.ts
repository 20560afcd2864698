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
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type * as Stream from "effect/Stream"
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
  /** The token now, then each that replaces it. */
  readonly changes: Stream.Stream<Redacted.Redacted>
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
const untilRefreshed = Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("30 seconds")]).pipe(
  Schedule.jittered
)

/** Builds the service. Tokens are refreshed ahead of their expiry as long as its scope is open. */
export const make = Effect.fnUntraced(
  function*<R = never>(options: Options<R>): Effect.fn.Return<Service, never, R | Scope.Scope> {
    const context = yield* Effect.context<R>()
    const state = Watched.make(options.token)
    const semaphore = yield* Semaphore.make(1)
    const refresh: Effect.Effect<Redacted.Redacted, CredentialsError> = options.refresh === undefined
      ? Effect.fail(new CredentialsError({ detail: "no way to refresh the token was given", isRetryable: false }))
      : Effect.provideContext(Effect.mapError(options.refresh, refreshFailed), context)
    // Refreshes are counted, so that those who asked while one ran can be told by its number to share its outcome.
    let started = 0
    let finished = 0
    let outcome: Exit.Exit<Redacted.Redacted, CredentialsError> | undefined
    const refreshOnce = Effect.suspend(() => {
      started++
      return Effect.onExit(
        Effect.tap(refresh, (renewed) => state.set(renewed)),
        (exit) =>
          Effect.sync(() => {
            finished = started
            outcome = Exit.hasInterrupts(exit) ? undefined : exit
          })
      )
    })
    const renew: Service["renew"] = (refused) =>
      Effect.suspend(() => {
        const awaited = started > finished ? started : Infinity
        return semaphore.withPermits(1)(
          Effect.flatMap(state.get, (token) => {
            if (!Equal.equals(token, refused)) return Effect.succeed(token)
            return outcome !== undefined && finished >= awaited ? outcome : refreshOnce
          })
        )
      })

    const aheadMillis = Duration.toMillis(Duration.fromInputUnsafe(options.refreshAhead ?? "1 minute"))
    const scope = yield* Effect.scope
    let timer: Fiber.Fiber<void> | undefined
    let refreshedAt = Number.NEGATIVE_INFINITY
    const refreshAhead = Effect.fnUntraced(function*(token: Redacted.Redacted, expiresAt: number) {
      const now = yield* Clock.currentTimeMillis
      const remaining = expiresAt - now
      yield* Effect.sleep(Math.max(remaining - aheadMillis, remaining / 2, refreshedAt + minRefreshInterval - now, 0))
      refreshedAt = yield* Clock.currentTimeMillis
      yield* Effect.retry(renew(token), { schedule: untilRefreshed, while: (error) => error.isRetryable })
    })

    return Credentials.of({
      current: state.get,
      changes: state.changes,
      renew,
      replace: state.set,
      expires: (token, at) =>
        options.refresh === undefined
          ? Effect.void
          : Effect.map(
            Effect.forkIn(Effect.ignore(refreshAhead(token, DateTime.toEpochMillis(at))), scope),
            (next) => {
              timer?.interruptUnsafe()
              timer = next
            }
          )
    })
  }
)

/** The service, with what `refresh` needs left open. */
export const layer = <R = never>(options: Options<R>): Layer.Layer<Credentials, never, Exclude<R, Scope.Scope>> =>
  Layer.effect(Credentials, make(options))
