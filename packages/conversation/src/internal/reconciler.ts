/**
 * When history is read although nothing says that anything is missing. While there is a session: servers forget to push.
 * A read that finds nothing makes the next one later, one that finds something makes it soon again. While there is none,
 * history is all there is, and is read at the shortest interval.
 */
import { Emitter } from "@effect-signalwire/schema/Emitter"
import { Mailbox } from "@effect-signalwire/schema/Mailbox"
import * as Monotonic from "@effect-signalwire/schema/Monotonic"
import type { Telemetry } from "@effect-signalwire/schema/Telemetry"
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import type * as Clock from "effect/Clock"
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
  private readonly telemetry: Telemetry
  private readonly scope: Scope.Scope
  private readonly clock: Clock.Clock
  private readonly readings = new Map<Member, Reading>()
  private loop: Fiber.Fiber<void> | undefined
  /** What the loop waits for may have changed. */
  private readonly changes = new Mailbox<void>()
  private session: ConnectionState
  /** How long after the last read the next one is due. */
  private millis: number
  /**
   * Something could not be read as it came, which history may have: when the first of it came, and a moment after the
   * last. `undefined` once every sequence has read history since.
   */
  private owed: { readonly at: number; readonly moment: number } | undefined
  private reportedAt = Number.NEGATIVE_INFINITY
  private isPolling = false
  /** History is polled from now on. */
  private readonly polling = new Emitter<void>()

  constructor(
    options: Options,
    session: ConnectionState,
    monitor: Monitor,
    telemetry: Telemetry,
    scope: Scope.Scope,
    clock: Clock.Clock
  ) {
    this.options = options
    this.session = session
    this.monitor = monitor
    this.telemetry = telemetry
    this.scope = scope
    this.clock = clock
    this.millis = options.minMillis
  }

  /** Has a sequence asked to read from time to time, until the scope closes. */
  join(member: Member): Effect.Effect<void, never, Scope.Scope> {
    return Effect.asVoid(Effect.acquireRelease(
      Effect.suspend(() => {
        this.readings.set(member, { at: Monotonic.millisOf(this.clock), moment: 0 })
        if (this.loop !== undefined) return Effect.void
        return Effect.map(Effect.forkIn(this.run, this.scope), (loop) => {
          this.loop = loop
        })
      }),
      () =>
        Effect.sync(() => {
          this.readings.delete(member)
          this.hasPaid()
          if (this.readings.size > 0) return
          this.loop?.interruptUnsafe()
          this.loop = undefined
          this.poll(false)
        })
    ))
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
    this.owed = { at: owed?.at ?? Monotonic.millisOf(this.clock), moment }
    if (owed === undefined) this.hasChanged()
  }

  /**
   * Notes that a sequence has read what was there before a moment, for whatever reason, and how many messages it had
   * missed. What another sequence has read says nothing of what this one needs.
   */
  hasRead(member: Member, moment: number, found: number): Effect.Effect<void> {
    return Effect.map(Monotonic.millis, (at) => {
      member.isAsked = false
      if (this.readings.has(member)) this.readings.set(member, { at, moment })
      this.hasPaid()
      // it may not have read yet what another read is due for
      if (this.owed !== undefined) this.hasChanged()
      if (found > 0) this.soon()
    })
  }

  private hasPaid(): void {
    const { owed } = this
    if (owed !== undefined && [...this.readings.values()].every(({ moment }) => moment >= owed.moment)) {
      this.owed = undefined
    }
  }

  private poll(isPolling: boolean): void {
    this.isPolling = isPolling
    this.monitor.isPolling(isPolling)
    if (isPolling) this.polling.emit()
  }

  private soon(): void {
    if (this.millis === this.options.minMillis) return
    this.millis = this.options.minMillis
    this.hasChanged()
  }

  private hasChanged(): void {
    if (this.changes.size === 0) this.changes.add(undefined)
  }

  /** Those that are not about to read, of those that have not since something could not be read. */
  private get owing(): ReadonlyArray<Member> {
    const { owed } = this
    if (owed === undefined) return []
    return [...this.readings].flatMap(([member, { moment }]) =>
      !member.isAsked && moment < owed.moment ? [member] : []
    )
  }

  /** When the sequence read that has not done so for longest. */
  private get readAt(): number {
    return Math.min(...Array.from(this.readings.values(), ({ at }) => at))
  }

  private ask(members: ReadonlyArray<Member>): Effect.Effect<void> {
    return Effect.forEach(members, (member) => {
      member.isAsked = true
      return member.mark
    }, { discard: true })
  }

  /** Asks all that are not about to read anyway. */
  private askAll(now: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      for (const reading of this.readings.values()) reading.at = now
      return this.ask([...this.readings.keys()].filter(({ isAsked }) => !isAsked))
    })
  }

  private get report(): Effect.Effect<void> {
    return Effect.flatMap(Monotonic.millis, (now) => {
      if (now - this.reportedAt < reportInterval) return Effect.void
      this.reportedAt = now
      return this.telemetry.warn(
        `no messages arrive as they happen (${describe(this.session)}); history is read at intervals until they do`,
        []
      )
    })
  }

  private get run(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      const { maxMillis, minMillis, patienceMillis, whileConnected } = this.options
      /** Since when there is no session. */
      let since: number | undefined
      let lengthening = 1 + spread * (yield* Random.next)
      while (true) {
        const now = yield* Monotonic.millis
        const { owed, session } = this
        let dueAt = Number.POSITIVE_INFINITY
        let owedAt = Number.POSITIVE_INFINITY
        if (session._tag === "Connecting" || session._tag === "Reconnecting") {
          since ??= now
          if (now - since < patienceMillis) dueAt = since + patienceMillis
          else if (this.isPolling) dueAt = this.readAt + minMillis * lengthening
          else dueAt = now
        } else {
          since = undefined
          this.poll(false)
          if (session._tag === "Connected") {
            if (whileConnected) dueAt = this.readAt + this.millis * lengthening
            if (owed !== undefined && this.owing.length > 0) owedAt = owed.at + minMillis * lengthening
          }
        }
        const next = Math.min(dueAt, owedAt)
        if (next > now) {
          yield* Number.isFinite(next)
            ? Effect.raceFirst(Effect.sleep(Math.ceil(next - now)), this.changes.take)
            : this.changes.take
          continue
        }
        lengthening = 1 + spread * (yield* Random.next)
        if (dueAt > now) {
          yield* this.ask(this.owing)
          continue
        }
        if (since !== undefined && !this.isPolling) {
          this.poll(true)
          yield* this.report
        }
        this.millis = since === undefined ? Math.min(this.millis * 2, maxMillis) : minMillis
        yield* this.askAll(now)
      }
    })
  }
}
