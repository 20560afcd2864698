/**
 * A WebSocket without a network: two ends that hear each other. What one end sends, the other receives later and in
 * order, as over a wire.
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

/** Makes one direction of a connection, which carries out what it is given later and in order. */
export type Wire = () => (deliver: () => void) => void

const atOnce: Wire = () => queueMicrotask

/** One end of a {@link Link}. */
export class MemorySocket implements Socket.WebSocketLike {
  readyState = connecting
  /** The other end. */
  peer: MemorySocket | undefined
  readonly #listeners = new Map<EventType, Map<Listener, boolean>>()
  readonly #carry: (deliver: () => void) => void

  constructor(wire: Wire = atOnce) {
    this.#carry = wire()
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
    if (this.readyState !== open) throw new Error("the socket is not open")
    const { peer } = this
    this.#carry(() => {
      if (peer?.readyState === open) peer.dispatch("message", { data })
    })
  }

  close(code = 1000, reason = ""): void {
    const { peer } = this
    if (this.readyState >= closing) return
    this.readyState = closing
    // as on a wire: what was sent before the close arrives before it
    this.#carry(() => {
      peer?.end(code, reason)
      this.end(code, reason)
    })
  }

  /** Becomes open. */
  opened(): void {
    this.readyState = open
    this.dispatch("open", {})
  }

  /** Is over; tells its listeners once. */
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

/** A connection in memory. */
export interface Link {
  /** The client's end. */
  readonly client: MemorySocket
  /** The server's end. */
  readonly server: MemorySocket
  /** Opens both ends. */
  readonly open: () => void
  /** Ends both without a close frame, as a network that fails does. */
  readonly cut: () => void
}

/** A connection that is not open yet. */
export const make = (wire?: Wire): Link => {
  const client = new MemorySocket(wire)
  const server = new MemorySocket(wire)
  client.peer = server
  server.peer = client
  const cut = () => {
    server.end(1006, "")
    client.end(1006, "")
  }
  return {
    client,
    server,
    open: () => {
      // a client that has given up meanwhile stays closed
      if (client.readyState !== connecting) return cut()
      server.opened()
      client.opened()
    },
    cut
  }
}
