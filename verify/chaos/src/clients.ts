/** The clients of a run, each with its recorders. */
import { SignalWire, type SignalWireClient, type SignalWireOptions } from "@effect-signalwire/promise"
import type { Info } from "@effect-signalwire/sandbox/Sandbox"
import * as Schedule from "effect/Schedule"
import * as Recorder from "./recorder.ts"
import type * as Relay from "./relay.ts"

import type * as Trace from "./trace.ts"

/** Short timeouts and pauses, since connections break many times a second. */
const clientOptions: SignalWireOptions = {
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
    dialsPerMinute: 6000
  }
}

/** A client for each subscriber, which has joined every room. */
export const connect = (
  { rooms, subscribers }: Info,
  relay: Relay.Relay,
  dialect: "auto" | "address" | "group",
  trace: Trace.Trace
): Promise<Array<SignalWireClient>> => {
  const urls = { http: `http://127.0.0.1:${relay.port}`, ws: `ws://127.0.0.1:${relay.port}` }
  return Promise.all(subscribers.map(async ({ name, token }) => {
    const logger = {
      warn: (message: string, ...details: ReadonlyArray<unknown>) => trace.add(`${name} warns`, message, ...details),
      error: (message: string, ...details: ReadonlyArray<unknown>) => trace.add(`${name} logs`, message, ...details)
    }
    const client = await SignalWire({ ...clientOptions, token, urls, dialect, logger })
    await Promise.all(rooms.map(({ addressId }) => client.conversation.join({ addressId })))
    return client
  }))
}

/** Opens a subscription, an iterator, and a timeline of each room. `onRecovery` receives the time of each recovery. */
export const record = async (
  name: string,
  client: SignalWireClient,
  rooms: Info["rooms"],
  trace: Trace.Trace,
  onRecovery: (millis: number) => void
): Promise<Array<Recorder.Recorder>> => {
  let lostAt: number | undefined
  client.connection.onChange((state) => {
    trace.add(`${name} is`, state._tag, state.reason?.message ?? "")
    if (state._tag === "Reconnecting") lostAt ??= performance.now()
  })
  const onCaughtUp = () => {
    if (lostAt === undefined || client.connection.state._tag !== "Connected") return
    onRecovery(performance.now() - lostAt)
    lostAt = undefined
  }
  return [
    await Recorder.subscribe(`${name} subscribe`, client),
    Recorder.messages(`${name} messages`, client),
    ...rooms.map((room) => Recorder.timeline(`${name} timeline ${room.name}`, client, room.addressId, onCaughtUp))
  ]
}
