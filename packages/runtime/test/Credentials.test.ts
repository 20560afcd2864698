import * as Credentials from "@effect-signalwire/runtime/Credentials"
import { assert, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

const first = Redacted.make("token-1")

/** A refresh that completes when the gate opens, and a count of its runs. */
const gated = Effect.gen(function*() {
  const gate = yield* Deferred.make<void>()
  let runs = 0
  const refresh = Effect.suspend(() => {
    runs++
    const token = Redacted.make(`token-${runs + 1}`)
    return Effect.as(Deferred.await(gate), token)
  })
  return { gate, refresh, runs: () => runs }
})

it.effect.each(["refreshTimeout", "refreshAhead"])(
  "P9.2: refuses an invalid %s by its name",
  (name) =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Credentials.make({ token: first, refresh: Effect.never, [name]: -1 }))
      assert.include(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", `${name}: must be a number of milliseconds`)
    })
)

it.effect("shares one refresh between concurrent callers", () =>
  Effect.gen(function*() {
    const { gate, refresh, runs } = yield* gated
    const credentials = yield* Credentials.make({ token: first, refresh })
    const waiting = yield* Effect.forkChild(
      Effect.forEach([1, 2, 3, 4], () => credentials.renew(first), { concurrency: "unbounded" }),
      { startImmediately: true }
    )
    yield* Deferred.succeed(gate, undefined)
    const tokens = yield* Fiber.join(waiting)
    assert.deepStrictEqual(tokens.map(Redacted.value), ["token-2", "token-2", "token-2", "token-2"])
    assert.strictEqual(runs(), 1)
  }))

it.effect("shares one failed refresh between concurrent callers", () =>
  Effect.gen(function*() {
    const gate = yield* Deferred.make<void>()
    let runs = 0
    const credentials = yield* Credentials.make({
      token: first,
      refresh: Effect.suspend(() => {
        runs++
        return Effect.andThen(Deferred.await(gate), Effect.fail("offline"))
      })
    })
    const waiting = yield* Effect.forkChild(
      Effect.forEach([1, 2, 3], () => Effect.flip(credentials.renew(first)), { concurrency: "unbounded" }),
      { startImmediately: true }
    )
    yield* Deferred.succeed(gate, undefined)
    const errors = yield* Fiber.join(waiting)
    assert.deepStrictEqual(errors.map(({ cause }) => cause), ["offline", "offline", "offline"])
    assert.strictEqual(runs, 1)
  }))

it.effect("refreshes again for a caller after a failed refresh", () =>
  Effect.gen(function*() {
    let runs = 0
    const credentials = yield* Credentials.make({
      token: first,
      refresh: Effect.suspend(() => ++runs === 1 ? Effect.fail("offline") : Effect.succeed(Redacted.make("token-2")))
    })
    yield* Effect.flip(credentials.renew(first))
    const renewing = yield* Effect.forkChild(credentials.renew(first), { startImmediately: true })
    yield* TestClock.adjust("1 second")
    assert.strictEqual(Redacted.value(yield* Fiber.join(renewing)), "token-2")
  }))

it.effect("refreshes again for a waiting caller if the caller that runs the refresh is interrupted", () =>
  Effect.gen(function*() {
    const { gate, refresh, runs } = yield* gated
    const credentials = yield* Credentials.make({ token: first, refresh })
    const leader = yield* Effect.forkChild(credentials.renew(first), { startImmediately: true })
    const waiting = yield* Effect.forkChild(credentials.renew(first), { startImmediately: true })
    yield* Fiber.interrupt(leader)
    yield* Deferred.succeed(gate, undefined)
    yield* TestClock.adjust("1 second")
    assert.strictEqual(Redacted.value(yield* Fiber.join(waiting)), "token-3")
    assert.strictEqual(runs(), 2)
  }))

it.effect("returns a token that was already replaced without a refresh", () =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make({ token: first, refresh: Effect.die("must not run") })
    yield* credentials.replace(Redacted.make("token-2"))
    assert.strictEqual(Redacted.value(yield* credentials.renew(first)), "token-2")
  }))

it.effect("compares the refused token by its value", () =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make({ token: first, refresh: Effect.succeed(Redacted.make("token-2")) })
    assert.strictEqual(Redacted.value(yield* credentials.renew(Redacted.make("token-1"))), "token-2")
  }))

it.effect("uses the new token after a refresh", () =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make({ token: first, refresh: Effect.succeed(Redacted.make("token-2")) })
    yield* credentials.renew(first)
    assert.strictEqual(Redacted.value(yield* credentials.current), "token-2")
  }))

it.effect("fails with a CredentialsError that holds the cause when the refresh fails", () =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make({ token: first, refresh: Effect.fail("offline") })
    const error = yield* Effect.flip(credentials.renew(first))
    assert.deepStrictEqual([error._tag, error.message, error.cause], [
      "CredentialsError",
      "the token could not be refreshed",
      "offline"
    ])
  }))

it.effect("fails with an error that is not retryable if no refresh is configured", () =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make({ token: first })
    const error = yield* Effect.flip(credentials.renew(first))
    assert.deepStrictEqual([error.message, error.isRetryable], ["no token refresh is configured", false])
  }))

it.effect.each<
  { readonly failure: string; readonly refresh: Effect.Effect<never, unknown>; readonly isRetryable: boolean }
>([
  { failure: "a string", refresh: Effect.fail("offline"), isRetryable: true },
  { failure: "undefined", refresh: Effect.fail(undefined), isRetryable: true },
  { failure: "a retryable error", refresh: Effect.fail({ isRetryable: true }), isRetryable: true },
  { failure: "an error that is not retryable", refresh: Effect.fail({ isRetryable: false }), isRetryable: false },
  {
    failure: "a Promise rejected with an error that is not retryable",
    refresh: Effect.tryPromise(() => Promise.reject(Object.assign(new Error("logged out"), { isRetryable: false }))),
    isRetryable: false
  }
])(
  "isRetryable of a refresh that fails with $failure is $isRetryable",
  ({ isRetryable, refresh }) =>
    Effect.gen(function*() {
      const credentials = yield* Credentials.make({ token: first, refresh })
      assert.strictEqual((yield* Effect.flip(credentials.renew(first))).isRetryable, isRetryable)
    })
)

it.effect("does not retry a refresh ahead of the expiry that fails with an error that is not retryable", () =>
  Effect.gen(function*() {
    let runs = 0
    const credentials = yield* Credentials.make({
      token: first,
      refresh: Effect.suspend(() => {
        runs++
        return Effect.fail({ isRetryable: false })
      })
    })
    yield* credentials.setExpiry(first, DateTime.addDuration(yield* DateTime.now, "2 minutes"))
    yield* TestClock.adjust("1 hour")
    assert.strictEqual(runs, 1)
  }))

it.effect("keeps the old token when a refresh fails", () =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make({ token: first, refresh: Effect.fail("offline") })
    yield* Effect.ignore(credentials.renew(first))
    assert.strictEqual(Redacted.value(yield* credentials.current), "token-1")
  }))

it.effect("emits the current token and each one that replaces it", () =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make({ token: first, refresh: Effect.succeed(Redacted.make("token-2")) })
    const seen = yield* credentials.changes.pipe(
      Stream.map(Redacted.value),
      Stream.take(3),
      Stream.runCollect,
      Effect.forkChild({ startImmediately: true })
    )
    yield* credentials.renew(first)
    yield* credentials.replace(Redacted.make("token-3"))
    assert.deepStrictEqual(yield* Fiber.join(seen), ["token-1", "token-2", "token-3"])
  }))

it.effect("is provided by its layer", () =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.Credentials
    assert.strictEqual(Redacted.value(yield* credentials.current), "token-1")
  }).pipe(Effect.provide(Credentials.layer({ token: first }))))

/** Credentials whose refresh returns another token each time, and a count of the refreshes. */
const counting = Effect.gen(function*() {
  let refreshes = 0
  const credentials = yield* Credentials.make({
    token: Redacted.make("token-0"),
    refresh: Effect.sync(() => Redacted.make(`token-${++refreshes}`))
  })
  const expiresIn = Effect.fnUntraced(function*(duration: Duration.Input) {
    const at = DateTime.addDuration(yield* DateTime.now, duration)
    yield* credentials.setExpiry(yield* credentials.current, at)
  })
  return { credentials, expiresIn, refreshes: () => refreshes }
})

it.effect("P6.5: refreshes a token a minute before it expires", () =>
  Effect.gen(function*() {
    const { expiresIn, refreshes } = yield* counting
    yield* expiresIn("2 hours")
    yield* TestClock.adjust("118 minutes")
    assert.strictEqual(refreshes(), 0)
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(refreshes(), 1)
    yield* TestClock.adjust("1 day")
    assert.strictEqual(refreshes(), 1)
  }))

it.effect("P6.5: counts the time that is left from now", () =>
  Effect.gen(function*() {
    const { expiresIn, refreshes } = yield* counting
    yield* TestClock.adjust("5 hours")
    yield* expiresIn("2 hours")
    yield* TestClock.adjust("118 minutes")
    assert.strictEqual(refreshes(), 0)
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(refreshes(), 1)
  }))

it.effect("P8.5: retries a refresh ahead of the expiry that fails after a second, and ever more slowly", () =>
  Effect.gen(function*() {
    let runs = 0
    const credentials = yield* Credentials.make({
      token: first,
      refresh: Effect.suspend(() => Effect.fail({ count: ++runs }))
    })
    yield* credentials.setExpiry(first, DateTime.addDuration(yield* DateTime.now, "2 minutes"))
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(runs, 1)
    for (let second = 0; second < 60; second++) yield* TestClock.adjust("1 second")
    assert.isAtLeast(runs, 4)
    assert.isAtMost(runs, 7)
  }))

it.effect("P6.5: refreshes a token that expires in forty days before it expires, and not immediately", () =>
  Effect.gen(function*() {
    const { expiresIn, refreshes } = yield* counting
    yield* expiresIn("40 days")
    yield* TestClock.adjust("39 days")
    assert.strictEqual(refreshes(), 0)
    yield* TestClock.adjust("1 day")
    assert.strictEqual(refreshes(), 1)
  }))

it.effect("refreshes a token with less than a minute left after half of that time", () =>
  Effect.gen(function*() {
    const { expiresIn, refreshes } = yield* counting
    yield* expiresIn("30 seconds")
    yield* TestClock.adjust("14 seconds")
    assert.strictEqual(refreshes(), 0)
    yield* TestClock.adjust("1 second")
    assert.strictEqual(refreshes(), 1)
  }))

it.effect("does not refresh repeatedly if every token looks expired", () =>
  Effect.gen(function*() {
    const { expiresIn, refreshes } = yield* counting
    for (let second = 0; second < 60; second++) {
      yield* expiresIn("-1 hours")
      yield* TestClock.adjust("1 second")
    }
    assert.isAtMost(refreshes(), 7)
  }))

it.effect("retries a refresh ahead of the expiry that fails", () =>
  Effect.gen(function*() {
    let runs = 0
    const credentials = yield* Credentials.make({
      token: Redacted.make("token-0"),
      refresh: Effect.suspend(() => ++runs < 3 ? Effect.fail("offline") : Effect.succeed(Redacted.make("token-1")))
    })
    yield* credentials.setExpiry(yield* credentials.current, DateTime.addDuration(yield* DateTime.now, "2 minutes"))
    yield* TestClock.adjust("2 minutes")
    assert.strictEqual(Redacted.value(yield* credentials.current), "token-1")
  }))

it.effect("does not refresh ahead of the expiry a token that was already replaced", () =>
  Effect.gen(function*() {
    const { credentials, expiresIn, refreshes } = yield* counting
    yield* expiresIn("1 hour")
    yield* credentials.replace(Redacted.make("another"))
    yield* TestClock.adjust("1 hour")
    assert.strictEqual(refreshes(), 0)
  }))

it.effect("P8.5: refreshes no faster than its backoff, even if every token is refused", () =>
  Effect.gen(function*() {
    let runs = 0
    const credentials = yield* Credentials.make({
      token: first,
      refresh: Effect.sync(() => Redacted.make(`token-${++runs + 1}`))
    })
    yield* Effect.flatMap(credentials.current, credentials.renew).pipe(Effect.forever, Effect.forkScoped)
    for (let second = 0; second < 600; second++) yield* TestClock.adjust("1 second")
    // after 0, 1, 3, 7, 15 and 31 seconds, then every 30
    assert.isAtMost(runs, 6 + 20)
    assert.isAtLeast(runs, 20)
  }))

it.effect.each<readonly [string, Effect.Effect<Redacted.Redacted, unknown>]>([
  ["fails", Effect.fail("offline")],
  ["throws", Effect.die(new Error("a bug"))],
  ["returns the token that was refused", Effect.succeed(first)],
  ["returns an empty token", Effect.succeed(Redacted.make(""))],
  ["hangs", Effect.never]
])("P8.3: refreshes again for the next caller after a refresh that %s", ([, failing]) =>
  Effect.gen(function*() {
    let runs = 0
    const credentials = yield* Credentials.make({
      token: first,
      refresh: Effect.suspend(() => ++runs === 1 ? failing : Effect.succeed(Redacted.make("token-2")))
    })
    const failed = yield* Effect.forkChild(Effect.flip(credentials.renew(first)), { startImmediately: true })
    yield* TestClock.adjust("10 seconds")
    assert.isTrue((yield* Fiber.join(failed)).isRetryable)
    const renewing = yield* Effect.forkChild(credentials.renew(first), { startImmediately: true })
    yield* TestClock.adjust("1 second")
    assert.strictEqual(Redacted.value(yield* Fiber.join(renewing)), "token-2")
  }))

it.effect("P8.6: callers that wait for a hanging refresh receive a token that replaces the refused one", () =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make({ token: first, refresh: Effect.never })
    const renewing = yield* Effect.forkChild(credentials.renew(first), { startImmediately: true })
    yield* credentials.replace(Redacted.make("token-2"))
    assert.strictEqual(Redacted.value(yield* Fiber.join(renewing)), "token-2")
  }))

it.effect("does not refresh a token again after a failure that is not retryable", () =>
  Effect.gen(function*() {
    let runs = 0
    const credentials = yield* Credentials.make({
      token: first,
      refresh: Effect.suspend(() => Effect.fail({ isRetryable: false, count: ++runs }))
    })
    for (let times = 0; times < 3; times++) {
      assert.isFalse((yield* Effect.flip(credentials.renew(first))).isRetryable)
    }
    assert.strictEqual(runs, 1)
  }))

class RefreshError extends Data.TaggedError("RefreshError")<{ readonly message: string }> {}

it.effect.each<readonly [string, Effect.Effect<Redacted.Redacted, unknown>, string]>([
  ["with an error", Effect.fail(new RefreshError({ message: "offline" })), "the token could not be refreshed: offline"],
  [
    "with a long error",
    Effect.fail(new RefreshError({ message: "x".repeat(300) })),
    `the token could not be refreshed: ${"x".repeat(200)}`
  ],
  [
    "with an error without a message",
    Effect.fail(new RefreshError({ message: "" })),
    "the token could not be refreshed"
  ],
  ["with an exception", Effect.die(new Error("a bug")), "the token could not be refreshed: a bug"],
  [
    "with the rejection of a Promise",
    Effect.tryPromise(() => Promise.reject(new RefreshError({ message: "no session" }))),
    "the token could not be refreshed: no session"
  ],
  ["by returning the refused token", Effect.succeed(first), "the refresh returned the token that was refused"],
  ["by returning an empty token", Effect.succeed(Redacted.make("")), "the refresh returned no token"],
  ["by returning nothing", Effect.succeed(JSON.parse("null")), "the refresh returned no token"],
  ["by returning a text", Effect.succeed(JSON.parse("\"token-2\"")), "the refresh returned no token"],
  ["by returning a number", Effect.succeed(Redacted.make(JSON.parse("7"))), "the refresh returned no token"],
  ["by hanging", Effect.never, "the token was not refreshed within 3000 ms"]
])("says how a refresh has failed: %s", ([, refresh, detail]) =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make({ token: first, refresh, refreshTimeout: "3 seconds" })
    const failing = yield* Effect.forkChild(Effect.flip(credentials.renew(first)), { startImmediately: true })
    yield* TestClock.adjust("3 seconds")
    const error = yield* Fiber.join(failing)
    assert.deepStrictEqual([error.message, error.detail, error.isRetryable], [detail, detail, true])
  }))

it.effect("P8.5: waits twice as long before each further refresh, up to 30 seconds, and a second after a minute's pause", () =>
  Effect.gen(function*() {
    const times: Array<number> = []
    const credentials = yield* Credentials.make({
      token: first,
      refresh: Effect.map(DateTime.now, (now) => {
        times.push(DateTime.toEpochMillis(now) / 1000)
        return Redacted.make(`token-${times.length + 1}`)
      })
    })
    const renew = Effect.flatMap(credentials.current, credentials.renew)
    const renewing = yield* Effect.forkScoped(Effect.forever(renew))
    yield* TestClock.adjust("122 seconds")
    assert.deepStrictEqual(times, [0, 1, 3, 7, 15, 31, 61, 91, 121])
    yield* Fiber.interrupt(renewing)
    // exactly a minute after the last refresh its interval still counts
    yield* TestClock.adjust("59 seconds")
    yield* renew
    yield* TestClock.adjust("60001 millis")
    yield* Effect.forkScoped(Effect.all([renew, renew, renew]))
    yield* TestClock.adjust("10 seconds")
    assert.deepStrictEqual(times.slice(9), [181, 241.001, 242.001, 244.001])
  }))

it.effect("refreshes another token although the one before it can't be refreshed", () =>
  Effect.gen(function*() {
    let runs = 0
    const credentials = yield* Credentials.make({
      token: first,
      refresh: Effect.suspend(() =>
        ++runs === 1 ? Effect.fail({ isRetryable: false }) : Effect.succeed(Redacted.make("token-3"))
      )
    })
    const failed = yield* Effect.flip(credentials.renew(first))
    assert.strictEqual(yield* Effect.flip(credentials.renew(first)), failed)
    yield* credentials.replace(Redacted.make("token-2"))
    const renewing = yield* Effect.forkChild(credentials.renew(Redacted.make("token-2")), { startImmediately: true })
    yield* TestClock.adjust("1 second")
    assert.strictEqual(Redacted.value(yield* Fiber.join(renewing)), "token-3")
  }))

it.effect("does not refresh a token that was replaced while the refresh waited for its turn", () =>
  Effect.gen(function*() {
    const { credentials, refreshes } = yield* counting
    yield* Effect.flatMap(credentials.current, credentials.renew)
    const renewing = yield* Effect.forkChild(Effect.flatMap(credentials.current, credentials.renew), {
      startImmediately: true
    })
    yield* credentials.replace(Redacted.make("another"))
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(Redacted.value(yield* Fiber.join(renewing)), "another")
    assert.strictEqual(refreshes(), 1)
  }))

it.effect("returns a token that was already replaced at once, although the next refresh has to wait", () =>
  Effect.gen(function*() {
    const { credentials } = yield* counting
    const refused = yield* credentials.current
    const renewed = yield* credentials.renew(refused)
    assert.strictEqual(yield* credentials.renew(refused), renewed)
  }))

it.effect("P6.5: refreshes by the last expiry that was reported", () =>
  Effect.gen(function*() {
    const { expiresIn, refreshes } = yield* counting
    yield* expiresIn("10 minutes")
    yield* expiresIn("2 hours")
    yield* TestClock.adjust("1 hour")
    assert.strictEqual(refreshes(), 0)
    yield* TestClock.adjust("1 hour")
    assert.strictEqual(refreshes(), 1)
  }))

it.effect("does not refresh a token that looks expired, since it was just accepted", () =>
  Effect.gen(function*() {
    const { expiresIn, refreshes } = yield* counting
    yield* expiresIn(0)
    yield* TestClock.adjust("1 hour")
    assert.strictEqual(refreshes(), 0)
  }))

it.effect("without a refresh, returns a token that was already replaced, and has no use for its expiry", () =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make({ token: first })
    yield* credentials.setExpiry(first, DateTime.addDuration(yield* DateTime.now, "1 minute"))
    yield* credentials.replace(Redacted.make("token-2"))
    assert.strictEqual(Redacted.value(yield* credentials.renew(first)), "token-2")
  }))
