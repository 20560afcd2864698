/**
 * The lifetime of a client: closing it ends the calls that are running.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

/** Runs the calls of a client until it is closed. */
export class Lifetime {
  /** The functions that end the running calls. */
  private closers: Set<() => void> | undefined
  private closed = false

  /** Whether the client is closed. */
  get isClosed(): boolean {
    return this.closed
  }

  /**
   * Runs `effect`. If the client is closed in the meantime, `effect` is interrupted and the result is that of
   * `whenClosed`. If it is already closed, only `whenClosed` runs.
   */
  run<A, E, R, B, E2>(
    effect: Effect.Effect<A, E, R>,
    whenClosed: Effect.Effect<B, E2>
  ): Effect.Effect<A | B, E | E2, R> {
    return Effect.contextWith((context: Context.Context<R>) => {
      if (this.closed) return whenClosed
      return Effect.callback<A | B, E | E2>((resume) => {
        const fiber = Effect.runForkWith(context)(effect)
        let replacement: Effect.Effect<A | B, E | E2> | undefined
        const close = () => {
          replacement = whenClosed
          fiber.interruptUnsafe()
        }
        const closers = this.closers ??= new Set()
        closers.add(close)
        fiber.addObserver((exit: Exit.Exit<A, E>) => {
          closers.delete(close)
          resume(replacement ?? exit)
        })
        return Fiber.interrupt(fiber)
      })
    })
  }

  /** Closes the client: interrupts running calls, and refuses new ones. */
  close(): void {
    this.closed = true
    for (const close of Array.from(this.closers ?? [])) close()
  }
}
