/** Row 9: what a session costs that has one subscriber and nothing to tell it. */
import * as NodeWebSockets from "@effect-signalwire/subscription/NodeWebSockets"
import * as WebSockets from "@effect-signalwire/subscription/WebSockets"
import type * as Layer from "effect/Layer"
import type * as Socket from "effect/socket/Socket"
import { WebSocket as NodeWebSocket } from "ws"
import * as Feed from "./feed/Feed.ts"
import * as Ours from "./feed/ourClient.ts"
import * as Raw from "./feed/rawClient.ts"
import type { Connect } from "./feed/subject.ts"
import { type Benchmark, clocks, exactly, type Figure } from "./harness.ts"

const sessions = 2000
/** How many are opened at once. */
const atOnce = 50
/** For how long they are watched. */
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

/** What it may not grow beyond, as the goals are not reached: kilobytes, and times raw. */
const limits = { ws: 60, global: 2.5 }

interface Cost {
  /** Of one session. */
  readonly kilobytes: number
  /** Of all of them, in a second. */
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
  // what is made once for all of them is made by the first
  await open(100)
  await sleep(500)
  const before = heapKilobytes()
  await open(sessions)
  await sleep(2000)
  const kilobytes = (heapKilobytes() - before) / sessions
  // a collection goes on for a while in threads of its own
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
    const raw = await measure((feed, heard) => Raw.connect(feed, open, () => heard(1)))
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
          spread: exactly(ours.kilobytes),
          baseline,
          goal: { is: "at most", value: 25, slack: limits.ws / 25 - 1 }
        }
        : {
          row: "9",
          what: `heap of an idle session over ${name} (${ours.kilobytes.toFixed(1)} kB), times raw`,
          unit: "x",
          spread: exactly(ours.kilobytes / raw.kilobytes),
          baseline,
          goal: { is: "at most", value: 1.6, slack: limits.global / 1.6 - 1 }
        },
      {
        row: "9",
        what: `CPU of ${sessions} idle sessions over ${name}, in a second`,
        unit: "ms",
        spread: exactly(quiet.cpu),
        baseline: `raw ${name}: ${raw.cpu.toFixed(2)} ms`,
        goal: { is: "at most", value: 1, slack: 1 }
      },
      {
        row: "9",
        what: `the same while each asks every 10 seconds whether its server is there`,
        unit: "ms",
        spread: exactly(ours.cpu)
      }
    )
  }
  return figures
}

export const benchmark: Benchmark = {
  about:
    `${sessions} sessions of as many clients in one process, each with one subscriber: heap after a collection, and the `
    + `processor's time over ${idleSeconds} seconds in which nothing is said. The server of this benchmark never says that it `
    + "is there, so out of the box every session asks it; those whose time is held to a goal do not, and their `sweep` is off.",
  run
}
