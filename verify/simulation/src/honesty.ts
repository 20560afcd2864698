/**
 * What a device says of its connection, held against what its consumers wait for, second by second: one that can't
 * deliver says so (P8.8), one without a session polls (P1.7), and one that nothing stands in the way of is connected.
 */
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import type { Consumer } from "./consumer.ts"
import type { Device } from "./device.ts"
import type { Setup } from "./setup.ts"

/** When something was armed last that goes wrong on the server's side, unix milliseconds. */
export interface Hazards {
  /** Anything at all. */
  any: number
  /** What makes events disappear without a trace. */
  lost: number
  /** What makes a connection fall silent. */
  silent: number
  /** What delays events or answers. */
  delayed: number
  /** What a request may meet. */
  http: number
}

export const noHazards = (): Hazards => ({
  any: Number.NEGATIVE_INFINITY,
  lost: Number.NEGATIVE_INFINITY,
  silent: Number.NEGATIVE_INFINITY,
  delayed: Number.NEGATIVE_INFINITY,
  http: Number.NEGATIVE_INFINITY
})

/** How often it is looked, milliseconds. */
export const interval = 1000

/** Within so long a client says that it can't deliver, milliseconds. */
const honestWithin = 10_000

/** So long no session may come about before history is polled, milliseconds. */
const patience = 5000

/** The longest that a token which was refused is left alone, unless there is another, milliseconds. */
const refusedPause = 310_000

/** The longest that a client takes to be connected when nothing stands in its way any more, milliseconds. */
const connectedWithin = 70_000

/**
 * How long reading takes at most where the server is far away, and how long a try may be held back that a session has
 * made possible, for too many were before. Milliseconds.
 */
const catchingUp = 15_000

const describe = (state: ConnectionState): string => {
  const marks = [
    ...state._tag === "Connected" && state.catchingUp ? ["catching up"] : [],
    ...(state._tag === "Connecting" || state._tag === "Reconnecting") && state.polling ? ["polling"] : []
  ]
  return [state._tag, ...marks].join(", ") + (state.reason === null ? "" : ` (${state.reason._tag})`)
}

const isPlain = (state: ConnectionState): boolean => state._tag === "Connected" && !state.catchingUp

export interface Look {
  readonly now: number
  readonly consumers: ReadonlyArray<Consumer>
  readonly hazards: Hazards
}

export class Honesty {
  readonly #device: Device
  readonly #setup: Setup
  readonly #fail: (failure: string) => void
  readonly #note: (text: string) => void
  /** What it said last. */
  #said = ""
  /** When it said last that messages do not arrive as they happen. */
  #saidAt = Number.NEGATIVE_INFINITY
  /** Since when there is no session; `undefined` while there is one. */
  #withoutSession: number | undefined
  /** Since when history can be read; `undefined` while it can't. */
  #readableSince: number | undefined
  /** Since when nothing stands in the way; `undefined` while something does. */
  #clearSince: number | undefined
  /** Since when it has a session and catches up; `undefined` while it does not. */
  #catchingUpSince: number | undefined
  /** How often it said rightly that it could not deliver. */
  admitted = 0

  constructor(device: Device, setup: Setup, fail: (failure: string) => void) {
    this.#device = device
    this.#setup = setup
    this.#note = (text) => device.options.note(`${device.options.name} is ${text}`)
    this.#fail = (failure) => fail(`${device.options.name}: ${failure}`)
  }

  look({ consumers, hazards, now }: Look): void {
    const { exceptions, network, server } = this.#device.options
    const state = this.#device.connection
    const said = describe(state)
    if (said !== this.#said) this.#note(said)
    this.#said = said
    if (!isPlain(state)) this.#saidAt = now
    if (state._tag !== "Connecting" && state._tag !== "Reconnecting") this.#withoutSession = undefined
    else this.#withoutSession ??= now
    if (state._tag !== "Connected" || !state.catchingUp) this.#catchingUpSince = undefined
    else this.#catchingUpSince ??= now
    const isWorking = exceptions.likelihood === 0 && server.running !== undefined && this.#hasToken(now)
    if (!isWorking || !network.isReadable || now - hazards.http <= interval) this.#readableSince = undefined
    else this.#readableSince ??= now
    if (!isWorking || !network.isClear || now - hazards.any <= interval) this.#clearSince = undefined
    else this.#clearSince ??= now
    const waiting = consumers.filter(({ paused, state }) => state === "open" && !paused)
    for (const consumer of waiting) {
      this.#checkSaid(consumer, hazards, now)
      this.#checkPolled(consumer, now)
    }
    this.#checkConnected(state, waiting, now)
    this.#checkCaughtUp(now)
  }

  /** Whether its token is good, or it can get another one at once. */
  #hasToken(now: number): boolean {
    const { gaveUp, options: { network }, refreshing, renewedAt } = this.#device
    return !gaveUp && refreshing === "good" && (now - network.refusedAt > refusedPause || renewedAt > network.refusedAt)
  }

  #since({ attachedAt, wentOnAt }: Consumer, storedAt: number): number {
    return Math.max(attachedAt, wentOnAt, storedAt)
  }

  /** When it began to wait for what it waits for longest, and what that is. */
  #waits(consumer: Consumer, isCounted: (storedAt: number, pushed: boolean) => boolean) {
    const { lineage } = consumer.options
    if (!consumer.isBegun) return { since: this.#since(consumer, Number.NEGATIVE_INFINITY), what: "its beginning" }
    for (const { message, pushed, storedAt } of lineage.awaited()) {
      if (isCounted(storedAt, pushed)) return { since: this.#since(consumer, storedAt), what: message.text ?? "" }
    }
    return undefined
  }

  #checkSaid(consumer: Consumer, hazards: Hazards, now: number): void {
    const { network } = this.#device.options
    const waits = this.#waits(consumer, (storedAt, pushed) => pushed && storedAt > hazards.lost + interval)
    if (waits === undefined || now - waits.since <= honestWithin) return
    if (now === this.#saidAt) this.admitted++
    // silence is noticed after twice the heartbeat
    const mutedAt = Math.max(network.mutedAt, hazards.silent)
    if (now - mutedAt <= 2 * this.#setup.heartbeat + 3000 || now - hazards.delayed <= 20_000) return
    if (now - Math.max(waits.since, this.#saidAt) <= honestWithin + interval) return
    this.#fail(`${consumer.options.lineage.name} waits for ${waits.what}, and the connection is said to be well (P8.8)`)
  }

  #checkPolled(consumer: Consumer, now: number): void {
    if (this.#withoutSession === undefined || this.#readableSince === undefined) return
    const waits = this.#waits(consumer, () => true)
    if (waits === undefined) return
    const { inParts, sweepMillis } = this.#setup
    const since = Math.max(
      waits.since,
      this.#withoutSession + patience,
      // until it is tried again, or the server has said that it may be
      this.#readableSince + Math.max(sweepMillis, 10_000)
    )
    if (now - since <= 1.25 * sweepMillis + (inParts ? 40_000 : 15_000)) return
    this.#fail(`${consumer.options.lineage.name} waits for ${waits.what}, and history is not polled (P1.7)`)
  }

  #checkConnected(state: ConnectionState, consumers: ReadonlyArray<Consumer>, now: number): void {
    if (this.#clearSince === undefined || this.#withoutSession === undefined) return
    const since = Math.max(this.#clearSince, this.#withoutSession)
    const isAttached = consumers.some(({ attachedAt }) => now - attachedAt > connectedWithin)
    if (isAttached && now - since > connectedWithin) {
      this.#fail(`is ${state._tag}, though nothing stands in its way (P1.6)`)
    }
  }
  #checkCaughtUp(now: number): void {
    const { inParts, sweepMillis } = this.#setup
    if (this.#clearSince === undefined || this.#catchingUpSince === undefined || inParts) return
    const took = now - Math.max(this.#clearSince, this.#catchingUpSince)
    // a pause that began without a session is no longer than the interval of polling
    if (took <= 1.25 * Math.max(sweepMillis, 15_000) + catchingUp) return
    this.#fail(`still catches up after ${took} ms, though nothing stands in its way (P1.6)`)
  }
}
