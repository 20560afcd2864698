/**
 * When history is read although nothing says that anything is missing. While there is a session: servers forget to push.
 * A read that finds nothing makes the next one later, one that finds something makes it soon again. While there is none,
 * history is all there is, and is read at the shortest interval.
 */
import { Emitter } from "@effect-signalwire/runtime/Emitter"
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { Monitor } from "./monitor.ts"

/** Milliseconds. */
export interface Options {
  readonly minMillis: number
  readonly maxMillis: number
  /** Whether history is read while there is a session. */
  readonly whileConnected: boolean
  /** How long there may be no session before history is polled. */
  readonly patienceMillis: number
}

/** A sequence that reads history when it is asked to. */
export interface Member {
  /** Asks it to read, when its turn comes. */
  readonly mark: Effect.Effect<void>
  /** It was asked to read, or is about to for another reason, and has not done so yet. */
  isAsked: boolean
}

/** What a sequence has read last. */
interface Reading {
  /** When, or when it was to: milliseconds of the monotonic clock. */
  at: number
  /** The moment before which everything was there, as the reader counts them. */
  moment: number
}

/** An outage is reported again when another begins so much later. Milliseconds. */
const reportInterval = 60_000

const describe = (state: ConnectionState): string =>
  state.reason === null ? "the server has not answered yet" : state.reason.message

/** By how much an interval is lengthened at most: clients that began together do not read together. */
const spread = 0.25

export class Reconciler {
  private readonly options: Options
  private readonly monitor: Monitor
  private readonly telemetry: Instrumentation
  private readonly context: Context.Context<never>
  private readonly clock: Clock.Clock
  private readonly readings = new Map<Member, Reading>()
  /** Asks as time goes by; there is none while nothing is due before something changes. */
  private loop: Fiber.Fiber<void> | undefined
  private isSleeping = false
  private session: ConnectionState
  /** Since when there is no session. */
  private since: number | undefined
  private isPolling = false
  /** History is polled from now on. */
  private readonly polling = new Emitter<void>()
  /** How long after the last read the next one is due. */
  private millis: number
  private lengthening = 1
  /**
   * Something could not be read as it came, which history may have: when the first of it came, or was last looked for,
   * and a moment after the last. `undefined` once every sequence has read history since.
   */
  private owed: { readonly at: number; readonly moment: number } | undefined
  private reportedAt = Number.NEGATIVE_INFINITY

  /** `context` is what it runs with. */
  constructor(
    options: Options,
    session: ConnectionState,
    monitor: Monitor,
    telemetry: Instrumentation,
    context: Context.Context<never>
  ) {
    this.options = options
    this.session = session
    this.monitor = monitor
    this.telemetry = telemetry
    this.context = context
    this.clock = Context.get(context, Clock.Clock)
    this.millis = options.minMillis
  }

  private get now(): number {
    return Monotonic.millisOf(this.clock)
  }

  /** Has a sequence asked to read from time to time, until the scope closes. */
  join(member: Member): Effect.Effect<void, never, Scope.Scope> {
    return Effect.asVoid(Effect.acquireRelease(
      Effect.sync(() => {
        // it is about to read anyway
        this.readings.set(member, { at: this.now, moment: 0 })
        this.hasChanged()
      }),
      () =>
        Effect.sync(() => {
          this.readings.delete(member)
          this.hasPaid()
          if (this.readings.size === 0) this.close()
        })
    ))
  }

  /** Asks nobody any more, unless somebody joins. */
  close(): void {
    this.stop()
    this.poll(false)
  }

  /** Waits until there has been no session for so long that history is polled. */
  get untilPolling(): Effect.Effect<void> {
    return Effect.suspend(() => this.isPolling ? Effect.void : this.polling.next)
  }

  /** Notes how the session stands. */
  sessionIs(session: ConnectionState): void {
    const isOther = session._tag !== this.session._tag
    this.session = session
    if (isOther) this.hasChanged()
  }

  /**
   * Notes that something came which could not be read, before a moment: the next read is due the shortest interval after
   * it.
   */
  couldNotRead(moment: number): void {
    const { owed } = this
    this.owed = { at: owed?.at ?? this.now, moment }
    if (owed === undefined) this.hasChanged()
  }

  /**
   * Notes that a sequence has read what was there before a moment, for whatever reason, and how many messages it had
   * missed. What another sequence has read says nothing of what this one needs.
   */
  hasRead(member: Member, moment: number, found: number): void {
    member.isAsked = false
    if (this.readings.has(member)) this.readings.set(member, { at: this.now, moment })
    this.hasPaid()
    const isSooner = found > 0 && this.millis > this.options.minMillis
    if (isSooner) this.millis = this.options.minMillis
    // it may not have read yet what another read is due for
    if (isSooner || this.owed !== undefined) this.hasChanged()
  }

  private hasPaid(): void {
    const { owed } = this
    if (owed !== undefined && [...this.readings.values()].every(({ moment }) => moment >= owed.moment)) {
      this.owed = undefined
    }
  }

  /** What the loop waits for may be due at another time. */
  private hasChanged(): void {
    if (this.readings.size === 0 || (this.loop !== undefined && !this.isSleeping)) return
    this.stop()
    // not within this call: what it asks for may change something again, which would begin a second one
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

  private get isWithoutSession(): boolean {
    const { _tag } = this.session
    return _tag === "Connecting" || _tag === "Reconnecting"
  }

  private poll(isPolling: boolean): void {
    this.isPolling = isPolling
    this.monitor.isPolling(isPolling)
    if (isPolling) this.polling.emit()
  }

  /** Those that are not about to read, of those that have not since something could not be read. */
  private get owing(): ReadonlyArray<Member> {
    const { owed } = this
    if (owed === undefined) return []
    return [...this.readings].flatMap(([member, { moment }]) => !member.isAsked && moment < owed.moment ? [member] : [])
  }

  /** When the sequence read that has not done so for longest. */
  private get readAt(): number {
    return Math.min(...Array.from(this.readings.values(), ({ at }) => at))
  }

  private ask(members: ReadonlyArray<Member>): Effect.Effect<void> {
    return Effect.suspend(() => {
      // what comes while they read is looked for an interval later
      if (this.owed !== undefined) this.owed = { ...this.owed, at: this.now }
      return Effect.forEach(members, (member) => {
        member.isAsked = true
        return member.mark
      }, { discard: true })
    })
  }

  /** Asks all that are not about to read anyway. */
  private get askAll(): Effect.Effect<void> {
    return Effect.suspend(() => {
      for (const reading of this.readings.values()) reading.at = this.now
      return this.ask([...this.readings.keys()].filter(({ isAsked }) => !isAsked))
    })
  }

  private get report(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.now - this.reportedAt < reportInterval) return Effect.void
      this.reportedAt = this.now
      return this.telemetry.warn(
        `there is no session (${describe(this.session)}); until there is one, history is read at intervals`,
        []
      )
    })
  }

  /**
   * When all are to read, and when those are that have not read since something could not be read; infinite while that
   * depends on what happens.
   */
  private due(): { readonly sweepAt: number; readonly owedAt: number } {
    const { lengthening, options, owed, session } = this
    const never = Number.POSITIVE_INFINITY
    if (this.isWithoutSession) {
      this.since ??= this.now
      const sweepAt = this.isPolling
        ? this.readAt + options.minMillis * lengthening
        : this.since + options.patienceMillis
      return { sweepAt, owedAt: never }
    }
    this.since = undefined
    if (session._tag !== "Connected") return { sweepAt: never, owedAt: never }
    return {
      sweepAt: options.whileConnected ? this.readAt + this.millis * lengthening : never,
      owedAt: owed === undefined || this.owing.length === 0 ? never : owed.at + options.minMillis * lengthening
    }
  }

  /** Runs on after an exception, such as one of a logger: without it, what is never pushed would never be found. */
  private supervise(): Effect.Effect<void> {
    return Effect.catchDefect(
      this.run,
      (defect) =>
        this.telemetry.warn("an exception stopped the reconciler; it goes on", [defect]).pipe(
          Effect.andThen(Effect.sleep(this.options.minMillis)),
          Effect.andThen(Effect.suspend(() => this.supervise()))
        )
    )
  }

  private get run(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      this.lengthening = 1 + spread * (yield* Random.next)
      while (true) {
        if (this.isPolling && !this.isWithoutSession) {
          // those that are notified may change what is due
          this.poll(false)
          continue
        }
        const { owedAt, sweepAt } = this.due()
        const wait = Math.min(owedAt, sweepAt) - this.now
        if (wait > 0) {
          if (!Number.isFinite(wait)) return
          this.isSleeping = true
          yield* Effect.sleep(Math.ceil(wait))
          this.isSleeping = false
          continue
        }
        this.lengthening = 1 + spread * (yield* Random.next)
        if (sweepAt > this.now) {
          yield* this.ask(this.owing)
          continue
        }
        if (this.since !== undefined && !this.isPolling) {
          this.poll(true)
          yield* this.report
        }
        this.millis = this.since === undefined
          ? Math.min(this.millis * 2, this.options.maxMillis)
          : this.options.minMillis
        yield* this.askAll
      }
    })
  }
}
