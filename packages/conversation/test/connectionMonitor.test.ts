import * as Reason from "@effect-signalwire/schema/Reason"
import { closed, ConnectionState, idle } from "@effect-signalwire/subscription/ConnectionState"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
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

  it.effect("emits a state once, although the session and the reads set it again", () =>
    Effect.gen(function*() {
      const monitor = new ConnectionMonitor(idle)
      const states: Array<ConnectionState> = []
      yield* Effect.forkChild(
        Stream.runForEach(monitor.state.changes, (state) => Effect.sync(() => states.push(state))),
        {
          startImmediately: true
        }
      )
      const connecting = ConnectionState.Connecting({ polling: false, reason: null })
      monitor.setSession(connecting)
      monitor.setSession({ ...connecting })
      monitor.setPolling(false)
      monitor.setPolling(true)
      monitor.setPolling(true)
      monitor.setSession(connected)
      monitor.setHistoryFailure(reason)
      monitor.setHistoryFailure(null)
      yield* Effect.yieldNow
      assert.deepStrictEqual(states, [idle, connecting, { ...connecting, polling: true }, connected])
    }))

  it.effect.each([
    ConnectionState.Connecting({ polling: false, reason: null }),
    ConnectionState.Reconnecting({ attempt: 1, delayMillis: 500, polling: false, reason })
  ])("P1.7: shows that history is polled while there is no session: $_tag", (session) =>
    Effect.gen(function*() {
      const monitor = new ConnectionMonitor(session)
      monitor.setPolling(true)
      assert.deepStrictEqual(yield* monitor.state.get, { ...session, polling: true })
      monitor.setPolling(false)
      assert.deepStrictEqual(yield* monitor.state.get, session)
    }))

  it.effect.each([
    idle,
    closed,
    ConnectionState.Failed({ reason })
  ])("shows neither polling nor catching up in a state without a session: $_tag", (session) =>
    Effect.gen(function*() {
      const monitor = new ConnectionMonitor(connected)
      monitor.setPolling(true)
      monitor.addCatchingUp(1)
      monitor.setSession(session)
      assert.deepStrictEqual(yield* monitor.state.get, session)
    }))

  it.effect("P8.8: shows a read of missed messages as catching up at once, until it ends or is interrupted", () =>
    Effect.gen(function*() {
      const monitor = new ConnectionMonitor(connected)
      for (const read of [Effect.sleep("1 second"), Effect.never]) {
        const reading = yield* Effect.forkChild(monitor.whileCatchingUp(read), { startImmediately: true })
        assert.deepStrictEqual(yield* monitor.state.get, { ...connected, catchingUp: true })
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(reading)
        assert.deepStrictEqual(yield* monitor.state.get, connected)
      }
    }))
})
