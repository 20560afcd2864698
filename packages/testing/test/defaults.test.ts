/** The defaults of options: what their doc comments say is what a client does. */
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import { Emitter } from "@effect-signalwire/runtime/Emitter"
import * as Settings from "@effect-signalwire/runtime/Settings"
import * as Streams from "@effect-signalwire/runtime/Streams"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import { Wake, type WakeSignal } from "@effect-signalwire/subscription/Wake"
import * as FakeServer from "@effect-signalwire/testing/FakeServer"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { readFileSync } from "node:fs"

/** Returns the `@default` of an option in a source file of `packages`. */
const documentedIn = (path: string) => {
  const source = readFileSync(`${import.meta.dirname}/../../${path}`, "utf8")
  return (option: string): string => {
    const [, comment] = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*readonly ${option}\\?:`).exec(source) ?? []
    const [, value] = /@default (.*?)\s*$/m.exec(comment ?? "") ?? []
    return value ?? assert.fail(`${option} has no documented default`)
  }
}

/** The durations in a documented default, in milliseconds. */
const millisIn = (documented: string): ReadonlyArray<number> =>
  Array.from(documented.matchAll(/"(\d+ \w+)"/g), ([, duration]) => Settings.millis("default", duration))

/** The duration of a documented default, in milliseconds. */
const millisOf = (documented: string): number => millisIn(documented)[0] ?? assert.fail(`no duration: ${documented}`)

const endpoint = { http: "http://fake.localhost", ws: "ws://fake.localhost" }

const flush = TestClock.adjust(0)

/** Runs an effect with jitter that lengthens every delay as much as it can. */
const withMostJitter = Effect.provideService(Random.Random, {
  nextIntUnsafe: () => 0,
  nextDoubleUnsafe: () => 0.999_999_9
})

describe("the default of an option of Subscription", () => {
  const documented = documentedIn("subscription/src/internal/options.ts")

  const start = Effect.fnUntraced(function*(options: Partial<Subscription.Options> = {}) {
    const server = yield* FakeServer.make
    const signals = new Emitter<WakeSignal>()
    const context = yield* Layer.build(
      Subscription.layer({ endpoint, ...options }).pipe(
        Layer.provideMerge(Credentials.layer({ token: Redacted.make("token-1") })),
        Layer.provide(server.layer)
      )
    ).pipe(Effect.provideService(Wake, Streams.fromListen((listener) => signals.watch(listener))))
    const subscription = Context.get(context, Subscription.Subscription)
    const scope = yield* Scope.make()
    const { takeBuffered } = yield* Scope.provide(subscription.subscribe, scope)
    return {
      server,
      takeBuffered,
      connection: yield* server.nextConnection,
      credentials: Context.get(context, Credentials.Credentials),
      emit: (signal: WakeSignal) => signals.emit(signal),
      leave: Scope.close(scope, Exit.void),
      state: subscription.connection.current
    }
  })

  /** The time limit that ended the session or the dial. */
  const timeoutIn = Effect.fnUntraced(function*({ state }: Effect.Success<ReturnType<typeof start>>) {
    const { reason } = yield* state
    return reason?._tag === "Timeout" ? reason.millis : assert.fail(`no timeout: ${reason?.message}`)
  })

  it.effect("agent is the documented one", () =>
    Effect.gen(function*() {
      const { connection } = yield* start()
      const { params } = yield* connection.accept("p1")
      assert.include(JSON.stringify(params), `"agent":${documented("agent")}`)
    }))

  it.effect("connectTimeout is the documented one", () =>
    Effect.gen(function*() {
      const client = yield* start()
      yield* client.connection.open
      const millis = millisOf(documented("connectTimeout"))
      yield* TestClock.adjust(millis)
      assert.strictEqual(yield* timeoutIn(client), millis)
    }))

  it.effect("requestTimeout is the documented one", () =>
    Effect.gen(function*() {
      const client = yield* start({ heartbeat: "1 day" })
      yield* client.connection.accept("p1")
      yield* flush
      yield* client.credentials.replace(Redacted.make("token-2"))
      const millis = millisOf(documented("requestTimeout"))
      yield* TestClock.adjust(millis)
      assert.strictEqual(yield* timeoutIn(client), millis)
    }))

  it.effect("heartbeat is the documented one", () =>
    Effect.gen(function*() {
      const client = yield* start()
      yield* client.connection.accept("p1")
      yield* flush
      const ping = yield* Effect.forkChild(client.connection.request(JsonRpc.method.ping), { startImmediately: true })
      const millis = millisOf(documented("heartbeat"))
      yield* TestClock.adjust(millis - 1)
      assert.isUndefined(ping.pollUnsafe())
      yield* TestClock.adjust(1)
      yield* Fiber.join(ping)
      yield* TestClock.adjust(millis)
      assert.strictEqual(yield* timeoutIn(client), 2 * millis)
    }))

  it.effect("probeTimeout is the documented one", () =>
    Effect.gen(function*() {
      const client = yield* start({ backoff: { base: "1 hour", cap: "1 hour" } })
      yield* client.connection.accept("p1")
      yield* flush
      client.emit("offline")
      const millis = millisOf(documented("probeTimeout"))
      yield* TestClock.adjust(millis)
      assert.strictEqual(yield* timeoutIn(client), millis)
    }))

  it.effect("dialsPerMinute is the documented one", () =>
    Effect.gen(function*() {
      const dials = Number(documented("dialsPerMinute"))
      const { connection, server } = yield* start({ backoff: { base: 0, cap: 0 } })
      yield* connection.drop
      yield* Effect.forkScoped(Effect.forever(Effect.flatMap(server.nextConnection, ({ drop }) => drop)))
      for (let flushes = 0; flushes <= dials; flushes++) yield* flush
      assert.strictEqual(server.connectionCount(), dials)
      yield* TestClock.adjust(60_000 / dials - 1)
      assert.strictEqual(server.connectionCount(), dials)
      yield* TestClock.adjust(1)
      assert.strictEqual(server.connectionCount(), dials + 1)
    }))

  it.effect("idleTimeToLive is the documented one", () =>
    Effect.gen(function*() {
      const { connection, leave } = yield* start({ heartbeat: "1 day" })
      yield* connection.accept("p1")
      yield* flush
      yield* leave
      yield* TestClock.adjust(millisOf(documented("idleTimeToLive")) - 1)
      assert.isTrue(connection.isOpen())
      yield* TestClock.adjust(1)
      assert.isFalse(connection.isOpen())
    }))

  it.effect("backoff has the documented base and cap", () =>
    withMostJitter(Effect.gen(function*() {
      const [base = 0, cap = 0] = millisIn(documented("backoff"))
      const { connection, server, state } = yield* start({ dialsPerMinute: 1000 })
      const delays: Array<number | null> = []
      const expected: Array<number> = []
      let current = connection
      for (let delay = base; expected.at(-1) !== cap; delay = Math.min(2 * delay, cap)) {
        yield* current.drop
        yield* flush
        const reported = yield* state
        delays.push(reported._tag === "Reconnecting" ? reported.delayMillis : null)
        expected.push(delay)
        yield* TestClock.adjust(delay)
        current = yield* server.nextConnection
      }
      assert.deepStrictEqual(delays, expected)
    })))

  it.effect("backoff has the documented resetAfter", () =>
    Effect.gen(function*() {
      const [, , resetAfter = 0] = millisIn(documented("backoff"))
      assert.deepStrictEqual(millisIn(documented("resetAfter")), [resetAfter])
      const { connection, server, state } = yield* start({ heartbeat: "1 day" })
      const attempts: Array<number> = []
      let current = connection
      for (const readyMillis of [0, resetAfter - 1, resetAfter]) {
        yield* current.accept("p1")
        yield* flush
        yield* TestClock.adjust(readyMillis)
        yield* current.drop
        yield* flush
        const reported = yield* state
        if (reported._tag !== "Reconnecting") return assert.fail(reported._tag)
        attempts.push(reported.attempt)
        yield* TestClock.adjust(reported.delayMillis ?? 0)
        current = yield* server.nextConnection
      }
      assert.deepStrictEqual(attempts, [1, 2, 1])
    }))

  it.effect("capacity is the documented one", () =>
    Effect.gen(function*() {
      const { connection, takeBuffered } = yield* start()
      yield* connection.accept("p1")
      const capacity = Number(documented("capacity"))
      const fill = Effect.fnUntraced(function*(count: number) {
        yield* flush
        yield* takeBuffered
        for (let index = 0; index < count; index++) yield* connection.send("not JSON")
        yield* flush
        return (yield* takeBuffered).filter(({ _tag }) => _tag === "Discontinuity").length
      })
      assert.deepStrictEqual([yield* fill(capacity), yield* fill(capacity + 1)], [0, 1])
    }))
})

describe("the default of an option of SignalWireHttp", () => {
  const documented = documentedIn("http/src/internal/options.ts")

  /** A client of a server that responds with a status, or never, and when it was asked. */
  const start = Effect.fnUntraced(
    function*(status: number | undefined, options: Partial<SignalWireHttp.Options> = {}) {
      const times: Array<number> = []
      const client = HttpClient.make((request) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          times.push(now)
          return status === undefined
            ? Effect.never
            : Effect.succeed(HttpClientResponse.fromWeb(request, new Response("{}", { status })))
        })
      )
      const http = yield* SignalWireHttp.make({ endpoint, ...options }).pipe(
        Effect.provideService(HttpClient.HttpClient, client),
        Effect.provide(Credentials.layer({ token: Redacted.make("token-1") }))
      )
      return { http, times }
    }
  )

  /** The reason and the time of a failure. */
  const failureOf = Effect.fnUntraced(function*(effect: Effect.Effect<unknown, SignalWireHttpError>) {
    const failing = yield* Effect.forkChild(
      Effect.flatMap(
        Effect.flip(effect),
        ({ reason }) => Effect.map(Clock.currentTimeMillis, (at) => ({ reason, at }))
      ),
      { startImmediately: true }
    )
    for (let second = 0; second < 120; second++) yield* TestClock.adjust("1 second")
    return yield* Fiber.join(failing)
  })

  it.effect("timeout is the documented one, for reads and joins and for sends", () =>
    Effect.gen(function*() {
      const { http } = yield* start(undefined, { retry: Schedule.recurs(0), dialect: "address" })
      const [read = 0, send = 0] = millisIn(documented("timeout"))
      const reasons = yield* Effect.forEach([
        http.getMessages(),
        http.join({ addressId: "office" }),
        http.sendMessage({ addressId: "office", text: "hello" })
      ], failureOf)
      assert.deepStrictEqual(
        reasons.map(({ reason }) => reason._tag === "Timeout" ? reason.millis : reason.message),
        [read, read, send]
      )
    }))

  it.effect("retry has the documented delays", () =>
    withMostJitter(Effect.gen(function*() {
      const { http, times } = yield* start(503)
      yield* failureOf(http.getMessages())
      const [, seconds = ""] = /four retries, about (.*) seconds apart/.exec(documented("retry")) ?? []
      const delays = times.slice(1).map((time, index) => time - (times[index] ?? 0))
      // jitter is up to a fifth
      assert.deepStrictEqual(
        delays.map((delay) => Math.round(delay / 1.2)),
        seconds.match(/[\d.]+/g)?.map((delay) => Number(delay) * 1000)
      )
    })))

  it.effect("deadline is the documented one", () =>
    Effect.gen(function*() {
      const { http, times } = yield* start(503, { retry: Schedule.spaced("1 second") })
      const { at } = yield* failureOf(http.getMessages())
      const millis = millisOf(documented("deadline"))
      assert.strictEqual(at, millis - 1000)
      assert.strictEqual(times.length, millis / 1000)
    }))

  it.effect("dialect is detected, as documented", () =>
    Effect.gen(function*() {
      const { http } = yield* start(200)
      assert.match(documented("dialect"), /^"auto"/)
      assert.strictEqual((yield* http.dialect)._tag, "None")
    }))
})

describe("the default of an option of Credentials", () => {
  const documented = documentedIn("runtime/src/Credentials.ts")
  const token = Redacted.make("token-1")

  it.effect("refreshTimeout is the documented one", () =>
    Effect.gen(function*() {
      const credentials = yield* Credentials.make({ token, refresh: Effect.never })
      const failing = yield* Effect.forkChild(Effect.flip(credentials.renew(token)), { startImmediately: true })
      yield* TestClock.adjust(millisOf(documented("refreshTimeout")) - 1)
      assert.isUndefined(failing.pollUnsafe())
      yield* TestClock.adjust(1)
      yield* Fiber.join(failing)
    }))

  it.effect("refreshAhead is the documented one", () =>
    Effect.gen(function*() {
      let refreshes = 0
      const refresh = Effect.sync(() => Redacted.make(`token-${++refreshes + 1}`))
      const credentials = yield* Credentials.make({ token, refresh })
      const hour = Duration.toMillis("1 hour")
      yield* credentials.setExpiry(token, DateTime.makeUnsafe(hour))
      yield* TestClock.adjust(hour - millisOf(documented("refreshAhead")) - 1)
      assert.strictEqual(refreshes, 0)
      yield* TestClock.adjust(1)
      assert.strictEqual(refreshes, 1)
    }))
})
