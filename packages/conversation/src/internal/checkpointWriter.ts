/**
 * Saves the checkpoints of a sequence to its cursor. A consumer that pulls the next batch has processed the one before
 * it, and only then may a restart skip that batch.
 */
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Cursor } from "../Cursor.ts"
import type { MergeState } from "./merge.ts"

/** Messages wait while a checkpoint is saved; a store that hangs delays them by this much at most. Milliseconds. */
const saveTimeout = 5000

export interface CheckpointWriter {
  /** Run when the consumer pulls: saves a checkpoint, unless the last one is younger than the interval. */
  readonly onPull: Effect.Effect<void>
  /**
   * Called when the state includes a batch that the consumer has not processed. It is synchronous, so that no
   * interruption comes between the two: the batch would then be saved without being delivered.
   */
  readonly onBatch: () => void
  /** Saves a last checkpoint, unless the consumer may not have processed all of the state. */
  readonly close: Effect.Effect<void>
}

export const make = (
  cursor: Cursor,
  state: () => MergeState,
  instrumentation: Instrumentation,
  clock: Clock.Clock,
  intervalMillis: number
): CheckpointWriter => {
  const now = () => Monotonic.millisOf(clock)
  let savedAt = Number.NEGATIVE_INFINITY
  /** Whether the state includes a batch that the consumer may not have processed. */
  let isProcessing = false
  const warn = (failure: unknown) => instrumentation.warn("the cursor could not be saved", [failure])
  const save = Effect.suspend(() => {
    savedAt = now()
    return Effect.suspend(() => cursor.save(state())).pipe(
      Effect.catch(({ message }) => warn(message)),
      // a store may also interrupt itself, but the consumer must not end with it
      Effect.catchCause((cause) => warn(Cause.squash(cause))),
      Effect.timeoutOrElse({ duration: saveTimeout, orElse: () => warn(`timed out after ${saveTimeout} ms`) })
    )
  })
  return {
    onPull: Effect.suspend(() => {
      isProcessing = false
      return now() - savedAt >= intervalMillis ? save : Effect.void
    }),
    onBatch: () => {
      isProcessing = true
    },
    close: Effect.suspend(() => isProcessing ? Effect.void : save)
  }
}
