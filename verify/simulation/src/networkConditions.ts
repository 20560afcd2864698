/** The conditions of the network between one device and the server. */
import type { Coverage } from "./coverage/Coverage.ts"
import type { EventLoop } from "./eventLoop.ts"
import type { ExceptionInjector } from "./platform.ts"
import type { SeededRandom } from "./random.ts"
import type { RequestRates } from "./requestRates.ts"
import type { Server } from "./server.ts"

/** `down`: connections fail at once. `blackHole`: packets are lost without an error. */
export type Link = "up" | typeof brokenLinks[number]
export const brokenLinks = ["down", "blackHole"] as const

/** A proxy that responds to requests instead of the server: with 503, with 429, or with a sign-in page. */
export type Proxy = "none" | typeof proxies[number]
export const proxies = ["unavailable", "rateLimited", "captivePortal"] as const

/** What happens to new sockets. */
export type Upgrades = "accepted" | typeof failingUpgrades[number]
export const failingUpgrades = ["refused", "ignored"] as const

/**
 * What happens to sessions that have just become ready: the socket breaks, the server closes it with 1013, or the server
 * refuses the token or the session that it has accepted.
 */
export type Flapping = "none" | typeof flappings[number]
export const flappings = ["breaks", "tryAgainLater", "refusesToken", "refusesSession"] as const

/** Milliseconds for one direction. */
export interface Latency {
  readonly min: number
  readonly max: number
}

export interface NetworkOptions {
  readonly eventLoop: EventLoop
  readonly server: Server
  readonly random: SeededRandom
  readonly latency: Latency
  readonly exceptions: ExceptionInjector
  readonly rates: RequestRates
  readonly coverage: Coverage
}

export class NetworkConditions {
  proxy: Proxy = "none"
  upgrades: Upgrades = "accepted"
  flapping: Flapping = "none"
  /** Whether the pages of a list shift by the messages that are stored while it is read. */
  shiftsPages = false
  /** When it last began to lose packets without an error. */
  silentAt = Number.NEGATIVE_INFINITY
  /** When the server last refused a token. */
  refusedAt = Number.NEGATIVE_INFINITY
  readonly options: NetworkOptions
  #link: Link = "up"
  /** What is sent into a black hole is delivered when the link is up again, like packets that are retransmitted. */
  #held: Array<() => void> = []

  constructor(options: NetworkOptions) {
    this.options = options
  }

  get link(): Link {
    return this.#link
  }

  set link(link: Link) {
    if (link === "blackHole" && this.#link !== "blackHole") this.silentAt = this.options.eventLoop.now
    this.#link = link
    if (link === "blackHole") return
    const held = this.#held
    this.#held = []
    for (const deliver of held) deliver()
  }

  /** Whether sockets and requests reach the server. */
  get isHealthy(): boolean {
    return this.#link === "up" && this.proxy === "none" && this.upgrades === "accepted" && this.flapping === "none"
  }

  /** Whether requests reach a running server. */
  get canRead(): boolean {
    return this.#link === "up" && this.proxy === "none" && this.options.server.running !== undefined
  }

  /** Removes all obstacles. */
  heal(): void {
    this.link = "up"
    this.proxy = "none"
    this.upgrades = "accepted"
    this.flapping = "none"
    this.shiftsPages = false
  }

  /** A random latency. */
  delay(): number {
    const { latency, random } = this.options
    return random.integer(latency.min, latency.max)
  }

  /** Delivers now, or once the link is no longer a black hole. */
  deliver(deliver: () => void): void {
    if (this.#link === "blackHole") this.#held.push(deliver)
    else deliver()
  }

  /** Discards what is held back. */
  discardHeld(): void {
    this.#held = []
  }
}
