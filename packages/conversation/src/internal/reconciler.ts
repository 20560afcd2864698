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
  private members: ReadonlyArray<Member> = []
  private loop: Fiber.Fiber<void> | undefined
  /** What the loop waits for may have changed. */
  private readonly changes = new Mailbox<void>()
  private session: ConnectionState
  /** How long after the last read the next one is due. */
  private millis: number
  /** When history was last read, or was to be. */
  private readAt = Number.NEGATIVE_INFINITY
  /** When something could not be read as it came, which history may have; `undefined` when it was read since. */
  private owedAt: number | undefined
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
        this.members = [...this.members, member]
        if (this.loop !== undefined) return Effect.void
        return Effect.map(Effect.forkIn(this.supervise(), this.scope), (loop) => {
          this.loop = loop
        })
      }),
      () =>
        Effect.sync(() => {
          this.members = this.members.filter((other) => other !== member)
          if (this.members.length > 0) return
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

  /** Notes that something came which could not be read: the next read is due the shortest interval after it. */
  couldNotRead(): void {
    if (this.owedAt !== undefined) return
    this.owedAt = Monotonic.millisOf(this.clock)
    this.hasChanged()
  }

  /** Notes that a sequence has read history, for whatever reason, and how many messages it had missed. */
  hasRead(member: Member, found: number): Effect.Effect<void> {
    return Effect.map(Monotonic.millis, (now) => {
      member.isAsked = false
      this.readAt = now
      this.owedAt = undefined
      if (found > 0) this.soon()
    })
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
    return Effect.flatMap(Monotonic.millis, (now) => {
      if (now - this.reportedAt < reportInterval) return Effect.void
      this.reportedAt = now
      return this.telemetry.warn(
        `no messages arrive as they happen (${describe(this.session)}); history is read at intervals until they do`,
        []
      )
    })
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
      const { maxMillis, minMillis, patienceMillis, whileConnected } = this.options
      /** Since when there is no session. */
      let since: number | undefined
      let lengthening = 1 + spread * (yield* Random.next)
      while (true) {
        const now = yield* Monotonic.millis
        const { session } = this
        let dueAt = Number.POSITIVE_INFINITY
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
            if (this.owedAt !== undefined) dueAt = Math.min(dueAt, this.owedAt + minMillis * lengthening)
          }
        }
        if (dueAt > now) {
          yield* Number.isFinite(dueAt)
            ? Effect.raceFirst(Effect.sleep(Math.ceil(dueAt - now)), this.changes.take)
            : this.changes.take
          continue
        }
        if (since !== undefined && !this.isPolling) {
          this.poll(true)
          yield* this.report
        }
        this.readAt = now
        this.millis = since === undefined ? Math.min(this.millis * 2, maxMillis) : minMillis
        lengthening = 1 + spread * (yield* Random.next)
        yield* this.ask
      }
    })
  }
}
