import * as RetryPolicy from "@effect-signalwire/http/RetryPolicy"
import { assert, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Logger from "effect/Logger"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/testing/TestClock"
import {
  json,
  reasonOf,
  type ReceivedRequest,
  type ScriptedResponse,
  type ServiceOptions,
  start,
  subscriber
} from "./support.ts"

/** Runs a read in simulated time; returns its result, when it ended, and when each request arrived. */
const timed = (respond: (request: ReceivedRequest, index: number) => ScriptedResponse, options?: ServiceOptions) =>
  Effect.gen(function*() {
    const times: Array<number> = []
    const { http, log } = yield* start((request, index) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        times.push(now)
        const scripted = respond(request, index)
        return Effect.isEffect(scripted) ? scripted : Effect.succeed(scripted)
      }), options)
    const fiber = yield* Effect.forkChild(
      Effect.zip(Effect.result(http.getSubscriber), Clock.currentTimeMillis)
    )
    for (let second = 0; second < 400; second++) yield* TestClock.adjust("500 millis")
    const [result, end] = yield* Fiber.join(fiber)
    return { result, end, times, requests: log.length }
  })

const good = () => json(subscriber("ada"))

const temporary = [
  ["a broken connection", () => "drop"],
  ...[408, 425, 429, 500, 502, 503, 504].map((status) => [`${status}`, () => json({}, status)] as const)
] satisfies ReadonlyArray<readonly [string, () => ScriptedResponse]>

it.effect.each(temporary)("retries a read after %s", ([, bad]) =>
  Effect.gen(function*() {
    const { requests, result } = yield* timed((_, index) => index === 0 ? bad() : good())
    assert.strictEqual(result._tag, "Success")
    assert.strictEqual(requests, 2)
  }))

it.effect.each([400, 401, 403, 404, 405, 409, 410, 418, 422, 451])(
  "does not retry a read after %i",
  (status) =>
    Effect.gen(function*() {
      const { requests } = yield* timed(() => json({}, status))
      assert.strictEqual(requests, 1)
    })
)

it.effect("fails a read after five attempts", () =>
  Effect.gen(function*() {
    const { requests, result } = yield* timed(() => json({}, 500))
    assert.strictEqual(requests, 5)
    assert.strictEqual(result._tag, "Failure")
  }))

it.effect("doubles the delay between attempts from 250 milliseconds on, with 20 % of jitter", () =>
  Effect.gen(function*() {
    const { times } = yield* timed(() => json({}, 500))
    const delays = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    assert.lengthOf(delays, 4)
    for (const [index, expected] of [250, 500, 1000, 2000].entries()) {
      assert.isAtLeast(delays[index] ?? 0, expected * 0.8)
      assert.isAtMost(delays[index] ?? 0, expected * 1.2 + 1)
    }
  }))

it.effect("P7.1: fails a read by its deadline although its schedule never returns a delay", () =>
  Effect.gen(function*() {
    const retry = Schedule.forever.pipe(Schedule.modifyDelay(() => Effect.never))
    const { end, requests, result } = yield* timed(() => json({}, 503), { retry, deadline: "5 seconds" })
    assert.strictEqual(requests, 1)
    assert.strictEqual(result._tag === "Failure" && result.failure.reason._tag, "ServerError")
    assert.strictEqual(end, 5000)
  }))

it.effect.each(
  [
    ["throws", Effect.die("no delay")],
    ["interrupts itself", Effect.interrupt]
  ] as const
)(
  "P8.7: fails a read with its last failure when its schedule %s, and logs that",
  ([, delay]) =>
    Effect.gen(function*() {
      const warnings: Array<unknown> = []
      const retry = Schedule.forever.pipe(Schedule.modifyDelay(() => delay))
      const { requests, result } = yield* timed(() => json({}, 503), { retry }).pipe(
        Effect.provide(Logger.layer([Logger.make(({ message }) => void warnings.push(message))]))
      )
      assert.strictEqual(requests, 1)
      assert.strictEqual(result._tag === "Failure" && result.failure.reason._tag, "ServerError")
      assert.include(JSON.stringify(warnings), "a retry schedule failed with an exception")
      assert.match(JSON.stringify(warnings), /no delay|interrupt/)
    })
)

it.effect.each<readonly [Duration.Input, number, number]>([
  ["5 seconds", 1, 0],
  ["5001 millis", 2, 5000]
])(
  "begins no attempt at its deadline or later: within %s",
  ([deadline, expectedRequests, expectedEnd]) =>
    Effect.gen(function*() {
      const { end, requests } = yield* timed(() => json({}, 503), { retry: Schedule.spaced("5 seconds"), deadline })
      assert.deepStrictEqual([requests, end], [expectedRequests, expectedEnd])
    })
)

it.effect("waits as long as the schedule says after a shorter Retry-After, and no longer than that after a longer one", () =>
  Effect.gen(function*() {
    for (const [retryAfter, expected] of [["2", 5000], ["7.5", 7500]] as const) {
      const { times } = yield* timed(
        (_, index) => index === 0 ? json({}, 429, { "retry-after": retryAfter }) : good(),
        {
          retry: Schedule.spaced("5 seconds")
        }
      )
      assert.strictEqual((times[1] ?? 0) - (times[0] ?? 0), expected)
    }
  }))

it.effect.each<readonly [string, number, number]>([["less", 1000, 1000], ["more", 5000, 2000]])(
  "without retries, a read has a time limit of its own if that is %s than the option timeout",
  ([, limit, expected]) =>
    Effect.gen(function*() {
      const { http, log } = yield* start(() => Effect.never, { timeout: "2 seconds" })
      const fiber = yield* Effect.forkChild(reasonOf(RetryPolicy.withoutRetry(http.getSubscriber, limit)))
      yield* TestClock.adjust("1 minute")
      const reason = yield* Fiber.join(fiber)
      assert.strictEqual(reason._tag === "Timeout" ? reason.millis : 0, expected)
      assert.strictEqual(log.length, 1)
    })
)

it.effect("uses the given schedule", () =>
  Effect.gen(function*() {
    const { requests } = yield* timed(() => json({}, 500), { retry: Schedule.recurs(1) })
    assert.strictEqual(requests, 2)
  }))

it.effect("waits at least the seconds of Retry-After", () =>
  Effect.gen(function*() {
    const { times } = yield* timed((_, index) => index === 0 ? json({}, 429, { "retry-after": "20" }) : good())
    assert.isAtLeast((times[1] ?? 0) - (times[0] ?? 0), 20_000)
  }))

it.effect("waits at least until the date of Retry-After", () =>
  Effect.gen(function*() {
    const { times } = yield* timed((_, index) =>
      index === 0 ? json({}, 429, { "retry-after": "Thu, 01 Jan 1970 00:00:30 GMT" }) : good()
    )
    assert.isAtLeast(times[1] ?? 0, 30_000)
  }))

it.effect("fails a read with the delay of a Retry-After that is beyond the deadline", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => json({}, 429, { "retry-after": "3600" }))
    const reason = yield* reasonOf(http.getSubscriber)
    assert.strictEqual(reason._tag === "RateLimited" ? reason.retryAfterMillis : 0, 3_600_000)
    assert.strictEqual(log.length, 1)
  }))

it.effect("ignores a Retry-After that is invalid", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => json({}, 429, { "retry-after": "soon" }), { retry: Schedule.recurs(0) })
    const reason = yield* reasonOf(http.getSubscriber)
    assert.isNull(reason._tag === "RateLimited" ? reason.retryAfterMillis : 0)
  }))

it.effect("retries an attempt that times out", () =>
  Effect.gen(function*() {
    const { requests, result, times } = yield* timed((_, index) => index === 0 ? Effect.never : good())
    assert.strictEqual(result._tag, "Success")
    assert.strictEqual(requests, 2)
    assert.isAtLeast(times[1] ?? 0, 10_000)
  }))

it.effect("a send has a longer timeout than a read, and is not retried", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => Effect.never, { dialect: "address" })
    const fiber = yield* Effect.forkChild(reasonOf(http.sendMessage({ addressId: "office", text: "hello" })))
    yield* TestClock.adjust("29 seconds")
    assert.isUndefined(fiber.pollUnsafe())
    yield* TestClock.adjust("2 seconds")
    assert.strictEqual((yield* Fiber.join(fiber))._tag, "Timeout")
    assert.lengthOf(log, 1)
  }))

it.effect("fails a read with Timeout by its deadline when the server never responds", () =>
  Effect.gen(function*() {
    const { end, requests, result } = yield* timed(() => Effect.never)
    assert.strictEqual(result._tag === "Failure" ? result.failure.reason._tag : "", "Timeout")
    assert.isAtMost(end, 90_000)
    assert.isAtLeast(requests, 3)
  }))

it.effect("uses the options timeout and deadline", () =>
  Effect.gen(function*() {
    const { end, requests } = yield* timed(() => Effect.never, { timeout: "2 seconds", deadline: "5 seconds" })
    assert.isAtMost(end, 5000)
    assert.isAtLeast(requests, 2)
  }))

it.effect("times out while a body does not end", () =>
  Effect.gen(function*() {
    const reading = yield* Latch.make()
    const body = () =>
      new ReadableStream({
        pull: () => {
          reading.openUnsafe()
          return new Promise(() => {})
        }
      }, { highWaterMark: 0 })
    const { http } = yield* start(() => new Response(body()), { retry: Schedule.recurs(0) })
    const fiber = yield* Effect.forkChild(reasonOf(http.getSubscriber))
    yield* reading.await
    yield* TestClock.adjust("31 seconds")
    assert.strictEqual((yield* Fiber.join(fiber))._tag, "Timeout")
  }))

it.effect("retries a join like a read", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(
      (_, index) => index === 0 ? "drop" : json({ table: { conversation_id: "office" } }),
      { dialect: "address" }
    )
    const fiber = yield* Effect.forkChild(http.join({ addressId: "office" }))
    yield* TestClock.adjust("5 seconds")
    assert.strictEqual(String((yield* Fiber.join(fiber)).conversationId), "office")
    assert.strictEqual(log.length, 2)
  }))

it.effect.each(
  [...temporary, ["a timeout", () => Effect.never]] satisfies ReadonlyArray<readonly [string, () => ScriptedResponse]>
)("does not retry a send after %s", ([, bad]) =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => bad(), { dialect: "address" })
    const fiber = yield* Effect.forkChild(Effect.result(http.sendMessage({ addressId: "office", text: "hello" })))
    for (let second = 0; second < 100; second++) yield* TestClock.adjust("1 second")
    assert.strictEqual((yield* Fiber.join(fiber))._tag, "Failure")
    assert.strictEqual(log.length, 1)
  }))
