/** Token refreshes: one at a time for all callers, at growing intervals, and within a time limit. */
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Redacted from "effect/Redacted"
import * as Backoff from "../Backoff.ts"
import * as Monotonic from "../Monotonic.ts"
import type { ObservableRef } from "../ObservableRef.ts"
import * as SingleFlight from "../SingleFlight.ts"
import { catchUnexpected } from "../Thrown.ts"
import { type CredentialsError, refreshFailed, refreshInvalid } from "./credentialsError.ts"

/** The shortest and the longest interval between the starts of two refreshes. Milliseconds. */
const minInterval = 1000
const maxInterval = 30_000

/** A refresh that starts so long after the last one resets the interval. Milliseconds. */
const resetAfter = 2 * maxInterval

/** Computes when the next refresh may start: the interval doubles with each refresh that follows closely on another. */
class RefreshInterval {
  private attempt = 0
  private startedAt = Number.NEGATIVE_INFINITY
  private interval = 0

  /** How long to wait from now until the next refresh may start, in milliseconds. */
  waitMillis(now: number): number {
    return Math.max(0, this.startedAt + this.interval - now)
  }

  started(now: number): void {
    this.attempt = now - this.startedAt > resetAfter ? 0 : this.attempt + 1
    this.interval = Backoff.delayMillis({ baseMillis: minInterval, capMillis: maxInterval, attempt: this.attempt })
    this.startedAt = now
  }
}

/** Whether a refresh returned a usable token. Its code may be untyped JavaScript. */
const isToken = (token: unknown): token is Redacted.Redacted =>
  Redacted.isRedacted(token) && typeof Redacted.value(token) === "string" && Redacted.value(token) !== ""

export class TokenRefresher {
  private readonly token: ObservableRef<Redacted.Redacted>
  private readonly refresh: Effect.Effect<Redacted.Redacted, unknown>
  private readonly timeoutMillis: number
  private readonly singleFlight = SingleFlight.make<"refresh", Redacted.Redacted, CredentialsError>()
  private readonly interval = new RefreshInterval()
  /** The token that can't be refreshed any more, and why. It can only be replaced. */
  private final: { readonly token: Redacted.Redacted; readonly error: CredentialsError } | undefined

  constructor(
    token: ObservableRef<Redacted.Redacted>,
    refresh: Effect.Effect<Redacted.Redacted, unknown>,
    timeoutMillis: number
  ) {
    this.token = token
    this.refresh = refresh
    this.timeoutMillis = timeoutMillis
  }

  /** Returns another token than the refused one: that of a refresh, or one that replaces it in the meantime. */
  renew(refused: Redacted.Redacted): Effect.Effect<Redacted.Redacted, CredentialsError> {
    return Effect.flatMap(this.token.get, (token) => {
      if (!Equal.equals(token, refused)) return Effect.succeed(token)
      if (this.final !== undefined && Equal.equals(this.final.token, refused)) return Effect.fail(this.final.error)
      return Effect.raceFirst(this.singleFlight.run("refresh", this.refreshNext(refused)), this.token.next)
    })
  }

  /** Waits until a refresh may start, runs it, and stores its token. */
  private refreshNext(refused: Redacted.Redacted): Effect.Effect<Redacted.Redacted, CredentialsError> {
    return Effect.gen({ self: this }, function*() {
      const wait = this.interval.waitMillis(yield* Monotonic.millis)
      if (wait > 0) yield* Effect.sleep(wait)
      const current = yield* this.token.get
      // the token may have been replaced while this waited
      if (!Equal.equals(current, refused)) return current
      this.interval.started(yield* Monotonic.millis)
      const token = yield* this.refreshWithin(refused)
      yield* this.token.set(token)
      return token
    })
  }

  /** Runs the refresh within its time limit, and checks what it returns. */
  private refreshWithin(refused: Redacted.Redacted): Effect.Effect<Redacted.Redacted, CredentialsError> {
    const { timeoutMillis } = this
    // an exception counts as a failure of the refresh
    return Effect.mapError(catchUnexpected(this.refresh, Effect.fail), refreshFailed).pipe(
      Effect.timeoutOrElse({
        duration: timeoutMillis,
        orElse: () => Effect.fail(refreshInvalid(`the token was not refreshed within ${timeoutMillis} ms`))
      }),
      Effect.flatMap((token) => {
        if (!isToken(token)) return Effect.fail(refreshInvalid("the refresh returned no token"))
        return Equal.equals(token, refused)
          ? Effect.fail(refreshInvalid("the refresh returned the token that was refused"))
          : Effect.succeed(token)
      }),
      Effect.tapError((error) =>
        Effect.sync(() => {
          if (!error.isRetryable) this.final = { token: refused, error }
        })
      )
    )
  }
}
