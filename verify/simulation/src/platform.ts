/** The platform APIs of a device (sockets, requests, listeners, logs), any of which may throw. */
import type * as MemorySocket from "@effect-signalwire/testing/MemorySocket"
import type * as Socket from "effect/socket/Socket"
import type { SeededRandom } from "./random.ts"

/** An exception of the platform. Throwing it is not a bug of the client. */
export class PlatformException extends Error {}

/** Makes calls of a platform throw with a given probability. */
export class ExceptionInjector {
  /** The probability that a call throws. */
  probability = 0
  /** How many calls have thrown. */
  count = 0
  /** The last exception. */
  last: PlatformException | undefined
  readonly #random: SeededRandom

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** Throws with the current probability; called at each call of a platform API. */
  maybeThrow(name: string): void {
    if (this.probability === 0 || !this.#random.boolean(this.probability)) return
    this.count++
    this.last = new PlatformException(`${name} of the platform throws`)
    throw this.last
  }
}

type EventType = "open" | "message" | "error" | "close"
type Listener = (event: Socket.WebSocketEvent) => void

/** The client's end of a socket, with methods that may throw. */
export class PlatformSocket implements Socket.WebSocketLike {
  readonly #socket: MemorySocket.MemorySocket
  readonly #exceptions: ExceptionInjector
  /** Whether the client has called `close`. */
  isClosedByClient = false

  constructor(socket: MemorySocket.MemorySocket, exceptions: ExceptionInjector) {
    this.#socket = socket
    this.#exceptions = exceptions
  }

  get readyState(): number {
    return this.#socket.readyState
  }

  addEventListener(type: EventType, listener: Listener, options?: { readonly once?: boolean }): void {
    this.#exceptions.maybeThrow("addEventListener")
    this.#socket.addEventListener(type, listener, options)
  }

  removeEventListener(type: EventType, listener: Listener): void {
    this.#socket.removeEventListener(type, listener)
    this.#exceptions.maybeThrow("removeEventListener")
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#exceptions.maybeThrow("send")
    this.#socket.send(data)
  }

  /** Closes the socket also when it throws, since the client could not do anything else. */
  close(code?: number, reason?: string): void {
    this.isClosedByClient = true
    this.#socket.close(code, reason)
    this.#exceptions.maybeThrow("close")
  }
}
