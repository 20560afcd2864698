/** Waits for the exit of a fiber. */
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"

/** Resolves with the exit of a fiber. */
export const awaitExit = <A, E>(fiber: Fiber.Fiber<A, E>): Promise<Exit.Exit<A, E>> =>
  new Promise((resolve) => fiber.addObserver(resolve))
