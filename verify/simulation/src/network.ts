/** The way from one device to the server, and what stands in it. */
import * as MemorySocket from "@effect-signalwire/testing/MemorySocket"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Socket from "effect/socket/Socket"
import type { Chance } from "./chance.ts"
import type { Conduct } from "./conduct.ts"
import type { Machine } from "./machine.ts"
import { type Exceptions, PlatformSocket } from "./platform.ts"
import type { Server } from "./server.ts"

/** `broken`: connections fail at once. `hole`: nothing arrives, and nothing says so. */
export type Weather = "fair" | "broken" | "hole"

/** Who answers requests: the server, or what stands before it, with 503, with 429, or with a page to sign in on. */
export type Gate = "open" | "unavailable" | "limited" | "portal"

/** What becomes of sockets that are dialled. */
export type Upgrades = "accepted" | "refused" | "ignored"

/**
 * What becomes of sessions that have just become ready: they are `cut`, they are closed with 1013 (`later`), or the server
 * `refuses` the token that it has accepted.
 */
export type Flapping = "none" | "cut" | "later" | "refuses"

export interface Latency {
  readonly min: number
  readonly max: number
}

export interface NetworkOptions {
  readonly machine: Machine
  readonly server: Server
  readonly chance: Chance
  readonly latency: Latency
  readonly exceptions: Exceptions
  readonly conduct: Conduct
}

/** Nobody has listened: what was to be sent has not left. */
const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" })

const textOf = ({ body }: HttpClientRequest.HttpClientRequest): string | undefined =>
  body._tag === "Uint8Array" ? /"text":"([^"]*)"/.exec(new TextDecoder().decode(body.body))?.[1] : undefined

export class Network {
  gate: Gate = "open"
  upgrades: Upgrades = "accepted"
  flapping: Flapping = "none"
  /** Whether the pages that are read shift by what arrived since. */
  drifting = false
  /** Since when it may carry nothing, without a word of it. */
  mutedAt = Number.NEGATIVE_INFINITY
  requests = 0
  /** When a message was last pushed, by its id. */
  readonly pushedAt = new Map<string, number>()
  /** Tokens that were refused on a request. */
  readonly refused = new Set<string>()
  /** When a token was refused last. */
  refusedAt = Number.NEGATIVE_INFINITY
  /** A token was refused on a socket. */
  refusedDial = false
  /** Texts of messages that may have left the device. */
  readonly left = new Set<string>()
  #weather: Weather = "fair"
  /** What waits in a hole: it arrives when the weather is fair again, as what a wire repeats does. */
  #held: Array<() => void> = []
  /** Wires of an earlier generation carry nothing any more. */
  #generation = 0
  readonly #options: NetworkOptions
  #sockets: Array<MemorySocket.MemorySocket> = []

  constructor(options: NetworkOptions) {
    this.#options = options
  }

  get weather(): Weather {
    return this.#weather
  }

  set weather(weather: Weather) {
    if (weather === "hole" && this.#weather !== "hole") this.mutedAt = this.#options.machine.now
    this.#weather = weather
    if (weather === "hole") return
    const held = this.#held
    this.#held = []
    for (const deliver of held) deliver()
  }

  /** Whether everything goes through, sooner or later. */
  get isClear(): boolean {
    return this.#weather === "fair" && this.gate === "open" && this.upgrades === "accepted" && this.flapping === "none"
  }

  /** Whether requests go through. */
  get isReadable(): boolean {
    return this.#weather === "fair" && this.gate === "open" && this.#options.server.running !== undefined
  }

  /** Nothing stands in the way any more. */
  clear(): void {
    this.weather = "fair"
    this.gate = "open"
    this.upgrades = "accepted"
    this.flapping = "none"
    this.drifting = false
  }

  #delay(): number {
    const { chance, latency } = this.#options
    return chance.whole(latency.min, latency.max)
  }

  /** One direction of a socket. */
  readonly wire: MemorySocket.Wire = () => {
    const { machine } = this.#options
    const generation = this.#generation
    let last = 0
    const arrive = (deliver: () => void): void => {
      if (generation < this.#generation) return
      if (this.#weather === "hole") this.#held.push(deliver)
      else deliver()
    }
    return (deliver) => {
      const delay = this.#delay()
      if (delay === 0 && last <= machine.now) {
        machine.soon(() => arrive(deliver))
        return
      }
      last = Math.max(last, machine.now + delay)
      machine.after(last - machine.now, () => arrive(deliver))
    }
  }

  readonly dial = (
    url: string,
    dialler: (dial: () => Socket.WebSocketLike) => Socket.WebSocketLike
  ): Socket.WebSocketLike => {
    const { conduct, exceptions, machine, server: { running } } = this.#options
    conduct.dials()
    exceptions.call("WebSocket")
    if (this.weather === "fair" && this.upgrades === "accepted" && running !== undefined) {
      const socket = dialler(() => running.dial(url))
      if (!(socket instanceof MemorySocket.MemorySocket)) return socket
      this.#sockets.push(socket)
      const own = new PlatformSocket(socket, exceptions)
      this.#listen(socket, own)
      return own
    }
    const link = MemorySocket.make(() => (task) => machine.soon(task))
    if (this.weather !== "hole" && this.upgrades !== "ignored") machine.soon(link.cut)
    return new PlatformSocket(link.client, exceptions)
  }

  /** Takes note of what arrives, before the client does. */
  #listen(socket: MemorySocket.MemorySocket, own: PlatformSocket): void {
    const { conduct, machine } = this.#options
    socket.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") return
      const id = /"params":\{"id":"([^"]+)"/.exec(data)?.[1]
      if (id !== undefined) this.pushedAt.set(id, machine.now)
      if (id !== undefined) conduct.pushed()
      if (data.includes("-32002")) {
        this.refusedDial = true
        this.refusedAt = machine.now
      }
      if (!data.includes("\"session_restored\":")) return
      conduct.begins()
      if (this.flapping !== "none") this.#flap(socket, /"id":"([^"]+)"/.exec(data)?.[1] ?? "")
    })
    socket.addEventListener("close", ({ code }) => {
      if (code === 1013 && !own.isLeft) conduct.sentAway(10_000)
    })
  }

  /** What a server does that accepts a session and does not mean it. */
  #flap(socket: MemorySocket.MemorySocket, connectId: string): void {
    const { chance, machine } = this.#options
    const { flapping } = this
    machine.after(chance.pick(0, chance.whole(0, 300)), () => {
      switch (flapping) {
        case "cut":
          socket.end(1006, "")
          socket.peer?.end(1006, "")
          return
        case "later":
          return socket.peer?.close(1013)
        case "refuses":
          if (socket.peer?.readyState !== 1) return
          return socket.peer.send(
            JSON.stringify({ jsonrpc: "2.0", id: connectId, error: { code: -32002, message: "expired" } })
          )
        case "none":
      }
    })
  }

  /**
   * Every socket that is open now carries nothing any more, and neither end is told: as after a change of network. The
   * server's machine gives them up after a while, the device's never.
   */
  deafen(): number {
    const { machine } = this.#options
    const { sockets } = this
    this.mutedAt = machine.now
    this.#generation++
    this.#held = []
    const peers = this.#sockets.map(({ peer }) => peer)
    machine.after(60_000, () => {
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

  readonly http: HttpClient.HttpClient = HttpClient.make((request, url) => {
    const { conduct, exceptions, machine, server } = this.#options
    return Effect.suspend(() => {
      this.requests++
      const isNewest = request.method === "GET" && url.pathname === "/api/fabric/messages" &&
        url.searchParams.get("page_size") === "100" && !url.searchParams.has("page_token")
      if (isNewest) conduct.reads()
      return Effect.gen({ self: this }, function*() {
        exceptions.call("fetch")
        yield* this.#travel(request, refused)
        if (this.gate !== "open") {
          // a page to sign in on has the status of a success
          conduct.fails()
          return this.#turnedAway(request)
        }
        const { running } = server
        if (running === undefined) return yield* this.#broken(request, refused)
        this.#leaves(request)
        const sent = this.drifting && url.searchParams.has("page_token")
          ? yield* this.#drifted(running.http, request, url)
          : request
        const response = yield* running.http.execute(sent)
        if (response.status === 401) {
          this.refused.add((request.headers["authorization"] ?? "").replace(/^Bearer /, ""))
          this.refusedAt = machine.now
        }
        yield* this.#travel(request, undefined)
        exceptions.call("fetch")
        return response
      }).pipe(Effect.onExit((exit) =>
        Effect.sync(() => {
          this.requests--
          if (!Exit.isSuccess(exit) || exit.value.status !== 200) conduct.fails()
          // who threw, or was called off, does not say how far it had come
          if (Exit.isFailure(exit) && !Cause.hasFails(exit.cause)) this.#leaves(request)
        })
      ))
    })
  })

  #leaves(request: HttpClientRequest.HttpClientRequest): void {
    const text = request.method === "POST" ? textOf(request) : undefined
    if (text !== undefined) this.left.add(text)
  }

  /** One direction of a request; `cause` is how its failure is explained. */
  #travel(
    request: HttpClientRequest.HttpClientRequest,
    cause: Error | undefined
  ): Effect.Effect<void, HttpClientError.HttpClientError> {
    return Effect.suspend(() => {
      if (this.weather === "hole") {
        this.#leaves(request)
        return Effect.never
      }
      if (this.weather === "broken") return this.#broken(request, cause)
      const delay = this.#delay()
      return delay === 0 ? Effect.void : Effect.sleep(delay)
    })
  }

  #broken(
    request: HttpClientRequest.HttpClientRequest,
    cause: Error | undefined
  ): Effect.Effect<never, HttpClientError.HttpClientError> {
    return Effect.fail(
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.TransportError({ request, cause, description: "the network is down" })
      })
    )
  }

  /** What stands before the server answers in its place. */
  #turnedAway(request: HttpClientRequest.HttpClientRequest): HttpClientResponse.HttpClientResponse {
    const { chance } = this.#options
    const answer = () => {
      switch (this.gate) {
        case "limited":
          return HttpServerResponse.empty({ status: 429, headers: { "retry-after": String(chance.whole(1, 8)) } })
        case "portal":
          return HttpServerResponse.text("<html>sign in</html>", { contentType: "text/html" })
        default:
          return HttpServerResponse.text("<html>busy</html>", { status: 503, contentType: "text/html" })
      }
    }
    // only one that is limited says that it has not taken anything
    if (this.gate !== "limited") this.#leaves(request)
    return HttpServerResponse.toClientResponse(answer(), { request })
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
