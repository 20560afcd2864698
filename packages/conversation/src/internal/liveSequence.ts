/**
 * Runs the state machine of `sequence.ts`: receives the session's signals, reads history while `CatchingUp`, and emits items.
 */
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { Signal } from "@effect-signalwire/subscription/Signal"
import type { Service as Subscription, Subscriber } from "@effect-signalwire/subscription/Subscription"
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
import * as CheckpointWriter from "./checkpointWriter.ts"
import type { ConnectionMonitor } from "./connectionMonitor.ts"
import { type Coverage, type HistoryReader, noCoverage, type Source } from "./historyReader.ts"
import { Merge } from "./merge.ts"
import type { MetricsRecorder } from "./metricsRecorder.ts"
import type * as PageReader from "./pageReader.ts"
import type { Reconcilable, Reconciler } from "./reconciler.ts"
import * as Recovery from "./recovery.ts"
import * as Sequence from "./sequence.ts"

export interface Options {
  /** The service's method that opens the sequence, for failures and logs. */
  readonly method: "subscribe" | "timeline"
  readonly subscription: Subscription
  readonly history: Source
  readonly reader: HistoryReader
  readonly monitor: ConnectionMonitor
  readonly reconciler: Reconciler
  /** Whether an event belongs to the sequence. */
  readonly isIncluded: (event: ConversationEvent) => boolean
  /** Waits, after the sequence was attached to the session and before history is read. */
  readonly awaitReady: Effect.Effect<void, ConversationError>
  /** Reads what the sequence starts with; `everything` when that is all of history. */
  readonly start:
    | "everything"
    | ((newest: PageReader.NewestPage<ConversationError>) => Effect.Effect<Sequence.Start, ConversationError>)
  /** Where a previous sequence stopped, and where this one saves its position. */
  readonly cursor: Cursor | undefined
  readonly tuning: LiveOptions
  readonly metrics: MetricsRecorder
  readonly instrumentation: Instrumentation
}

export interface LiveOptions {
  readonly overlapSeconds: number
  readonly memory: number
  /** How many messages a recovery buffers at once. */
  readonly recoveryLimit: number
  /**
   * Whether the reconciler reads history at intervals, for messages that were never pushed. Otherwise live events count
   * as verified.
   */
  readonly isReconciled: boolean
  /** The shortest interval between two saves of a cursor. Milliseconds. */
  readonly cursorMillis: number
}

/** Pulls the next batch of items. */
export type Items = Pull.Pull<Arr.NonEmptyReadonlyArray<Sequence.Item>, ConversationError>

class LiveSequence implements Reconcilable {
  readonly merge: Merge
  readonly requestRead: Effect.Effect<void>
  /** It starts with a read. */
  isReadPending = true
  readonly writer: CheckpointWriter.CheckpointWriter | undefined
  private readonly options: Options
  private readonly dependencies: Sequence.Dependencies
  private readonly subscriber: Subscriber
  private readonly signals: Subscriber["signals"]
  private state: Sequence.State = Sequence.initial
  /** What the recovery under way has left to read. */
  private remainder: Recovery.Remainder | undefined
  /** Reads must be as of this logical time or later. */
  private requiredAsOf: number
  /** What the first page of the read under way covers. */
  private coverage: Coverage | undefined
  /** The read under way is the start of the sequence, so its messages were not missed. */
  private isInitial = false
  private isWaiting = false
  /** It is about to read, and counts as catching up. */
  private isReadExpected = false

  constructor(options: Options, subscriber: Subscriber, clock: Clock.Clock) {
    this.options = options
    this.subscriber = subscriber
    this.signals = Effect.onInterrupt(subscriber.signals, () =>
      Effect.sync(() => {
        this.isWaiting = false
        this.setReadExpected(false)
      }))
    this.requestRead = subscriber.requestDiscontinuity
    this.requiredAsOf = options.reader.tick()
    this.merge = new Merge({ ...options.tuning, countsLiveAsVerified: !options.tuning.isReconciled })
    this.dependencies = { merge: this.merge, isIncluded: options.isIncluded }
    const { cursor, instrumentation, tuning } = options
    this.writer = cursor &&
      CheckpointWriter.make(cursor, () => this.merge.state(), instrumentation, clock, tuning.cursorMillis)
  }

  private readonly newest: PageReader.NewestPage<ConversationError> = Effect.suspend(() => {
    const { history, reader } = this.options
    return Effect.map(reader.newest(history, this.requiredAsOf), ({ asOf, page, sessions }) => {
      this.coverage ??= { asOf, sessions }
      return page
    })
  })

  /** Starts or resumes the sequence; the transition has its first items. */
  get start(): Effect.Effect<Sequence.Transition, ConversationError> {
    return Effect.gen({ self: this }, function*() {
      const { cursor, method, monitor, reconciler, start } = this.options
      const saved = cursor === undefined
        ? Option.none()
        : yield* Effect.mapError(cursor.load, ConversationError.from(method))
      if (Option.isSome(saved)) {
        this.dispatch({ _tag: "Resumed", resumePoint: saved.value })
        return yield* this.recover
      }
      if (start === "everything") {
        this.dispatch({ _tag: "StartedUnread" })
        this.isInitial = true
        return yield* this.recover
      }
      const slice = yield* monitor.whileReading(start(this.newest))
      const { asOf, sessions } = this.takeCoverage()
      const transition = this.dispatch({ _tag: "Started", sessions, start: slice })
      reconciler.onRead(this, asOf, 0)
      return transition
    })
  }

  /** Acts on the state until there are items to emit. */
  readonly next: Items = Effect.suspend(() => {
    const { state } = this
    switch (state._tag) {
      // it is started before it is pulled
      case "Starting":
      case "Live":
        return this.receive
      case "CatchingUp":
        return Effect.matchEffect(this.recover, {
          onSuccess: (transition) => this.emit(transition),
          onFailure: (error) => {
            this.setReadExpected(false)
            return error.reason._tag === "Closed" ? Cause.done() : this.emit(this.fail(error))
          }
        })
      case "Failed":
        return Effect.fail(state.error)
      case "Ended":
        return Cause.done()
    }
  })

  private readonly receive: Items = Effect.suspend(() => {
    this.isWaiting = true
    this.setReadExpected(false)
    return Pull.matchEffect(this.signals, {
      onSuccess: (signals) => {
        this.isWaiting = false
        const transition = this.process(signals)
        // a consumer with messages to process reads when it pulls again
        if (transition.items.length > 0) this.setReadExpected(false)
        return this.emit(transition)
      },
      onFailure: (cause) => {
        const error = Cause.findError(cause)
        return Result.isSuccess(error)
          ? this.emit(this.fail(ConversationError.from(this.options.method)(error.success)))
          : Effect.failCause(error.failure)
      },
      onDone: () => this.emit(this.dispatch({ _tag: "Ended" }))
    })
  })

  /** Sets whether it counts as catching up. It does not while its consumer is busy, since it reads only afterwards. */
  setReadExpected(isReadExpected: boolean): void {
    if (isReadExpected === this.isReadExpected || (isReadExpected && !this.isWaiting)) return
    this.isReadExpected = isReadExpected
    this.options.monitor.addCatchingUp(isReadExpected ? 1 : -1)
  }

  private emit({ items }: Sequence.Transition): Items {
    return Arr.isReadonlyArrayNonEmpty(items) ? this.options.metrics.recordItems(this.options.method, items) : this.next
  }

  private dispatch(event: Sequence.Event): Sequence.Transition {
    const transition = Sequence.transition(this.state, event, this.dependencies)
    this.options.instrumentation.onTransition?.("sequence", this.state, event, transition.state)
    this.state = transition.state
    if (transition.items.length > 0) this.writer?.onBatch()
    return transition
  }

  private fail(error: ConversationError): Sequence.Transition {
    return this.dispatch({ _tag: "Failed", error })
  }

  /** Processes signals; history must then be read as of a logical time that covers the discontinuities among them. */
  private process(signals: ReadonlyArray<Signal>): Sequence.Transition {
    const { reader } = this.options
    for (const signal of signals) {
      if (signal._tag !== "Discontinuity") continue
      // events that did not fit into the queue came until now, events before a session came before all of its signals
      this.requiredAsOf = signal.cause === "overflow" ? reader.tick() : Math.max(this.requiredAsOf, reader.time)
    }
    return this.dispatch({ _tag: "SignalsReceived", signals })
  }

  private takeCoverage(): Coverage {
    const { coverage = noCoverage } = this
    this.coverage = undefined
    return coverage
  }

  /** Reads the next part of the messages that may be missing. */
  private get recover(): Effect.Effect<Sequence.Transition, ConversationError> {
    return Effect.gen({ self: this }, function*() {
      const { subscriber, merge } = this
      const { instrumentation, method, metrics, monitor, reconciler, tuning } = this.options
      // between parts too, since an event of an earlier part is only recognized while the merge remembers that part
      if (this.remainder !== undefined) this.process(yield* subscriber.takeBuffered)
      const previousThrough = this.remainder?.through ?? null
      const reading = Recovery.readPart(
        { method, newest: this.newest, limit: tuning.recoveryLimit },
        merge.readBackTo(),
        this.remainder
      )
      const { messages, newestSeconds, remainder } = yield* this.state._tag === "CatchingUp" && this.state.emitsCaughtUp
        ? monitor.whileCatchingUp(reading)
        : monitor.whileReading(reading)
      this.remainder = remainder
      this.setReadExpected(false)
      // later parts have what was stored before the first part was read
      const { asOf, sessions } = remainder === undefined ? this.takeCoverage() : this.coverage ?? noCoverage
      const transition = this.dispatch({
        _tag: "HistoryRead",
        sessions,
        messages,
        previousThrough,
        newestSeconds,
        hasMore: remainder !== undefined
      })
      const recovered = this.isInitial ? 0 : transition.recovered
      reconciler.onRead(this, asOf, recovered)
      if (recovered > 0) yield* metrics.recordRecovered(recovered)
      if (remainder === undefined) this.isInitial = false
      const gap = transition.items.find(({ _tag }) => _tag === "Gap")
      if (gap !== undefined) {
        yield* metrics.recordGap
        yield* instrumentation.warn("messages may be missing", [gap], { operation: method })
      }
      return transition
    })
  }
}

/**
 * Opens a sequence. Once this completes, no later message is missed; its items must be pulled in the same scope. Waits
 * as long as its failures are recoverable.
 */
export const open = Effect.fnUntraced(
  function*(options: Options): Effect.fn.Return<Items, ConversationError, Scope.Scope> {
    const { awaitReady, method, monitor, reconciler, subscription } = options
    const subscriber = yield* Effect.mapError(subscription.subscribe, ConversationError.from(method))
    const sequence = new LiveSequence(options, subscriber, yield* Clock.Clock)
    yield* reconciler.register(sequence)
    yield* monitor.sessionStarted.watch(() => sequence.setReadExpected(true))
    yield* Effect.addFinalizer(() => Effect.sync(() => sequence.setReadExpected(false)))
    yield* awaitReady
    let first = (yield* sequence.start).items
    const { next, writer } = sequence
    if (writer !== undefined) {
      yield* Effect.addFinalizer(() => writer.close)
      // a restart resumes at the start of a subscription, even if nothing was pulled until then
      if (first.length === 0) yield* writer.onPull
    }
    const pull = writer === undefined ? next : Effect.andThen(writer.onPull, next)
    return Effect.suspend(() => {
      const items = first
      first = []
      return Arr.isReadonlyArrayNonEmpty(items) ? Effect.succeed(items) : pull
    })
  }
)
