/**
 * The life of a client: calls that are under way end with it.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

/** Runs calls of a client until it is closed. */
export class Lifetime {
  /** How to end what runs. */
  private closers: Set<() => void> | undefined
  private closed = false

  /** Whether the client was closed. */
  get isClosed(): boolean {
    return this.closed
  }

  /**
   * Runs `effect`. When the client is closed meanwhile, it is interrupted and `whenClosed` is the result; when it was
   * closed before, `whenClosed` runs instead.
   */
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

  /** Closes the client: interrupts what runs, and lets nothing begin any more. */
  close(): void {
    this.closed = true
    for (const close of Array.from(this.closers ?? [])) close()
  }
}
