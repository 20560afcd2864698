/**
 * Trying again: what may heal is repeated by a schedule, within a deadline.
 */
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import { Attempts } from "../Attempts.ts"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import type { Patience } from "./client.ts"

/** Five tries in all, about 0.25, 0.5, 1 and 2 seconds apart. */
export const defaultSchedule: Schedule.Schedule<unknown, SignalWireHttpError> = Schedule.exponential("250 millis").pipe(
  Schedule.jittered,
  Schedule.upTo({ times: 4 })
)

/** What the server wishes between two tries. */
const minimumDelay = ({ reason }: SignalWireHttpError): number =>
  reason._tag === "RateLimited" ? reason.retryAfterMillis ?? 0 : 0

/** A refresh is the application's own: whether it is to be tried again at once is for the application to say. */
const isRepeatable = ({ isRetryable, reason }: SignalWireHttpError): boolean =>
  isRetryable && reason._tag !== "Unauthorized"

/**
 * Repeats an attempt while its failure may heal, the schedule goes on, and the next attempt could begin before the
 * deadline. An attempt gets the time at which it must have ended, in milliseconds of the monotonic clock, and how long it may
 * take.
 */
export const within = <A>(
  attempt: (deadline: number, timeout: number) => Effect.Effect<A, SignalWireHttpError>,
  patience: Pick<Patience, "deadline" | "repeatable" | "schedule">
): Effect.Effect<A, SignalWireHttpError> =>
  Effect.gen(function*() {
    const deadline = (yield* Monotonic.millis) + patience.deadline
    const { repeats, timeoutMillis } = yield* Attempts
    const timeout = Math.min(patience.repeatable, timeoutMillis)
    if (!repeats) return yield* attempt(deadline, timeout)
    const step = yield* Schedule.toStep(patience.schedule)
    while (true) {
      const outcome = yield* Effect.result(attempt(deadline, timeout))
      if (Result.isSuccess(outcome)) return outcome.success
      const error = outcome.failure
      if (!isRepeatable(error)) return yield* error
      const now = yield* Monotonic.millis
      const delay = yield* Pull.matchEffect(step(now, error), {
        onSuccess: ([, delay]) => Effect.succeed(Math.ceil(Math.max(Duration.toMillis(delay), minimumDelay(error)))),
        onFailure: () => Effect.fail(error),
        onDone: () => Effect.fail(error)
      })
      if (now + delay >= deadline) return yield* error
      yield* Effect.sleep(delay)
    }
  })
