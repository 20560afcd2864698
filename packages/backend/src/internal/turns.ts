/**
 * Shares the event loop between those who write much and everybody else: beyond some bytes, writing goes on in the next
 * turn, so that requests are handled in between.
 */
import * as Effect from "effect/Effect"

/** How much is written in one turn of the event loop, in bytes: what takes some milliseconds, logged as it is written. */
const turnBytes = 256 * 1024

let turn = 0
let left = turnBytes

/** Whether so many bytes may be written in this turn. The last of a turn may be more than is left. */
export const take = (bytes: number): boolean => {
  if (left <= 0) return false
  left -= bytes
  return true
}

/** Waits for the next turn. */
export const next: Effect.Effect<void> = Effect.suspend(() => {
  const waitedIn = turn
  return Effect.map(Effect.yieldNow, () => {
    // the first who goes on begins it
    if (turn !== waitedIn) return
    turn++
    left = turnBytes
  })
})
