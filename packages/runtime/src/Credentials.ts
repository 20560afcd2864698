/**
 * The token that REST and socket share, and the one way to replace it.
 *
 * @since 0.1.0
 */
import { TaggedError } from "@effect-signalwire/schema/TaggedError"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Backoff from "./Backoff.ts"
import * as Monotonic from "./Monotonic.ts"
import * as ObservableRef from "./ObservableRef.ts"
import * as SingleFlight from "./SingleFlight.ts"
import * as Thrown from "./Thrown.ts"
import * as Timeouts from "./Timeouts.ts"

/**
 * The failure of a refresh: `detail` says what went wrong, `cause` is what the refresh failed with, where there is one.
 * `isRetryable` says whether a later refresh may succeed.
 */
export class CredentialsError extends TaggedError("CredentialsError")<{
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
  /**
   * Calls back with each token that replaces the one before it, until the scope closes. The callback must not throw.
   */
  readonly watch: (watcher: (token: Redacted.Redacted) => void) => Effect.Effect<void, never, Scope.Scope>
  /**
   * Returns another token than the one that was refused. One refresh serves all callers while it runs, and a caller
   * whose token was replaced meanwhile gets the new one at once, also while a refresh hangs. It may wait for the
   * refresh's turn, 30 seconds at most; see {@link Options.refresh}. Fails with `CredentialsError` when the refresh
   * fails, takes too long, or returns no other token, and at once where there is none.
   */
  readonly renew: (refused: Redacted.Redacted) => Effect.Effect<Redacted.Redacted, CredentialsError>
  /** Replaces the token. Whatever waits for another token continues with it. */
  readonly replace: (token: Redacted.Redacted) => Effect.Effect<void>
  /** Notes when a token expires: it is refreshed {@link Options.refreshAhead} of that, where it can be. */
  readonly expires: (token: Redacted.Redacted, at: DateTime.Utc) => Effect.Effect<void>
}

/** The token that REST and socket share. */
export class Credentials extends Context.Service<Credentials, Service>()("@effect-signalwire/schema/Credentials") {}

/** The token, how to get another one, and when. */
export interface Options<R = never> {
  /** A subscriber access token. */
  readonly token: Redacted.Redacted
  /**
   * How to get another token. Without it a refused token stays refused until it is replaced.
   *
   * It fails when the effect fails or dies, takes longer than `refreshTimeout`, or returns no token, an empty one, or
   * the one that was refused. Calls that wait for it then fail, and what lasts, such as a subscription, waits and tries
   * again, since the network may be down. A failure whose `isRetryable` is `false`, or a Promise rejected with such an
   * error, says that there is no other token: it is not run again for this one, and everything waits for
   * {@link Service.replace}.
   *
   * It never runs twice at once. A run begins at least 1 second after the one before it began, then 2, 4 and so on up
   * to 30 seconds; after a minute without one it is 1 second again.
   */
  readonly refresh?: Effect.Effect<Redacted.Redacted, unknown, R> | undefined
  /** How long `refresh` may run before it counts as failed. @default "10 seconds" */
  readonly refreshTimeout?: Duration.Input | undefined
  /** How long before its expiry a token is refreshed, and at most half of the time that is left. @default "1 minute" */
  readonly refreshAhead?: Duration.Input | undefined
}

/**
 * Whether a refresh that failed will never succeed: only the failure can say so, or what a Promise was rejected with.
 */
const isFinal = (failure: unknown): boolean =>
  Thrown.isFinal(failure) || (Cause.isUnknownError(failure) && Thrown.isFinal(failure.cause))

/** The words of what a refresh failed with, where it has any. */
const wordsOf = (failure: unknown): string => {
  const message = Thrown.errorMessageOf(Cause.isUnknownError(failure) ? failure.cause : failure) ?? ""
  return message === "" ? "" : `: ${message.slice(0, 200)}`
}

const refreshFailed = (
  cause: unknown,
  detail = `the token could not be refreshed${wordsOf(cause)}`
): CredentialsError => new CredentialsError({ detail, isRetryable: !isFinal(cause), cause })

/** A refresh ahead of the expiry that fails is tried again, for there is still time. */
const untilRefreshed = Backoff.capped("1 second", "30 seconds")

const noRefresh = Effect.suspend(() =>
  Effect.fail(new CredentialsError({ detail: "no way to refresh the token was given", isRetryable: false }))
)

/** The least time between the beginnings of two refreshes that follow each other closely. Milliseconds. */
const minInterval = 1000
/** The most. A refresh later than that after the one before it is the first again. */
const maxInterval = 30_000

/** Says when a refresh may begin: each that follows closely on another makes the next one wait for longer. */
class Pace {
  private close = 0
  private lastAt = Number.NEGATIVE_INFINITY
  private interval = 0

  /** How long to wait from now until a refresh may begin. */
  waitMillis(now: number): number {
    return Math.max(0, this.lastAt + this.interval - now)
  }

  began(now: number): void {
    this.close = now - this.lastAt > 2 * maxInterval ? 0 : this.close + 1
    this.interval = Math.min(maxInterval, minInterval * 2 ** Math.min(this.close, 10))
    this.lastAt = now
  }
}

/** Whether a refresh returned what may be a token. Callers may be untyped JavaScript. */
const isToken = (token: unknown): token is Redacted.Redacted =>
  Redacted.isRedacted(token) && typeof Redacted.value(token) === "string" && Redacted.value(token) !== ""

/** Gets other tokens, one refresh at a time, for all who ask meanwhile. */
class Refresher {
  private readonly state: ObservableRef.ObservableRef<Redacted.Redacted>
  private readonly refresh: Effect.Effect<Redacted.Redacted, unknown>
  private readonly timeoutMillis: number
  private readonly flight = SingleFlight.make<"refresh", Redacted.Redacted, CredentialsError>()
  private readonly pace = new Pace()
  /** There is no other token than this one, unless it is replaced. */
  private last: { readonly token: Redacted.Redacted; readonly error: CredentialsError } | undefined

  constructor(
    state: ObservableRef.ObservableRef<Redacted.Redacted>,
    refresh: Effect.Effect<Redacted.Redacted, unknown>,
    timeoutMillis: number
  ) {
    this.state = state
    this.refresh = refresh
    this.timeoutMillis = timeoutMillis
  }

  /** Another token than the one that was refused: that of a refresh, or one that replaces it meanwhile. */
  renew(refused: Redacted.Redacted): Effect.Effect<Redacted.Redacted, CredentialsError> {
    return Effect.flatMap(this.state.get, (token) => {
      if (!Equal.equals(token, refused)) return Effect.succeed(token)
      if (this.last !== undefined && Equal.equals(this.last.token, refused)) return Effect.fail(this.last.error)
      return Effect.raceFirst(this.flight.run("refresh", this.attempt(refused)), this.replaced)
    })
  }

  private get replaced(): Effect.Effect<Redacted.Redacted> {
    return Effect.scoped(Effect.flatMap(
      Effect.sync(() => Deferred.makeUnsafe<Redacted.Redacted>()),
      (next) =>
        Effect.andThen(
          this.state.watch((token) => void Deferred.doneUnsafe(next, Effect.succeed(token))),
          Deferred.await(next)
        )
    ))
  }

  private attempt(refused: Redacted.Redacted): Effect.Effect<Redacted.Redacted, CredentialsError> {
    return Effect.gen({ self: this }, function*() {
      const wait = this.pace.waitMillis(yield* Monotonic.millis)
      if (wait > 0) yield* Effect.sleep(wait)
      const current = yield* this.state.get
      // one who took this over from another comes after what that one did
      if (!Equal.equals(current, refused)) return current
      this.pace.began(yield* Monotonic.millis)
      const token = yield* this.checked(refused)
      yield* this.state.set(token)
      return token
    })
  }

  private checked(refused: Redacted.Redacted): Effect.Effect<Redacted.Redacted, CredentialsError> {
    const { timeoutMillis } = this
    return Timeouts.timeoutAfter(
      // what it throws counts as a failure, like what it fails with
      Effect.mapError(Effect.catchDefect(this.refresh, Effect.fail), (cause) => refreshFailed(cause)),
      timeoutMillis,
      Effect.suspend(() =>
        Effect.fail(refreshFailed(undefined, `the token was not refreshed within ${timeoutMillis} ms`))
      )
    ).pipe(
      Effect.flatMap((token) => {
        if (!isToken(token)) return Effect.fail(refreshFailed(undefined, "the refresh returned no token"))
        return Equal.equals(token, refused)
          ? Effect.fail(refreshFailed(undefined, "the refresh returned the token that was refused"))
          : Effect.succeed(token)
      }),
      Effect.tapError((error) =>
        Effect.sync(() => {
          if (!error.isRetryable) this.last = { token: refused, error }
        })
      )
    )
  }
}

/** The longest that a timer of the platform can wait at once. Milliseconds. */
const longestSleep = 2 ** 31 - 1

/** Refreshes tokens ahead of their expiry, as long as the scope is open. */
const refreshingAhead = (
  renew: Service["renew"],
  aheadMillis: number,
  scope: Scope.Scope
): Service["expires"] => {
  let timer: Fiber.Fiber<void> | undefined
  const refreshAhead = Effect.fnUntraced(function*(token: Redacted.Redacted, expiresAt: number) {
    const remaining = expiresAt - (yield* Clock.currentTimeMillis)
    // the server has just accepted it: a clock that says it has expired is wrong, and no guide
    if (remaining <= 0) return
    let wait = Math.max(remaining - aheadMillis, remaining / 2)
    for (; wait > longestSleep; wait -= longestSleep) yield* Effect.sleep(longestSleep)
    yield* Effect.sleep(wait)
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

const millisOf = (input: Duration.Input): number => Duration.toMillis(Duration.fromInputUnsafe(input))

/** Builds the service, which refreshes tokens ahead of their expiry as long as its scope is open. */
export const make = Effect.fnUntraced(
  function*<R = never>(options: Options<R>): Effect.fn.Return<Service, never, R | Scope.Scope> {
    const state = ObservableRef.make(options.token)
    const { refresh } = options
    const base = {
      current: state.get,
      watch: (watcher: (token: Redacted.Redacted) => void) => state.watch(watcher),
      replace: (token: Redacted.Redacted) => state.set(token)
    }
    if (refresh === undefined) {
      const renew: Service["renew"] = (refused) =>
        Effect.flatMap(
          state.get,
          (token) => Equal.equals(token, refused) ? noRefresh : Effect.succeed(token)
        )
      return Credentials.of({ ...base, renew, expires: ignored })
    }
    const refresher = new Refresher(
      state,
      Effect.provideContext(refresh, yield* Effect.context<R>()),
      millisOf(options.refreshTimeout ?? "10 seconds")
    )
    const renew: Service["renew"] = (refused) => refresher.renew(refused)
    return Credentials.of({
      ...base,
      renew,
      expires: refreshingAhead(renew, millisOf(options.refreshAhead ?? "1 minute"), yield* Effect.scope)
    })
  }
)

/** The service as a layer; what `refresh` requires becomes a requirement of the layer. */
export const layer = <R = never>(options: Options<R>): Layer.Layer<Credentials, never, Exclude<R, Scope.Scope>> =>
  Layer.effect(Credentials, make(options))
