/**
 * How messages come through to a client, as a whole: the session's state, and what history adds to it. A session that is
 * up delivers nothing while history can't be read, and without one history is polled.
 */
import { Emitter } from "@effect-signalwire/runtime/Emitter"
import * as ObservableRef from "@effect-signalwire/runtime/ObservableRef"
import * as Timeouts from "@effect-signalwire/runtime/Timeouts"
import type { Reason } from "@effect-signalwire/schema/Reason"
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import * as Effect from "effect/Effect"

/** Reading takes long when it takes so long. Milliseconds. */
const slowMillis = 4000

export class Monitor {
  readonly state: ObservableRef.ObservableRef<ConnectionState>
  /** A session begins: what was missed before it is about to be read. */
  readonly sessionBegins = new Emitter<void>()
  private session: ConnectionState
  private published: ConnectionState
  private polling = false
  private catchingUp = 0
  /** Why history could not be read when that was last tried. */
  private unreadable: Reason | null = null

  constructor(session: ConnectionState) {
    this.session = session
    this.published = session
    this.state = ObservableRef.make(session)
  }

  /** Notes how the session stands. */
  sessionIs(session: ConnectionState): void {
    this.session = session
    this.publish()
  }

  /** Notes whether history is polled. */
  isPolling(polling: boolean): void {
    if (polling === this.polling) return
    this.polling = polling
    this.publish()
  }

  /** Notes that history was read, or why it could not be. */
  historyWas(unreadable: Reason | null): void {
    if (unreadable === this.unreadable) return
    this.unreadable = unreadable
    if (this.catchingUp > 0) this.publish()
  }

  /** Reads what was missed: the state says so for as long as it takes. */
  whileCatchingUp<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    const count = (change: 1 | -1) => Effect.sync(() => this.catchUp(change))
    return Effect.acquireUseRelease(count(1), () => effect, () => count(-1))
  }

  /** Reads what nothing says was missed: the state says so where it takes long, for what is newer waits for it. */
  whileReading<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Timeouts.timeoutAfter(effect, slowMillis, this.whileCatchingUp(Effect.never))
  }

  /** Notes that one more waits for history to be read, or one less. */
  catchUp(change: 1 | -1): void {
    this.catchingUp += change
    if (this.catchingUp === Math.max(change, 0)) this.publish()
  }

  /** The state that users see. */
  private get view(): ConnectionState {
    const { polling, session } = this
    switch (session._tag) {
      case "Connected":
        return this.catchingUp > 0 ? { ...session, catchingUp: true, reason: this.unreadable } : session
      case "Connecting":
      case "Reconnecting":
        return polling ? { ...session, polling } : session
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

/** Whether two states look the same to users. */
const isSame = (one: ConnectionState, other: ConnectionState): boolean => {
  const fields = new Map<string, unknown>(Object.entries(other))
  return Object.entries(one).every(([name, value]) => fields.get(name) === value) && one._tag === other._tag
}
