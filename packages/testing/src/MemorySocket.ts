/**
 * A pair of connected WebSockets in memory. What one end sends, the other end receives asynchronously and in order, as over a
 * network.
 *
 * @since 0.1.0
 */
import type * as Socket from "effect/socket/Socket"

type EventType = "open" | "message" | "error" | "close"
type Listener = (event: Socket.WebSocketEvent) => void

const connecting = 0
const open = 1
const closing = 2
const closed = 3

/** Makes one direction of a connection: a function that calls its arguments asynchronously and in order. */
export type Wire = () => (deliver: () => void) => void

const microtasks: Wire = () => queueMicrotask

/** One end of a {@link SocketPair}. */
export class MemorySocket implements Socket.WebSocketLike {
  readyState = connecting
  /** The other end. */
  otherEnd: MemorySocket | undefined
  readonly #listeners = new Map<EventType, Map<Listener, boolean>>()
  readonly #deliver: (deliver: () => void) => void

  constructor(wire: Wire = microtasks) {
    this.#deliver = wire()
  }

  addEventListener(type: EventType, listener: Listener, options?: { readonly once?: boolean }): void {
    const listeners = this.#listeners.get(type) ?? new Map<Listener, boolean>()
    listeners.set(listener, options?.once === true)
    this.#listeners.set(type, listeners)
  }

  removeEventListener(type: EventType, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener)
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.readyState !== open) throw new Error("The socket is not open")
    const otherEnd = this.otherEnd
    this.#deliver(() => {
      if (otherEnd?.readyState === open) otherEnd.dispatch("message", { data })
    })
  }

  close(code = 1000, reason = ""): void {
    const otherEnd = this.otherEnd
    if (this.readyState >= closing) return
    this.readyState = closing
    // delivered after everything that was sent before
    this.#deliver(() => {
      otherEnd?.end(code, reason)
      this.end(code, reason)
    })
  }

  /** Opens this end. */
  opened(): void {
    this.readyState = open
    this.dispatch("open", {})
  }

  /** Closes this end, and notifies its listeners unless it is already closed. */
  end(code: number, reason: string): void {
    if (this.readyState === closed) return
    this.readyState = closed
    this.dispatch("close", { code, reason })
  }

  private dispatch(type: EventType, event: Socket.WebSocketEvent): void {
    for (const [listener, once] of Array.from(this.#listeners.get(type) ?? [])) {
      if (once) this.removeEventListener(type, listener)
      listener({ type, ...event })
    }
  }
}

/** Two connected ends. */
export interface SocketPair {
  /** The client's end. */
  readonly client: MemorySocket
  /** The server's end. */
  readonly server: MemorySocket
  /** Opens both ends. */
  readonly open: () => void
  /** Closes both ends without a close frame, as a network failure does. */
  readonly drop: () => void
}

/** Makes two connected ends, which are not open yet. */
export const make = (wire?: Wire): SocketPair => {
  const client = new MemorySocket(wire)
  const server = new MemorySocket(wire)
  client.otherEnd = server
  server.otherEnd = client
  const abort = () => {
    server.end(1006, "")
    client.end(1006, "")
  }
  return {
    client,
    server,
    open: () => {
      // the client may have closed its end meanwhile
      if (client.readyState !== connecting) return abort()
      server.opened()
      client.opened()
    },
    drop: abort
  }
}
