/** Token refreshes ahead of the expiry. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Backoff from "../Backoff.ts"
import type { CredentialsError } from "./credentialsError.ts"

/** There is still time before the expiry, so a refresh that fails is retried. */
const retrySchedule = Backoff.schedule("1 second", "30 seconds")

/**
 * Makes a function that schedules the refresh of a token that expires at a given time. Scheduling another one replaces
 * the one before it. A token is refreshed `aheadMillis` before its expiry, but not before half of its remaining time.
 */
export const make = (
  renew: (token: Redacted.Redacted) => Effect.Effect<Redacted.Redacted, CredentialsError>,
  aheadMillis: number,
  scope: Scope.Scope
): (token: Redacted.Redacted, expiresAt: DateTime.Utc) => Effect.Effect<void> => {
  let scheduled: Fiber.Fiber<void> | undefined
  const refreshAhead = Effect.fnUntraced(function*(token: Redacted.Redacted, expiresAt: number) {
    const remaining = expiresAt - (yield* Clock.currentTimeMillis)
    // the server has just accepted the token, so if it looks expired this machine's clock is wrong
    if (remaining <= 0) return
    yield* Effect.sleep(Math.max(remaining - aheadMillis, remaining / 2))
    yield* Effect.retry(renew(token), { schedule: retrySchedule, while: (error) => error.isRetryable })
  })
  return (token, expiresAt) =>
    Effect.map(
      Effect.forkIn(
        Effect.catch(refreshAhead(token, DateTime.toEpochMillis(expiresAt)), () => Effect.void),
        scope
      ),
      (fiber) => {
        scheduled?.interruptUnsafe()
        scheduled = fiber
      }
    )
}
