/**
 * Writing a cursor at the right moments: when more is asked for, everything that was handed out before has been dealt
 * with, and only then may it be skipped after a restart.
 */
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as Timeouts from "@effect-signalwire/runtime/Timeouts"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Cursor } from "../Cursor.ts"
import type { Snapshot } from "./merge.ts"

/** Messages wait while a cursor is written, though not for a store that hangs. Milliseconds. */
const saveTimeout = 5000

export interface Bookmark {
  /** More is asked for: what was handed out is dealt with. Writes, unless it did so a moment ago. */
  readonly asked: Effect.Effect<void>
  /** Something was handed out. */
  readonly handedOut: Effect.Effect<void>
  /** Writes a last time, if nothing is in hand. */
  readonly close: Effect.Effect<void>
}

export const make = (
  cursor: Cursor,
  standing: () => Snapshot,
  telemetry: Instrumentation,
  clock: Clock.Clock,
  intervalMillis: number
): Bookmark => {
  const now = () => Monotonic.millisOf(clock)
  let writtenAt = Number.NEGATIVE_INFINITY
  let inHand = false
  const report = (failure: unknown) => telemetry.warn("the cursor could not be written", [failure])
  const write = Effect.suspend(() => {
    writtenAt = now()
    return Timeouts.timeoutAfter(
      Effect.catchDefect(Effect.catch(cursor.save(standing()), ({ message }) => report(message)), report),
      saveTimeout,
      report(`not within ${saveTimeout} ms`)
    )
  })
  return {
    asked: Effect.suspend(() => {
      inHand = false
      return now() - writtenAt >= intervalMillis ? write : Effect.void
    }),
    handedOut: Effect.sync(() => inHand = true),
    close: Effect.suspend(() => inHand ? Effect.void : write)
  }
}
