/**
 * Checks the connection state that a device reports, once a second: a client that cannot deliver reports it (P8.8), one
 * without a session polls history (P1.7), and one without obstacles connects and catches up (P1.6).
 */
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import type { Consumer } from "./consumer.ts"
import type { Device } from "./device.ts"
import type { Setup } from "./setup.ts"

/** When a fault of each kind was last active, Unix milliseconds. */
export interface FaultTimes {
  /** Any fault. */
  any: number
  /** Faults that lose events. */
  lost: number
  /** Faults that make a connection silent. */
  silent: number
  /** Faults that delay events or responses. */
  delayed: number
  /** Faults of requests. */
  http: number
}

export const noFaultTimes = (): FaultTimes => ({
  any: Number.NEGATIVE_INFINITY,
  lost: Number.NEGATIVE_INFINITY,
  silent: Number.NEGATIVE_INFINITY,
  delayed: Number.NEGATIVE_INFINITY,
  http: Number.NEGATIVE_INFINITY
})

/** How often a device is observed, milliseconds. */
export const observeInterval = 1000

/** A client that cannot deliver reports it within this time, milliseconds. */
const reportWithin = 10_000

/** After this time without a session, history is polled, milliseconds. */
const pollAfter = 5000

/** The longest pause after a token was refused, unless there is a new one, milliseconds. */
const refusedPause = 310_000

/** The longest time that a client takes to connect when there are no obstacles, milliseconds. */
const connectedWithin = 70_000

/**
 * The longest time that reading history takes with a high latency, together with the pause that rate limiting may add,
 * milliseconds.
 */
const catchUpMillis = 15_000

/** A state without its reason. */
export const stateOf = (state: ConnectionState): string => {
  const details = [
    ...state._tag === "Connected" && state.catchingUp ? ["catching up"] : [],
    ...(state._tag === "Connecting" || state._tag === "Reconnecting") && state.polling ? ["polling"] : []
  ]
  return [state._tag, ...details].join(", ")
}

const describe = (state: ConnectionState): string =>
  stateOf(state) + (state.reason === null ? "" : ` (${state.reason._tag})`)

const isHealthy = (state: ConnectionState): boolean => state._tag === "Connected" && !state.catchingUp

export interface Observation {
  readonly now: number
  readonly consumers: ReadonlyArray<Consumer>
  readonly faultTimes: FaultTimes
}

export class ConnectionOracle {
  readonly #device: Device
  readonly #setup: Setup
  readonly #fail: (failure: string) => void
  readonly #note: (text: string) => void
  /** The last reported state, as a string. */
  #reported = ""
  /** When it last reported that messages may not arrive immediately. */
  #unhealthyAt = Number.NEGATIVE_INFINITY
  /** Since when there is no session; `undefined` while there is one. */
  #withoutSession: number | undefined
  /** Since when history can be read; `undefined` while it cannot. */
  #readableSince: number | undefined
  /** Since when there are no obstacles; `undefined` while there are. */
  #unobstructedSince: number | undefined
  /** Since when it has a session and is catching up; `undefined` otherwise. */
  #catchingUpSince: number | undefined
  /** For how many observations it correctly reported that it could not deliver. */
  reportedSeconds = 0

  constructor(device: Device, setup: Setup, fail: (failure: string) => void) {
    this.#device = device
    this.#setup = setup
    this.#note = (text) => device.options.note(`${device.options.name} is ${text}`)
    this.#fail = (failure) => fail(`${device.options.name}: ${failure}`)
  }

  observe({ consumers, faultTimes, now }: Observation): void {
    const { exceptions, network, server } = this.#device.options
    const state = this.#device.connection
    const reported = describe(state)
    if (reported !== this.#reported) {
      this.#note(reported)
      this.#device.options.coverage.reach("connection states", stateOf(state))
    }
    this.#reported = reported
    if (!isHealthy(state)) this.#unhealthyAt = now
    if (state._tag !== "Connecting" && state._tag !== "Reconnecting") this.#withoutSession = undefined
    else this.#withoutSession ??= now
    if (state._tag !== "Connected" || !state.catchingUp) this.#catchingUpSince = undefined
    else this.#catchingUpSince ??= now
    const isWorking = exceptions.probability === 0 && server.running !== undefined && this.#hasToken(now)
    if (!isWorking || !network.canRead || now - faultTimes.http <= observeInterval) this.#readableSince = undefined
    else this.#readableSince ??= now
    if (!isWorking || !network.isHealthy || now - faultTimes.any <= observeInterval) this.#unobstructedSince = undefined
    else this.#unobstructedSince ??= now
    const waiting = consumers.filter(({ isPaused, state }) => state === "open" && !isPaused)
    for (const consumer of waiting) {
      this.#checkReported(consumer, faultTimes, now)
      this.#checkPolled(consumer, now)
    }
    this.#checkConnected(state, waiting, now)
    this.#checkCaughtUp(now)
  }

  /** Whether its token is valid, or a refresh returns a valid one. */
  #hasToken(now: number): boolean {
    const { hasNoToken, options: { network }, refreshBehavior, renewedAt } = this.#device
    return !hasNoToken && refreshBehavior === "succeeds" &&
      (now - network.refusedAt > refusedPause || renewedAt > network.refusedAt)
  }

  #since({ attachedAt, resumedAt }: Consumer, storedAt: number): number {
    return Math.max(attachedAt, resumedAt, storedAt)
  }

  /** What a consumer has been waiting for the longest, and since when. */
  #longestWait(consumer: Consumer, isCounted: (storedAt: number, pushed: boolean) => boolean) {
    const { sequence } = consumer.options
    if (!consumer.hasStarted) return { since: this.#since(consumer, Number.NEGATIVE_INFINITY), what: "its start" }
    for (const { message, pushed, storedAt } of sequence.awaited()) {
      if (isCounted(storedAt, pushed)) return { since: this.#since(consumer, storedAt), what: message.text ?? "" }
    }
    return undefined
  }

  #checkReported(consumer: Consumer, faultTimes: FaultTimes, now: number): void {
    const { network } = this.#device.options
    const wait = this.#longestWait(
      consumer,
      (storedAt, pushed) => pushed && storedAt > faultTimes.lost + observeInterval
    )
    if (wait === undefined || now - wait.since <= reportWithin) return
    if (now === this.#unhealthyAt) this.reportedSeconds++
    // a silent connection is detected after twice the heartbeat
    const silentAt = Math.max(network.silentAt, faultTimes.silent)
    if (now - silentAt <= 2 * this.#setup.heartbeat + 3000 || now - faultTimes.delayed <= 20_000) return
    if (now - Math.max(wait.since, this.#unhealthyAt) <= reportWithin + observeInterval) return
    this.#fail(
      `${consumer.options.sequence.name} waits for ${wait.what}, but the connection is reported as healthy (P8.8)`
    )
  }

  #checkPolled(consumer: Consumer, now: number): void {
    if (this.#withoutSession === undefined || this.#readableSince === undefined) return
    const wait = this.#longestWait(consumer, () => true)
    if (wait === undefined) return
    const { readsInParts, reconcileMillis } = this.#setup
    const since = Math.max(
      wait.since,
      this.#withoutSession + pollAfter,
      // until the next attempt, or the end of a `Retry-After`
      this.#readableSince + Math.max(reconcileMillis, 10_000)
    )
    if (now - since <= 1.25 * reconcileMillis + (readsInParts ? 40_000 : 15_000)) return
    this.#fail(`${consumer.options.sequence.name} waits for ${wait.what}, but history is not polled (P1.7)`)
  }

  #checkConnected(state: ConnectionState, consumers: ReadonlyArray<Consumer>, now: number): void {
    if (this.#unobstructedSince === undefined || this.#withoutSession === undefined) return
    const since = Math.max(this.#unobstructedSince, this.#withoutSession)
    const isAttached = consumers.some(({ attachedAt }) => now - attachedAt > connectedWithin)
    if (isAttached && now - since > connectedWithin) {
      this.#fail(`is ${state._tag} without an obstacle (P1.6)`)
    }
  }

  #checkCaughtUp(now: number): void {
    const { readsInParts, reconcileMillis } = this.#setup
    if (this.#unobstructedSince === undefined || this.#catchingUpSince === undefined || readsInParts) return
    const took = now - Math.max(this.#unobstructedSince, this.#catchingUpSince)
    // a pause that began without a session is not longer than the poll interval
    if (took <= 1.25 * Math.max(reconcileMillis, 15_000) + catchUpMillis) return
    this.#fail(`is still catching up after ${took} ms without an obstacle (P1.6)`)
  }
}
