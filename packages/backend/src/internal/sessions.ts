/**
 * Sessions: what survives of a client between two sockets. Each keeps the events its client has not acknowledged, for a
 * while after the socket is gone, and sends them again when the client comes back.
 */
import type { SubscriberId } from "@effect-signalwire/schema/Ids"
import type { Id } from "@effect-signalwire/schema/JsonRpc"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import type { Token } from "../Records.ts"
import { bytesOf, type Reservation } from "./memoryBudget.ts"
import type { Secrets } from "./secrets.ts"

/** A frame on its way to a client. `method` is that of the request, also for an answer. */
export interface Frame {
  readonly text: string
  /** What it takes in memory, and what it adds to that: several frames may share a payload. */
  readonly bytes: number
  readonly addedBytes: number
  readonly method: string
  readonly eventType: string | undefined
}

/** One socket, as a session sees it. Its functions return at once. */
export interface Connection {
  readonly send: (frame: Frame) => void
  /** Ends the socket: with a close frame of that code, or without one when it is `null`. */
  readonly close: (code: number | null) => void
  /** Says that the server goes away, waits a moment for the answer, and closes. */
  readonly disconnect: (restart: boolean) => void
  /** What waits to be written to it, in bytes. */
  readonly waiting: () => number
}

export interface Session {
  /** Names the session on the wire. */
  readonly protocol: string
  readonly subscriberId: SubscriberId
  readonly acks: boolean
  /** Part of its protocol and of its authorization state, whatever token it has by now. */
  readonly jti: string
  /** The token it was opened or last re-authenticated with. */
  token: Token
  /** The token whose expiry the client was notified of. */
  lapsedToken: string | undefined
  /** What a client shows to resume; the one before is good as well, for a client that never saw the new one. */
  state: string
  previousState: string | undefined
  connection: Connection | undefined
  /** Unix milliseconds; meaningful while there is no connection. */
  detachedAt: number
  /** Frames of events that were not acknowledged, in order. */
  readonly unacked: Map<Id, Frame>
  /** What they take together, in bytes. */
  unackedBytes: number
  /** What they add to what is held in all, in bytes. */
  heldBytes: number
  readonly held: Reservation
  /** Frames sent since the client was last heard. */
  unheard: number
}

export interface Options {
  /** How long a session without a socket is remembered, in milliseconds. */
  readonly retention: number
  /** How many events may wait for their acknowledgement before the session is given up. */
  readonly maxUnacked: number
}

/** How many sessions without a socket are remembered at once, and how many of one subscriber. */
const maxDetached = 10_000
const maxDetachedOfOne = 100

/** How many bytes the events of a session may take that wait for their acknowledgement: less than an outbox takes. */
const maxUnackedBytes = 6 * 1024 * 1024

export class Sessions {
  readonly #byProtocol = new Map<string, Session>()
  readonly #bySubscriber = new Map<SubscriberId, Set<Session>>()
  readonly #options: Options
  readonly #secrets: Secrets
  #sweptAt = -Infinity

  constructor(options: Options, secrets: Secrets) {
    this.#options = options
    this.#secrets = secrets
  }

  all(now: number): ReadonlyArray<Session> {
    this.#sweptAt = -Infinity
    this.#sweep(now)
    return [...this.#byProtocol.values()]
  }

  /** How many sessions these subscribers have, and at least one. */
  countOf(subscriberIds: Iterable<SubscriberId>): number {
    let count = 0
    for (const subscriberId of subscriberIds) count += this.#bySubscriber.get(subscriberId)?.size ?? 0
    return Math.max(1, count)
  }

  /** How many sockets a subscriber has. */
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

  /** The session to resume, when the client shows what belongs to it. */
  find(protocol: string, state: string, now: number): Session | undefined {
    const session = this.#byProtocol.get(protocol)
    if (session !== undefined && this.#isOver(session, now)) return undefined
    return session !== undefined && (session.state === state || session.previousState === state) ? session : undefined
  }

  forget(session: Session): void {
    if (this.#byProtocol.delete(session.protocol)) {
      for (const state of [session.state, session.previousState]) if (state !== undefined) this.#secrets.delete(state)
      session.unacked.clear()
      session.unackedBytes = 0
      session.heldBytes = 0
      session.held.close()
    }
    const siblings = this.#bySubscriber.get(session.subscriberId)
    siblings?.delete(session)
    if (siblings?.size === 0) this.#bySubscriber.delete(session.subscriberId)
  }

  /** It does not drain: what it misses it can only read from history. */
  giveUp(session: Session): void {
    this.forget(session)
    session.connection?.close(1013)
  }

  /** The socket is gone; the session waits. A socket that was replaced by another changes nothing. */
  detach(session: Session, connection: Connection, now: number): void {
    if (session.connection !== connection) return
    session.connection = undefined
    session.detachedAt = now
    // back to the end, so that the map is in the order of detachment for the sweep
    if (this.#byProtocol.delete(session.protocol)) this.#byProtocol.set(session.protocol, session)
    const siblings = this.#bySubscriber.get(session.subscriberId)
    if (siblings?.delete(session) === true) siblings.add(session)
    this.#sweep(now)
    let detached = 0
    for (const { connection } of siblings ?? []) if (connection === undefined) detached++
    for (const sibling of siblings ?? []) {
      if (detached <= maxDetachedOfOne) return
      if (sibling.connection !== undefined) continue
      this.forget(sibling)
      detached--
    }
  }

  acknowledge(session: Session, id: Id): void {
    session.unheard = 0
    const frame = session.unacked.get(id)
    if (frame === undefined) return
    session.unacked.delete(id)
    session.unackedBytes -= frame.bytes
    session.heldBytes -= frame.addedBytes
    session.held.set(session.heldBytes)
  }

  /** Sends an event to every session of a subscriber. */
  publish(subscriberId: SubscriberId, event: (session: Session) => { readonly id: Id; readonly frame: Frame }): void {
    for (const session of this.#bySubscriber.get(subscriberId) ?? []) {
      if (!session.acks && session.connection === undefined) continue
      const { frame, id } = event(session)
      session.unheard++
      if (session.acks) {
        session.unacked.set(id, frame)
        session.unackedBytes += frame.bytes
        session.heldBytes += frame.addedBytes
        session.held.set(session.heldBytes)
      }
      if (
        session.unacked.size > this.#options.maxUnacked || session.unheard > this.#options.maxUnacked * 2 ||
        session.unackedBytes > maxUnackedBytes
      ) this.giveUp(session)
      else session.connection?.send(frame)
    }
  }

  #isOver({ connection, detachedAt }: Session, now: number): boolean {
    return connection === undefined && detachedAt + this.#options.retention <= now
  }

  /** Forgets what is over. It looks at every session, so not each time one comes or goes. */
  #sweep(now: number): void {
    if (now - this.#sweptAt < 1000) return
    this.#sweptAt = now
    let detached = 0
    for (const session of this.#byProtocol.values()) {
      if (session.connection !== undefined) continue
      if (this.#isOver(session, now)) this.forget(session)
      else detached++
    }
    for (const session of this.#byProtocol.values()) {
      if (detached <= maxDetached) return
      if (session.connection === undefined) {
        this.forget(session)
        detached--
      }
    }
  }
}

/** A payload that several events have, as JSON. */
export interface Payload {
  readonly text: string
  readonly bytes: number
  /** How many events have it. */
  readonly shares: number
}

/** The frame of an event. */
export const eventFrame = (id: Id, eventType: string, params: object, payload?: Payload): Frame => {
  const text = JsonRpc.request(id, JsonRpc.method.event, params)
  const frame = { method: JsonRpc.method.event, eventType }
  if (payload === undefined) {
    const bytes = bytesOf(text)
    return { ...frame, text, bytes, addedBytes: bytes }
  }
  // put in front of the two braces that close `params` and the frame
  const head = text.slice(0, -2)
  const bytes = bytesOf(head)
  return {
    ...frame,
    bytes: bytes + payload.bytes,
    // whole numbers, so that sums of them end at zero
    addedBytes: bytes + Math.ceil(payload.bytes / payload.shares),
    // put together when it is written, so that the payload stays the same text for all
    get text() {
      return `${head},"params":${payload.text}}}`
    }
  }
}
