import { Attempts } from "@effect-signalwire/http/Attempts"
import { Emitter } from "@effect-signalwire/runtime/Emitter"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import { Lifetime } from "@effect-signalwire/runtime/Lifetime"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { Page } from "@effect-signalwire/schema/Page"
import * as Reason from "@effect-signalwire/schema/Reason"
import { type ConnectionState, idle } from "@effect-signalwire/subscription/ConnectionState"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { ConversationError } from "../src/ConversationError.ts"
import { Healing } from "../src/internal/healing.ts"
import { HistoryReader } from "../src/internal/historyReader.ts"
import { Monitor } from "../src/internal/monitor.ts"
import { message, page } from "./support.ts"

type Outcome = Page<ConversationMessage, ConversationError> | Reason.Reason | "hangs"

const connected = { _tag: "Connected", resumed: false, catchingUp: false, reason: null } as const

/** A reader of a history that the test answers for, and what it sees of the reads. */
const start = (
  outcome: (read: number) => Outcome,
  telemetry: Instrumentation.Instrumentation = Instrumentation.effect
) => {
  const chances = new Emitter<void>()
  const monitor = new Monitor(connected)
  const subscription = {
    awaitWake: Effect.suspend(() => chances.next),
    connection: Effect.sync(() => session),
    sessions: Effect.succeed(1)
  }
  let session: ConnectionState = connected
  let reads = 0
  const newest = Effect.flatMap(Attempts, ({ repeats, timeoutMillis }) => {
    assert.isFalse(repeats)
    const result = outcome(++reads)
    const timeout = new Reason.Timeout({ millis: timeoutMillis })
    if (result === "hangs") {
      return Effect.delay(
        Effect.fail(new ConversationError({ method: "timeline", reason: timeout })),
        Math.min(timeoutMillis, 10_000)
      )
    }
    return "data" in result
      ? Effect.delay(Effect.succeed(result), 100)
      : Effect.fail(new ConversationError({ method: "timeline", reason: result }))
  })
  const lifetime = new Lifetime()
  const reader = new HistoryReader({
    subscription,
    monitor,
    healing: new Healing(subscription),
    lifetime,
    telemetry,
    pollMillis: 15_000
  })
  return {
    reader,
    lifetime,
    monitor,
    chances,
    reads: () => reads,
    become: (state: ConnectionState) => {
      session = state
    },
    read: (moment = 0) => reader.newest({ key: "all", method: "timeline", newest }, moment)
  }
}

const empty = page([message("a", 1)])
const down = new Reason.ServerError({ status: 503, detail: "" })

describe("reading history", () => {
  it.effect.each([down, new Reason.RateLimited({ retryAfterMillis: 600_000 })])(
    "P7.2: ends with Closed when the client is closed while it waits: $_tag",
    (reason) =>
      Effect.gen(function*() {
        const { lifetime, read } = start(() => reason)
        const reading = yield* Effect.forkChild(Effect.flip(read()), { startImmediately: true })
        yield* TestClock.adjust("1 minute")
        lifetime.close()
        yield* TestClock.adjust(0)
        const error = yield* Fiber.join(reading)
        assert.deepStrictEqual([error.method, error.reason._tag], ["timeline", "Closed"])
      })
  )

  it.effect("P8.5: is one request for all who ask at the same time", () =>
    Effect.gen(function*() {
      const { read, reads } = start(() => empty)
      const all = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 50 }, () => read()), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(all)
      assert.strictEqual(reads(), 1)
    }))

  it.effect("is done again for one who needs what came after it began", () =>
    Effect.gen(function*() {
      const { read, reader, reads } = start(() => empty)
      const first = yield* Effect.forkChild(read(), { startImmediately: true })
      const second = yield* Effect.forkChild(read(reader.mark()), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(first)
      assert.isAtLeast((yield* Fiber.join(second)).moment, 1)
      assert.strictEqual(reads(), 2)
    }))

  it.effect("P8.8: that fails is shown with its reason while a session is up, and no more once it succeeds", () =>
    Effect.gen(function*() {
      let isDown = true
      const { monitor, read } = start(() => isDown ? down : empty)
      const reading = yield* Effect.forkChild(read(), { startImmediately: true })
      assert.deepInclude(yield* monitor.state.get, { _tag: "Connected", catchingUp: true, reason: down })
      isDown = false
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(reading)
      assert.deepStrictEqual(yield* monitor.state.get, connected)
    }))

  it.effect("P8.8: that fails for long while a session is up is warned of within 10 seconds, and once a minute", () =>
    Effect.gen(function*() {
      const warnings: Array<string> = []
      const { read } = start(
        (read) => read <= 2 ? "hangs" : down,
        Instrumentation.warnings((message) => warnings.push(message))
      )
      yield* Effect.forkChild(read(), { startImmediately: true })
      for (let second = 0; second < 10; second++) yield* TestClock.adjust("1 second")
      assert.strictEqual(warnings.length, 1)
      assert.match(warnings[0] ?? "", /messages wait for history, which can't be read \(.+\)/)
      for (let second = 0; second < 170; second++) yield* TestClock.adjust("1 second")
      assert.strictEqual(warnings.length, 3)
    }))

  it.effect("P8.8: succeeds within 5 seconds after the server is well, however long it was not", () =>
    Effect.gen(function*() {
      let isDown = true
      const { read } = start(() => isDown ? down : empty)
      const reading = yield* Effect.forkChild(read(), { startImmediately: true })
      yield* TestClock.adjust("1 hour")
      isDown = false
      yield* TestClock.adjust("5 seconds")
      assert.isDefined(reading.pollUnsafe())
    }))

  it.effect("P8.8: succeeds within 5 seconds after a server is well that left requests without an answer", () =>
    Effect.gen(function*() {
      const { read } = start((read) => read <= 2 ? "hangs" : empty)
      const reading = yield* Effect.forkChild(read(), { startImmediately: true })
      yield* TestClock.adjust("4 seconds")
      yield* TestClock.adjust("5 seconds")
      assert.isDefined(reading.pollUnsafe())
    }))

  it.effect("P8.5: is not tried more often than the poll interval where there is no session", () =>
    Effect.gen(function*() {
      const { become, read, reads } = start(() => down)
      become({ _tag: "Reconnecting", attempt: 1, delayMillis: 0, polling: true, reason: down })
      yield* Effect.forkChild(read(), { startImmediately: true })
      yield* TestClock.adjust("1 minute")
      const before = reads()
      yield* TestClock.adjust("10 minutes")
      assert.isAtMost(reads() - before, 10 * 60 / 15 + 1)
    }))

  it.effect("P8.5: is tried at once when something says that it may work now, but not without end", () =>
    Effect.gen(function*() {
      const { become, chances, read, reads } = start(() => down)
      become({ _tag: "Reconnecting", attempt: 1, delayMillis: 0, polling: true, reason: down })
      yield* Effect.forkChild(read(), { startImmediately: true })
      yield* TestClock.adjust("10 minutes")
      const before = reads()
      chances.emit()
      yield* TestClock.adjust(0)
      assert.strictEqual(reads() - before, 1)
      for (let tick = 0; tick < 600; tick++) {
        chances.emit()
        yield* TestClock.adjust("100 millis")
      }
      assert.isAtMost(reads() - before, 30)
    }))

  it.effect("P8.3: with a token that is refused waits for another one", () =>
    Effect.gen(function*() {
      let isRefused = true
      const { chances, read, reads } = start(() => isRefused ? new Reason.Unauthorized({ detail: "no" }) : empty)
      const reading = yield* Effect.forkChild(read(), { startImmediately: true })
      yield* TestClock.adjust("1 hour")
      assert.isAtMost(reads(), 40)
      isRefused = false
      chances.emit()
      yield* TestClock.adjust("100 millis")
      yield* Fiber.join(reading)
    }))

  it.effect("fails with what the session failed for", () =>
    Effect.gen(function*() {
      const { become, read } = start(() => down)
      const reason = Reason.invalidParameter("WebSocket", "pass one")
      become({ _tag: "Failed", reason })
      assert.strictEqual((yield* Effect.flip(read())).reason, reason)
    }))

  it.effect("goes on for those who wait when the one who reads gives up", () =>
    Effect.gen(function*() {
      const { read, reads } = start(() => empty)
      const first = yield* Effect.forkChild(read(), { startImmediately: true })
      const second = yield* Effect.forkChild(read(), { startImmediately: true })
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(second)
      assert.strictEqual(reads(), 2)
    }))
})

describe("what users see of the connection", () => {
  it.effect("P1.7: says that history is polled while there is no session, and only then", () =>
    Effect.gen(function*() {
      const monitor = new Monitor(idle)
      monitor.isPolling(true)
      assert.deepStrictEqual(yield* monitor.state.get, idle)
      monitor.sessionIs({ _tag: "Connecting", polling: false, reason: null })
      assert.deepInclude(yield* monitor.state.get, { _tag: "Connecting", polling: true })
      monitor.sessionIs(connected)
      assert.deepStrictEqual(yield* monitor.state.get, connected)
    }))
})
