/** Runs tasks concurrently with a session's reading of frames. */
import { catchUnexpected } from "@effect-signalwire/runtime/Thrown"
import type { Reason } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** The tasks of a session: the first that fails or throws ends the session. They are interrupted with its scope. */
export interface SessionTasks {
  /** Ends the session. The first reason counts. */
  readonly fail: (reason: Reason) => Effect.Effect<void>
  /** Why the session was ended from this side; `undefined` if it was not. */
  readonly failure: () => Reason | undefined
  /** Forks a task. */
  readonly fork: (task: Effect.Effect<unknown, Reason>) => void
  /** Sets how to end the socket, so that the reader stops after the frames that have arrived. */
  readonly setAbort: (abort: () => void) => void
}

/** `onDefect` reports what a task threw, and returns the reason that the session ends with. */
export const make = (
  onDefect: (thrown: unknown) => Effect.Effect<Reason>
): Effect.Effect<SessionTasks, never, Scope.Scope> =>
  Effect.contextWith((context) =>
    Effect.map(Effect.scope, (scope) => {
      let failure: Reason | undefined
      let abort: (() => void) | undefined
      const fail = (reason: Reason) =>
        Effect.sync(() => {
          failure ??= reason
          abort?.()
        })
      const guard = (task: Effect.Effect<unknown, Reason>) =>
        catchUnexpected(Effect.catch(task, fail), (thrown) => Effect.flatMap(onDefect(thrown), fail))
      return {
        fail,
        failure: () => failure,
        fork: (task) => void Effect.runForkWith(context)(Effect.forkIn(guard(task), scope)),
        setAbort: (given) => {
          abort = given
        }
      }
    })
  )
