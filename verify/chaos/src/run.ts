/**
 * One run: clients send messages in several conversations through a relay that breaks connections, while subscriptions,
 * iterators and timelines are open. At the end, what they received is compared with what the server stored.
 */
import type { SignalWireClient } from "@effect-signalwire/promise"
import { setTimeout as sleep } from "node:timers/promises"
import * as Check from "./check.ts"
import * as Clients from "./clients.ts"
import * as Visitors from "./lateSubscribers.ts"
import * as Monkey from "./monkey.ts"
import * as Random from "./random.ts"
import type { Recorder } from "./recorder.ts"
import * as Relay from "./relay.ts"
import * as Sandbox from "./sandbox.ts"
import * as Sending from "./sending.ts"
import * as Server from "./server.ts"
import * as Trace from "./trace.ts"

export interface Options {
  readonly seed: number
  readonly disconnects: number
  readonly sends: number
  readonly kills: number
  /** After this time no more faults are injected, even if there were fewer than asked for. */
  readonly minutes: number
  readonly dialect: "all" | "address" | "group"
}

export interface Outcome {
  readonly figures: ReadonlyArray<readonly [string, string | number]>
  readonly violations: ReadonlyArray<string>
  /** The events around the violations. */
  readonly trace: ReadonlyArray<string>
}

const percentile = (sorted: ReadonlyArray<number>, share: number): string => {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return value === undefined ? "-" : `${Math.round(value)} ms`
}

/** Waits until a condition holds; returns whether it did within this time. */
const until = async (millis: number, condition: () => boolean | Promise<boolean>): Promise<boolean> => {
  const deadline = Date.now() + millis
  while (!(await condition())) {
    if (Date.now() > deadline) return false
    await sleep(20)
  }
  return true
}

/** Waits until all recorders receive messages: iterators begin when they are first pulled. */
const waitForRecorders = async (recorders: ReadonlyArray<Recorder>, server: Server.ServerAccess): Promise<void> => {
  for (let probe = 0; recorders.some(({ received }) => received.length === 0); probe++) {
    await server.seedAll(`probe ${probe}`)
    await sleep(50)
    if (probe > 200) throw new Error("not all subscriptions have begun")
  }
  const before = new Set((await server.stored()).map(({ id }) => id))
  for (const recorder of recorders) recorder.expectAllBut(recorder.from === "all" ? new Set() : before)
}

/** Waits until the recorders have received these messages; returns whether they did within this time. */
const untilReceived = (
  millis: number,
  recorders: ReadonlyArray<Recorder>,
  stored: ReadonlyArray<Check.Stored>
): Promise<boolean> =>
  until(
    millis,
    () => recorders.every((recorder) => recorder.hasEnded() || Check.missing(recorder, stored).length === 0)
  )

/** Unsubscribes and disconnects, and returns what was called back afterwards, or stayed open. */
const shutDown = async (
  clients: ReadonlyArray<SignalWireClient>,
  recorders: ReadonlyArray<Recorder>,
  server: Server.ServerAccess
): Promise<{ readonly violations: ReadonlyArray<string>; readonly stored: ReadonlyArray<Check.Stored> }> => {
  const violations: Array<string> = []
  const counts = () => recorders.map(({ received }) => received.length)

  await Promise.all(recorders.filter(({ kind }) => kind === "subscribe").map((recorder) => recorder.end()))
  const atUnsubscribe = counts()
  await server.seedAll("after unsubscribe")
  const timelines = recorders.filter(({ kind }) => kind === "timeline")
  await until(10_000, () => timelines.every(({ received }) => received.at(-1)?.text === "after unsubscribe"))
  for (const [index, recorder] of recorders.entries()) {
    if (recorder.kind === "subscribe" && recorder.received.length !== atUnsubscribe[index]) {
      violations.push(`${recorder.name} was called back after unsubscribe`)
    }
  }

  const stored = await server.stored()
  await Promise.all(clients.map((client) => client.disconnect()))
  const atDisconnect = counts()
  await server.seedAll("after disconnect")
  await sleep(200)
  if (String(counts()) !== String(atDisconnect)) violations.push("a message was delivered after disconnect")
  if (!(await until(5000, async () => (await server.connectedCount()) === 0))) {
    violations.push("sessions are open after disconnect")
  }
  if (!(await until(5000, () => recorders.every((recorder) => recorder.hasEnded())))) {
    violations.push("iterators continue after disconnect")
  }
  return { violations, stored }
}

export const run = async (options: Options): Promise<Outcome> => {
  const random = Random.make(options.seed)
  const trace = Trace.make()
  await using sandbox = await Sandbox.start({
    subscribers: ["ada", "grace", "linus"],
    rooms: ["office", "lab", "kitchen"],
    dialect: options.dialect
  })
  await using relay = await Relay.start({ port: sandbox.port })
  const server = Server.make(sandbox)
  const { rooms, subscribers } = sandbox.info
  const clients = await Clients.connect(
    sandbox.info,
    relay,
    options.dialect === "all" ? "auto" : options.dialect,
    trace
  )
  // the last client only sends, without a session
  const subscribed = clients.slice(0, -1)

  /** Milliseconds from the loss of a session until a timeline has caught up. */
  const recoveries: Array<number> = []
  const recorders: Array<Recorder> = []
  for (const [index, client] of subscribed.entries()) {
    const name = subscribers[index]?.name ?? ""
    recorders.push(
      ...await Clients.record(name, client, rooms, trace, (millis) => recoveries.push(millis))
    )
  }
  await waitForRecorders(recorders, server)

  const startedAt = performance.now()
  const end = startedAt + options.minutes * 60_000
  const monkey = Monkey.make({ random, relay, sandbox, trace, disconnects: options.disconnects, kills: options.kills })
  const isOver = () => performance.now() > end || monkey.progress() >= 1
  const addressIds = rooms.map(({ addressId }) => addressId)
  const sending = Sending.start({ clients, addressIds, count: options.sends, monkey, isOver, trace })

  // messages of others; about every twentieth is not pushed
  const others = new AbortController()
  const seeding = (async () => {
    for (let count = 0; !others.signal.aborted; count++) {
      const addressId = addressIds[random.below(addressIds.length)] ?? ""
      await server.seed(`seed ${count}`, addressId, random.next() > 0.05)
      await sleep(random.between(5, 60))
    }
  })()
  const visiting = Visitors.run({
    clients: subscribed,
    monkey,
    server,
    trace,
    isOver,
    onRecorder: (recorder) => recorders.push(recorder)
  })

  await monkey.run(isOver)
  await visiting
  others.abort()
  await seeding
  const violations: Array<string> = []
  if (await until(150_000, () => sending.pendingCount() === 0)) await sending.ended
  else violations.push(`${sending.pendingCount()} sends never ended`)

  // the next session finds messages that were not pushed
  relay.cutAll("reset")
  const settleStartedAt = performance.now()
  const isSettled = await untilReceived(60_000, recorders, await server.stored())
  trace.add(isSettled ? "settled" : "did not settle")
  const settledAfter = performance.now() - settleStartedAt
  // once more, to detect repeated deliveries
  relay.cutAll("end")
  await server.seedAll("last")
  const stored = await server.stored()
  await untilReceived(30_000, recorders, stored)

  const final = await shutDown(clients, recorders, server)
  const { failures, sends } = sending
  violations.push(...final.violations, ...Check.check({ recorders, sends, stored: final.stored }))

  const counts = relay.counts()
  const times = recoveries.toSorted((a, b) => a - b)
  const received = recorders.flatMap((recorder) => recorder.received)
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
      ["lost responses", counts.lostResponses],
      ["posts", counts.posts],
      ["messages stored", stored.length],
      ["messages received", received.length],
      ["late", received.filter(({ late }) => late === true).length],
      ["recoveries", times.length],
      ["caught up after", `p50 ${percentile(times, 0.5)}, p99 ${percentile(times, 0.99)}`],
      ["settled after", `${Math.round(settledAfter)} ms`],
      ...failures.map((failure) => ["send failed", failure] as const)
    ],
    violations,
    trace: violations.length === 0 ? [] : trace.around(violations)
  }
}
