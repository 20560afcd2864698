/** The way from one device to the server: slow, broken, or a hole that swallows everything. */
import * as MemorySocket from "@effect-signalwire/testing/MemorySocket"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as Socket from "effect/socket/Socket"
import type { Chance } from "./chance.ts"
import type { Machine } from "./machine.ts"
import type { Server } from "./server.ts"

/** `broken`: connections fail at once. `hole`: nothing arrives, and nothing says so. */
export type Weather = "fair" | "broken" | "hole"

export interface Latency {
  readonly min: number
  readonly max: number
}

export class Network {
  #weather: Weather = "fair"
  /** What waits in a hole: it arrives when the weather is fair again, as what a wire repeats does. */
  #held: Array<() => void> = []
  /** Wires of an earlier generation carry nothing any more. */
  #generation = 0
  /** Whether the pages that are read shift by what arrived since. */
  drifting = false
  requests = 0
  /** When a message was last pushed, by its id. */
  readonly pushedAt = new Map<string, number>()
  /** Tokens that were refused on a request. */
  readonly refused = new Set<string>()
  /** A token was refused on a socket. */
  refusedDial = false
  readonly #machine: Machine
  readonly #server: Server
  readonly #chance: Chance
  readonly #latency: Latency
  #sockets: Array<MemorySocket.MemorySocket> = []

  constructor(machine: Machine, server: Server, chance: Chance, latency: Latency) {
    this.#machine = machine
    this.#server = server
    this.#chance = chance
    this.#latency = latency
  }

  get weather(): Weather {
    return this.#weather
  }

  set weather(weather: Weather) {
    this.#weather = weather
    if (weather === "hole") return
    const held = this.#held
    this.#held = []
    for (const deliver of held) deliver()
  }

  #delay(): number {
    return this.#chance.whole(this.#latency.min, this.#latency.max)
  }

  /** One direction of a socket. */
  readonly wire: MemorySocket.Wire = () => {
    const generation = this.#generation
    let last = 0
    const arrive = (deliver: () => void): void => {
      if (generation < this.#generation) return
      if (this.#weather === "hole") this.#held.push(deliver)
      else deliver()
    }
    return (deliver) => {
      const delay = this.#delay()
      if (delay === 0 && last <= this.#machine.now) {
        this.#machine.soon(() => arrive(deliver))
        return
      }
      last = Math.max(last, this.#machine.now + delay)
      this.#machine.after(last - this.#machine.now, () => arrive(deliver))
    }
  }

  readonly dial = (
    url: string,
    dialler: (dial: () => Socket.WebSocketLike) => Socket.WebSocketLike
  ): Socket.WebSocketLike => {
    const { running } = this.#server
    if (this.weather === "fair" && running !== undefined) {
      const socket = dialler(() => running.dial(url))
      if (socket instanceof MemorySocket.MemorySocket) this.#sockets.push(socket)
      socket.addEventListener("message", ({ data }) => {
        const id = typeof data === "string" ? /"params":\{"id":"([^"]+)"/.exec(data)?.[1] : undefined
        if (typeof data === "string" && data.includes("-32002")) this.refusedDial = true
        if (id !== undefined) this.pushedAt.set(id, this.#machine.now)
      })
      return socket
    }
    const link = MemorySocket.make(() => (task) => this.#machine.soon(task))
    if (this.weather !== "hole") this.#machine.soon(link.cut)
    return link.client
  }

  /**
   * Every socket that is open now carries nothing any more, and neither end is told: as after a change of network. The
   * server's machine gives them up after a while, the device's never.
   */
  deafen(): number {
    const { sockets } = this
    this.#generation++
    this.#held = []
    const peers = this.#sockets.map(({ peer }) => peer)
    this.#machine.after(60_000, () => {
      for (const peer of peers) peer?.end(1006, "")
    })
    return sockets
  }

  /** Breaks every socket, at both ends. */
  cut(): number {
    const { sockets } = this
    for (const socket of this.#sockets) {
      socket.end(1006, "")
      socket.peer?.end(1006, "")
    }
    this.#sockets = []
    return sockets
  }

  /** How many sockets this device holds open. */
  get sockets(): number {
    this.#sockets = this.#sockets.filter(({ readyState }) => readyState !== 3)
    return this.#sockets.filter(({ readyState }) => readyState < 2).length
  }

  readonly http: HttpClient.HttpClient = HttpClient.make((request, url) =>
    Effect.suspend(() => {
      this.requests++
      return Effect.gen({ self: this }, function*() {
        yield* this.#travel(request)
        const { running } = this.#server
        if (running === undefined) return yield* this.#broken(request)
        const sent = this.drifting && url.searchParams.has("page_token")
          ? yield* this.#drifted(running.http, request, url)
          : request
        const response = yield* running.http.execute(sent)
        if (response.status === 401) {
          this.refused.add((request.headers["authorization"] ?? "").replace(/^Bearer /, ""))
        }
        yield* this.#travel(request)
        return response
      }).pipe(Effect.ensuring(Effect.sync(() => {
        this.requests--
      })))
    })
  )

  #travel(request: HttpClientRequest.HttpClientRequest): Effect.Effect<void, HttpClientError.HttpClientError> {
    return Effect.suspend(() => {
      if (this.weather === "hole") return Effect.never
      if (this.weather === "broken") return this.#broken(request)
      const delay = this.#delay()
      return delay === 0 ? Effect.void : Effect.sleep(delay)
    })
  }

  #broken(request: HttpClientRequest.HttpClientRequest): Effect.Effect<never, HttpClientError.HttpClientError> {
    return Effect.fail(
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.TransportError({ request, description: "the network is down" })
      })
    )
  }

  /** The same page of the list as it is now, instead of as it was when its first page was read. */
  readonly #drifted = Effect.fnUntraced(function*(
    http: HttpClient.HttpClient,
    request: HttpClientRequest.HttpClientRequest,
    url: URL
  ) {
    const begin = new URL(url)
    begin.searchParams.delete("page_token")
    begin.searchParams.delete("page_number")
    const get = (at: URL) => HttpClientRequest.get(at, { headers: request.headers })
    const text = yield* Effect.flatMap(http.execute(get(begin)), (response) => response.text)
    const token = /page_token=(PA[\w-]+)/.exec(text)?.[1]
    if (token === undefined) return request
    const now = new URL(url)
    now.searchParams.set("page_token", token)
    return get(now)
  })
}
