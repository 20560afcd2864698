/** The sockets of one device. */
import * as MemorySocket from "@effect-signalwire/testing/MemorySocket"
import type * as Socket from "effect/socket/Socket"
import type { NetworkConditions } from "./networkConditions.ts"
import { PlatformSocket } from "./platform.ts"

/** The server keeps a stalled socket for this time, milliseconds. */
const serverTimeout = 60_000

/** How long the client must not dial after a close with 1013, milliseconds. */
const tryAgainLaterMillis = 10_000

export class Sockets {
  /** When each message was last pushed, by its id. */
  readonly pushedAt = new Map<string, number>()
  /** Whether the server has refused the token on a socket, until the device resets it. */
  wasTokenRefused = false
  readonly #network: NetworkConditions
  /** Stalling increments it: wires of an earlier generation deliver nothing. */
  #generation = 0
  #sockets: Array<MemorySocket.MemorySocket> = []

  constructor(network: NetworkConditions) {
    this.#network = network
  }

  /** One direction of a socket. Delivers in order, after a random latency. */
  readonly wire: MemorySocket.Wire = () => {
    const { eventLoop } = this.#network.options
    const generation = this.#generation
    let last = 0
    const arrive = (deliver: () => void): void => {
      if (generation === this.#generation) this.#network.deliver(deliver)
    }
    return (deliver) => {
      const delay = this.#network.delay()
      if (delay === 0 && last <= eventLoop.now) {
        eventLoop.enqueue(() => arrive(deliver))
        return
      }
      last = Math.max(last, eventLoop.now + delay)
      eventLoop.schedule(last - eventLoop.now, () => arrive(deliver))
    }
  }

  readonly dial = (
    url: string,
    dialler: (dial: () => Socket.WebSocketLike) => Socket.WebSocketLike
  ): Socket.WebSocketLike => {
    const { coverage, eventLoop, exceptions, rates, server: { running } } = this.#network.options
    rates.onDial()
    exceptions.maybeThrow("WebSocket")
    const { link, upgrades } = this.#network
    if (link === "up" && upgrades === "accepted" && running !== undefined) {
      const socket = dialler(() => running.dial(url))
      if (!(socket instanceof MemorySocket.MemorySocket)) return socket
      this.#sockets.push(socket)
      const own = new PlatformSocket(socket, exceptions)
      this.#observe(socket, own)
      return own
    }
    const unconnected = MemorySocket.make(() => (task) => eventLoop.enqueue(task))
    if (link !== "up") coverage.reach("conditions", `a dial while the network is ${link}`)
    if (upgrades !== "accepted") coverage.reach("conditions", `a dial is ${upgrades}`)
    if (link !== "blackHole" && upgrades !== "ignored") eventLoop.enqueue(unconnected.drop)
    return new PlatformSocket(unconnected.client, exceptions)
  }

  /** Records the frames that arrive, before the client receives them. */
  #observe(socket: MemorySocket.MemorySocket, own: PlatformSocket): void {
    const network = this.#network
    const { eventLoop, rates } = network.options
    socket.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") return
      const id = /"params":\{"id":"([^"]+)"/.exec(data)?.[1]
      if (id !== undefined) {
        this.pushedAt.set(id, eventLoop.now)
        rates.onPush()
      }
      if (data.includes("-32002")) {
        this.wasTokenRefused = true
        network.refusedAt = eventLoop.now
      }
      if (!data.includes("\"session_restored\":")) return
      rates.onSubscribe()
      if (network.flapping !== "none") this.#flap(socket, /"id":"([^"]+)"/.exec(data)?.[1] ?? "")
    })
    socket.addEventListener("close", ({ code }) => {
      if (code === 1013 && !own.isClosedByClient) rates.onTryAgainLater(tryAgainLaterMillis)
    })
  }

  /** Ends a session soon after the server has accepted it. */
  #flap(socket: MemorySocket.MemorySocket, connectId: string): void {
    const { flapping, options: { coverage, eventLoop, random } } = this.#network
    eventLoop.schedule(random.pick(0, random.integer(0, 300)), () => {
      coverage.reach("conditions", `a session ${flapping}`)
      switch (flapping) {
        case "breaks":
          return breakSocket(socket)
        case "tryAgainLater":
          return socket.otherEnd?.close(1013)
        case "refusesToken":
          return refuse(socket, connectId, { code: -32002, message: "expired" })
        case "refusesSession":
          return refuse(socket, connectId, { code: -32003, message: "stale" })
        case "none":
      }
    })
  }

  /**
   * Makes every open socket half-open, like a change of networks: it delivers nothing, without an error at either end.
   * The server closes its end after a timeout. Returns the number of sockets.
   */
  stall(): number {
    const { eventLoop } = this.#network.options
    const count = this.openCount
    this.#network.silentAt = eventLoop.now
    this.#generation++
    this.#network.discardHeld()
    const peers = this.#sockets.map(({ otherEnd: peer }) => peer)
    eventLoop.schedule(serverTimeout, () => {
      for (const peer of peers) peer?.end(1006, "")
    })
    return count
  }

  /** Breaks every socket, at both ends. Returns the number of sockets. */
  cut(): number {
    const count = this.openCount
    for (const socket of this.#sockets) breakSocket(socket)
    this.#sockets = []
    return count
  }

  /** The number of open sockets. */
  get openCount(): number {
    this.#sockets = this.#sockets.filter(({ readyState }) => readyState !== 3)
    return this.#sockets.filter(({ readyState }) => readyState < 2).length
  }
}

/** The server sends an error as another response to the connect request. */
const refuse = (
  { otherEnd }: MemorySocket.MemorySocket,
  connectId: string,
  error: { readonly code: number; readonly message: string }
): void => {
  if (otherEnd?.readyState === 1) otherEnd.send(JSON.stringify({ jsonrpc: "2.0", id: connectId, error }))
}

const breakSocket = (socket: MemorySocket.MemorySocket): void => {
  socket.end(1006, "")
  socket.otherEnd?.end(1006, "")
}
