/**
 * The life of a client: what runs on its behalf ends with it.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

/** What a client runs for its callers. */
export class Lifetime {
  /** How to end what runs. */
  private closers: Set<() => void> | undefined
  private closed = false

  /** Whether the client was closed. */
  get isClosed(): boolean {
    return this.closed
  }

  /** Runs an effect; once the client is closed, `whenClosed` instead, and what runs is interrupted for it. */
  within<A, E, R, B, E2>(
    effect: Effect.Effect<A, E, R>,
    whenClosed: Effect.Effect<B, E2>
  ): Effect.Effect<A | B, E | E2, R> {
    return Effect.contextWith((context: Context.Context<R>) => {
      if (this.closed) return whenClosed
      return Effect.callback<A | B, E | E2>((resume) => {
        const fiber = Effect.runForkWith(context)(effect)
        let instead: Effect.Effect<A | B, E | E2> | undefined
        const close = () => {
          instead = whenClosed
          fiber.interruptUnsafe()
        }
        const closers = this.closers ??= new Set()
        closers.add(close)
        fiber.addObserver((exit: Exit.Exit<A, E>) => {
          closers.delete(close)
          resume(instead ?? exit)
        })
        return Fiber.interrupt(fiber)
      })
    })
  }

  /** Ends what runs; nothing begins any more. */
  close(): void {
    this.closed = true
    for (const close of Array.from(this.closers ?? [])) close()
  }
}
