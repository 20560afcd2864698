/**
 * Keeps the sessions of clients, with the events that they have not acknowledged. A session without a socket is kept for a
 * while, so that its client can resume it.
 */
import type { SubscriberId } from "@effect-signalwire/schema/Ids"
import type { Id } from "@effect-signalwire/schema/JsonRpc"
import type { Secrets } from "./secrets.ts"
import type { Connection, Frame, Session } from "./session.ts"

export interface Options {
  /** How long a session without a socket is kept, in milliseconds. */
  readonly retention: number
  /** The maximum number of unacknowledged events per session. */
  readonly maxUnacked: number
}

/** The maximum number of sessions without a socket, in total and per subscriber. */
const maxDetached = 10_000
const maxDetachedPerSubscriber = 100

/** The maximum size of the unacknowledged events of a session, in bytes: less than the outbox of a socket takes. */
const maxUnackedBytes = 6 * 1024 * 1024

/** The minimum time between two sweeps, in milliseconds: a sweep visits every session. */
const sweepInterval = 1000

export class SessionStore {
  readonly #byProtocol = new Map<string, Session>()
  readonly #bySubscriber = new Map<SubscriberId, Set<Session>>()
  readonly #options: Options
  readonly #secrets: Secrets
  #sweptAt = -Infinity

  constructor(options: Options, secrets: Secrets) {
    this.#options = options
    this.#secrets = secrets
  }

  /** Returns all sessions, except for those that have expired. */
  all(now: number): ReadonlyArray<Session> {
    this.#sweptAt = -Infinity
    this.#sweep(now)
    return [...this.#byProtocol.values()]
  }

  /** Returns how many sessions these subscribers have. */
  countOf(subscriberIds: Iterable<SubscriberId>): number {
    let count = 0
    for (const subscriberId of subscriberIds) count += this.#bySubscriber.get(subscriberId)?.size ?? 0
    return count
  }

  /** Returns how many sessions with a socket a subscriber has. */
  connectedOf(subscriberId: SubscriberId): number {
    let count = 0
    for (const { connection } of this.#bySubscriber.get(subscriberId) ?? []) if (connection !== undefined) count++
    return count
  }

  open(session: Session, now: number): void {
    this.#sweep(now)
    this.#byProtocol.set(session.protocol, session)
    const siblings = this.#bySubscriber.get(session.subscriberId)
    if (siblings === undefined) this.#bySubscriber.set(session.subscriberId, new Set([session]))
    else siblings.add(session)
  }

  /** Finds the session with this protocol, provided that the authorization state belongs to it. */
  find(protocol: string, state: string, now: number): Session | undefined {
    const session = this.#byProtocol.get(protocol)
    if (session !== undefined && this.#isExpired(session, now)) return undefined
    return session !== undefined && (session.state === state || session.previousState === state) ? session : undefined
  }

  remove(session: Session): void {
    if (this.#byProtocol.delete(session.protocol)) {
      for (const state of [session.state, session.previousState]) if (state !== undefined) this.#secrets.delete(state)
      session.unacked.clear()
      session.unackedBytes = 0
      session.reservedBytes = 0
      session.reservation.close()
    }
    const siblings = this.#bySubscriber.get(session.subscriberId)
    siblings?.delete(session)
    if (siblings?.size === 0) this.#bySubscriber.delete(session.subscriberId)
  }

  /** Removes a session whose client does not keep up, and closes its socket. The client has to read history instead. */
  evict(session: Session): void {
    this.remove(session)
    session.connection?.close(1013)
  }

  /** Detaches a socket from its session. Has no effect if the session has another socket by now. */
  detach(session: Session, connection: Connection, now: number): void {
    if (session.connection !== connection) return
    session.connection = undefined
    session.detachedAt = now
    // moved to the end, so that sessions are swept in the order in which they were detached
    if (this.#byProtocol.delete(session.protocol)) this.#byProtocol.set(session.protocol, session)
    const siblings = this.#bySubscriber.get(session.subscriberId)
    if (siblings?.delete(session) === true) siblings.add(session)
    this.#sweep(now)
    let detached = 0
    for (const { connection } of siblings ?? []) if (connection === undefined) detached++
    for (const sibling of siblings ?? []) {
      if (detached <= maxDetachedPerSubscriber) return
      if (sibling.connection !== undefined) continue
      this.remove(sibling)
      detached--
    }
  }

  acknowledge(session: Session, id: Id): void {
    session.eventsSinceAck = 0
    const frame = session.unacked.get(id)
    if (frame === undefined) return
    session.unacked.delete(id)
    session.unackedBytes -= frame.bytes
    session.reservedBytes -= frame.addedBytes
    session.reservation.set(session.reservedBytes)
  }

  /** Sends an event to every session of a subscriber. */
  publish(subscriberId: SubscriberId, event: (session: Session) => { readonly id: Id; readonly frame: Frame }): void {
    for (const session of this.#bySubscriber.get(subscriberId) ?? []) {
      if (!session.acks && session.connection === undefined) continue
      const { frame, id } = event(session)
      session.eventsSinceAck++
      if (session.acks) {
        session.unacked.set(id, frame)
        session.unackedBytes += frame.bytes
        session.reservedBytes += frame.addedBytes
        session.reservation.set(session.reservedBytes)
      }
      if (
        session.unacked.size > this.#options.maxUnacked ||
        session.eventsSinceAck > this.#options.maxUnacked * 2 ||
        session.unackedBytes > maxUnackedBytes
      ) this.evict(session)
      else session.connection?.send(frame)
    }
  }

  #isExpired({ connection, detachedAt }: Session, now: number): boolean {
    return connection === undefined && detachedAt + this.#options.retention <= now
  }

  /** Removes sessions that have expired, and the oldest ones if there are too many without a socket. */
  #sweep(now: number): void {
    if (now - this.#sweptAt < sweepInterval) return
    this.#sweptAt = now
    let detached = 0
    for (const session of this.#byProtocol.values()) {
      if (session.connection !== undefined) continue
      if (this.#isExpired(session, now)) this.remove(session)
      else detached++
    }
    for (const session of this.#byProtocol.values()) {
      if (detached <= maxDetached) return
      if (session.connection === undefined) {
        this.remove(session)
        detached--
      }
    }
  }
}
