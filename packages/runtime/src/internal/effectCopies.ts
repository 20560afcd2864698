/**
 * Detects a program that runs on another copy of the package `effect` than the client. Much works across copies, since
 * Effect identifies its values by strings; the rest fails far from the cause, such as with a token that can't be read.
 */
import * as Effect from "effect/Effect"

const message = "the package effect is loaded twice: this program runs on another copy than effect-signalwire. " +
  "Install one version that both accept, and remove the other; `npm ls effect` or `pnpm why effect` lists them"

/** Dies, and says why, if the fiber that runs it belongs to another copy of Effect. */
export const check: Effect.Effect<void> = /* @__PURE__ */ Effect.withFiber((fiber) =>
  // the class of fibers is not exported
  Object.getPrototypeOf(fiber) === Object.getPrototypeOf(Effect.runFork(Effect.void))
    ? Effect.void
    : Effect.die(new Error(message))
)
