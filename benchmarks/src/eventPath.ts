/** Row 3: from the socket to the subscribers, the acknowledgement included. */
import * as NodeWebSockets from "@effect-signalwire/subscription/NodeWebSockets"
import * as WebSockets from "@effect-signalwire/subscription/WebSockets"
import type * as Socket from "effect/socket/Socket"
import { WebSocket as NodeWebSocket } from "ws"
import { compareClients, type Connect } from "./feed/compareClients.ts"
import * as Ours from "./feed/ourClient.ts"
import * as Raw from "./feed/rawClient.ts"
import { type Benchmark, type Figure, format, ratioOf, spreadOf } from "./harness.ts"

const frames = 20_000
const openWs = (url: string): Socket.WebSocketLike => new NodeWebSocket(url, { perMessageDeflate: false })
const openGlobal = (url: string): Socket.WebSocketLike => new globalThis.WebSocket(url)
const raw = (open: (url: string) => Socket.WebSocketLike): Connect => (feed, onEvents) =>
  Raw.connect(feed, open, () => onEvents(1))

export const run = async (): Promise<ReadonlyArray<Figure>> => {
  const figures: Array<Figure> = []
  const transports = [
    { name: "global WebSocket", open: openGlobal, layer: WebSockets.layer, goal: 0.9 },
    { name: "ws", open: openWs, layer: NodeWebSockets.layer(NodeWebSocket), goal: 1.2 }
  ]
  for (const { goal, layer, name, open } of transports) {
    const times = await compareClients({
      raw: { connect: raw(open) },
      one: { connect: Ours.connect(layer, 1) },
      ten: { connect: Ours.connect(layer, 10), listeners: 10 }
    }, { frames })
    const speed = format(frames / spreadOf(times.raw.wall).median * 1000)
    for (const [subscribers, { cpu, wall }] of [["1 subscriber", times.one], ["10 subscribers", times.ten]] as const) {
      figures.push({
        row: "3",
        what: `events over ${name} to ${subscribers}, throughput`,
        unit: "x",
        spread: ratioOf(times.raw.wall, wall),
        baseline: `raw ${name} with JSON.parse and an ack per frame: ${speed} events/s`,
        goal: { is: "at least", value: goal, tolerance: 0.25 }
      }, {
        row: "3",
        what: `events over ${name} to ${subscribers}, CPU of the client`,
        unit: "x",
        spread: ratioOf(cpu, times.raw.cpu),
        baseline: `raw ${name}: ${format(spreadOf(times.raw.cpu).median / frames * 1000)} us per event`
      })
    }
  }
  return figures
}

export const benchmark: Benchmark = {
  about: `${frames} events at full speed over a socket: received, decoded, de-duplicated, delivered to every ` +
    "subscriber of `subscription` with recovery enabled, and acknowledged. The server is a separate process; a flood ends " +
    "when all events are delivered and acknowledged.",
  run
}
