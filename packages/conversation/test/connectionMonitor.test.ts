import * as Reason from "@effect-signalwire/schema/Reason"
import { ConnectionState, idle } from "@effect-signalwire/subscription/ConnectionState"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { ConnectionMonitor } from "../src/internal/connectionMonitor.ts"

const reason = new Reason.ServerError({ status: 503, detail: "" })
const connected = ConnectionState.Connected({ resumed: false, catchingUp: false, reason: null })

describe("ConnectionMonitor", () => {
  it.effect("P8.3: shows that a session is catching up, and why, until no sequence waits for history", () =>
    Effect.gen(function*() {
      const monitor = new ConnectionMonitor(idle)
      monitor.setSession(connected)
      monitor.setHistoryFailure(reason)
      assert.deepStrictEqual(yield* monitor.state.get, connected)
      monitor.addCatchingUp(1)
      monitor.addCatchingUp(1)
      monitor.addCatchingUp(-1)
      assert.deepStrictEqual(yield* monitor.state.get, { ...connected, catchingUp: true, reason })
      monitor.setHistoryFailure(null)
      assert.deepStrictEqual(yield* monitor.state.get, { ...connected, catchingUp: true })
      monitor.addCatchingUp(-1)
      assert.deepStrictEqual(yield* monitor.state.get, connected)
    }))

  it.effect("P8.8: shows a slow routine read as catching up after 4 seconds", () =>
    Effect.gen(function*() {
      const monitor = new ConnectionMonitor(connected)
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
