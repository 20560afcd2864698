/**
 * When history is read although nothing says that anything is missing. While there is a session: servers forget to push.
 * A read that finds nothing makes the next one later, one that finds something makes it soon again. While there is none,
 * history is all there is, and is read at the shortest interval.
 */
import { Emitter } from "@effect-signalwire/schema/Emitter"
import * as Monotonic from "@effect-signalwire/schema/Monotonic"
import type { Telemetry } from "@effect-signalwire/schema/Telemetry"
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
  private readonly context: Context.Context<never>
  private readonly clock: Clock.Clock
  private members: ReadonlyArray<Member> = []
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
  /** When history was last read, or was to be. */
  private readAt = Number.NEGATIVE_INFINITY
  /** When something could not be read as it came, which history may have; `undefined` when it was read since. */
  private owedAt: number | undefined
  private reportedAt = Number.NEGATIVE_INFINITY

  /** `context` is what it runs with. */
  constructor(
    options: Options,
    session: ConnectionState,
    monitor: Monitor,
    telemetry: Telemetry,
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
        if (this.members.length === 0) this.readAt = this.now
        this.members = [...this.members, member]
        this.hasChanged()
      }),
      () =>
        Effect.sync(() => {
          this.members = this.members.filter((other) => other !== member)
          if (this.members.length === 0) this.close()
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

  /** Notes that something came which could not be read: the next read is due the shortest interval after it. */
  couldNotRead(): void {
    if (this.owedAt !== undefined) return
    this.owedAt = this.now
    this.hasChanged()
  }

  /** Notes that a sequence has read history, for whatever reason, and how many messages it had missed. */
  hasRead(member: Member, found: number): void {
    member.isAsked = false
    this.readAt = this.now
    this.owedAt = undefined
    if (found === 0 || this.millis === this.options.minMillis) return
    this.millis = this.options.minMillis
    this.hasChanged()
  }

  /** What the loop waits for may be due at another time. */
  private hasChanged(): void {
    if (this.members.length === 0 || (this.loop !== undefined && !this.isSleeping)) return
    this.stop()
    const loop = Effect.runForkWith(this.context)(this.supervise())
    this.loop = loop
    // it may have ended within the call that began it
    loop.addObserver(() => {
      if (this.loop === loop) this.loop = undefined
    })
  }

  private stop(): void {
    this.loop?.interruptUnsafe()
    this.loop = undefined
    this.isSleeping = false
  }

  private poll(isPolling: boolean): void {
    this.isPolling = isPolling
    this.monitor.isPolling(isPolling)
    if (isPolling) this.polling.emit()
  }

  /** Asks all that are not busy with it. */
  private get ask(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      this.owedAt = undefined
      for (const member of this.members) {
        if (member.isAsked) continue
        member.isAsked = true
        yield* member.mark
      }
    })
  }

  private get report(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.now - this.reportedAt < reportInterval) return Effect.void
      this.reportedAt = this.now
      return this.telemetry.warn(
        `no messages arrive as they happen (${describe(this.session)}); history is read at intervals until they do`,
        []
      )
    })
  }

  /** When history is to be read next; infinite while that depends on what happens. */
  private dueAt(): number {
    const { lengthening, options, session } = this
    if (session._tag === "Connecting" || session._tag === "Reconnecting") {
      this.since ??= this.now
      return this.isPolling
        ? this.readAt + options.minMillis * lengthening
        : this.since + options.patienceMillis
    }
    this.since = undefined
    this.poll(false)
    if (session._tag !== "Connected") return Number.POSITIVE_INFINITY
    return Math.min(
      options.whileConnected ? this.readAt + this.millis * lengthening : Number.POSITIVE_INFINITY,
      this.owedAt === undefined ? Number.POSITIVE_INFINITY : this.owedAt + options.minMillis * lengthening
    )
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
        const wait = this.dueAt() - this.now
        if (wait > 0) {
          if (!Number.isFinite(wait)) return
          this.isSleeping = true
          yield* Effect.sleep(Math.ceil(wait))
          this.isSleeping = false
          continue
        }
        if (this.since !== undefined && !this.isPolling) {
          this.poll(true)
          yield* this.report
        }
        this.readAt = this.now
        this.millis = this.since === undefined
          ? Math.min(this.millis * 2, this.options.maxMillis)
          : this.options.minMillis
        this.lengthening = 1 + spread * (yield* Random.next)
        yield* this.ask
      }
    })
  }
}
