/**
 * Limits how many bytes are written to all sockets in one turn of the event loop, so that requests are handled in between.
 */
import * as Effect from "effect/Effect"

/** The quota per turn, in bytes: what takes a few milliseconds to write, with the wire log enabled. */
const quota = 256 * 1024

let turn = 0
let left = quota

/** Takes bytes from the quota, and returns whether it succeeded. The last write of a turn may exceed the quota. */
export const tryTake = (bytes: number): boolean => {
  if (left <= 0) return false
  left -= bytes
  return true
}

/** Waits for the next turn of the event loop, in which there is a new quota. */
export const awaitNextTurn: Effect.Effect<void> = Effect.suspend(() => {
  const startedIn = turn
  return Effect.map(Effect.yieldNow, () => {
    // only the first fiber that resumes starts the turn
    if (turn !== startedIn) return
    turn++
    left = quota
  })
})
