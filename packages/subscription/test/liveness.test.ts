import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import * as Liveness from "../src/internal/liveness.ts"
import * as SessionTasks from "../src/internal/sessionTasks.ts"

/** The liveness of a session that dials, with a log of what it reports and writes. */
const start = Effect.gen(function*() {
  // the clock does not begin with the dial
  yield* TestClock.adjust("5 seconds")
  const log: Array<string> = []
  const record = (entry: string) => () => void log.push(entry)
  const tasks = yield* SessionTasks.make(() => Effect.succeed(new Reason.Closed()))
  const liveness = Liveness.make({
    clock: yield* Clock.Clock,
    timings: { heartbeat: 10_000, probe: 2000 },
    tasks,
    events: {
      onReady: () => Effect.void,
      onSignals: () => {},
      onMalformed: () => Effect.void,
      onDialAbandoned: record("abandoned"),
      onSuspect: ({ message }) => Effect.sync(record(`suspect: ${message}`)),
      onAlive: Effect.sync(record("alive")),
      onProbeSuccess: record("responded")
    },
    acquireWake: Effect.sync(record("permit"))
  })
  const open = Effect.sync(() =>
    liveness.onOpen((frame) => {
      const parsed = Result.getOrThrow(JsonRpc.parse(frame))
      log.push(parsed._tag === "Request" ? `${parsed.method} ${JSON.stringify(parsed.params)}` : parsed._tag)
      return Effect.void
    })
  )
  const ready = Effect.andThen(open, Effect.sync(() => liveness.onReady()))
  return { liveness, log, open, ready, failure: () => tasks.failure() }
})

const ping = (seconds: number) => `signalwire.ping {"timestamp":${seconds}}`

describe("the watchdog", () => {
  it.effect("P8.1: pings a server that is silent for a heartbeat, and fails after two", () =>
    Effect.gen(function*() {
      const { liveness, log, open } = yield* start
      yield* TestClock.adjust("1234 millis")
      yield* open
      const watching = yield* Effect.forkChild(Effect.flip(liveness.watchdog), { startImmediately: true })
      yield* TestClock.adjust("9999 millis")
      assert.deepStrictEqual(log, [])
      yield* TestClock.adjust("1 milli")
      assert.deepStrictEqual(log, [ping(16.234)])
      yield* TestClock.adjust("9999 millis")
      assert.isUndefined(watching.pollUnsafe())
      yield* TestClock.adjust("1 milli")
      assert.deepStrictEqual({ ...(yield* Fiber.join(watching)) }, { ...new Reason.Timeout({ millis: 20_000 }) })
      assert.deepStrictEqual(log, [ping(16.234)])
    }))

  it.effect("P8.1: counts from the last frame", () =>
    Effect.gen(function*() {
      const { liveness, log, open } = yield* start
      yield* open
      yield* Effect.forkChild(liveness.watchdog, { startImmediately: true })
      yield* TestClock.adjust("9 seconds")
      liveness.onFrames()
      yield* TestClock.adjust("9999 millis")
      assert.deepStrictEqual(log, [])
      yield* TestClock.adjust("1 milli")
      assert.deepStrictEqual(log, [ping(24)])
      liveness.onFrames()
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(log, [ping(24), ping(34)])
    }))
})

describe("a signal during the dial", () => {
  it.effect("P8.6: abandons the dial when nothing arrives in time", () =>
    Effect.gen(function*() {
      const { failure, liveness, log } = yield* start
      liveness.onTrigger("wake")
      yield* TestClock.adjust("1 second")
      // a signal while one is being checked changes nothing
      liveness.onTrigger("wake")
      yield* TestClock.adjust("999 millis")
      assert.deepStrictEqual([log, failure()], [["permit"], undefined])
      yield* TestClock.adjust("1 milli")
      assert.deepStrictEqual(log, ["permit", "abandoned"])
      assert.deepStrictEqual({ ...failure() }, { ...new Reason.Timeout({ millis: 2000 }) })
    }))

  it.effect("keeps a dial to which the server responds", () =>
    Effect.gen(function*() {
      const { failure, liveness, log, open } = yield* start
      yield* open
      liveness.onTrigger("wake")
      yield* TestClock.adjust("1 second")
      assert.isUndefined(liveness.onFrames())
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([log, failure()], [["permit", "responded"], undefined])
      liveness.onTrigger("wake")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(log, ["permit", "responded", "permit"])
    }))

  it.effect("ignores that the platform is offline", () =>
    Effect.gen(function*() {
      const { failure, liveness, log } = yield* start
      liveness.onTrigger("offline")
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([log, failure()], [[], undefined])
    }))

  it.effect("P8.6: lets a dial that is to be replaced take no longer than a probe in all", () =>
    Effect.gen(function*() {
      const { failure, liveness, log } = yield* start
      yield* TestClock.adjust("1500 millis")
      liveness.onTrigger("reconnect")
      yield* TestClock.adjust("499 millis")
      assert.isUndefined(failure())
      yield* TestClock.adjust("1 milli")
      assert.strictEqual(failure()?._tag, "Timeout")
      assert.deepStrictEqual(log, [])
    }))

  it.effect("P8.6: ends at once a dial that is to be replaced and has taken longer than that", () =>
    Effect.gen(function*() {
      const { failure, liveness } = yield* start
      yield* TestClock.adjust("3 seconds")
      liveness.onTrigger("reconnect")
      yield* TestClock.adjust(0)
      assert.strictEqual(failure()?._tag, "Timeout")
    }))
})

describe("a signal during the session", () => {
  it.effect("P8.1: pings the server, and ends the session when nothing arrives in time", () =>
    Effect.gen(function*() {
      const { failure, liveness, log, ready } = yield* start
      yield* ready
      liveness.onTrigger("wake")
      yield* TestClock.adjust("1999 millis")
      assert.deepStrictEqual([log, failure()], [[ping(5)], undefined])
      yield* TestClock.adjust("1 milli")
      assert.deepStrictEqual({ ...failure() }, { ...new Reason.Timeout({ millis: 2000 }) })
    }))

  it.effect("P8.1: reports that the platform is offline, and the first frame after that", () =>
    Effect.gen(function*() {
      const { failure, liveness, log, ready } = yield* start
      yield* ready
      assert.isUndefined(liveness.onFrames())
      liveness.onTrigger("offline")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(log, ["suspect: connection failed: the platform is offline", ping(5)])
      yield* liveness.onFrames() ?? assert.fail("nothing is reported")
      assert.isUndefined(liveness.onFrames())
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(log.slice(2), ["alive", "responded"])
      assert.isUndefined(failure())
    }))

  it.effect("P8.6: ends a session that is to be replaced at once", () =>
    Effect.gen(function*() {
      const { failure, liveness, log, ready } = yield* start
      yield* ready
      liveness.onTrigger("reconnect")
      yield* TestClock.adjust(0)
      assert.strictEqual(failure()?.message, "connection failed: a new connection was requested")
      assert.deepStrictEqual(log, [])
    }))
})
