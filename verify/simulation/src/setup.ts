/** What kind of world a seed makes: who, where, how fast, how strict. */
import type * as Backend from "@effect-signalwire/backend/Backend"
import type { Chance } from "./chance.ts"
import type { Tuning } from "./device.ts"
import type { Latency } from "./network.ts"

export interface Setup {
  readonly backend: Backend.Options
  readonly rooms: number
  readonly bots: number
  readonly tuning: Tuning
  readonly latency: Latency
  /** How likely a step makes something go wrong, over how likely it does by default. */
  readonly trouble: number
  readonly overlapSeconds: number
  readonly sweeps: boolean
  /** The shortest interval at which history is read, milliseconds. */
  readonly sweepMillis: number
  /** How long a send may take, milliseconds. */
  readonly sendMillis: number
  /** After how much silence the server is pinged, milliseconds. */
  readonly heartbeat: number
  /** Whether the platforms of devices throw now and then. */
  readonly exceptions: boolean
  readonly forgetful: boolean
  /** Whether so few messages may be held at once that history is read in parts. */
  readonly inParts: boolean
  /** How many messages the server tells at once, of the hundred that it is asked for. */
  readonly pageSize: number
  /** Where outboxes keep what they are given: in a store that several processes share, or in one for one at a time. */
  readonly outbox: "shared" | "keyValue"
}

export const draw = (chance: Chance): Setup => {
  const overlapSeconds = chance.pick(10, 30)
  const sweeps = chance.happens(0.7)
  const forgetful = !sweeps && chance.happens(0.3)
  const inParts = chance.happens(0.2)
  const pageSize = inParts ? chance.pick(3, 10) : 100
  const heartbeat = chance.pick(5000, 10_000, 20_000)
  const min = chance.pick(6, 15, 30)
  const trouble = chance.pick(0, 1, 1, 2)
  const sendMillis = chance.pick(8000, 30_000, 120_000)
  return {
    backend: {
      dialect: chance.pick("all", "address", "group"),
      pingInterval: chance.pick("10 seconds", "20 seconds"),
      sessionRetention: chance.pick("5 seconds", "1 minute", "5 minutes"),
      // what is sent again must be among what is remembered
      maxUnacked: forgetful ? 8 : chance.pick(8, 2000),
      maxPageSize: pageSize,
      tokenLifetime: chance.pick("5 minutes", "2 hours")
    },
    rooms: chance.whole(1, 3),
    bots: chance.whole(1, 2),
    // many small pages, each far away, would take longer than is waited for
    latency: chance.pick({ min: 0, max: 0 }, { min: 1, max: 40 }, { min: 5, max: inParts ? 40 : 900 }),
    trouble,
    overlapSeconds,
    sweeps,
    sweepMillis: (sweeps ? min : 15) * 1000,
    sendMillis,
    heartbeat,
    exceptions: trouble > 0 && chance.happens(0.3),
    forgetful,
    inParts,
    pageSize,
    outbox: chance.pick("shared", "keyValue"),
    tuning: {
      overlap: overlapSeconds * 1000,
      sweep: sweeps ? { min: min * 1000, max: min * chance.pick(4, 8) * 1000 } : false,
      cursorInterval: chance.pick(0, 1000, 5000),
      memory: forgetful ? 48 : 8192,
      recoveryLimit: inParts ? chance.pick(4, 20) : 10_000,
      readyTimeout: "5 seconds",
      sendDeadline: sendMillis,
      subscription: {
        capacity: chance.pick(2, 6, 64, 4096),
        heartbeat,
        idleTimeToLive: chance.pick("0 seconds", "5 seconds"),
        backoff: chance.pick({ base: "500 millis", cap: "30 seconds" }, { base: "100 millis", cap: "2 seconds" }),
        connectTimeout: "5 seconds",
        requestTimeout: "5 seconds"
      },
      http: { timeout: "10 seconds", deadline: "30 seconds" }
    }
  }
}
