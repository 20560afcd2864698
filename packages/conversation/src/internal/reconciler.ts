/**
 * Decides when sequences read history although no discontinuity was signalled:
 *
 * - while there is a session, at growing intervals, since servers may fail to push a message. A read that recovers
 *   nothing doubles the interval up to the longest, and one that recovers a message resets it to the shortest;
 * - after an event that could not be decoded, one shortest interval later, since history may have it;
 * - while there is no session, at the shortest interval: history is polled.
 */
import { Emitter } from "@effect-signalwire/runtime/Emitter"
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { ConnectionMonitor } from "./connectionMonitor.ts"

export interface Options {
  /** The shortest interval between reads. Milliseconds. */
  readonly minMillis: number
  /** The longest interval between reads. Milliseconds. */
  readonly maxMillis: number
  /** Whether history is read while there is a session. */
  readonly whileConnected: boolean
  /** How long there may be no session before history is polled. Milliseconds. */
  readonly graceMillis: number
}

/** A sequence that reads history on request. */
export interface Reconcilable {
  /** Requests a read. */
  readonly requestRead: Effect.Effect<void>
  /** Whether a read was requested, or will happen anyway, that was not completed yet. */
  isReadPending: boolean
}

/** The last read of a sequence. */
interface LastRead {
  /** When it was completed or requested, on the monotonic clock. Milliseconds. */
  at: number
  /** The logical time of the history reader that it was as of. */
  asOf: number
}

/** Events that could not be decoded, which history may have. */
interface MalformedEvents {
  /** When the first of them came, or was last looked for, on the monotonic clock. Milliseconds. */
  readonly at: number
  /** A read as of this logical time has all of them. */
  readonly asOf: number
}

/** The shortest interval between two warnings that history is polled. Milliseconds. */
const warningInterval = 60_000

/** The fraction by which jitter may lengthen an interval, so that clients that began together do not read together. */
const maxJitter = 0.25

const describe = (state: ConnectionState): string =>
  state.reason === null ? "the server has not responded yet" : state.reason.message

export class Reconciler {
  private readonly options: Options
  private readonly monitor: ConnectionMonitor
  private readonly instrumentation: Instrumentation
  private readonly context: Context.Context<never>
  private readonly clock: Clock.Clock
  private readonly lastReads = new Map<Reconcilable, LastRead>()
  /** Sleeps until the next read is due; `undefined` when none is due before something changes. */
  private loop: Fiber.Fiber<void> | undefined
  private isSleeping = false
  private session: ConnectionState
  private disconnectedAt: number | undefined
  private isPolling = false
  private readonly pollingStarted = new Emitter<void>()
  private intervalMillis: number
  /** The factor of the current interval, between 1 and 1.25. */
  private jitter = 1
  /** `undefined` when every sequence has read history since the last of them came. */
  private malformed: MalformedEvents | undefined
  private warnedAt = Number.NEGATIVE_INFINITY

  /** The loop runs with the services of `context`. */
  constructor(
    options: Options,
    session: ConnectionState,
    monitor: ConnectionMonitor,
    instrumentation: Instrumentation,
    context: Context.Context<never>
  ) {
    this.options = options
    this.session = session
    this.monitor = monitor
    this.instrumentation = instrumentation
    this.context = context
    this.clock = Context.get(context, Clock.Clock)
    this.intervalMillis = options.minMillis
  }

  private get now(): number {
    return Monotonic.millisOf(this.clock)
  }

  /** Registers a sequence until the scope closes. */
  register(sequence: Reconcilable): Effect.Effect<void, never, Scope.Scope> {
    return Effect.asVoid(Effect.acquireRelease(
      Effect.sync(() => {
        // a new sequence is about to read
        this.lastReads.set(sequence, { at: this.now, asOf: 0 })
        this.reschedule()
      }),
      () =>
        Effect.sync(() => {
          this.lastReads.delete(sequence)
          this.clearMalformed()
          if (this.lastReads.size === 0) this.close()
        })
    ))
  }

  /** Stops the loop and the polling. Registering another sequence starts them again. */
  close(): void {
    this.stop()
    this.setPolling(false)
  }

  /** Waits until history is polled. */
  get awaitPolling(): Effect.Effect<void> {
    return Effect.suspend(() => this.isPolling ? Effect.void : this.pollingStarted.next)
  }

  /** Sets the state of the session. */
  setSession(session: ConnectionState): void {
    const isChanged = session._tag !== this.session._tag
    this.session = session
    if (isChanged) this.reschedule()
  }

  /**
   * Reports an event that could not be decoded. A read of history that began at the logical time `asOf` or later
   * includes its message.
   */
  reportMalformed(asOf: number): void {
    const { malformed } = this
    this.malformed = { at: malformed?.at ?? this.now, asOf }
    if (malformed === undefined) this.reschedule()
  }

  /**
   * Reports that a sequence has read history as of a logical time, for whatever reason, and how many missed messages it
   * recovered. It says nothing about what other sequences have read.
   */
  onRead(sequence: Reconcilable, asOf: number, recovered: number): void {
    sequence.isReadPending = false
    if (this.lastReads.has(sequence)) this.lastReads.set(sequence, { at: this.now, asOf })
    this.clearMalformed()
    const isReset = recovered > 0 && this.intervalMillis > this.options.minMillis
    if (isReset) this.intervalMillis = this.options.minMillis
    // the read may have begun before the last malformed event came
    if (isReset || this.malformed !== undefined) this.reschedule()
  }

  private clearMalformed(): void {
    const { malformed } = this
    if (malformed !== undefined && [...this.lastReads.values()].every(({ asOf }) => asOf >= malformed.asOf)) {
      this.malformed = undefined
    }
  }

  /** Restarts the loop, unless it is awake: it computes what is due next before it sleeps. */
  private reschedule(): void {
    if (this.lastReads.size === 0 || (this.loop !== undefined && !this.isSleeping)) return
    this.stop()
    // not within this call: a read that is requested at once may call this method again, and start a second loop
    const loop = Effect.runForkWith(this.context)(Effect.andThen(Effect.yieldNow, this.supervise()))
    this.loop = loop
    loop.addObserver(() => {
      if (this.loop === loop) this.loop = undefined
    })
  }

  private stop(): void {
    this.loop?.interruptUnsafe()
    this.loop = undefined
    this.isSleeping = false
  }

  private get isDisconnected(): boolean {
    const { _tag } = this.session
    return _tag === "Connecting" || _tag === "Reconnecting"
  }

  private setPolling(isPolling: boolean): void {
    this.isPolling = isPolling
    this.monitor.setPolling(isPolling)
    if (isPolling) this.pollingStarted.emit()
  }

  /** The sequences that have not read history since the last malformed event, and have no read pending. */
  private get behind(): ReadonlyArray<Reconcilable> {
    const { malformed } = this
    if (malformed === undefined) return []
    return [...this.lastReads].flatMap(([sequence, { asOf }]) =>
      !sequence.isReadPending && asOf < malformed.asOf ? [sequence] : []
    )
  }

  private get oldestReadAt(): number {
    return Math.min(...Array.from(this.lastReads.values(), ({ at }) => at))
  }

  private requestReads(sequences: ReadonlyArray<Reconcilable>): Effect.Effect<void> {
    return Effect.suspend(() => {
      // malformed events that come during these reads are looked for one interval later
      if (this.malformed !== undefined) this.malformed = { ...this.malformed, at: this.now }
      return Effect.forEach(sequences, (sequence) => {
        sequence.isReadPending = true
        return sequence.requestRead
      }, { discard: true })
    })
  }

  /** Requests a read of every sequence that has none pending. */
  get requestAllReads(): Effect.Effect<void> {
    return Effect.suspend(() => {
      for (const lastRead of this.lastReads.values()) lastRead.at = this.now
      return this.requestReads([...this.lastReads.keys()].filter(({ isReadPending }) => !isReadPending))
    })
  }

  private get warnAboutPolling(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.now - this.warnedAt < warningInterval) return Effect.void
      this.warnedAt = this.now
      return this.instrumentation.warn(
        `there is no session (${describe(this.session)}); history is polled at intervals until there is one`,
        []
      )
    })
  }

  /**
   * When the next read of all sequences is due, and when the next read for malformed events; infinity when that depends
   * on a change. Milliseconds of the monotonic clock.
   */
  private due(): { readonly allAt: number; readonly malformedAt: number } {
    const { jitter, options, session, malformed } = this
    const never = Number.POSITIVE_INFINITY
    if (this.isDisconnected) {
      this.disconnectedAt ??= this.now
      const allAt = this.isPolling
        ? this.oldestReadAt + options.minMillis * jitter
        : this.disconnectedAt + options.graceMillis
      return { allAt, malformedAt: never }
    }
    this.disconnectedAt = undefined
    if (session._tag !== "Connected") return { allAt: never, malformedAt: never }
    return {
      allAt: options.whileConnected ? this.oldestReadAt + this.intervalMillis * jitter : never,
      malformedAt: malformed === undefined || this.behind.length === 0
        ? never
        : malformed.at + options.minMillis * jitter
    }
  }

  /**
   * Restarts the loop after an exception, such as one of a logger, or when that interrupts itself: messages that are
   * never pushed depend on it.
   */
  private supervise(): Effect.Effect<void> {
    return Effect.catchCause(
      this.run,
      (cause) =>
        this.instrumentation.warn("an exception stopped the reconciler, which is restarted", [Cause.squash(cause)])
          .pipe(
            Effect.andThen(Effect.sleep(this.options.minMillis)),
            Effect.andThen(Effect.suspend(() => this.supervise()))
          )
    )
  }

  private get run(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      this.jitter = 1 + maxJitter * (yield* Random.next)
      while (true) {
        if (this.isPolling && !this.isDisconnected) {
          // watchers of the state may change what is due
          this.setPolling(false)
          continue
        }
        const { allAt, malformedAt } = this.due()
        const wait = Math.min(malformedAt, allAt) - this.now
        if (wait > 0) {
          if (!Number.isFinite(wait)) return
          this.isSleeping = true
          yield* Effect.sleep(Math.ceil(wait))
          this.isSleeping = false
          continue
        }
        this.jitter = 1 + maxJitter * (yield* Random.next)
        if (allAt > this.now) {
          yield* this.requestReads(this.behind)
          continue
        }
        if (this.disconnectedAt !== undefined && !this.isPolling) {
          this.setPolling(true)
          yield* this.warnAboutPolling
        }
        this.intervalMillis = this.disconnectedAt === undefined
          ? Math.min(this.intervalMillis * 2, this.options.maxMillis)
          : this.options.minMillis
        yield* this.requestAllReads
      }
    })
  }
}
