import * as Credentials from "@effect-signalwire/runtime/Credentials"
import { assert, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"

const first = Redacted.make("token-1")

/** A refresh that waits for its gate, and how often it was begun. */
const gated = Effect.gen(function*() {
  const gate = yield* Deferred.make<void>()
  let begun = 0
  const refresh = Effect.suspend(() => {
    begun++
    const token = Redacted.make(`token-${begun + 1}`)
    return Effect.as(Deferred.await(gate), token)
  })
  return { gate, refresh, begun: () => begun }
})

it.effect("serves all who wait with one refresh", () =>
  Effect.gen(function*() {
    const { begun, gate, refresh } = yield* gated
    const credentials = yield* Credentials.make({ token: first, refresh })
    const waiting = yield* Effect.forkChild(
      Effect.forEach([1, 2, 3, 4], () => credentials.renew(first), { concurrency: "unbounded" }),
      { startImmediately: true }
    )
    yield* Deferred.succeed(gate, undefined)
    const tokens = yield* Fiber.join(waiting)
    assert.deepStrictEqual(tokens.map(Redacted.value), ["token-2", "token-2", "token-2", "token-2"])
    assert.strictEqual(begun(), 1)
  }))

it.effect("serves all who wait with one refresh, also when it fails", () =>
  Effect.gen(function*() {
    const gate = yield* Deferred.make<void>()
    let begun = 0
    const credentials = yield* Credentials.make({
      token: first,
      refresh: Effect.suspend(() => {
        begun++
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
    assert.strictEqual(begun, 1)
  }))

it.effect("tries again for one who asks after a refresh has failed", () =>
  Effect.gen(function*() {
    let begun = 0
    const credentials = yield* Credentials.make({
      token: first,
      refresh: Effect.suspend(() => ++begun === 1 ? Effect.fail("offline") : Effect.succeed(Redacted.make("token-2")))
    })
    yield* Effect.flip(credentials.renew(first))
    const asking = yield* Effect.forkChild(credentials.renew(first), { startImmediately: true })
    yield* TestClock.adjust("1 second")
    assert.strictEqual(Redacted.value(yield* Fiber.join(asking)), "token-2")
  }))

it.effect("refreshes again for those who wait when the one who refreshes gives up", () =>
  Effect.gen(function*() {
    const { begun, gate, refresh } = yield* gated
    const credentials = yield* Credentials.make({ token: first, refresh })
    const leader = yield* Effect.forkChild(credentials.renew(first), { startImmediately: true })
    const waiting = yield* Effect.forkChild(credentials.renew(first), { startImmediately: true })
    yield* Fiber.interrupt(leader)
    yield* Deferred.succeed(gate, undefined)
    yield* TestClock.adjust("1 second")
    assert.strictEqual(Redacted.value(yield* Fiber.join(waiting)), "token-3")
    assert.strictEqual(begun(), 2)
  }))

it.effect("answers a token that was replaced meanwhile without a refresh", () =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make({ token: first, refresh: Effect.die("not to be asked") })
    yield* credentials.replace(Redacted.make("token-2"))
    assert.strictEqual(Redacted.value(yield* credentials.renew(first)), "token-2")
  }))

it.effect("recognises the refused token by its value", () =>
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

it.effect("fails for good when there is no way to refresh", () =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make({ token: first })
    const error = yield* Effect.flip(credentials.renew(first))
    assert.deepStrictEqual([error.message, error.isRetryable], ["no way to refresh the token was given", false])
  }))

it.effect.each<
  { readonly failure: string; readonly refresh: Effect.Effect<never, unknown>; readonly isRetryable: boolean }
>([
  { failure: "a word", refresh: Effect.fail("offline"), isRetryable: true },
  { failure: "nothing in particular", refresh: Effect.fail(undefined), isRetryable: true },
  { failure: "an error that may heal", refresh: Effect.fail({ isRetryable: true }), isRetryable: true },
  { failure: "an error that won't heal", refresh: Effect.fail({ isRetryable: false }), isRetryable: false },
  {
    failure: "a Promise rejected with an error that won't heal",
    refresh: Effect.tryPromise(() => Promise.reject(Object.assign(new Error("logged out"), { isRetryable: false }))),
    isRetryable: false
  }
])(
  "a refresh that fails with $failure may be tried again: $isRetryable",
  ({ isRetryable, refresh }) =>
    Effect.gen(function*() {
      const credentials = yield* Credentials.make({ token: first, refresh })
      assert.strictEqual((yield* Effect.flip(credentials.renew(first))).isRetryable, isRetryable)
    })
)

it.effect("does not try again ahead of the expiry when there will be no other token", () =>
  Effect.gen(function*() {
    let tries = 0
    const credentials = yield* Credentials.make({
      token: first,
      refresh: Effect.suspend(() => {
        tries++
        return Effect.fail({ isRetryable: false })
      })
    })
    yield* credentials.expires(first, DateTime.addDuration(yield* DateTime.now, "2 minutes"))
    yield* TestClock.adjust("1 hour")
    assert.strictEqual(tries, 1)
  }))

it.effect("keeps the old token when a refresh fails", () =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make({ token: first, refresh: Effect.fail("offline") })
    yield* Effect.ignore(credentials.renew(first))
    assert.strictEqual(Redacted.value(yield* credentials.current), "token-1")
  }))

it.effect("tells each token that replaces the one before it, until nobody watches", () =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make({ token: first, refresh: Effect.succeed(Redacted.make("token-2")) })
    const seen: Array<string> = []
    yield* Effect.scoped(Effect.gen(function*() {
      yield* credentials.watch((token) => void seen.push(Redacted.value(token)))
      yield* credentials.renew(first)
      yield* credentials.replace(Redacted.make("token-3"))
    }))
    yield* credentials.replace(Redacted.make("token-4"))
    assert.deepStrictEqual(seen, ["token-2", "token-3"])
  }))

it.effect("is provided by its layer", () =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.Credentials
    assert.strictEqual(Redacted.value(yield* credentials.current), "token-1")
  }).pipe(Effect.provide(Credentials.layer({ token: first }))))

/** Credentials that count their refreshes: each gives another token. */
const counting = Effect.gen(function*() {
  let refreshes = 0
  const credentials = yield* Credentials.make({
    token: Redacted.make("token-0"),
    refresh: Effect.sync(() => Redacted.make(`token-${++refreshes}`))
  })
  const expiresIn = Effect.fnUntraced(function*(duration: Duration.Input) {
    const at = DateTime.addDuration(yield* DateTime.now, duration)
    yield* credentials.expires(yield* credentials.current, at)
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

it.effect("P6.5: does not refresh a token that expires in forty days at once, but in time", () =>
  Effect.gen(function*() {
    const { expiresIn, refreshes } = yield* counting
    yield* expiresIn("40 days")
    yield* TestClock.adjust("39 days")
    assert.strictEqual(refreshes(), 0)
    yield* TestClock.adjust("1 day")
    assert.strictEqual(refreshes(), 1)
  }))

it.effect("refreshes a token that lives shorter than a minute after half of its life", () =>
  Effect.gen(function*() {
    const { expiresIn, refreshes } = yield* counting
    yield* expiresIn("30 seconds")
    yield* TestClock.adjust("14 seconds")
    assert.strictEqual(refreshes(), 0)
    yield* TestClock.adjust("1 second")
    assert.strictEqual(refreshes(), 1)
  }))

it.effect("does not refresh without end when every token looks expired", () =>
  Effect.gen(function*() {
    const { expiresIn, refreshes } = yield* counting
    for (let second = 0; second < 60; second++) {
      yield* expiresIn("-1 hours")
      yield* TestClock.adjust("1 second")
    }
    assert.isAtMost(refreshes(), 7)
  }))

it.effect("tries again when a refresh ahead of the expiry fails", () =>
  Effect.gen(function*() {
    let tries = 0
    const credentials = yield* Credentials.make({
      token: Redacted.make("token-0"),
      refresh: Effect.suspend(() => ++tries < 3 ? Effect.fail("offline") : Effect.succeed(Redacted.make("token-1")))
    })
    yield* credentials.expires(yield* credentials.current, DateTime.addDuration(yield* DateTime.now, "2 minutes"))
    yield* TestClock.adjust("2 minutes")
    assert.strictEqual(Redacted.value(yield* credentials.current), "token-1")
  }))

it.effect("leaves a token alone that was replaced before its time", () =>
  Effect.gen(function*() {
    const { credentials, expiresIn, refreshes } = yield* counting
    yield* expiresIn("1 hour")
    yield* credentials.replace(Redacted.make("another"))
    yield* TestClock.adjust("1 hour")
    assert.strictEqual(refreshes(), 0)
  }))

it.effect("P8.5: is not asked faster than its backoff, whatever becomes of its tokens", () =>
  Effect.gen(function*() {
    let begun = 0
    const credentials = yield* Credentials.make({
      token: first,
      refresh: Effect.sync(() => Redacted.make(`token-${++begun + 1}`))
    })
    yield* Effect.flatMap(credentials.current, credentials.renew).pipe(Effect.forever, Effect.forkScoped)
    for (let second = 0; second < 600; second++) yield* TestClock.adjust("1 second")
    // after 0, 1, 3, 7, 15 and 31 seconds, then every 30
    assert.isAtMost(begun, 6 + 20)
    assert.isAtLeast(begun, 20)
  }))

it.effect.each<readonly [string, Effect.Effect<Redacted.Redacted, unknown>]>([
  ["fails", Effect.fail("offline")],
  ["throws", Effect.die(new Error("a bug"))],
  ["returns the token that was refused", Effect.succeed(first)],
  ["returns nothing", Effect.succeed(Redacted.make(""))],
  ["hangs", Effect.never]
])("P8.3: a refresh that %s may succeed when it is asked again", ([, misbehaves]) =>
  Effect.gen(function*() {
    let begun = 0
    const credentials = yield* Credentials.make({
      token: first,
      refresh: Effect.suspend(() => ++begun === 1 ? misbehaves : Effect.succeed(Redacted.make("token-2")))
    })
    const failing = yield* Effect.forkChild(Effect.flip(credentials.renew(first)), { startImmediately: true })
    yield* TestClock.adjust("10 seconds")
    assert.isTrue((yield* Fiber.join(failing)).isRetryable)
    const asking = yield* Effect.forkChild(credentials.renew(first), { startImmediately: true })
    yield* TestClock.adjust("1 second")
    assert.strictEqual(Redacted.value(yield* Fiber.join(asking)), "token-2")
  }))

it.effect("P8.6: a token that replaces the refused one reaches all who wait for a refresh that hangs", () =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.make({ token: first, refresh: Effect.never })
    const asking = yield* Effect.forkChild(credentials.renew(first), { startImmediately: true })
    yield* credentials.replace(Redacted.make("token-2"))
    assert.strictEqual(Redacted.value(yield* Fiber.join(asking)), "token-2")
  }))

it.effect("does not ask again for a token once it was said that there is no other", () =>
  Effect.gen(function*() {
    let begun = 0
    const credentials = yield* Credentials.make({
      token: first,
      refresh: Effect.suspend(() => Effect.fail({ isRetryable: false, count: ++begun }))
    })
    for (let times = 0; times < 3; times++) {
      assert.isFalse((yield* Effect.flip(credentials.renew(first))).isRetryable)
    }
    assert.strictEqual(begun, 1)
  }))
