/**
 * History and live events as one sequence. A session signals when events may be missing; the stretch since the last
 * message is then read back from history, before anything that came after it is let through.
 */
import * as Backoff from "@effect-signalwire/schema/Backoff"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { Telemetry } from "@effect-signalwire/schema/Telemetry"
import type { Attachment, Service as Subscription } from "@effect-signalwire/subscription/Subscription"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { ConversationError } from "../ConversationError.ts"
import type { Cursor } from "../Cursor.ts"
import * as Bookmark from "./bookmark.ts"
import type * as History from "./history.ts"
import * as Merge from "./merge.ts"
import type { Meter } from "./meter.ts"
import * as Recovery from "./recovery.ts"
import * as Sequence from "./sequence.ts"
import { type Options as SweepOptions, Sweep } from "./sweep.ts"

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
  readonly telemetry: Telemetry
}

export interface Tuning {
  readonly overlapSeconds: number
  readonly memory: number
  /** How many messages a re-read holds at once; what is more is read in parts. */
  readonly recoveryLimit: number
  /** When to look for what was never pushed; `null` for never. */
  readonly sweep: SweepOptions | null
  /** How often a cursor is written at most. Milliseconds. */
  readonly cursorMillis: number
}

/** What is handed on, batch by batch. */
export type Items = Pull.Pull<Arr.NonEmptyReadonlyArray<Sequence.Item>, ConversationError>

/** As long as history can't be read for a reason that may heal, the sequence waits for it. */
const untilReadable = Backoff.capped("1 second", "30 seconds")

/** What goes on, and what it stands on. */
class Live {
  readonly merge: Merge.Merge
  private readonly options: Options
  private readonly means: Sequence.Means
  private readonly attachment: Attachment
  private readonly sweep: Sweep | undefined
  private phase: Sequence.Phase = Sequence.beginning
  /** Of what is being read back, the parts that were not, and how many sessions had been ready at the first. */
  private reading: { readonly rest: Recovery.Rest; readonly sessions: number } | undefined
  /** What is read is what it begins with, and nothing that was missing. */
  private isOpening = false

  constructor(options: Options, attachment: Attachment, sweep: Sweep | undefined) {
    this.options = options
    this.attachment = attachment
    this.sweep = sweep
    this.merge = Merge.make({ ...options.tuning, trustLive: sweep === undefined })
    this.means = { merge: this.merge, belongs: options.belongs }
  }

  /** Where it begins, and what it yields first. */
  get begin(): Effect.Effect<Sequence.Step, ConversationError> {
    return Effect.gen({ self: this }, function*() {
      const { begin, cursor, method, newest, subscription } = this.options
      const sessions = yield* subscription.sessions
      const saved = cursor === undefined
        ? Option.none()
        : yield* Effect.mapError(cursor.load, ConversationError.from(method))
      if (Option.isSome(saved)) {
        this.tell({ _tag: "Resumed", standing: saved.value })
        return yield* this.readBack
      }
      if (begin === "everything") {
        this.tell({ _tag: "Unread" })
        this.isOpening = true
        // who begins is told that it fails; only what has begun waits for what may heal
        return yield* this.readPart
      }
      return this.tell({ _tag: "Begun", sessions, beginning: yield* begin(newest) })
    })
  }

  /** What comes next: does what the phase asks for, until there is something to hand on. */
  readonly next: Items = Effect.suspend(() => {
    const { phase } = this
    switch (phase._tag) {
      case "Beginning":
        return Effect.flatMap(this.begin, (step) => this.handOn(step))
      case "Live":
        return this.take
      case "Behind":
        return Effect.matchEffect(this.readBack, {
          onSuccess: (step) => this.handOn(step),
          onFailure: (error) => this.handOn(this.failed(error))
        })
      case "Failed":
        return Effect.fail(phase.error)
      case "Ended":
        return Cause.done()
    }
  })

  private readonly take: Items = Effect.suspend(() =>
    Pull.matchEffect(this.attachment.signals, {
      onSuccess: (signals) => this.handOn(this.tell({ _tag: "Signals", signals })),
      onFailure: (cause) => {
        const error = Cause.findError(cause)
        return Result.isSuccess(error)
          ? this.handOn(this.failed(ConversationError.from(this.options.method)(error.success)))
          : Effect.failCause(error.failure)
      },
      onDone: () => this.handOn(this.tell({ _tag: "Ended" }))
    })
  )

  private handOn({ items }: Sequence.Step): Items {
    return Arr.isReadonlyArrayNonEmpty(items) ? Effect.succeed(items) : this.next
  }

  private tell(happening: Sequence.Happening): Sequence.Step {
    const step = Sequence.step(this.phase, happening, this.means)
    this.phase = step.phase
    return step
  }

  private failed(error: ConversationError): Sequence.Step {
    return this.tell({ _tag: "Failed", error })
  }

  /** Reads the next part of what is missing. */
  private get readPart(): Effect.Effect<Sequence.Step, ConversationError> {
    return Effect.gen({ self: this }, function*() {
      const { attachment, merge, reading } = this
      const { meter, method, newest, subscription, telemetry, tuning } = this.options
      if (reading !== undefined) this.tell({ _tag: "Signals", signals: yield* attachment.waiting })
      const sessions = reading?.sessions ?? (yield* subscription.sessions)
      const { messages, rest, top } = yield* Recovery.readPart(
        { method, newest, limit: tuning.recoveryLimit },
        merge.readBackTo(),
        reading?.rest
      )
      this.reading = rest && { rest, sessions }
      const step = this.tell({ _tag: "ReadBack", sessions, messages, top, more: rest !== undefined })
      this.sweep?.looked(step.found)
      const hole = step.items.find(({ _tag }) => _tag === "Gap")
      if (step.found > 0 && !this.isOpening) yield* meter.repaired(step.found)
      if (rest === undefined) this.isOpening = false
      if (hole !== undefined) {
        yield* meter.missed
        yield* telemetry.warn("messages may be missing", [hole], { "signalwire.method": method })
      }
      return step
    })
  }

  private get readBack(): Effect.Effect<Sequence.Step, ConversationError> {
    const { method, telemetry } = this.options
    return this.readPart.pipe(
      Effect.tapError((error) =>
        telemetry.debug("history could not be read", [error.message], { "signalwire.method": method })
      ),
      // what is in between may answer for the server, in its own words, and go away again
      Effect.retry({
        schedule: untilReadable,
        while: (error) => error.isRetryable || error.reason._tag === "Malformed"
      })
    )
  }
}

/**
 * Begins the sequence. Once this completes, nothing from now on is missed; what it answers must be pulled in the same
 * scope.
 */
export const open = Effect.fnUntraced(
  function*(options: Options): Effect.fn.Return<Items, ConversationError, Scope.Scope> {
    const { cursor, subscription, tuning } = options
    const attachment = yield* subscription.attach
    yield* options.settled
    const sweep = tuning.sweep === null
      ? undefined
      : new Sweep(tuning.sweep, { connection: subscription.connection, mark: attachment.mark })
    const live = new Live(options, attachment, sweep)
    let first = (yield* live.begin).items

    if (sweep !== undefined) yield* Effect.forkScoped(sweep.run)
    let following = live.next
    if (cursor !== undefined) {
      const standing = () => live.merge.standing()
      const bookmark = Bookmark.make(cursor, standing, options.telemetry, yield* Clock.Clock, tuning.cursorMillis)
      yield* Effect.addFinalizer(() => bookmark.close)
      // "from now on" is where a restart goes on, whether or not anything is asked for until then
      yield* first.length === 0 ? bookmark.asked : bookmark.handedOut
      following = Effect.andThen(bookmark.asked, Effect.tap(live.next, bookmark.handedOut))
    }
    return Effect.suspend(() => {
      const items = first
      first = []
      return Arr.isReadonlyArrayNonEmpty(items) ? Effect.succeed(items) : following
    })
  }
)
