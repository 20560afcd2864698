/** The platform under a device: sockets, requests and listeners, any of which may throw. */
import type * as MemorySocket from "@effect-signalwire/testing/MemorySocket"
import type * as Socket from "effect/socket/Socket"
import type { Chance } from "./chance.ts"

/** What a platform throws. Where it comes from is no bug of the client. */
export class PlatformException extends Error {}

/** How often a platform throws, and how often it did. */
export class Exceptions {
  /** How likely a call is to throw. */
  likelihood = 0
  thrown = 0
  /** What was thrown last. */
  last: PlatformException | undefined
  readonly #chance: Chance

  constructor(chance: Chance) {
    this.#chance = chance
  }

  /** A function of the platform is called. */
  call(name: string): void {
    if (this.likelihood === 0 || !this.#chance.happens(this.likelihood)) return
    this.thrown++
    this.last = new PlatformException(`${name} of the platform throws`)
    throw this.last
  }
}

type EventType = "open" | "message" | "error" | "close"
type Listener = (event: Socket.WebSocketEvent) => void

/** A device's end of a socket, as its platform offers it. */
export class PlatformSocket implements Socket.WebSocketLike {
  readonly #socket: MemorySocket.MemorySocket
  readonly #exceptions: Exceptions
  /** Its owner has let go of it. */
  isLeft = false

  constructor(socket: MemorySocket.MemorySocket, exceptions: Exceptions) {
    this.#socket = socket
    this.#exceptions = exceptions
  }

  get readyState(): number {
    return this.#socket.readyState
  }

  addEventListener(type: EventType, listener: Listener, options?: { readonly once?: boolean }): void {
    this.#exceptions.call("addEventListener")
    this.#socket.addEventListener(type, listener, options)
  }

  removeEventListener(type: EventType, listener: Listener): void {
    this.#socket.removeEventListener(type, listener)
    this.#exceptions.call("removeEventListener")
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#exceptions.call("send")
    this.#socket.send(data)
  }

  /** What throws has closed nonetheless: nobody could do more about it. */
  close(code?: number, reason?: string): void {
    this.isLeft = true
    this.#socket.close(code, reason)
    this.#exceptions.call("close")
  }
}
