/**
 * History and live events as one sequence. A session signals when events may be missing; the stretch since the last
 * message is then read back from history, before anything that came after it is let through.
 */
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import { Malformed } from "@effect-signalwire/schema/Reason"
import type { Signal } from "@effect-signalwire/subscription/Signal"
import type { Service as Subscription } from "@effect-signalwire/subscription/Subscription"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { ConversationError } from "../ConversationError.ts"
import type { Cursor } from "../Cursor.ts"
import { type GapReason, TimelineEvent } from "../TimelineEvent.ts"
import * as Bookmark from "./bookmark.ts"
import * as History from "./history.ts"
import * as Merge from "./merge.ts"
import * as Sweep from "./sweep.ts"

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
  /** Where to go on instead of beginning, and where to keep that. */
  readonly cursor: Cursor | undefined
  readonly tuning: Tuning
}

export interface Tuning {
  readonly overlapSeconds: number
  readonly memory: number
  /** The most messages one re-read may hold. */
  readonly recoveryLimit: number
  /** When to look for what was never pushed; `null` for never. */
  readonly sweep: Sweep.Options | null
  /** How often a cursor is written at most. Milliseconds. */
  readonly cursorMillis: number
}

const instant = (epochSeconds: number): DateTime.Utc => DateTime.makeUnsafe(epochSeconds * 1000)

export const caughtUp = (merge: Merge.Merge): Item => {
  const frontier = merge.frontier()
  return TimelineEvent.CaughtUp({ through: frontier === null ? null : instant(frontier.epochSeconds) })
}

export const toItem = (admitted: Merge.Admitted<ConversationMessage>): Item => TimelineEvent.Message(admitted)

const gap = (fromSeconds: number, oldest: ConversationMessage | undefined, reason: GapReason): Item =>
  TimelineEvent.Gap({ from: instant(fromSeconds), to: oldest === undefined ? null : oldest.ts, reason })

/** Whether what was read leaves a hole behind what was known before. */
const holeIn = ({ end, messages }: History.Stretch, frontierSeconds: number): Option.Option<Item> => {
  const oldest = messages.at(-1)
  if (end === "limit") return Option.some(gap(frontierSeconds, oldest, "too-many-messages"))
  return oldest === undefined || oldest.epochSeconds > frontierSeconds
    ? Option.some(gap(frontierSeconds, oldest, "history-too-short"))
    : Option.none()
}

/** Reads back what may be missing: a gap if there is one, then the messages. */
const recover = Effect.fnUntraced(function*({ newest, tuning }: Options, merge: Merge.Merge) {
  const frontier = merge.frontier()
  const stretch = yield* History.readBack(newest, merge.readBackTo(), tuning.recoveryLimit)
  const hole = frontier === null ? Option.none() : holeIn(stretch, frontier.epochSeconds)
  if (Option.isSome(hole)) yield* Effect.logWarning("messages may be missing", hole.value)
  return { hole, messages: merge.admitAll(stretch.messages).map(toItem) }
})

/** As long as history can't be read for a reason that may heal, the sequence waits for it. */
const untilReadable = Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("30 seconds")]).pipe(
  Schedule.jittered
)

const unreadable = (method: string) => (cause: unknown) =>
  new ConversationError({
    method,
    reason: new Malformed({ path: "cursor", detail: "the cursor could not be read" }),
    cause
  })

/**
 * Begins the sequence. Once this completes, nothing from now on is missed; the stream must be consumed in the same
 * scope.
 */
export const open = Effect.fnUntraced(
  function*(
    options: Options
  ): Effect.fn.Return<Stream.Stream<Item, ConversationError>, ConversationError, Scope.Scope> {
    const { belongs, cursor, method, subscription, tuning } = options
    const clock = yield* Clock.Clock
    const merge = Merge.make({ ...tuning, trustLive: tuning.sweep === null })
    const { mark, signals } = yield* subscription.attach
    yield* options.settled
    /** Sessions that were ready before history was read: what came between them is in what was read. */
    let covered = yield* subscription.sessions
    const sweep = tuning.sweep === null
      ? undefined
      : yield* Sweep.make(tuning.sweep, { connection: subscription.connection, mark })

    const readBack = Effect.gen(function*() {
      const sessions = yield* subscription.sessions
      const recovered = yield* recover(options, merge)
      covered = sessions
      sweep?.looked(recovered.messages.length)
      return recovered
    }).pipe(
      Effect.tapError((error) => Effect.logDebug("history could not be read", error.message)),
      // what is in between may answer for the server, in its own words, and go away again
      Effect.retry({
        schedule: untilReadable,
        while: (error) => error.isRetryable || error.reason._tag === "Malformed"
      })
    )

    const saved = cursor === undefined ? Option.none() : yield* Effect.mapError(cursor.load, unreadable(method))
    let first: ReadonlyArray<Item>
    if (Option.isSome(saved)) {
      merge.resume(saved.value)
      const { hole, messages } = yield* readBack
      first = [...Option.toArray(hole), ...messages, caughtUp(merge)]
    } else first = yield* options.begin(merge, options.newest)

    if (sweep !== undefined) yield* Effect.forkScoped(sweep.run)
    const bookmark = Bookmark.make(cursor, merge.standing, clock, tuning.cursorMillis)
    yield* Effect.addFinalizer(() => bookmark.close)
    // "from now on" is where a restart goes on, whether or not anything is asked for until then
    yield* first.length === 0 ? bookmark.asked : bookmark.handedOut

    /** Signals that were taken and not yet acted on. */
    let waiting: ReadonlyArray<Signal> = []

    /** Whether something may be missing here that was not read since. */
    const isLapse = (signal: Signal): boolean =>
      signal._tag === "Malformed" ||
      (signal._tag === "Lapse" && !(signal.cause === "connected" && signal.session <= covered))

    /** Acts on what waits, up to the next lapse. */
    const act = (): { readonly items: Array<Item>; readonly lapse: Signal | undefined } => {
      const items: Array<Item> = []
      for (let index = 0; index < waiting.length; index++) {
        const signal = waiting[index]
        if (signal?._tag === "Event") {
          const admitted = belongs(signal.event) ? merge.admit(signal.event) : undefined
          if (admitted !== undefined) items.push(toItem(admitted))
        } else if (signal !== undefined && isLapse(signal)) {
          // what comes before a lapse is handed on before history is read, and one look serves all that wait
          waiting = items.length > 0
            ? waiting.slice(index)
            : waiting.slice(index).filter((later) => !isLapse(later))
          return { items, lapse: signal }
        }
      }
      waiting = []
      return { items, lapse: undefined }
    }

    const live = Stream.transformPull(Stream.mapError(signals, ConversationError.from(method)), (pull) => {
      const next: Pull.Pull<Arr.NonEmptyReadonlyArray<Item>, ConversationError> = Effect.suspend(() => {
        const { items, lapse } = act()
        if (Arr.isArrayNonEmpty(items)) return Effect.succeed(items)
        if (lapse !== undefined) {
          return Effect.flatMap(readBack, ({ hole, messages }) => {
            const isWorthAWord = messages.length > 0 ||
              (lapse._tag === "Lapse" && lapse.cause !== "requested")
            const closing = isWorthAWord ? [caughtUp(merge)] : []
            const recovered = [...Option.toArray(hole), ...messages, ...closing]
            return Arr.isArrayNonEmpty(recovered) ? Effect.succeed(recovered) : next
          })
        }
        return Effect.flatMap(pull, (signals) => {
          waiting = signals
          return next
        })
      })
      return Effect.succeed(
        cursor === undefined ? next : Effect.andThen(bookmark.asked, Effect.tap(next, bookmark.handedOut))
      )
    })

    return Stream.concat(Stream.fromIterable(first), live)
  }
)
