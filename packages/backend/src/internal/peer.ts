/**
 * The client at the other end of one socket: what it was asked, what waits to be written to it, and how it is disconnected.
 */
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type { Backend } from "../Backend.ts"
import type { Faults, Moment } from "../Faults.ts"
import { bytesOf, type Reservation } from "./memoryBudget.ts"
import type { Connection, Frame, Session } from "./sessions.ts"

/** How many frames may wait to be written, and how many bytes they may take. */
const outboxCapacity = { frames: 4096, bytes: 8 * 1024 * 1024 }

export type Outgoing =
  | { readonly _tag: "Frame"; readonly frame: Frame }
  | { readonly _tag: "Close"; readonly code: number | null }
  | { readonly _tag: "Disconnect"; readonly restart: boolean }

export class Peer {
  readonly backend: Backend["Service"]
  readonly faults: Faults["Service"]
  readonly outbox: Queue.Queue<Outgoing>
  /** Completed with the code to close with; `null` to break the connection. */
  readonly ended: Deferred.Deferred<number | null>
  /** Requests of ours that wait for an answer, by id, with their method. */
  readonly asked = new Map<JsonRpc.Id, string>()
  readonly connection: Connection
  /** Names the socket in the log. */
  readonly number: number
  session: Session | undefined = undefined
  /** What the frames in the outbox take, in bytes. */
  #waiting = 0
  /** What they add to what is held in all, in bytes. */
  #added = 0
  readonly #held: Reservation
  /** Hears nothing, says nothing, and stays. */
  isSilent = false
  unansweredPings = 0

  constructor(
    backend: Backend["Service"],
    faults: Faults["Service"],
    outbox: Queue.Queue<Outgoing>,
    ended: Deferred.Deferred<number | null>
  ) {
    this.backend = backend
    this.faults = faults
    this.outbox = outbox
    this.ended = ended
    this.number = backend.wireLog.nextId()
    this.#held = backend.budget.open(() => this.end(1013))
    this.connection = {
      send: (frame) => {
        if (!this.isSilent) this.#offer({ _tag: "Frame", frame }, 1013)
      },
      close: (code) => this.end(code),
      disconnect: (restart) => this.#offer({ _tag: "Disconnect", restart }, 1013),
      waiting: () => this.#waiting
    }
  }

  /** Whether much waits to be written. */
  get isBehind(): boolean {
    return Queue.sizeUnsafe(this.outbox) > outboxCapacity.frames / 4 || this.#waiting > outboxCapacity.bytes / 4
  }

  /** Frames that were taken from the outbox wait no more. */
  written(frames: ReadonlyArray<Frame>): void {
    for (const { addedBytes, bytes } of frames) {
      this.#waiting -= bytes
      this.#added -= addedBytes
    }
    this.#held.set(this.#added)
  }

  /** Forgets what is to be written: nothing is, any more. */
  get release(): Effect.Effect<void> {
    return Effect.andThen(Queue.clear(this.outbox), Effect.sync(() => this.#held.close()))
  }

  /** Ends the connection now, whatever waits to be written. */
  end(code: number | null): void {
    Deferred.doneUnsafe(this.ended, Effect.succeed(code))
  }

  /** Ends the connection once everything before has been written. */
  endAfter(code: number | null): void {
    this.#offer({ _tag: "Close", code }, code)
  }

  send(text: string, method: string): void {
    const bytes = bytesOf(text)
    this.connection.send({ text, bytes, addedBytes: bytes, method, eventType: undefined })
  }

  request(method: string, params: unknown): void {
    const id = this.backend.newId()
    this.asked.set(id, method)
    this.send(JsonRpc.request(id, method, params), method)
  }

  reply(id: JsonRpc.Id, method: string, result: unknown): void {
    this.send(JsonRpc.reply(id, result), method)
  }

  refuse(id: JsonRpc.Id, method: string, code: number | string, message: string): void {
    this.send(JsonRpc.failure(id, { code, message }), method)
  }

  /** What goes wrong with a frame. */
  faultAt(frame: Omit<Extract<Moment, { readonly on: "frame" }>, "on" | "subscriberId">) {
    return this.faults.isArmed()
      ? this.faults.at({ on: "frame", ...frame, subscriberId: this.session?.subscriberId })
      : undefined
  }

  /** Writes down a frame, and what went wrong with it. */
  logFrame(direction: "in" | "out", frame: string, method: string | null, fault: string | null): void {
    const { wireLog } = this.backend
    if (wireLog.isEnabled()) wireLog.add({ on: "frame", ...this.#logged(), direction, method, frame, fault })
  }

  /** Writes down that the socket opened or ended. */
  logSocket(on: "opened" | "closed", fault: string | null): void {
    this.backend.wireLog.add({ on, ...this.#logged(), fault })
  }

  #logged() {
    return {
      connection: this.number,
      session: this.session?.protocol ?? null,
      subscriberId: this.session?.subscriberId ?? null
    }
  }

  // a client that does not read is disconnected
  #offer(item: Outgoing, codeWhenFull: number | null): void {
    const bytes = item._tag === "Frame" ? item.frame.bytes : 0
    if (this.#waiting + bytes > outboxCapacity.bytes || !Queue.offerUnsafe(this.outbox, item)) {
      return this.end(codeWhenFull)
    }
    this.#waiting += bytes
    this.#added += item._tag === "Frame" ? item.frame.addedBytes : 0
    this.#held.set(this.#added)
  }
}

export const make = (backend: Backend["Service"], faults: Faults["Service"]): Effect.Effect<Peer> =>
  Effect.zipWith(
    Queue.dropping<Outgoing>(outboxCapacity.frames),
    Deferred.make<number | null>(),
    (outbox, ended) => new Peer(backend, faults, outbox, ended)
  )

/** How long a client may take to answer a disconnect, in milliseconds. */
const disconnectTimeout = 1000

/** Says that the server goes away, and closes. With `restart` it forgets the session first. */
export const disconnect = (peer: Peer, restart: boolean) =>
  Effect.suspend(() => {
    peer.request(JsonRpc.method.disconnect, restart ? { restart } : {})
    if (restart && peer.session !== undefined) peer.backend.forget(peer.session)
    return Effect.forkScoped(Effect.delay(Effect.sync(() => peer.endAfter(1012)), disconnectTimeout))
  }).pipe(Effect.asVoid)
