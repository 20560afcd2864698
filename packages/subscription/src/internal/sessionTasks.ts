/** Runs tasks concurrently with a session's reading of frames. */
import type { Reason } from "@effect-signalwire/schema/Reason"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import type * as Scope from "effect/Scope"

export interface Options {
  readonly context: Context.Context<never>
  readonly scope: Scope.Scope
  /** Reports what a task threw, and returns the reason that the session ends with. */
  readonly onDefect: (thrown: unknown) => Effect.Effect<Reason>
}

/** The tasks of a session: the first that fails or throws ends the session. They are interrupted with its scope. */
export class SessionTasks {
  private readonly options: Options
  /** Why the session was ended from this side; `undefined` if it was not. */
  failure: Reason | undefined
  /** Ends the socket, so that the reader stops after the frames that have arrived. */
  abortSocket: () => void = constVoid

  constructor(options: Options) {
    this.options = options
  }

  /** Ends the session. The first reason counts. */
  fail(reason: Reason): Effect.Effect<void> {
    return Effect.sync(() => {
      this.failure ??= reason
      this.abortSocket()
    })
  }

  /** Makes a failure or a defect of `task` end the session. */
  guard(task: Effect.Effect<unknown, Reason>): Effect.Effect<unknown> {
    const fail = (reason: Reason) => this.fail(reason)
    return Effect.catchDefect(
      Effect.catch(task, fail),
      (thrown) => Effect.flatMap(this.options.onDefect(thrown), fail)
    )
  }

  /** Forks a task. */
  fork(task: Effect.Effect<unknown, Reason>): void {
    const { context, scope } = this.options
    Effect.runForkWith(context)(Effect.forkIn(this.guard(task), scope))
  }
}
