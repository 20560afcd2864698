/**
 * History and live events as one sequence. A session signals when events may be missing; the stretch since the last
 * message is then read back from history, before anything that came after it is let through.
 */
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import { Malformed } from "@effect-signalwire/schema/Reason"
import type { Signal } from "@effect-signalwire/subscription/Signal"
import type { Service as Subscription } from "@effect-signalwire/subscription/Subscription"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { ConversationError } from "../ConversationError.ts"
import type { Cursor } from "../Cursor.ts"
import * as Bookmark from "./bookmark.ts"
import type * as History from "./history.ts"
import * as Merge from "./merge.ts"
import type { Meter } from "./meter.ts"
import * as Recovery from "./recovery.ts"
import * as Sequence from "./sequence.ts"
import * as Sweep from "./sweep.ts"

export interface Options {
  /** The service's method on whose behalf this runs. */
  readonly method: string
  readonly subscription: Subscription
  readonly newest: History.Newest<ConversationError>
  /** Whether an event belongs to the sequence. */
  readonly belongs: (event: ConversationEvent) => boolean
  /** What to wait for before history is read, once attached. */
  readonly settled: Effect.Effect<void, ConversationError>
  /** Reads what the sequence begins with; `everything` when that is all of history. */
  readonly begin:
    | "everything"
    | ((newest: History.Newest<ConversationError>) => Effect.Effect<Sequence.Beginning, ConversationError>)
  /** Where to go on instead of beginning, and where to keep that. */
  readonly cursor: Cursor | undefined
  readonly tuning: Tuning
  readonly meter: Meter
}

export interface Tuning {
  readonly overlapSeconds: number
  readonly memory: number
  /** How many messages a re-read holds at once; what is more is read in parts. */
  readonly recoveryLimit: number
  /** When to look for what was never pushed; `null` for never. */
  readonly sweep: Sweep.Options | null
  /** How often a cursor is written at most. Milliseconds. */
  readonly cursorMillis: number
}

const phases = Data.taggedEnum<Sequence.Phase>()

type Next = Pull.Pull<Arr.NonEmptyReadonlyArray<Sequence.Item>, ConversationError>

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
  ): Effect.fn.Return<Stream.Stream<Sequence.Item, ConversationError>, ConversationError, Scope.Scope> {
    const { belongs, cursor, meter, method, newest, subscription, tuning } = options
    const clock = yield* Clock.Clock
    const merge = Merge.make({ ...tuning, trustLive: tuning.sweep === null })
    const { mark, signals, waiting } = yield* subscription.attach
    yield* options.settled
    const sweep = tuning.sweep === null
      ? undefined
      : yield* Sweep.make(tuning.sweep, { connection: subscription.connection, mark })

    const means: Sequence.Means = { merge, belongs }
    let phase = Sequence.beginning
    const tell = (happening: Sequence.Happening): Sequence.Step => {
      const step = Sequence.step(phase, happening, means)
      phase = step.phase
      return step
    }

    const recovery: Recovery.Options = { method, newest, limit: tuning.recoveryLimit }
    /** Of what is being read back, the parts that were not, and how many sessions had been ready at the first. */
    let reading: { readonly rest: Recovery.Rest; readonly sessions: number } | undefined
    /** What is read is what it begins with, and nothing that was missing. */
    let isOpening = false
    const readPart = Effect.gen(function*() {
      if (reading !== undefined) tell({ _tag: "Signals", signals: yield* waiting })
      const sessions = reading?.sessions ?? (yield* subscription.sessions)
      const { messages, rest, top } = yield* Recovery.readPart(recovery, merge.readBackTo(), reading?.rest)
      reading = rest && { rest, sessions }
      const step = tell({ _tag: "ReadBack", sessions, messages, top, more: rest !== undefined })
      sweep?.looked(step.found)
      const hole = step.items.find(({ _tag }) => _tag === "Gap")
      if (step.found > 0 && !isOpening) yield* meter.repaired(step.found)
      if (rest === undefined) isOpening = false
      if (hole !== undefined) {
        yield* meter.missed
        yield* Effect.logWarning("messages may be missing", hole)
      }
      return step
    })
    const readBack = readPart.pipe(
      Effect.tapError((error) => Effect.logDebug("history could not be read", error.message)),
      // what is in between may answer for the server, in its own words, and go away again
      Effect.retry({
        schedule: untilReadable,
        while: (error) => error.isRetryable || error.reason._tag === "Malformed"
      }),
      Effect.annotateLogs("signalwire.method", method)
    )

    const begin = Effect.gen(function*() {
      const sessions = yield* subscription.sessions
      const saved = cursor === undefined ? Option.none() : yield* Effect.mapError(cursor.load, unreadable(method))
      if (Option.isSome(saved)) {
        tell({ _tag: "Resumed", standing: saved.value })
        return yield* readBack
      }
      if (options.begin === "everything") {
        tell({ _tag: "Unread" })
        isOpening = true
        // who begins is told that it fails; only what has begun waits for what may heal
        return yield* readPart
      }
      return tell({ _tag: "Begun", sessions, beginning: yield* options.begin(newest) })
    })
    const first = (yield* begin).items

    if (sweep !== undefined) yield* Effect.forkScoped(sweep.run)
    const bookmark = Bookmark.make(cursor, merge.standing, clock, tuning.cursorMillis)
    yield* Effect.addFinalizer(() => bookmark.close)
    // "from now on" is where a restart goes on, whether or not anything is asked for until then
    yield* first.length === 0 ? bookmark.asked : bookmark.handedOut

    const failed = (error: ConversationError) => tell({ _tag: "Failed", error })

    const live = Stream.transformPull(Stream.mapError(signals, ConversationError.from(method)), (pull) => {
      const handOn = ({ items }: Sequence.Step): Next =>
        Arr.isReadonlyArrayNonEmpty(items) ? Effect.succeed(items) : next
      const take: Next = Pull.matchEffect(pull, {
        onSuccess: (signals: ReadonlyArray<Signal>) => handOn(tell({ _tag: "Signals", signals })),
        onFailure: (cause) => {
          const error = Cause.findError(cause)
          return Result.isSuccess(error) ? handOn(failed(error.success)) : Effect.failCause(error.failure)
        },
        onDone: () => handOn(tell({ _tag: "Ended" }))
      })
      const recover: Next = Effect.matchEffect(readBack, {
        onSuccess: handOn,
        onFailure: (error) => handOn(failed(error))
      })
      /** What each phase asks for. */
      const ask = phases.$match({
        Beginning: (): Next => Effect.flatMap(begin, handOn),
        Live: () => take,
        Behind: () => recover,
        Failed: ({ error }): Next => Effect.fail(error),
        Ended: (): Next => Cause.done()
      })
      const next: Next = Effect.suspend(() => ask(phase))
      return Effect.succeed(
        cursor === undefined ? next : Effect.andThen(bookmark.asked, Effect.tap(next, bookmark.handedOut))
      )
    })

    return Stream.concat(Stream.fromIterable(first), live)
  }
)
