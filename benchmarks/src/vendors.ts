/** Row 5: the vendor's published clients and ours, flooded by the same server with the same frames. */
import { fork } from "node:child_process"
import { performance } from "node:perf_hooks"
import { fileURLToPath } from "node:url"
import type { ClientTold, Generation } from "./feed/contestant.ts"
import * as Feed from "./feed/Feed.ts"
import { type Benchmark, type Figure, format, ratioOf, spreadOf } from "./harness.ts"

/** How it is flooded. */
interface Flood {
  readonly frames: number
  readonly rounds: number
}

/** Floods before those that count. */
const warmUps = 4
const flood: Flood = { frames: 20_000, rounds: 9 }
/**
 * For a client whose work for one event grows with all that came before. It has to end long before the sandbox gives up
 * who has left two pings unanswered, and they are five seconds apart.
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
    const response = await fetch(feed.admin + path, { method: "POST", body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    return JSON.parse(await response.text())
  }
  const [listener, speaker, room] = await Promise.all([
    admin<Person>("/subscribers", { name: "listener" }),
    admin<Person>("/subscribers", { name: "speaker" }),
    admin<{ readonly addressId: string }>("/rooms", { name: "stage" })
  ])
  const child = fork(
    fileURLToPath(new URL("./feed/contestant.ts", import.meta.url)),
    [generation, feed.http, feed.ws, listener.token, room.addressId, listener.addressId],
    { execArgv: [], silent: true }
  )
  const told = <Type extends ClientTold["type"]>(type: Type): Promise<Extract<ClientTold, { readonly type: Type }>> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${names[generation]} was never ${type}`)), 60_000)
      const isIt = (message: ClientTold): message is Extract<ClientTold, { readonly type: Type }> =>
        message.type === type
      const listen = (message: ClientTold) => {
        if (!isIt(message)) return
        child.off("message", listen)
        clearTimeout(late)
        resolve(message)
      }
      child.on("message", listen)
    })
  await told("ready")
  const hears = told("hears")
  await admin("/messages", { messages: [{ from: speaker.id, addressId: room.addressId, text: "lunch?" }] })
  await hears
  return {
    flood: async (frames) => {
      const counting = told("counting")
      child.send(frames)
      await counting
      const counted = told("counted")
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

const versus = async (
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

/** No pair may take longer, whatever it waits for: milliseconds. */
const patience = 180_000

const inTime = async <A>(what: string, pending: Promise<A>): Promise<A> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${patience} ms`)), patience)
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
    const { ours, theirs } = await inTime(names[generation], versus(generation, given))
    const perSecond = ({ wall }: Times) => `${format(frames / spreadOf(wall).median * 1000)} events/s`
    const perEvent = ({ cpu }: Times) => `${format(spreadOf(cpu).median / frames * 1000)} us an event`
    figures.push({
      row: "5",
      what: `events/s of ours (${perSecond(ours)}) to those of ${names[generation]}`,
      unit: "x",
      spread: ratioOf(theirs.wall, ours.wall),
      baseline: `${names[generation]}: ${perSecond(theirs)}`,
      goal: { is: "at least", value: faster, slack: 0.25 }
    }, {
      row: "5",
      what: `CPU of ours (${perEvent(ours)}) to that of ${names[generation]}`,
      unit: "x",
      spread: ratioOf(ours.cpu, theirs.cpu),
      baseline: `${names[generation]}: ${perEvent(theirs)}`,
      goal: { is: "at most", value: cheaper, slack: 0.25 }
    })
  }
  return figures
}

/** How many messages a list holds after so many small floods. */
const listed = (floods: number): string => (floods * smallFlood.frames).toLocaleString("en-US")

export const benchmark: Benchmark = {
  about:
    `${flood.frames} events at full speed to one listener of each client, from the same server with the same frames: a ` +
    "sandbox, with a relay in front of it that tells a message again and again under new ids. Each client is a process " +
    "of its own, the vendor's in the page that the conformance runs give them, ours as it is in Node; a flood ends when the "
    + "listener was told everything. @signalwire/js 4.0.0-beta.12 offers messages as the list of an address "
    + "(`textMessages$`, and its `values$`). With each event it copies, filters and maps all that it was ever told, so that "
    + `the time for one grows with all that came before; in a second flood of ${flood.frames} it is so far behind that it `
    + "answers no ping in time, the sandbox gives it up, and what was still to come is lost. So its list is flooded with "
    + `${smallFlood.frames} events at a time, with ${listed(warmUps)} in it at first and `
    + `${listed(warmUps + smallFlood.rounds)} at last, and so is ours beside it. Its bare session `
    + "(`session.signalingEvent$`, meant for advanced use) tells events of all kinds one by one, keeps none, and is flooded "
    + "like the others.",
  run
}
