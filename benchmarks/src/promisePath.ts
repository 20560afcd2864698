/** Row 4: events from the socket to plain TypeScript, with a callback and with `for await`. */
import { SignalWire } from "@effect-signalwire/promise"
import { compareClients, type Connect } from "./feed/compareClients.ts"
import * as Raw from "./feed/rawClient.ts"
import { type Benchmark, type Figure, format, ratioOf, spreadOf } from "./harness.ts"

const frames = 20_000

const raw: Connect = (feed, onEvents) => Raw.connect(feed, (url) => new WebSocket(url), () => onEvents(1))

const callback: Connect = async ({ http, ws }, onEvents) => {
  const client = await SignalWire({ token: "token", urls: { http, ws } })
  await client.conversation.subscribe(() => onEvents(1))
  return client.disconnect
}

const forAwait: Connect = async ({ http, ws }, onEvents) => {
  const client = await SignalWire({ token: "token", urls: { http, ws } })
  const messages = client.conversation.messages()[Symbol.asyncIterator]()
  const ended = (async () => {
    for (let next = await messages.next(); next.done !== true; next = await messages.next()) onEvents(1)
  })()
  // the subscription begins with the first `next`
  await new Promise<void>((resolve) => {
    const stop = client.connection.onChange(({ _tag }) => {
      if (_tag !== "Connected") return
      queueMicrotask(() => stop())
      resolve()
    })
  })
  return async () => {
    await client.disconnect()
    await ended
  }
}

const run = async (): Promise<ReadonlyArray<Figure>> => {
  const times = await compareClients({
    raw: { connect: raw },
    callback: { connect: callback },
    forAwait: { connect: forAwait }
  }, { frames })
  const speed = format(frames / spreadOf(times.raw.wall).median * 1000)
  return ([["a callback", times.callback, 0.8], ["`for await`", times.forAwait, 0.6]] as const).flatMap(
    ([what, { cpu, wall }, goal]): ReadonlyArray<Figure> => [{
      row: "4",
      what: `events to ${what}, throughput`,
      unit: "x",
      spread: ratioOf(times.raw.wall, wall),
      baseline: `raw global WebSocket with JSON.parse and an ack per frame: ${speed} events/s`,
      goal: { is: "at least", value: goal, tolerance: 0.25 }
    }, {
      row: "4",
      what: `events to ${what}, CPU of the client`,
      unit: "x",
      spread: ratioOf(cpu, times.raw.cpu),
      baseline: `raw global WebSocket: ${format(spreadOf(times.raw.cpu).median / frames * 1000)} us per event`
    }]
  )
}

export const benchmark: Benchmark = {
  about: `${frames} events at full speed over the global WebSocket to the objects of the Promise client.`,
  run
}
