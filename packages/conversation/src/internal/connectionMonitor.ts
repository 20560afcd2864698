/**
 * Composes the connection state that users see from the state of the session and that of history: while history can't
 * be read, a session that is up delivers nothing, and while there is no session, history may be polled instead.
 */
import { Emitter } from "@effect-signalwire/runtime/Emitter"
import * as ObservableRef from "@effect-signalwire/runtime/ObservableRef"
import type { Reason } from "@effect-signalwire/schema/Reason"
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import * as Effect from "effect/Effect"

/** A routine read that takes longer than this is shown as catching up. Milliseconds. */
const slowReadMillis = 4000

export class ConnectionMonitor {
  /** The state that users see. */
  readonly state: ObservableRef.ObservableRef<ConnectionState>
  /** Emits when a session becomes ready, before sequences read what they missed. */
  readonly sessionStarted = new Emitter<void>()
  private session: ConnectionState
  private published: ConnectionState
  private isPolling = false
  /** How many sequences and reads are catching up. */
  private catchingUp = 0
  /** Why the last read of history failed; `null` after a success. */
  private historyFailure: Reason | null = null

  constructor(session: ConnectionState) {
    this.session = session
    this.published = session
    this.state = ObservableRef.make(session)
  }

  /** Sets the state of the session. */
  setSession(session: ConnectionState): void {
    this.session = session
    this.publish()
  }

  /** Sets whether history is polled. */
  setPolling(isPolling: boolean): void {
    this.isPolling = isPolling
    this.publish()
  }

  /** Sets why the last read of history failed; `null` after a success. */
  setHistoryFailure(reason: Reason | null): void {
    this.historyFailure = reason
    this.publish()
  }

  /** Counts one more, or one less, that is catching up. */
  addCatchingUp(change: 1 | -1): void {
    this.catchingUp += change
    if (this.catchingUp === Math.max(change, 0)) this.publish()
  }

  /** Runs a read of missed messages; the state is `catchingUp` meanwhile. */
  whileCatchingUp<A, E, R>(read: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    const add = (change: 1 | -1) => Effect.sync(() => this.addCatchingUp(change))
    return Effect.acquireUseRelease(add(1), () => read, () => add(-1))
  }

  /**
   * Runs a read that nothing suggests missed messages for; the state becomes `catchingUp` only when it is slow, since
   * newer messages wait for it.
   */
  whileReading<A, E, R>(read: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.raceFirst(read, Effect.delay(this.whileCatchingUp(Effect.never), slowReadMillis))
  }

  private get view(): ConnectionState {
    const { isPolling, session } = this
    switch (session._tag) {
      case "Connected":
        return this.catchingUp > 0 ? { ...session, catchingUp: true, reason: this.historyFailure } : session
      case "Connecting":
      case "Reconnecting":
        return isPolling ? { ...session, polling: true } : session
      default:
        return session
    }
  }

  private publish(): void {
    const { view } = this
    if (isSame(view, this.published)) return
    this.published = view
    this.state.setUnsafe(view)
  }
}

/** Whether two states have the same fields, `_tag` included, with the same values. */
const isSame = (one: ConnectionState, other: ConnectionState): boolean => {
  const fields = new Map<string, unknown>(Object.entries(other))
  return Object.entries(one).every(([name, value]) => fields.get(name) === value)
}
