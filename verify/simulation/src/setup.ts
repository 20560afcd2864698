/** The parameters of a world, generated from the seed: participants, latency, faults, and options of server and client. */
import type * as Backend from "@effect-signalwire/backend/Backend"
import type * as Subscription from "@effect-signalwire/subscription/Subscription"
import * as Schedule from "effect/Schedule"
import type { Tuning } from "./device.ts"
import type { Latency } from "./networkConditions.ts"
import type { SeededRandom } from "./random.ts"

export interface Setup {
  readonly backend: Backend.Options
  readonly rooms: number
  readonly bots: number
  readonly tuning: Tuning
  readonly latency: Latency
  /** Multiplies the weights of the faults; 0 for a world without faults. */
  readonly faultRate: number
  readonly overlapSeconds: number
  readonly reconciles: boolean
  /** The shortest interval at which history is read, milliseconds. */
  readonly reconcileMillis: number
  /** The deadline of a send, milliseconds. */
  readonly sendMillis: number
  /** After how long without a frame the client pings the server, milliseconds. */
  readonly heartbeat: number
  /** Whether platform APIs throw occasionally. */
  readonly platformThrows: boolean
  /** Whether the client remembers so few ids that late messages may be missed. */
  readonly hasSmallMemory: boolean
  /** Whether so few messages may be buffered that history is read in parts. */
  readonly readsInParts: boolean
  /** The largest page that the server returns. The client requests pages of 100. */
  readonly pageSize: number
  /** The store of outboxes: shared by several processes, or for one process at a time. */
  readonly outbox: "shared" | "keyValue"
}

/** The dialects of the server. */
export const dialects = ["all", "address", "group"] as const

/**
 * The number of a seed among those of its dialect whose worlds have faults, which are three of four; `undefined` for the
 * fourth. Consecutive seeds have different dialects.
 */
export const faultyIndexOf = (seed: number): number | undefined => {
  const index = Math.floor(seed / dialects.length)
  return index % 4 === 0 ? undefined : index - 1 - Math.floor(index / 4)
}

/** Ways to make a world simpler, which a failing run is shrunk by. */
const simplifications = {
  withoutLatency: (setup) => ({ ...setup, latency: { min: 0, max: 0 } }),
  withOneRoom: (setup) => ({ ...setup, rooms: 1 }),
  withOneBot: (setup) => ({ ...setup, bots: 1 }),
  withoutExceptions: (setup) => ({ ...setup, platformThrows: false }),
  withAllDialects: (setup) => ({ ...setup, backend: { ...setup.backend, dialect: "all" } }),
  withLongTokens: (setup) => ({ ...setup, backend: { ...setup.backend, tokenLifetime: "2 hours" } }),
  withSharedOutbox: (setup) => ({ ...setup, outbox: "shared" }),
  withLargePages: (setup) => ({
    ...setup,
    readsInParts: false,
    pageSize: 100,
    backend: { ...setup.backend, maxPageSize: 100 },
    tuning: { ...setup.tuning, recoveryLimit: 10_000 }
  })
} satisfies Record<string, (setup: Setup) => Setup>

export type SimplificationName = keyof typeof simplifications

export const isSimplificationName = (name: string): name is SimplificationName => Object.hasOwn(simplifications, name)

export const simplificationNames: ReadonlyArray<SimplificationName> = Object.keys(simplifications)
  .filter(isSimplificationName)

export const simplify = (setup: Setup, names: ReadonlyArray<SimplificationName>): Setup =>
  names.reduce<Setup>((simplified, name) => simplifications[name](simplified), setup)

export const generate = (random: SeededRandom, seed: number): Setup => {
  const overlapSeconds = random.pick(10, 30)
  const reconciles = random.boolean(0.7)
  const hasSmallMemory = !reconciles && random.boolean(0.3)
  const readsInParts = random.boolean(0.2)
  const pageSize = readsInParts ? random.pick(3, 10) : 100
  const heartbeat = random.pick(5000, 10_000, 20_000)
  const min = random.pick(6, 15, 30)
  const faultRate = faultyIndexOf(seed) === undefined ? 0 : random.pick(1, 1, 2)
  const sendMillis = random.pick(8000, 30_000, 120_000)
  return {
    backend: {
      dialect: dialects[seed % dialects.length],
      pingInterval: random.pick("10 seconds", "20 seconds"),
      sessionRetention: random.pick("5 seconds", "1 minute", "5 minutes"),
      // messages that the server sends again must be among the ids that the client remembers
      maxUnacked: hasSmallMemory ? 8 : random.pick(8, 2000),
      maxPageSize: pageSize,
      tokenLifetime: random.pick("5 minutes", "2 hours")
    },
    rooms: random.integer(1, 3),
    bots: random.integer(1, 2),
    // many small pages with a high latency would take longer than the checks wait
    latency: random.pick({ min: 0, max: 0 }, { min: 1, max: 40 }, { min: 5, max: readsInParts ? 40 : 900 }),
    faultRate,
    overlapSeconds,
    reconciles,
    reconcileMillis: (reconciles ? min : 15) * 1000,
    sendMillis,
    heartbeat,
    platformThrows: faultRate > 0 && random.boolean(0.3),
    hasSmallMemory,
    readsInParts,
    pageSize,
    outbox: random.pick("shared", "keyValue"),
    tuning: {
      overlap: overlapSeconds * 1000,
      sweep: reconciles ? { min: min * 1000, max: min * random.pick(4, 8) * 1000 } : false,
      cursorInterval: random.pick(0, 1000, 5000),
      memory: hasSmallMemory ? 48 : 8192,
      recoveryLimit: readsInParts ? random.pick(4, 20) : 10_000,
      readyTimeout: "5 seconds",
      sendDeadline: sendMillis,
      subscription: {
        capacity: random.pick(2, 6, 64, 4096),
        heartbeat,
        idleTimeToLive: random.pick("0 seconds", "5 seconds"),
        backoff: random.pick<NonNullable<Subscription.Options["backoff"]>>(
          { base: "500 millis", cap: "30 seconds" },
          { base: "100 millis", cap: "2 seconds" },
          Schedule.spaced("1 second")
        ),
        connectTimeout: "5 seconds",
        requestTimeout: "5 seconds"
      },
      http: { timeout: "10 seconds", deadline: "30 seconds" }
    }
  }
}
