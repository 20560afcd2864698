import * as ReadRetry from "@effect-signalwire/http/RetryPolicy"
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
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { ConversationError } from "../src/ConversationError.ts"
import { ConnectionMonitor } from "../src/internal/connectionMonitor.ts"
import { HistoryReader } from "../src/internal/historyReader.ts"
import { Retrier } from "../src/internal/retrier.ts"
import { message, page } from "./support.ts"

type Response = Page<ConversationMessage, ConversationError> | Reason.Reason | "hangs"

const connected = { _tag: "Connected", resumed: false, catchingUp: false, reason: null } as const

/** A reader over a history whose responses the test decides, and counters of its reads. */
const start = (
  respond: (read: number) => Response,
  instrumentation: Instrumentation.Instrumentation = Instrumentation.effect
) => {
  const wake = new Emitter<void>()
  const monitor = new ConnectionMonitor(connected)
  const subscription = {
    awaitWake: Effect.suspend(() => wake.next),
    connection: { current: Effect.sync(() => session), changes: Stream.never },
    sessionCount: Effect.sync(() => sessions)
  }
  let sessions = 1
  let session: ConnectionState = connected
  let reads = 0
  const timeouts: Array<number> = []
  const newest = Effect.flatMap(ReadRetry.RetryPolicy, ({ isEnabled, timeoutMillis }) => {
    assert.isFalse(isEnabled)
    timeouts.push(timeoutMillis)
    const result = respond(++reads)
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
    retrier: new Retrier(subscription),
    lifetime,
    instrumentation,
    pollMillis: 15_000
  })
  return {
    reader,
    lifetime,
    monitor,
    wake,
    reads: () => reads,
    timeouts,
    startSession: () => {
      sessions++
    },
    setSession: (state: ConnectionState) => {
      session = state
    },
    read: (asOf = 0) => reader.newest({ key: "all", method: "timeline", newest }, asOf)
  }
}

/** Delays are as short as they can be. */
const withoutJitter = { nextDoubleUnsafe: () => 0, nextIntUnsafe: () => 0 }

const empty = page([message("a", 1)])
const down = new Reason.ServerError({ status: 503, detail: "" })

describe("HistoryReader", () => {
  it.effect.each([down, new Reason.RateLimited({ retryAfterMillis: 600_000 })])(
    "P7.2: fails with Closed when the client is closed while it retries: $_tag",
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

  it.effect("P8.5: shares one request among concurrent callers", () =>
    Effect.gen(function*() {
      const { read, reads } = start(() => empty)
      const all = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 50 }, () => read()), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(all)
      assert.strictEqual(reads(), 1)
    }))

  it.effect("reads again for a caller that needs what came after the first read began", () =>
    Effect.gen(function*() {
      const { read, reader, reads } = start(() => empty)
      const first = yield* Effect.forkChild(read(), { startImmediately: true })
      const second = yield* Effect.forkChild(read(reader.tick()), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(first)
      assert.isAtLeast((yield* Fiber.join(second)).asOf, 1)
      assert.strictEqual(reads(), 2)
    }))

  it.effect("P1.1: does not count a session that starts during a read as covered by it", () =>
    Effect.gen(function*() {
      const { read, reader, startSession } = start(() => empty)
      const reading = yield* Effect.forkChild(read(), { startImmediately: true })
      startSession()
      reader.tick()
      yield* TestClock.adjust("1 second")
      assert.deepInclude(yield* Fiber.join(reading), { sessions: 1, asOf: 0 })
    }))

  it.effect("P8.8: shows the reason of a failed read while a session is up, until it succeeds", () =>
    Effect.gen(function*() {
      let isDown = true
      const { monitor, read } = start(() => isDown ? down : empty)
      const reading = yield* Effect.forkChild(read(), { startImmediately: true })
      assert.deepInclude(yield* monitor.state.get, { _tag: "Connected", catchingUp: true, reason: down })
      isDown = false
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(reading)
      assert.deepStrictEqual(yield* monitor.state.get, connected)
      // nor is it the reason when it catches up later
      monitor.addCatchingUp(1)
      assert.deepStrictEqual(yield* monitor.state.get, { ...connected, catchingUp: true })
    }))

  it.effect.each([
    down,
    new Reason.ServerError({ status: 408, detail: "" }),
    new Reason.ServerError({ status: 502, detail: "" }),
    new Reason.ServerError({ status: 504, detail: "" }),
    new Reason.Transport({ detail: "the connection broke" }),
    new Reason.Transport({ detail: "the connection was refused", sent: "no" }),
    new Reason.Timeout({ millis: 4000 }),
    new Reason.RateLimited({ retryAfterMillis: 2000 }),
    new Reason.RateLimited({ retryAfterMillis: null }),
    new Reason.Malformed({ path: "", detail: "status 200 with a body that is not JSON but text/html" }),
    new Reason.Malformed({ path: "data[0].ts", detail: "not a number" }),
    new Reason.Unauthorized({ detail: "expired" }),
    new Reason.Unauthorized({ detail: "expired", isRetryable: true })
  ])(
    "P1.1: reads again, and the next page as well, after a failure that may recover: $message",
    (reason) =>
      Effect.gen(function*() {
        const second = page([message("b", 1)])
        const next = Effect.suspend(() => {
          const [failure] = failures.splice(0, 1)
          return failure === undefined
            ? Effect.succeedSome(second)
            : Effect.fail(new ConversationError({ method: "timeline", reason: failure }))
        })
        const failures = [reason, reason]
        const { read, reads } = start((read) => read <= 2 ? reason : page([message("a", 2)], next))
        const reading = yield* Effect.forkChild(
          Effect.flatMap(read(), ({ page }) => page.next),
          { startImmediately: true }
        )
        yield* TestClock.adjust("1 minute")
        const found = Option.getOrThrow(yield* Fiber.join(reading))
        assert.deepStrictEqual([found.data, reads(), failures], [second.data, 3, []])
      })
  )

  it.effect.each([
    new Reason.Forbidden({ detail: "" }),
    new Reason.NotFound({ detail: "" }),
    Reason.invalidParameter("page_token", "is invalid"),
    new Reason.Malformed({ path: "links.next", detail: "" }),
    new Reason.ForeignLink({ origin: "https://example.com" }),
    new Reason.Closed()
  ])("fails at once after a failure that does not recover: $_tag", (reason) =>
    Effect.gen(function*() {
      const { monitor, read, reads } = start(() => reason)
      const error = yield* Effect.flip(read())
      assert.strictEqual(error.reason, reason)
      assert.strictEqual(reads(), 1)
      assert.deepStrictEqual(yield* monitor.state.get, connected)
    }))

  it.effect("is not catching up while it reads without a failure", () =>
    Effect.gen(function*() {
      const { monitor, read } = start(() => empty)
      const reading = yield* Effect.forkChild(read(), { startImmediately: true })
      assert.deepStrictEqual(yield* monitor.state.get, connected)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(reading)
      assert.deepStrictEqual(yield* monitor.state.get, connected)
    }))

  it.effect("is not catching up after a read that retried was interrupted", () =>
    Effect.gen(function*() {
      const { monitor, read } = start(() => down)
      const reading = yield* Effect.forkChild(read(), { startImmediately: true })
      yield* TestClock.adjust("1 minute")
      assert.deepInclude(yield* monitor.state.get, { catchingUp: true })
      yield* Fiber.interrupt(reading)
      assert.deepStrictEqual(yield* monitor.state.get, connected)
    }))

  it.effect("P1.1: reads each further page again after a failure, and shares its request", () =>
    Effect.gen(function*() {
      let thirds = 0
      const third = Effect.suspend(() =>
        ++thirds === 1
          ? Effect.fail(new ConversationError({ method: "timeline", reason: down }))
          : Effect.delay(Effect.succeedSome(page([message("c", 1)])), 100)
      )
      const { read } = start(() => page([message("a", 3)], Effect.succeedSome(page([message("b", 2)], third))))
      const reading = yield* Effect.forkChild(
        Effect.gen(function*() {
          const { page } = yield* read()
          const { next } = Option.getOrThrow(yield* page.next)
          return yield* Effect.all([next, next], { concurrency: "unbounded" })
        }),
        { startImmediately: true }
      )
      yield* TestClock.adjust("1 minute")
      const pages = (yield* Fiber.join(reading)).map((found) => Option.getOrThrow(found).data.map(({ text }) => text))
      assert.deepStrictEqual([pages, thirds], [[["c"], ["c"]], 2])
    }))

  it.effect("shares the request for the next page among callers that read it at the same time", () =>
    Effect.gen(function*() {
      let nexts = 0
      const next = Effect.suspend(() => {
        nexts++
        return Effect.delay(Effect.succeedSome(page([message("b", 1)])), 100)
      })
      const { read } = start(() => page([message("a", 2)], next))
      const reading = yield* Effect.forkChild(
        Effect.flatMap(read(), ({ page }) => Effect.all([page.next, page.next], { concurrency: "unbounded" })),
        { startImmediately: true }
      )
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(reading)
      assert.strictEqual(nexts, 1)
    }))

  it.effect("P8.8: warns within 10 seconds, and once a minute, that reads fail while a session is up", () =>
    Effect.gen(function*() {
      const warnings: Array<string> = []
      const { read } = start(
        (read) => read <= 2 ? "hangs" : down,
        Instrumentation.warningsOnly((message) => warnings.push(message))
      )
      yield* Effect.forkChild(read(), { startImmediately: true })
      for (let second = 0; second < 10; second++) yield* TestClock.adjust("1 second")
      assert.strictEqual(warnings.length, 1)
      assert.match(warnings[0] ?? "", /messages are delayed until history can be read again \(.+\)/)
      for (let second = 0; second < 170; second++) yield* TestClock.adjust("1 second")
      assert.strictEqual(warnings.length, 3)
    }))

  it.effect("P8.8: warns at every failure when these are a minute apart", () =>
    Effect.gen(function*() {
      const warnings: Array<string> = []
      const { read } = start(
        () => new Reason.RateLimited({ retryAfterMillis: 60_000 }),
        Instrumentation.warningsOnly((message) => warnings.push(message))
      )
      yield* Effect.forkChild(Effect.provideService(read(), Random.Random, withoutJitter), { startImmediately: true })
      for (let minute = 0; minute < 5; minute++) yield* TestClock.adjust("1 minute")
      assert.lengthOf(warnings, 5)
    }))

  it.effect("P8.8: warns without details, since the warning has the reason", () =>
    Effect.gen(function*() {
      const warnings: Array<ReadonlyArray<unknown>> = []
      const { read } = start(() => down, Instrumentation.warningsOnly((_, ...details) => warnings.push(details)))
      yield* Effect.forkChild(read(), { startImmediately: true })
      yield* Effect.replicateEffect(TestClock.adjust("1 second"), 10)
      assert.deepStrictEqual(warnings, [[]])
    }))

  it.effect("P8.8: succeeds within 5 seconds of the server's recovery, however long the outage was", () =>
    Effect.gen(function*() {
      let isDown = true
      const { read } = start(() => isDown ? down : empty)
      const reading = yield* Effect.forkChild(read(), { startImmediately: true })
      yield* TestClock.adjust("1 hour")
      isDown = false
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(reading.pollUnsafe()?._tag, "Success")
    }))

  it.effect("P8.8: succeeds within 5 seconds of the recovery of a server that did not respond", () =>
    Effect.gen(function*() {
      const { read } = start((read) => read <= 2 ? "hangs" : empty)
      const reading = yield* Effect.forkChild(read(), { startImmediately: true })
      yield* TestClock.adjust("4 seconds")
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(reading.pollUnsafe()?._tag, "Success")
    }))

  it.effect.each<{ readonly responses: ReadonlyArray<Response>; readonly expected: Array<number> }>([{
    responses: [],
    expected: [4000, 4000, 4000, Infinity, 4000, 4000, 4000, Infinity]
  }, { responses: ["hangs", "hangs", down], expected: [4000, 4000, 4000, 4000, 4000, 4000, Infinity, 4000] }])(
    "P8.8: gives a request all the time that it needs after three that timed out in a row: $expected",
    ({ expected, responses }) =>
      Effect.gen(function*() {
        const { read, timeouts } = start((read) => responses[read - 1] ?? "hangs")
        yield* Effect.forkChild(read(), { startImmediately: true })
        yield* TestClock.adjust("2 minutes")
        assert.deepStrictEqual(timeouts.slice(0, expected.length), expected)
      })
  )

  it.effect.each([
    { session: connected, cap: 3600 },
    { session: idle, cap: 15_000 }
  ])(
    "P8.5: retries at $cap ms at most, with a quarter of jitter: $session._tag",
    ({ cap, session }) =>
      Effect.gen(function*() {
        const { setSession, read, reads } = start(() => down)
        setSession(session)
        yield* Effect.forkChild(read(), { startImmediately: true })
        yield* TestClock.adjust("10 minutes")
        const before = reads()
        yield* TestClock.adjust("1 hour")
        assert.isAtMost(reads() - before, 3_600_000 / cap + 1)
        assert.isAtLeast(reads() - before, 3_600_000 / (cap * 1.25) - 1)
      })
  )

  it.effect("does not warn of reads that fail for less than five seconds", () =>
    Effect.gen(function*() {
      const warnings: Array<string> = []
      const { read } = start(
        (read) => read <= 3 ? down : empty,
        Instrumentation.warningsOnly((message) => warnings.push(message))
      )
      const reading = yield* Effect.forkChild(read(), { startImmediately: true })
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(reading)
      assert.deepStrictEqual(warnings, [])
    }))

  it.effect("does not warn of failed reads while there is no session", () =>
    Effect.gen(function*() {
      const warnings: Array<string> = []
      const { setSession, read } = start(() => down, Instrumentation.warningsOnly((message) => warnings.push(message)))
      setSession(idle)
      yield* Effect.forkChild(read(), { startImmediately: true })
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(warnings, [])
    }))

  it.effect("P8.5: retries no more often than the poll interval while there is no session", () =>
    Effect.gen(function*() {
      const { setSession, read, reads } = start(() => down)
      setSession({ _tag: "Reconnecting", attempt: 1, delayMillis: 0, polling: true, reason: down })
      yield* Effect.forkChild(read(), { startImmediately: true })
      yield* TestClock.adjust("1 minute")
      const before = reads()
      yield* TestClock.adjust("10 minutes")
      assert.isAtMost(reads() - before, 10 * 60 / 15 + 1)
    }))

  it.effect("P8.5: retries at once after a wake signal, up to a limit", () =>
    Effect.gen(function*() {
      const { setSession, wake, read, reads } = start(() => down)
      setSession({ _tag: "Reconnecting", attempt: 1, delayMillis: 0, polling: true, reason: down })
      yield* Effect.forkChild(read(), { startImmediately: true })
      yield* TestClock.adjust("10 minutes")
      const before = reads()
      wake.emit()
      yield* TestClock.adjust(0)
      assert.strictEqual(reads() - before, 1)
      for (let tick = 0; tick < 600; tick++) {
        wake.emit()
        yield* TestClock.adjust("100 millis")
      }
      assert.isAtMost(reads() - before, 30)
    }))

  it.effect("P8.3: waits for another token when the token is refused", () =>
    Effect.gen(function*() {
      let isRefused = true
      const { wake, read, reads } = start(() => isRefused ? new Reason.Unauthorized({ detail: "no" }) : empty)
      const reading = yield* Effect.forkChild(read(), { startImmediately: true })
      yield* TestClock.adjust("1 hour")
      assert.isAtMost(reads(), 40)
      isRefused = false
      wake.emit()
      yield* TestClock.adjust("100 millis")
      yield* Fiber.join(reading)
    }))

  it.effect("fails with the reason of a failed session", () =>
    Effect.gen(function*() {
      const { setSession, read } = start(() => down)
      const reason = Reason.invalidParameter("WebSocket", "pass one")
      setSession({ _tag: "Failed", reason })
      assert.strictEqual((yield* Effect.flip(read())).reason, reason)
    }))

  it.effect("continues for other callers when the first one is interrupted", () =>
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

describe("ConnectionMonitor", () => {
  it.effect("P1.7: shows polling only while there is no session", () =>
    Effect.gen(function*() {
      const monitor = new ConnectionMonitor(idle)
      monitor.setPolling(true)
      assert.deepStrictEqual(yield* monitor.state.get, idle)
      monitor.setSession({ _tag: "Connecting", polling: false, reason: null })
      assert.deepInclude(yield* monitor.state.get, { _tag: "Connecting", polling: true })
      monitor.setSession(connected)
      assert.deepStrictEqual(yield* monitor.state.get, connected)
    }))
})
