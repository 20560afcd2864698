/** Row 4: an event from the socket to plain TypeScript, by callback and by `for await`. */
import { SignalWire } from "@effect-signalwire/promise"
import * as Raw from "./feed/rawClient.ts"
import { compete, type Connect } from "./feed/subject.ts"
import { type Benchmark, type Figure, format, ratioOf, spreadOf } from "./harness.ts"

const frames = 20_000

const raw: Connect = (feed, heard) => Raw.connect(feed, (url) => new WebSocket(url), () => heard(1))

const callback: Connect = async ({ http, ws }, heard) => {
  const client = await SignalWire({ token: "token", urls: { http, ws } })
  await client.conversation.subscribe(() => heard(1))
  return client.disconnect
}

const forAwait: Connect = async ({ http, ws }, heard) => {
  const client = await SignalWire({ token: "token", urls: { http, ws } })
  const messages = client.conversation.messages()[Symbol.asyncIterator]()
  const ended = (async () => {
    for (let next = await messages.next(); next.done !== true; next = await messages.next()) heard(1)
  })()
  // it begins when the first is asked for
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
  const times = await compete({
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
      baseline: `raw global WebSocket with JSON.parse and an ack a frame: ${speed} events/s`,
      goal: { is: "at least", value: goal, slack: 0.25 }
    }, {
      row: "4",
      what: `events to ${what}, CPU of the client`,
      unit: "x",
      spread: ratioOf(cpu, times.raw.cpu),
      baseline: `raw global WebSocket: ${format(spreadOf(times.raw.cpu).median / frames * 1000)} us an event`
    }]
  )
}

export const benchmark: Benchmark = {
  about: `${frames} events at full speed over the global WebSocket to the documented objects of the Promise facade.`,
  run
}
