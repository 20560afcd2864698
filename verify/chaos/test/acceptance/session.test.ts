/** Known failures of clients of this protocol, in the protocol of a session: tested with a fake server and the test clock. */
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import * as Connect from "@effect-signalwire/schema/Connect"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import * as FakeServer from "@effect-signalwire/testing/FakeServer"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

/** A random source that always returns the largest number. */
const largest = { nextIntUnsafe: () => Number.MAX_SAFE_INTEGER, nextDoubleUnsafe: () => 1 - 2 ** -53 }

const backoff = { base: "1 second", cap: "2 seconds" } as const

/** A session with a `FakeServer`, on the test clock. */
const start = Effect.fnUntraced(function*(options: Partial<Subscription.Options> = {}) {
  const server = yield* FakeServer.make
  const context = yield* Layer.build(
    Subscription.layer({
      endpoint: { http: "http://fake.localhost", ws: "ws://fake.localhost" },
      backoff,
      ...options
    }).pipe(
      Layer.provide(Credentials.layer({ token: Redacted.make("token") })),
      Layer.provide(server.layer)
    )
  )
  const subscription = Context.get(context, Subscription.Subscription)
  const { signals } = yield* subscription.subscribe
  const listening = yield* Effect.forkScoped(
    Stream.runDrain(Stream.fromPull(Effect.succeed(signals))),
    { startImmediately: true }
  )
  /** The next dial, after the longest delay. */
  const redialled = Effect.andThen(TestClock.adjust(backoff.cap), server.nextConnection)
  return { server, subscription, listening, redialled }
})

const connectParams = ({ params }: { readonly params: unknown }) => Effect.fromResult(Connect.decodeParams(params))

describe("acceptance: session", () => {
  it.effect("A04: a session connects after two -32603 responses, with growing delays", () =>
    Effect.gen(function*() {
      const { redialled, server, subscription } = yield* start()
      const delays: Array<number> = []
      yield* Stream.runForEach(subscription.connection.changes, (state) =>
        Effect.sync(() => {
          if (state._tag === "Reconnecting" && state.delayMillis) delays.push(state.delayMillis)
        })).pipe(Effect.forkScoped({ startImmediately: true }))
      const refusal = { code: -32603, message: "Internal error" }
      yield* (yield* server.nextConnection).refuse(refusal)
      yield* (yield* redialled).refuse(refusal)
      yield* (yield* redialled).accept("p1")
      yield* subscription.ready
      assert.deepStrictEqual(delays, [1000, 2000])
    }).pipe(Effect.provideService(Random.Random, largest)))

  it.effect("A05: repeated -32003 responses are retried with delays and without a protocol, and end in a typed failure", () =>
    Effect.gen(function*() {
      const { listening, redialled, server, subscription } = yield* start()
      const first = yield* server.nextConnection
      yield* first.accept("p1")
      yield* subscription.ready
      yield* first.drop
      const refusal = { code: -32003, message: "Requester validation failed" }
      const resuming = yield* connectParams(yield* (yield* redialled).refuse(refusal))
      assert.strictEqual(resuming.protocol, "p1")
      yield* TestClock.adjust(0)
      assert.strictEqual(server.connectionCount(), 2)
      for (const _ of [1, 2, 3]) {
        const fresh = yield* connectParams(yield* (yield* redialled).refuse(refusal))
        assert.isUndefined(fresh.protocol)
        yield* TestClock.adjust(0)
      }
      const error = yield* Effect.flip(Fiber.join(listening))
      assert.strictEqual(error.reason._tag, "Refused")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(server.connectionCount(), 5)
    }).pipe(Effect.provideService(Random.Random, largest)))

  it.effect("A06: a connect request without a response times out, and a new socket is opened", () =>
    Effect.gen(function*() {
      const { redialled, server, subscription } = yield* start({ connectTimeout: "3 seconds" })
      yield* (yield* server.nextConnection).open
      yield* TestClock.adjust("3 seconds")
      const state = yield* subscription.connection.current
      assert.strictEqual(state._tag === "Reconnecting" ? state.reason._tag : state._tag, "Timeout")
      yield* (yield* redialled).accept("p1")
      yield* subscription.ready
    }))

  it.effect("A13: the watchdog detects a server that is silent from the start", () =>
    Effect.gen(function*() {
      const { redialled, server, subscription } = yield* start({ heartbeat: "5 seconds", connectTimeout: "1 hour" })
      yield* (yield* server.nextConnection).open
      yield* TestClock.adjust("10 seconds")
      const state = yield* subscription.connection.current
      assert.strictEqual(state._tag === "Reconnecting" ? state.reason._tag : state._tag, "Timeout")
      yield* (yield* redialled).accept("p1")
      yield* subscription.ready
    }))

  it.effect("A14: a restart request of the server is acknowledged, and the next connect has no protocol and no state", () =>
    Effect.gen(function*() {
      const { redialled, server, subscription } = yield* start()
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* subscription.ready
      yield* connection.send(
        FakeServer.event("s1", "signalwire.authorization.state", { authorization_state: "state-1" })
      )
      assert.strictEqual(yield* connection.received, JsonRpc.acknowledge("s1"))
      yield* connection.send(JsonRpc.request("d1", JsonRpc.method.disconnect, { restart: true }))
      assert.strictEqual(yield* connection.received, JsonRpc.acknowledge("d1"))
      const params = yield* connectParams(yield* (yield* redialled).accept("p2"))
      assert.isUndefined(params.protocol)
      assert.isUndefined(params.authorization_state)
    }))
})
