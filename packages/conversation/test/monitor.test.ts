import * as Reason from "@effect-signalwire/schema/Reason"
import { ConnectionState, idle } from "@effect-signalwire/subscription/ConnectionState"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { Monitor } from "../src/internal/monitor.ts"

const reason = new Reason.ServerError({ status: 503, detail: "" })
const connected = ConnectionState.Connected({ resumed: false, catchingUp: false, reason: null })

describe("the state of a client's connection", () => {
  it.effect("P8.3: says that a session which is up waits for history, and why, until nobody waits any more", () =>
    Effect.gen(function*() {
      const monitor = new Monitor(idle)
      monitor.sessionIs(connected)
      monitor.historyWas(reason)
      assert.deepStrictEqual(yield* monitor.state.get, connected)
      monitor.catchUp(1)
      monitor.catchUp(1)
      monitor.catchUp(-1)
      assert.deepStrictEqual(yield* monitor.state.get, { ...connected, catchingUp: true, reason })
      monitor.historyWas(null)
      assert.deepStrictEqual(yield* monitor.state.get, { ...connected, catchingUp: true })
      monitor.catchUp(-1)
      assert.deepStrictEqual(yield* monitor.state.get, connected)
    }))

  it.effect("P8.8: says within seconds that history is read, where nothing said that anything was missed", () =>
    Effect.gen(function*() {
      const monitor = new Monitor(connected)
      const reading = yield* Effect.forkChild(monitor.whileReading(Effect.sleep("20 seconds")))
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(yield* monitor.state.get, connected)
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* monitor.state.get, { ...connected, catchingUp: true })
      yield* TestClock.adjust("15 seconds")
      yield* Fiber.join(reading)
      assert.deepStrictEqual(yield* monitor.state.get, connected)
    }))
})
