/**
 * The server's state of one client socket: the requests that the client has not responded to, and the frames that are queued
 * to be written.
 */
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Faults from "../Faults.ts"
import type { Service } from "./contract.ts"
import type { Reservation } from "./memoryBudget.ts"
import type { Connection, Frame, Session } from "./session.ts"
import { stringBytes } from "./stringBytes.ts"

/** The maximum number of frames in an outbox, and the maximum number of bytes they take. */
const outboxCapacity = { frames: 4096, bytes: 8 * 1024 * 1024 }

/** A frame to write, or an instruction that is carried out after the frames before it. */
export type OutboxItem =
  | { readonly _tag: "Frame"; readonly frame: Frame }
  | { readonly _tag: "Close"; readonly code: number | null }
  | { readonly _tag: "Disconnect"; readonly restart: boolean }

export class ClientSocket {
  readonly backend: Service
  readonly faults: Faults.Service
  readonly outbox: Queue.Queue<OutboxItem>
  /** Completed with the code to close the socket with; `null` closes it without a close frame. */
  readonly closeRequested: Deferred.Deferred<number | null>
  /** The methods of the server's requests that the client has not responded to, by id. */
  readonly pendingRequests = new Map<JsonRpc.Id, string>()
  readonly connection: Connection
  /** Identifies the socket in the wire log. */
  readonly logId: number
  session: Session | undefined = undefined
  /** The `bytes` of the frames in the outbox. */
  #queuedBytes = 0
  /** The `addedBytes` of the frames in the outbox, which count against the memory budget. */
  #reservedBytes = 0
  readonly #reservation: Reservation
  /** Whether a fault has silenced the socket: it stays open, but frames are neither handled nor written. */
  isSilent = false
  unansweredPings = 0

  constructor(
    backend: Service,
    faults: Faults.Service,
    outbox: Queue.Queue<OutboxItem>,
    closeRequested: Deferred.Deferred<number | null>
  ) {
    this.backend = backend
    this.faults = faults
    this.outbox = outbox
    this.closeRequested = closeRequested
    this.logId = backend.wireLog.nextId()
    this.#reservation = backend.budget.open(() => this.close(1013))
    this.connection = {
      send: (frame) => {
        if (!this.isSilent) this.#offer({ _tag: "Frame", frame }, 1013)
      },
      close: (code) => this.close(code),
      disconnect: (restart) => this.#offer({ _tag: "Disconnect", restart }, 1013),
      queuedBytes: () => this.#queuedBytes
    }
  }

  /** Whether the outbox is more than a quarter full. */
  get hasBacklog(): boolean {
    return Queue.sizeUnsafe(this.outbox) > outboxCapacity.frames / 4 || this.#queuedBytes > outboxCapacity.bytes / 4
  }

  /** Releases the memory of frames that were taken from the outbox and written. */
  onWritten(frames: ReadonlyArray<Frame>): void {
    for (const { addedBytes, bytes } of frames) {
      this.#queuedBytes -= bytes
      this.#reservedBytes -= addedBytes
    }
    this.#reservation.set(this.#reservedBytes)
  }

  /** Discards the outbox once the socket is closed. */
  get release(): Effect.Effect<void> {
    return Effect.andThen(Queue.clear(this.outbox), Effect.sync(() => this.#reservation.close()))
  }

  /** Closes the socket now. Frames in the outbox are not written. */
  close(code: number | null): void {
    Deferred.doneUnsafe(this.closeRequested, Effect.succeed(code))
  }

  /** Closes the socket after the frames in the outbox were written. */
  closeAfterFlush(code: number | null): void {
    this.#offer({ _tag: "Close", code }, code)
  }

  send(text: string, method: string): void {
    const bytes = stringBytes(text)
    this.connection.send({ text, bytes, addedBytes: bytes, method, eventType: undefined })
  }

  request(method: string, params: unknown): void {
    const id = this.backend.newId()
    this.pendingRequests.set(id, method)
    this.send(JsonRpc.request(id, method, params), method)
  }

  reply(id: JsonRpc.Id, method: string, result: unknown): void {
    this.send(JsonRpc.reply(id, result), method)
  }

  replyError(id: JsonRpc.Id, method: string, code: number | string, message: string): void {
    this.send(JsonRpc.failure(id, { code, message }), method)
  }

  /** Returns the fault to carry out on a frame. */
  faultFor(frame: Omit<Extract<Faults.FaultPoint, { readonly on: "frame" }>, "on" | "subscriberId">) {
    return this.faults.isActive()
      ? this.faults.take({ on: "frame", ...frame, subscriberId: this.session?.subscriberId })
      : undefined
  }

  /** Logs a frame, and the type of the fault that is carried out on it. */
  logFrame(direction: "in" | "out", frame: string, method: string | null, fault: string | null): void {
    const { wireLog } = this.backend
    if (wireLog.isEnabled()) wireLog.add({ on: "frame", ...this.#logContext(), direction, method, frame, fault })
  }

  /** Logs that the socket was opened or closed. */
  logSocket(on: "opened" | "closed", fault: string | null): void {
    this.backend.wireLog.add({ on, ...this.#logContext(), fault })
  }

  #logContext() {
    return {
      connection: this.logId,
      session: this.session?.protocol ?? null,
      subscriberId: this.session?.subscriberId ?? null
    }
  }

  /** Adds to the outbox; if it is full, because the client does not read, closes the socket. */
  #offer(item: OutboxItem, codeWhenFull: number | null): void {
    const bytes = item._tag === "Frame" ? item.frame.bytes : 0
    if (this.#queuedBytes + bytes > outboxCapacity.bytes || !Queue.offerUnsafe(this.outbox, item)) {
      return this.close(codeWhenFull)
    }
    this.#queuedBytes += bytes
    this.#reservedBytes += item._tag === "Frame" ? item.frame.addedBytes : 0
    this.#reservation.set(this.#reservedBytes)
  }
}

export const make = (backend: Service, faults: Faults.Service): Effect.Effect<ClientSocket> =>
  Effect.zipWith(
    Queue.dropping<OutboxItem>(outboxCapacity.frames),
    Deferred.make<number | null>(),
    (outbox, closeRequested) => new ClientSocket(backend, faults, outbox, closeRequested)
  )

/** How long a client has to respond to `signalwire.disconnect`, in milliseconds. */
const disconnectTimeout = 1000

/** Sends `signalwire.disconnect` and closes the socket. With `restart`, the session is removed first. */
export const disconnect = (client: ClientSocket, restart: boolean) =>
  Effect.suspend(() => {
    client.request(JsonRpc.method.disconnect, restart ? { restart } : {})
    if (restart && client.session !== undefined) client.backend.removeSession(client.session)
    return Effect.forkScoped(Effect.delay(Effect.sync(() => client.closeAfterFlush(1012)), disconnectTimeout))
  }).pipe(Effect.asVoid)
