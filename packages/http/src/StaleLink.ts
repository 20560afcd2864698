/**
 * Links of pages that have gone stale: the server restarted, or its pages have expired, so that a list must be read again
 * from its first page.
 *
 * @since 0.1.0
 */
import { isStaleLinkReason } from "@effect-signalwire/schema/Page"
import type { Reason } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"

/** A link could not be followed because the server no longer knows it. */
export interface StaleLink<E> {
  /** Distinguishes it from other failures. */
  readonly _tag: "StaleLink"
  /** The original error. */
  readonly error: E
}

/** An error with a reason, such as `SignalWireHttpError`. */
export interface ErrorWithReason {
  /** Why it failed. */
  readonly reason: Reason
}

/** How often a list is read again in a row because a link has gone stale. */
export const maxRestarts = 5

/**
 * Whether a failure is a {@link StaleLink}.
 *
 * @category guards
 */
export const isStaleLink = <E extends ErrorWithReason>(failure: E | StaleLink<E>): failure is StaleLink<E> =>
  "_tag" in failure && failure._tag === "StaleLink"

/**
 * Turns the failure of a followed link into a {@link StaleLink} if its reason is `NotFound` or `Invalid`. Do not use it
 * for the first page of a list, for which these reasons are final.
 *
 * @category combinators
 */
export const follow = <A, E extends ErrorWithReason, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E | StaleLink<E>, R> =>
  Effect.mapError(self, (error) => isStaleLinkReason(error.reason) ? { _tag: "StaleLink", error } : error)

/**
 * Runs an effect that reads a list from its first page on. When a link has gone stale, it runs the effect again, or
 * `restarted` if it is given, {@link maxRestarts} times at most; after that it fails with the original error.
 *
 * @category combinators
 */
export const restart = <A, E extends ErrorWithReason, R>(
  self: Effect.Effect<A, E | StaleLink<E>, R>,
  restarted: Effect.Effect<A, E | StaleLink<E>, R> = self
): Effect.Effect<A, E, R> => {
  const run = (read: Effect.Effect<A, E | StaleLink<E>, R>, restartsLeft: number): Effect.Effect<A, E, R> =>
    Effect.catch(read, (failure) => {
      if (!isStaleLink(failure)) return Effect.fail(failure)
      return restartsLeft > 0 ? run(restarted, restartsLeft - 1) : Effect.fail(failure.error)
    })
  return run(self, maxRestarts)
}
