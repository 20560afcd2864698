/** Row 5: the vendor's published clients and ours, flooded by the same server with the same frames. */
import { fork } from "node:child_process"
import { performance } from "node:perf_hooks"
import { fileURLToPath } from "node:url"
import type { ClientReport, Generation } from "./feed/clientProcess.ts"
import * as Feed from "./feed/Feed.ts"
import { type Benchmark, type Figure, format, ratioOf, spreadOf } from "./harness.ts"

/** The size of a flood, and how often it is repeated. */
interface Flood {
  readonly frames: number
  readonly rounds: number
}

/** Floods that are not measured. */
const warmUps = 4
const flood: Flood = { frames: 20_000, rounds: 9 }
/**
 * For a client whose work per event grows with the number of earlier events. The flood must end long before the sandbox
 * disconnects a client that has not responded to two pings, which are five seconds apart.
 */
const smallFlood: Flood = { frames: 500, rounds: 5 }

const names: Record<Generation, string> = {
  ours: "@effect-signalwire/promise",
  address: "@signalwire/js 3.28.0",
  group: "@signalwire/client 0.0.1",
  v4: `the list of @signalwire/js 4.0.0-beta.12, ${smallFlood.frames} at a time`,
  v4Events: "the bare session of @signalwire/js 4.0.0-beta.12"
}

interface Person {
  readonly id: string
  readonly token: string
  readonly addressId: string
}

interface Client {
  readonly flood: (frames: number) => Promise<{ readonly wall: number; readonly cpu: number }>
  readonly close: () => Promise<void>
}

const open = async (generation: Generation): Promise<Client> => {
  const feed = await Feed.start("relay")
  const admin = async <A>(path: string, body: object): Promise<A> => {
    const response = await fetch(feed.admin + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body)
    })
    if (!response.ok) throw new Error(`${path} responded with ${response.status}: ${await response.text()}`)
    return JSON.parse(await response.text())
  }
  const [listener, sender, room] = await Promise.all([
    admin<Person>("/subscribers", { name: "listener" }),
    admin<Person>("/subscribers", { name: "speaker" }),
    admin<{ readonly addressId: string }>("/rooms", { name: "room" })
  ])
  const child = fork(
    fileURLToPath(new URL("./feed/clientProcess.ts", import.meta.url)),
    [generation, feed.http, feed.ws, listener.token, room.addressId, listener.addressId],
    { execArgv: [], silent: true }
  )
  const report = <Type extends ClientReport["type"]>(
    type: Type
  ): Promise<Extract<ClientReport, { readonly type: Type }>> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${names[generation]} did not report "${type}"`)), 60_000)
      const isIt = (message: ClientReport): message is Extract<ClientReport, { readonly type: Type }> =>
        message.type === type
      const listen = (message: ClientReport) => {
        if (!isIt(message)) return
        child.off("message", listen)
        clearTimeout(late)
        resolve(message)
      }
      child.on("message", listen)
    })
  await report("ready")
  const receiving = report("receiving")
  await admin("/messages", { messages: [{ from: sender.id, addressId: room.addressId, text: "lunch?" }] })
  await receiving
  return {
    flood: async (frames) => {
      const counting = report("counting")
      child.send(frames)
      await counting
      const counted = report("counted")
      const push = await feed.prepare(frames)
      const began = performance.now()
      void push()
      const { cpu } = await counted
      return { cpu, wall: performance.now() - began }
    },
    close: async () => {
      child.disconnect()
      await feed[Symbol.asyncDispose]()
    }
  }
}

interface Times {
  readonly wall: Array<number>
  readonly cpu: Array<number>
}

const compare = async (
  generation: Generation,
  { frames, rounds }: Flood
): Promise<{ readonly ours: Times; readonly theirs: Times }> => {
  const times = { ours: { wall: [], cpu: [] }, theirs: { wall: [], cpu: [] } }
  const clients = [
    { client: await open("ours"), times: times.ours },
    { client: await open(generation), times: times.theirs }
  ] satisfies ReadonlyArray<{ readonly client: Client; readonly times: Times }>
  for (const { client } of clients) for (let warm = 0; warm < warmUps; warm++) await client.flood(frames)
  for (let round = 0; round < rounds; round++) {
    for (const { client, times } of clients) {
      const { cpu, wall } = await client.flood(frames)
      const { cpu: cpus, wall: walls }: Times = times
      cpus.push(cpu)
      walls.push(wall)
    }
  }
  for (const { client } of clients) await client.close()
  return times
}

/** The longest time for a comparison, milliseconds. */
const compareTimeout = 180_000

const inTime = async <A>(what: string, pending: Promise<A>): Promise<A> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${compareTimeout} ms`)), compareTimeout)
  })
  try {
    return await Promise.race([pending, late])
  } finally {
    clearTimeout(timer)
  }
}

const run = async (): Promise<ReadonlyArray<Figure>> => {
  const figures: Array<Figure> = []
  for (
    const [generation, given, faster, cheaper] of [
      ["address", flood, 3, 1 / 3],
      ["group", flood, 1, 1],
      ["v4", smallFlood, 1, 1],
      ["v4Events", flood, 1, 1]
    ] as const
  ) {
    const { frames } = given
    const { ours, theirs } = await inTime(names[generation], compare(generation, given))
    const perSecond = ({ wall }: Times) => `${format(frames / spreadOf(wall).median * 1000)} events/s`
    const perEvent = ({ cpu }: Times) => `${format(spreadOf(cpu).median / frames * 1000)} us per event`
    figures.push({
      row: "5",
      what: `events/s of ours (${perSecond(ours)}), relative to ${names[generation]}`,
      unit: "x",
      spread: ratioOf(theirs.wall, ours.wall),
      baseline: `${names[generation]}: ${perSecond(theirs)}`,
      goal: { is: "at least", value: faster, tolerance: 0.25 }
    }, {
      row: "5",
      what: `CPU of ours (${perEvent(ours)}), relative to ${names[generation]}`,
      unit: "x",
      spread: ratioOf(ours.cpu, theirs.cpu),
      baseline: `${names[generation]}: ${perEvent(theirs)}`,
      goal: { is: "at most", value: cheaper, tolerance: 0.25 }
    })
  }
  return figures
}

/** How many messages a list contains after this many small floods. */
const listed = (floods: number): string => (floods * smallFlood.frames).toLocaleString("en-US")

export const benchmark: Benchmark = {
  about:
    `${flood.frames} events at full speed to one listener of each client, from the same server with the same frames: a ` +
    "sandbox, with a relay in front of it that repeats an event with new ids. Each client is a separate process, the "
    + "vendor's clients in the page of the conformance tests, ours in Node; a flood ends when the listener has received "
    + "everything. @signalwire/js 4.0.0-beta.12 offers messages as the list of an address (`textMessages$`, and its `values$`). "
    + "With each event it copies, filters and maps all earlier ones, so the time per event grows with their number. In a "
    + `second flood of ${flood.frames} it would be so far behind that it responds to no ping in time, the sandbox would `
    + "disconnect it, and the remaining events would be lost. So its list is flooded with "
    + `${smallFlood.frames} events at a time, with ${listed(warmUps)} in it at first and `
    + `${listed(warmUps + smallFlood.rounds)} in the end, and so is ours next to it. Its bare session `
    + "(`session.signalingEvent$`, meant for advanced use) emits events of all kinds one by one and keeps none; it is flooded "
    + "like the others.",
  run
}
