/**
 * One run: people talk in several conversations through a relay that breaks connections, while subscriptions, iterators
 * and timelines are open; then everything settles, and what was seen is held against what the server stored.
 */
import {
  ConversationError,
  SignalWire,
  type SignalWireClient,
  type SignalWireOptions
} from "@effect-signalwire/promise"
import * as Schedule from "effect/Schedule"
import { setTimeout as sleep } from "node:timers/promises"
import * as Check from "./check.ts"
import * as Monkey from "./monkey.ts"
import * as Random from "./random.ts"
import * as Relay from "./relay.ts"
import * as Sandbox from "./sandbox.ts"
import * as Trace from "./trace.ts"
import * as Watcher from "./watcher.ts"

export interface Options {
  readonly seed: number
  readonly disconnects: number
  readonly sends: number
  readonly kills: number
  /** When nothing more is broken, whatever has been reached by then. */
  readonly minutes: number
  readonly dialect: "all" | "address" | "group"
}

export interface Outcome {
  readonly figures: ReadonlyArray<readonly [string, string | number]>
  readonly violations: ReadonlyArray<string>
  /** What happened around the violations. */
  readonly trace: ReadonlyArray<string>
}

/** What waits, waits briefly. */
const brief: SignalWireOptions = {
  sendDeadline: "60 seconds",
  settle: "2 seconds",
  http: {
    timeout: "3 seconds",
    deadline: "20 seconds",
    retry: Schedule.min([Schedule.exponential("20 millis"), Schedule.spaced("500 millis")]).pipe(Schedule.jittered)
  },
  subscription: {
    connectTimeout: "2 seconds",
    requestTimeout: "2 seconds",
    heartbeat: "500 millis",
    idleTimeToLive: "1 second",
    backoff: { base: "10 millis", cap: "100 millis" },
    // connections break many times a second
    dialsPerMinute: 6000
  }
}

/** How many messages a conversation has on its way at once. */
const lanes = 3

const percentile = (sorted: ReadonlyArray<number>, share: number): string => {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return value === undefined ? "-" : `${Math.round(value)} ms`
}

const until = async (what: string, millis: number, holds: () => boolean | Promise<boolean>): Promise<boolean> => {
  const deadline = Date.now() + millis
  while (!(await holds())) {
    if (Date.now() > deadline) return false
    await sleep(20)
  }
  return what !== ""
}

export const run = async (options: Options): Promise<Outcome> => {
  const chance = Random.make(options.seed)
  const trace = Trace.make()
  await using sandbox = await Sandbox.start({
    subscribers: ["ada", "grace", "linus"],
    rooms: ["office", "lab", "kitchen"],
    dialect: options.dialect
  })
  await using relay = await Relay.start({ port: sandbox.port })
  const urls = { http: `http://127.0.0.1:${relay.port}`, ws: `ws://127.0.0.1:${relay.port}` }
  const { rooms, subscribers } = sandbox.info
  const bot = subscribers.at(-1)
  if (bot === undefined) throw new Error("nobody is there")

  const clients = await Promise.all(subscribers.map(async ({ name, token }): Promise<SignalWireClient> => {
    const logger = {
      warn: (message: string, ...details: ReadonlyArray<unknown>) => trace.add(`${name} warns`, message, ...details),
      error: (message: string, ...details: ReadonlyArray<unknown>) => trace.add(`${name} errs`, message, ...details)
    }
    const dialect = options.dialect === "all" ? "auto" : options.dialect
    const client = await SignalWire({ ...brief, token, urls, dialect, logger })
    await Promise.all(rooms.map(({ addressId }) => client.conversation.join({ addressId })))
    return client
  }))
  // one only sends, without a session
  const listeners = clients.slice(0, -1)

  /** Time from the end of a session until every timeline of that client said that it had caught up. */
  const recoveries: Array<number> = []
  const watchers: Array<Watcher.Watcher> = []
  for (const [index, client] of listeners.entries()) {
    const name = subscribers[index]?.name ?? ""
    let lostAt: number | undefined
    client.connection.onChange((state) => {
      trace.add(`${name} is`, state._tag, state.reason?.message ?? "")
      if (state._tag === "Reconnecting") lostAt ??= performance.now()
    })
    const onCaughtUp = () => {
      if (lostAt === undefined || client.connection.state._tag !== "Connected") return
      recoveries.push(performance.now() - lostAt)
      lostAt = undefined
    }
    watchers.push(
      await Watcher.subscribe(`${name} subscribe`, client),
      Watcher.messages(`${name} messages`, client),
      ...rooms.map((room) => Watcher.timeline(`${name} timeline ${room.name}`, client, room.addressId, onCaughtUp))
    )
  }

  const seedMessage = (text: string, addressId: string, push = true) =>
    sandbox.admin((admin) => admin.seed([{ from: bot.id, addressId, text, push }])).catch(() => undefined)
  const stored = async (): Promise<ReadonlyArray<Check.Stored>> => {
    for (;;) {
      try {
        const lists = await Promise.all(
          rooms.map(async ({ addressId }) =>
            (await sandbox.admin((admin) => admin.stored(addressId))).map(({ id, text, ts }) => ({
              addressId,
              id,
              text: text ?? "",
              ts: Number(ts)
            }))
          )
        )
        return lists.flat()
      } catch {
        await sleep(50)
      }
    }
  }

  // iterators begin when they are first pulled: once all have seen one message, all are open
  for (let probe = 0; watchers.some(({ seen }) => seen.length === 0); probe++) {
    for (const { addressId } of rooms) await seedMessage(`probe ${probe}`, addressId)
    await sleep(50)
    if (probe > 200) throw new Error("not all subscriptions have begun")
  }
  const before = new Set((await stored()).map(({ id }) => id))
  for (const watcher of watchers) watcher.openSince(watcher.from === "all" ? new Set() : before)

  const startedAt = performance.now()
  const bound = startedAt + options.minutes * 60_000
  const monkey = Monkey.make({ chance, relay, sandbox, trace, disconnects: options.disconnects, kills: options.kills })

  // Sends

  const sends: Array<Check.Send> = []
  const failures: Array<string> = []
  const progress = () => monkey.progress()
  const isOver = () => performance.now() > bound || progress() >= 1
  const talk = async (client: SignalWireClient, addressId: string, share: number): Promise<void> => {
    const lane = `${sends.length}-${addressId.slice(0, 4)}`
    for (let given = 0; given < share; given++) {
      while (!isOver() && given / share > progress()) {
        await sleep(10)
      }
      const text = `send ${lane} ${given} ${sends.length}`
      const send: Check.Send = { addressId, text, by: client, number: sends.length, outcome: "pending" }
      sends.push(send)
      trace.add("send", text)
      await client.conversation.sendMessage({ addressId, text }).then(
        () => {
          send.outcome = "stored"
        },
        (error: unknown) => {
          send.outcome = error instanceof ConversationError ? error.reason._tag : String(error)
          const { cause } = error instanceof Error ? error : { cause: undefined }
          failures.push(`${text}: ${String(error)}, because of ${String(cause)}`)
          trace.add("send failed", text, String(error), String(cause))
        }
      )
      trace.add("send settled", text, send.outcome)
    }
  }
  const lanesOfAll = clients.flatMap((client) =>
    rooms.flatMap(({ addressId }) => Array.from({ length: lanes }, () => ({ client, addressId })))
  )
  const talking = Promise.all(
    lanesOfAll.map(({ addressId, client }, index) =>
      talk(client, addressId, Math.floor((options.sends + index) / lanesOfAll.length))
    )
  )

  // Messages of others: now and then one that nobody is told of

  let chattering = true
  const isQuiet = () => !chattering
  const chatter = (async () => {
    for (let count = 0; !isQuiet(); count++) {
      const { addressId } = rooms[chance.below(rooms.length)] ?? bot
      await seedMessage(`seed ${count}`, addressId, chance.next() > 0.05)
      await sleep(chance.between(5, 60))
    }
  })()

  // Subscriptions that begin in the middle

  const visits = (async () => {
    for (let count = 1; count <= 6; count++) {
      while (!isOver() && progress() < count / 8) {
        await sleep(20)
      }
      const client = listeners[count % listeners.length]
      if (client === undefined || isOver()) return
      try {
        const watcher = await Watcher.subscribe(`visitor ${count}`, client)
        trace.add(watcher.name, "begins")
        if (count % 2 === 0) {
          watcher.openSince(new Set((await stored()).map(({ id }) => id)))
          watchers.push(watcher)
        } else {
          await sleep(500)
          await watcher.end()
          watchers.push(watcher)
        }
      } catch (error) {
        trace.add(`visitor ${count}`, "could not subscribe", String(error))
      }
    }
  })()

  await monkey.run(isOver)
  await visits
  chattering = false
  await chatter
  const violations: Array<string> = []
  if (!(await until("sends", 150_000, () => sends.every(({ outcome }) => outcome !== "pending")))) {
    violations.push(`${sends.filter(({ outcome }) => outcome === "pending").length} sends never settled`)
  } else await talking

  // what nobody was told of is found by the next session
  relay.cutAll("reset")
  const all = await stored()
  const isComplete = () => watchers.every((watcher) => watcher.isEnded() || Check.missing(watcher, all).length === 0)
  const settledAt = performance.now()
  const settled = await until("settled", 60_000, isComplete)
  trace.add(settled ? "settled" : "did not settle")
  const settling = performance.now() - settledAt
  // once more, for what comes twice
  relay.cutAll("end")
  for (const { addressId } of rooms) {
    await seedMessage("last", addressId)
  }
  const everything = await stored()
  await until(
    "last",
    30_000,
    () => watchers.every((watcher) => watcher.isEnded() || Check.missing(watcher, everything).length === 0)
  )

  // Ends

  await Promise.all(watchers.filter(({ kind }) => kind === "subscribe").map((watcher) => watcher.end()))
  const called = () => watchers.map(({ seen }) => seen.length)
  const atUnsubscribe = called()
  for (const { addressId } of rooms) {
    await seedMessage("after unsubscribe", addressId)
  }
  const timelines = watchers.filter(({ kind }) => kind === "timeline")
  await until("after", 10_000, () => timelines.every(({ seen }) => seen.at(-1)?.text === "after unsubscribe"))
  for (const [index, watcher] of watchers.entries()) {
    if (watcher.kind === "subscribe" && watcher.seen.length !== atUnsubscribe[index]) {
      violations.push(`${watcher.name} was called back after unsubscribe`)
    }
  }
  const everythingWithAfter = await stored()
  await Promise.all(clients.map((client) => client.disconnect()))
  const atDisconnect = called()
  await Promise.all(rooms.map(({ addressId }) => seedMessage("after disconnect", addressId)))
  await sleep(200)
  if (String(called()) !== String(atDisconnect)) violations.push("something was called back after disconnect")
  const connected = async () =>
    (await sandbox.admin((admin) => admin.sessions)).filter(({ connected }) => connected).length === 0
  if (!(await until("sessions", 5000, connected))) violations.push("sessions are open after disconnect")
  if (!(await until("iterators", 5000, () => watchers.every((watcher) => watcher.isEnded())))) {
    violations.push("iterators go on after disconnect")
  }

  violations.push(...Check.check({ watchers, sends, stored: everythingWithAfter }))
  const counts = relay.counts()
  const times = recoveries.toSorted((a, b) => a - b)
  const outcomes = [...new Set(sends.map(({ outcome }) => outcome))]
    .map((outcome) => `${sends.filter((send) => send.outcome === outcome).length} ${outcome}`)
  return {
    figures: [
      ["seed", options.seed],
      ["dialect", options.dialect],
      ["time", `${Math.round((performance.now() - startedAt) / 1000)} s`],
      ["disconnects", counts.disconnects],
      ["kills", monkey.kills()],
      ["faults", monkey.summary()],
      ["connections", `${counts.connections}, ${counts.refused} refused`],
      ["sends", `${sends.length}: ${outcomes.join(", ")}`],
      ["answers lost", counts.swallowed],
      ["posts", counts.posts],
      ["messages stored", everything.length],
      ["messages seen", watchers.reduce((sum, { seen }) => sum + seen.length, 0)],
      ["late", watchers.reduce((sum, { seen }) => sum + seen.filter(({ late }) => late === true).length, 0)],
      ["recoveries", times.length],
      ["caught up after", `p50 ${percentile(times, 0.5)}, p99 ${percentile(times, 0.99)}`],
      ["settled after", `${Math.round(settling)} ms`],
      ...failures.map((failure) => ["send failed", failure] as const)
    ],
    violations,
    trace: violations.length === 0 ? [] : trace.around(violations)
  }
}
