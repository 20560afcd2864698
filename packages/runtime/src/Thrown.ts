/**
 * Reads values that were thrown. They may be anything, including objects whose properties throw when they are read.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"

/** Returns the value of `get`, or `fallback` if that throws. */
export const readOr = <A>(get: () => A, fallback: A): A => {
  try {
    return get()
  } catch {
    return fallback
  }
}

const unreadable = "an error that can't be read"

/** Returns the message of an error, and any other value as a string. */
export const messageOf = (thrown: unknown): string =>
  readOr(() => String(thrown instanceof Error ? thrown.message : thrown), unreadable)

/** Returns the stack of an error, if the platform provides one, and any other value as a string. */
export const stackOf = (thrown: unknown): string =>
  readOr(() => thrown instanceof Error ? String(thrown.stack ?? thrown) : String(thrown), unreadable)

/** Returns the message of an error, and `undefined` for any other value. */
export const errorMessageOf = (thrown: unknown): string | undefined =>
  readOr(() => thrown instanceof Error, true) ? messageOf(thrown) : undefined

/** Whether a thrown value has `isRetryable: false`. */
export const isNotRetryable = (thrown: unknown): boolean =>
  readOr(() => Reflect.get(Object(thrown), "isRetryable") === false, false)

/**
 * Handles an exception of an effect, and an interruption that does not come from outside: code of the application may
 * join a fiber that was interrupted, or use a runtime that was disposed. When the fiber itself is interrupted, `handle`
 * does not run. Failures pass through.
 */
export const catchUnexpected = <A, E, R, B, E2, R2>(
  self: Effect.Effect<A, E, R>,
  handle: (thrown: unknown) => Effect.Effect<B, E2, R2>
): Effect.Effect<A | B, E | E2, R | R2> =>
  Effect.catchCauseIf(self, (cause) => !Cause.hasFails(cause), (cause) => handle(Cause.squash(cause)))
