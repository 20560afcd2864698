/**
 * History and live events as one sequence. A session signals when events may be missing; the stretch since the last
 * message is then read back from history, before anything that came after it is let through.
 */
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { Signal } from "@effect-signalwire/subscription/Signal"
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
import type { HistoryReader, Snapshot, Source } from "./historyReader.ts"
import * as Merge from "./merge.ts"
import type { Meter } from "./meter.ts"
import type { Monitor } from "./monitor.ts"
import type { Member, Reconciler } from "./reconciler.ts"
import * as Recovery from "./recovery.ts"
import * as Sequence from "./sequence.ts"

export interface Options {
  /** The service's method on whose behalf this runs. */
  readonly method: string
  readonly subscription: Subscription
  readonly history: Source
  readonly reader: HistoryReader
  readonly monitor: Monitor
  readonly reconciler: Reconciler
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
  readonly telemetry: Instrumentation
}

export interface Tuning {
  readonly overlapSeconds: number
  readonly memory: number
  /** How many messages a re-read holds at once; what is more is read in parts. */
  readonly recoveryLimit: number
  /** Whether history is read from time to time for what was never pushed; otherwise what was pushed is trusted. */
  readonly reconciles: boolean
  /** How often a cursor is written at most. Milliseconds. */
  readonly cursorMillis: number
}

/** What is handed on, batch by batch. */
export type Items = Pull.Pull<Arr.NonEmptyReadonlyArray<Sequence.Item>, ConversationError>

/** When something was read: after which moment, and after how many sessions had been ready. */
type AsOf = Pick<Snapshot, "moment" | "sessions">

const never: AsOf = { moment: 0, sessions: 0 }

/** What goes on, and what it stands on. */
class Live implements Member {
  readonly merge: Merge.Merge
  readonly mark: Effect.Effect<void>
  /** Until it has begun it reads anyway. */
  isAsked = true
  private readonly options: Options
  private readonly means: Sequence.Means
  private readonly attachment: Attachment
  private readonly signals: Attachment["signals"]
  private phase: Sequence.Phase = Sequence.beginning
  /** Of what is being read back, the parts that were not. */
  private rest: Recovery.Rest | undefined
  /** The moment before which everything that is read must have been there. */
  private moment: number
  /** When the first page was read of what is being read. */
  private asOf: AsOf | undefined
  /** What is read is what it begins with, and nothing that was missing. */
  private isOpening = false
  /** It waits for what the session signals, and would read at once. */
  private isTaking = false
  /** It is about to read, and counts as catching up. */
  private isExpected = false

  constructor(options: Options, attachment: Attachment) {
    this.options = options
    this.attachment = attachment
    this.signals = Effect.onInterrupt(attachment.signals, () =>
      Effect.sync(() => {
        this.isTaking = false
        this.expect(false)
      }))
    this.mark = attachment.requestDiscontinuity
    this.moment = options.reader.mark()
    this.merge = Merge.make({ ...options.tuning, trustLive: !options.tuning.reconciles })
    this.means = { merge: this.merge, belongs: options.belongs }
  }

  /** The newest page, and so the way to all others. */
  private readonly newest: History.Newest<ConversationError> = Effect.suspend(() => {
    const { history, reader } = this.options
    return Effect.map(reader.newest(history, this.moment), ({ moment, page, sessions }) => {
      this.asOf ??= { moment, sessions }
      return page
    })
  })

  /** Where it begins, and what it yields first. */
  get begin(): Effect.Effect<Sequence.Step, ConversationError> {
    return Effect.gen({ self: this }, function*() {
      const { begin, cursor, method } = this.options
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
        return yield* this.readBack
      }
      const beginning = yield* this.options.monitor.whileReading(begin(this.newest))
      const { moment, sessions } = this.takeAsOf()
      const step = this.tell({ _tag: "Begun", sessions, beginning })
      this.options.reconciler.hasRead(this, moment, 0)
      return step
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
          onFailure: (error) => {
            this.expect(false)
            return error.reason._tag === "Closed" ? Cause.done() : this.handOn(this.failed(error))
          }
        })
      case "Failed":
        return Effect.fail(phase.error)
      case "Ended":
        return Cause.done()
    }
  })

  private readonly take: Items = Effect.suspend(() => {
    this.isTaking = true
    this.expect(false)
    return Pull.matchEffect(this.signals, {
      onSuccess: (signals) => {
        this.isTaking = false
        this.note(signals)
        const step = this.tell({ _tag: "Signals", signals })
        // a consumer that has messages to handle reads when it asks for more
        if (this.phase._tag !== "Behind" || step.items.length > 0) this.expect(false)
        return this.handOn(step)
      },
      onFailure: (cause) => {
        const error = Cause.findError(cause)
        return Result.isSuccess(error)
          ? this.handOn(this.failed(ConversationError.from(this.options.method)(error.success)))
          : Effect.failCause(error.failure)
      },
      onDone: () => this.handOn(this.tell({ _tag: "Ended" }))
    })
  })

  /** Notes that it is about to read what it missed, or is not. One that does not wait comes to it later. */
  expect(isExpected: boolean): void {
    if (isExpected === this.isExpected || (isExpected && !this.isTaking)) return
    this.isExpected = isExpected
    this.options.monitor.catchUp(isExpected ? 1 : -1)
  }

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

  /** Says from when on what is missing must be read. */
  private note(signals: ReadonlyArray<Signal>): void {
    const { reader } = this.options
    for (const signal of signals) {
      if (signal._tag !== "Discontinuity") continue
      // what did not fit into the mailbox came until now; before a session began was before all that it brought
      this.moment = signal.cause === "overflow" ? reader.mark() : Math.max(this.moment, reader.now)
    }
  }

  private takeAsOf(): AsOf {
    const { asOf = never } = this
    this.asOf = undefined
    return asOf
  }

  /** Reads the next part of what is missing. */
  private get readBack(): Effect.Effect<Sequence.Step, ConversationError> {
    return Effect.gen({ self: this }, function*() {
      const { attachment, merge } = this
      const { meter, method, monitor, reconciler, telemetry, tuning } = this.options
      if (this.rest !== undefined) {
        const signals = yield* attachment.waiting
        this.note(signals)
        this.tell({ _tag: "Signals", signals })
      }
      const after = this.rest?.reached ?? null
      const reading = Recovery.readPart(
        { method, newest: this.newest, limit: tuning.recoveryLimit },
        merge.readBackTo(),
        this.rest
      )
      const { messages, rest, top } = yield* this.phase._tag === "Behind" && this.phase.announced
        ? monitor.whileCatchingUp(reading)
        : monitor.whileReading(reading)
      this.rest = rest
      this.expect(false)
      // what is read of further parts was there before the first was
      const { moment, sessions } = rest === undefined ? this.takeAsOf() : this.asOf ?? never
      const step = this.tell({ _tag: "ReadBack", sessions, messages, after, top, more: rest !== undefined })
      reconciler.hasRead(this, moment, this.isOpening ? 0 : step.found)
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
}

/**
 * Begins the sequence. Once this completes, nothing from now on is missed; what it answers must be pulled in the same
 * scope. As long as what it needs may heal, it waits for that.
 */
export const open = Effect.fnUntraced(
  function*(options: Options): Effect.fn.Return<Items, ConversationError, Scope.Scope> {
    const { cursor, method, reconciler, subscription, tuning } = options
    const attachment = yield* Effect.mapError(subscription.subscribe, ConversationError.from(method))
    const live = new Live(options, attachment)
    yield* reconciler.join(live)
    yield* options.monitor.sessionBegins.watch(() => live.expect(true))
    yield* Effect.addFinalizer(() => Effect.sync(() => live.expect(false)))
    yield* options.settled
    let first = (yield* live.begin).items

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
