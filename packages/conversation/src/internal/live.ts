/**
 * History and live events as one sequence. A session signals when events may be missing; the stretch since the last
 * message is then read back from history, before anything that came after it is let through.
 */
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { Signal } from "@effect-signalwire/subscription/Signal"
import type { Service as Subscription } from "@effect-signalwire/subscription/Subscription"
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { ConversationError } from "../ConversationError.ts"
import { type GapReason, TimelineEvent } from "../TimelineEvent.ts"
import * as History from "./history.ts"
import * as Merge from "./merge.ts"

/** What the sequence consists of. A live message is a `ConversationEvent` and knows more than one from history. */
export type Item = TimelineEvent

export interface Options {
  /** The service's method on whose behalf this runs. */
  readonly method: string
  readonly subscription: Subscription
  readonly newest: History.Newest<ConversationError>
  /** Whether an event belongs to the sequence. */
  readonly belongs: (event: ConversationEvent) => boolean
  /** What to wait for before history is read, once attached. */
  readonly settled: Effect.Effect<void, ConversationError>
  /** Begins the sequence: what was there before. Called once, before anything live is let through. */
  readonly begin: (
    merge: Merge.Merge,
    newest: History.Newest<ConversationError>
  ) => Effect.Effect<ReadonlyArray<Item>, ConversationError>
  readonly tuning: Tuning
}

export interface Tuning extends Merge.Options {
  /** The most messages one re-read may hold. */
  readonly recoveryLimit: number
}

const instant = (epochSeconds: number): DateTime.Utc => DateTime.makeUnsafe(epochSeconds * 1000)

export const caughtUp = (merge: Merge.Merge): Item => {
  const frontier = merge.frontier()
  return TimelineEvent.CaughtUp({ through: frontier === null ? null : instant(frontier.epochSeconds) })
}

export const toItem = (admitted: Merge.Admitted<ConversationMessage>): Item => TimelineEvent.Message(admitted)

const gap = (fromSeconds: number, oldest: ConversationMessage | undefined, reason: GapReason): Item =>
  TimelineEvent.Gap({ from: instant(fromSeconds), to: oldest === undefined ? null : oldest.ts, reason })

/** Reads back what may be missing. */
const recover = Effect.fnUntraced(function*({ newest, tuning }: Options, merge: Merge.Merge) {
  const frontier = merge.frontier()
  const { end, messages } = yield* History.readBack(newest, merge.readBackTo(), tuning.recoveryLimit)
  const oldest = messages.at(-1)
  const items: Array<Item> = []
  if (frontier !== null) {
    if (end === "limit") items.push(gap(frontier.epochSeconds, oldest, "too-many-messages"))
    else if (oldest === undefined || oldest.epochSeconds > frontier.epochSeconds) {
      items.push(gap(frontier.epochSeconds, oldest, "history-too-short"))
    }
  }
  for (const item of items) yield* Effect.logWarning("messages may be missing", item)
  items.push(...merge.admitAll(messages).map(toItem), caughtUp(merge))
  return items
})

/** As long as history can't be read for a reason that may heal, the sequence waits for it. */
const untilReadable = Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("30 seconds")]).pipe(
  Schedule.jittered
)

/**
 * Begins the sequence. Once this completes, nothing from now on is missed; the stream must be consumed in the same
 * scope.
 */
export const open = Effect.fnUntraced(
  function*(
    options: Options
  ): Effect.fn.Return<Stream.Stream<Item, ConversationError>, ConversationError, Scope.Scope> {
    const { belongs, method, subscription } = options
    const merge = Merge.make(options.tuning)
    const signals = Stream.mapError(yield* subscription.attach, ConversationError.from(method))
    yield* options.settled
    /** Sessions that were ready before history was read: what came between them is in what was read. */
    let covered = yield* subscription.sessions
    const first = yield* options.begin(merge, options.newest)

    const isCovered = (signal: Signal): boolean =>
      signal._tag === "Lapse" && signal.cause === "connected" && signal.session <= covered

    const readBack = Effect.gen(function*() {
      const sessions = yield* subscription.sessions
      const items = yield* recover(options, merge)
      covered = sessions
      return items
    }).pipe(
      Effect.tapError((error) => Effect.logDebug("history could not be read", error.message)),
      Effect.retry({ schedule: untilReadable, while: (error) => error.isRetryable })
    )

    /** Signals that were taken and not yet acted on. */
    let waiting: ReadonlyArray<Signal> = []

    /** Acts on what waits, up to the next lapse. */
    const act = (): Array<Item> => {
      const items: Array<Item> = []
      let index = 0
      for (; index < waiting.length; index++) {
        const signal = waiting[index]
        if (signal?._tag === "Event") {
          const admitted = belongs(signal.event) ? merge.admit(signal.event) : undefined
          if (admitted !== undefined) items.push(toItem(admitted))
        } else if (signal?._tag === "Lapse" && !isCovered(signal)) break
      }
      waiting = waiting.slice(index)
      return items
    }

    const live = Stream.transformPull(signals, (pull) => {
      const next: Pull.Pull<Arr.NonEmptyReadonlyArray<Item>, ConversationError> = Effect.suspend(() => {
        const items = act()
        if (Arr.isArrayNonEmpty(items)) return Effect.succeed(items)
        if (waiting.length > 0) {
          waiting = waiting.slice(1)
          return Effect.flatMap(readBack, (items) => Arr.isArrayNonEmpty(items) ? Effect.succeed(items) : next)
        }
        return Effect.flatMap(pull, (signals) => {
          waiting = signals
          return next
        })
      })
      return Effect.succeed(next)
    })

    return Stream.concat(Stream.fromIterable(first), live)
  }
)
