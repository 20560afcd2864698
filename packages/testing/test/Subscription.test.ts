import * as Credentials from "@effect-signalwire/runtime/Credentials"
import { Emitter } from "@effect-signalwire/runtime/Emitter"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Streams from "@effect-signalwire/runtime/Streams"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import { Invalid, invalidParameter } from "@effect-signalwire/schema/Reason"
import * as Schemas from "@effect-signalwire/subscription/Schemas"
import type { Signal } from "@effect-signalwire/subscription/Signal"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import { Wake, type WakeSignal } from "@effect-signalwire/subscription/Wake"
import * as FakeServer from "@effect-signalwire/testing/FakeServer"
import * as MemorySocket from "@effect-signalwire/testing/MemorySocket"
import * as Mocks from "@effect-signalwire/testing/Mocks"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { WebSocketConstructor, type WebSocketLike } from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as TestClock from "effect/testing/TestClock"

const endpoint = { http: "http://fake.localhost", ws: "ws://fake.localhost" }

const payload = (id: string) => ({
  id,
  type: "message",
  subtype: "chat",
  kind: null,
  conversation_id: "room",
  ts: 1735790645.5,
  text: id
})

const label = (signal: Signal) => signal._tag === "Event" ? signal.event.id : signal._tag

const ConnectParams = Schema.Struct({
  protocol: Schema.optionalKey(Schema.String),
  authorization_state: Schema.optionalKey(Schema.String),
  event_acks: Schema.Boolean,
  authentication: Schema.Struct({ jwt_token: Schema.String, project: Schema.optionalKey(Schema.String) })
})
const connectParams = (frame: { readonly params: unknown }) => Schema.decodeUnknownEffect(ConnectParams)(frame.params)
const tokenOf = (frame: { readonly params: unknown }) =>
  Effect.map(
    Schema.decodeUnknownEffect(Schema.Struct({ authentication: Schema.Struct({ jwt_token: Schema.String }) }))(
      frame.params
    ),
    ({ authentication }) => authentication.jwt_token
  )

/** A client of a server that the test controls, and the signals that its one subscriber has received so far. */
const start = Effect.fnUntraced(function*(
  options: Partial<Subscription.Options> & Partial<Credentials.Options> = {}
) {
  const server = yield* FakeServer.make
  const context = yield* Layer.build(
    Subscription.layer({ endpoint, backoff: { base: "1 second", cap: "8 seconds" }, ...options }).pipe(
      Layer.provideMerge(Credentials.layer({ token: Redacted.make("token-1"), ...options })),
      Layer.provide(server.layer)
    )
  )
  const subscription = Context.get(context, Subscription.Subscription)
  const received: Array<string> = []
  const listening = yield* Stream.runForEach(
    Stream.fromPull(Effect.succeed((yield* subscription.subscribe).signals)),
    (signal) => Effect.sync(() => received.push(label(signal)))
  ).pipe(Effect.forkScoped({ startImmediately: true }))
  return { server, subscription, credentials: Context.get(context, Credentials.Credentials), received, listening }
})

/** {@link start} on a platform whose wake signals the test emits. */
const startWithSignals = Effect.fnUntraced(function*(options: Parameters<typeof start>[0] = {}) {
  const signals = new Emitter<WakeSignal>()
  const client = yield* start(options).pipe(
    Effect.provideService(Wake, Streams.fromListen((listener) => signals.watch(listener)))
  )
  return { ...client, emit: (signal: WakeSignal) => signals.emit(signal) }
})

/** A backoff longer than any test, although a delay is a random part of it. */
const longBackoff = { backoff: { base: "10000 hours", cap: "10000 hours" } } as const

/** {@link startWithSignals} with a session, which has just received a signal. */
const startSignalled = Effect.fnUntraced(
  function*(signal: WakeSignal, options: Parameters<typeof start>[0] = longBackoff) {
    const client = yield* startWithSignals(options)
    const connection = yield* client.server.nextConnection
    yield* connection.accept("p1")
    yield* flush
    client.emit(signal)
    return { ...client, connection }
  }
)

/** Lets time pass, second by second, until the client has dialled that often; a minute at most. */
const untilDialled = Effect.fnUntraced(function*(server: FakeServer.FakeServer, dials: number) {
  for (let second = 0; second < 60 && server.connectionCount() < dials; second++) yield* TestClock.adjust("1 second")
})

/** Runs all fibers that are ready to run. */
const flush = TestClock.adjust(0)

const expired = { code: JsonRpc.code.authenticationFailed, message: "401" }

const event = (frameId: string, id: string) => FakeServer.event(frameId, "conversation.message", payload(id))

describe("the session", () => {
  it.effect("connects with its token, and requests acknowledged events", () =>
    Effect.gen(function*() {
      const { server } = yield* start()
      const params = yield* connectParams(yield* (yield* server.nextConnection).accept("p1"))
      assert.strictEqual(params.authentication.jwt_token, "token-1")
      assert.isTrue(params.event_acks)
      assert.isUndefined(params.protocol)
    }))

  it.effect("emits a discontinuity, then events", () =>
    Effect.gen(function*() {
      const { received, server } = yield* start()
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* connection.send(event("e1", "m1"))
      yield* flush
      assert.deepStrictEqual(received, ["Discontinuity", "m1"])
    }))

  it.effect("acknowledges every event, including malformed ones", () =>
    Effect.gen(function*() {
      const { server } = yield* start()
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* connection.send(event("e1", "m1"))
      yield* connection.send(FakeServer.event("e2", "conversation.message", { id: 7 }))
      yield* connection.send(FakeServer.event("e3", "something.new", {}))
      for (const id of ["e1", "e2", "e3"]) assert.strictEqual(yield* connection.received, JsonRpc.acknowledge(id))
    }))

  it.effect("P9.3: continues after malformed frames and events", () =>
    Effect.gen(function*() {
      const { received, server } = yield* start()
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      for (
        const text of ["{", "[]", "null", "\"x\"", "{\"id\":{}}", FakeServer.event("e1", "conversation.message", 7)]
      ) {
        yield* connection.send(text)
      }
      yield* connection.send(event("e2", "m2"))
      yield* flush
      assert.deepStrictEqual(received, ["Discontinuity", ...Array.from({ length: 6 }, () => "Malformed"), "m2"])
    }))

  it.effect("replies to pings with their parameters", () =>
    Effect.gen(function*() {
      const { server } = yield* start()
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* connection.send(JsonRpc.request("ping-1", JsonRpc.method.ping, { timestamp: 1735790645.456 }))
      assert.strictEqual(yield* connection.received, JsonRpc.reply("ping-1", { timestamp: 1735790645.456 }))
    }))

  it.effect("replies with an error to unknown methods", () =>
    Effect.gen(function*() {
      const { server } = yield* start()
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* connection.send(JsonRpc.request("x1", "webrtc.verto", {}))
      assert.include(yield* connection.received, String(JsonRpc.code.methodNotFound))
    }))

  it.effect("resumes with its protocol and the latest authorization state after a cut", () =>
    Effect.gen(function*() {
      const { received, server } = yield* start()
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      for (const authorization_state of ["old", "new"]) {
        yield* connection.send(
          FakeServer.event(authorization_state, "signalwire.authorization.state", { authorization_state })
        )
      }
      yield* flush
      yield* connection.drop
      yield* TestClock.adjust("1 second")
      const params = yield* connectParams(yield* (yield* server.nextConnection).accept("p1"))
      assert.strictEqual(params.protocol, "p1")
      assert.strictEqual(params.authorization_state, "new")
      yield* flush
      assert.deepStrictEqual(received, ["Discontinuity", "Discontinuity"])
    }))

  it.effect("P8.4: begins a new session when the server asks for a restart, and acknowledges the request", () =>
    Effect.gen(function*() {
      const { server } = yield* start()
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* connection.send(JsonRpc.request("d1", JsonRpc.method.disconnect, { restart: true }))
      assert.strictEqual(yield* connection.received, JsonRpc.acknowledge("d1"))
      yield* TestClock.adjust("1 second")
      assert.isUndefined((yield* connectParams(yield* (yield* server.nextConnection).accept("p2"))).protocol)
    }))

  it.effect("resumes the session when the server asks it to disconnect without a restart", () =>
    Effect.gen(function*() {
      const { server } = yield* start()
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* connection.send(JsonRpc.request("d1", JsonRpc.method.disconnect, {}))
      yield* flush
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* connectParams(yield* (yield* server.nextConnection).accept("p1"))).protocol, "p1")
    }))

  it.effect("P8.2: retries after transient errors, waiting longer each time", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start()
      for (const cap of [1, 2]) {
        yield* (yield* server.nextConnection).refuse({ code: JsonRpc.code.internal, message: "try later" })
        yield* flush
        const state = yield* subscription.connection.current
        assert.isTrue(state._tag === "Reconnecting" && (state.delayMillis ?? Number.POSITIVE_INFINITY) <= cap * 1000)
        yield* TestClock.adjust(`${cap} seconds`)
      }
      yield* (yield* server.nextConnection).accept("p1")
      yield* flush
      assert.deepInclude(yield* subscription.connection.current, { _tag: "Connected" })
    }))

  it.effect("P7.1: times out a connect request without a response, and dials again", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ connectTimeout: "5 seconds" })
      yield* (yield* server.nextConnection).open
      yield* TestClock.adjust("5 seconds")
      const state = yield* subscription.connection.current
      assert.isTrue(state._tag === "Reconnecting" && state.reason._tag === "Timeout")
      yield* TestClock.adjust("1 second")
      yield* (yield* server.nextConnection).accept("p1")
      assert.strictEqual(server.connectionCount(), 2)
    }))

  it.effect("times out a socket that never opens, and dials again", () =>
    Effect.gen(function*() {
      const { server } = yield* start({ connectTimeout: "5 seconds" })
      yield* server.nextConnection
      yield* TestClock.adjust("5 seconds")
      yield* TestClock.adjust("1 second")
      yield* (yield* server.nextConnection).accept("p1")
    }))

  it.effect("dials at once on a wake signal", () =>
    Effect.gen(function*() {
      const { emit, server } = yield* startWithSignals(longBackoff)
      yield* (yield* server.nextConnection).drop
      yield* flush
      emit("wake")
      yield* (yield* server.nextConnection).accept("p1")
    }))

  it.effect("P8.6: dials at once when the session ends right after a wake signal, before the server responds", () =>
    Effect.gen(function*() {
      const { connection, server } = yield* startSignalled("wake")
      yield* TestClock.adjust("1 second")
      yield* connection.drop
      yield* flush
      assert.strictEqual(server.connectionCount(), 2)
    }))

  it.effect("P8.6: dials at once when the server does not respond after a wake signal", () =>
    Effect.gen(function*() {
      const { server } = yield* startSignalled("wake")
      yield* TestClock.adjust("2 seconds")
      yield* flush
      assert.strictEqual(server.connectionCount(), 2)
    }))

  it.effect("P8.6: backs off when the server does not respond after the platform went offline", () =>
    Effect.gen(function*() {
      const { emit, server } = yield* startSignalled("offline")
      yield* TestClock.adjust("2 seconds")
      yield* flush
      assert.strictEqual(server.connectionCount(), 1)
      // and dials at once when the network is back
      emit("wake")
      yield* flush
      assert.strictEqual(server.connectionCount(), 2)
    }))

  it.effect("P8.6: backs off when the session ends after the server has responded to the probe", () =>
    Effect.gen(function*() {
      const { connection, server } = yield* startSignalled("wake")
      const { id } = yield* connection.request(JsonRpc.method.ping)
      yield* connection.send(JsonRpc.reply(id, {}))
      yield* TestClock.adjust("3 seconds")
      yield* connection.drop
      yield* flush
      assert.strictEqual(server.connectionCount(), 1)
    }))

  it.effect("P8.6: dials at once when a dial fails that was in progress at the wake signal", () =>
    Effect.gen(function*() {
      const { emit, server } = yield* startWithSignals(longBackoff)
      const connection = yield* server.nextConnection
      emit("wake")
      yield* flush
      yield* connection.drop
      yield* flush
      assert.strictEqual(server.connectionCount(), 2)
    }))

  it.effect("P8.2: backs off when a session ends whose dial succeeded after a wake signal", () =>
    Effect.gen(function*() {
      const { emit, server } = yield* startWithSignals(longBackoff)
      const connection = yield* server.nextConnection
      emit("wake")
      yield* flush
      yield* connection.accept("p1")
      yield* TestClock.adjust("4 seconds")
      yield* connection.drop
      yield* flush
      assert.strictEqual(server.connectionCount(), 1)
    }))

  it.effect("P8.6: refreshes the token again at once when a refresh fails that was running at the wake signal", () =>
    Effect.gen(function*() {
      let refreshes = 0
      const refresh = Effect.suspend(() => {
        refreshes++
        return Effect.delay(Effect.fail("no network"), "5 seconds")
      })
      const { emit, server } = yield* startWithSignals({ refresh, ...longBackoff })
      yield* (yield* server.nextConnection).refuse(expired)
      yield* flush
      emit("wake")
      yield* TestClock.adjust("5 seconds")
      yield* flush
      assert.strictEqual(refreshes, 2)
      // one signal ends one wait
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(refreshes, 2)
    }))

  it.effect.each(["wake", "token"])(
    "P8.1 P8.6: abandons a dial that hangs two seconds after a signal: %s",
    (signal) =>
      Effect.gen(function*() {
        const { credentials, emit, server } = yield* startWithSignals(longBackoff)
        yield* server.nextConnection
        yield* flush
        if (signal === "wake") emit("wake")
        else yield* credentials.replace(Redacted.make("token-2"))
        yield* TestClock.adjust("1999 millis")
        assert.strictEqual(server.connectionCount(), 1)
        yield* TestClock.adjust("1 milli")
        yield* flush
        yield* (yield* server.nextConnection).accept("p1")
        assert.strictEqual(server.connectionCount(), 2)
      })
  )

  it.effect("P8.1: detects a dead server two seconds after a signal that follows one during the dial", () =>
    Effect.gen(function*() {
      const { emit, server } = yield* startWithSignals({ backoff: { base: "1 milli", cap: "1 milli" } })
      const connection = yield* server.nextConnection
      emit("wake")
      yield* TestClock.adjust("300 millis")
      yield* connection.accept("p1")
      yield* flush
      emit("offline")
      yield* TestClock.adjust("2 seconds")
      yield* TestClock.adjust("1 milli")
      assert.strictEqual(server.connectionCount(), 2)
    }))

  it.effect("P8.3: fails all subscribers, even if a new one subscribes as the connection fails", () =>
    Effect.gen(function*() {
      const { listening, server, subscription } = yield* start({ backoff: { base: "1 milli", cap: "1 milli" } })
      const scope = yield* Effect.scope
      let again: Fiber.Fiber<unknown, unknown> | undefined
      yield* Streams.listen(subscription.connection.changes, (state) => {
        if (state._tag === "Failed") again ??= Effect.runFork(Scope.provide(subscription.subscribe, scope))
      })
      for (let dial = 1; dial <= 3; dial++) {
        yield* (yield* server.nextConnection).refuse({ code: -32003, message: "no" })
        yield* TestClock.adjust("1 second")
      }
      assert.strictEqual((yield* Effect.flip(Fiber.join(listening))).reason._tag, "Refused")
      assert.isDefined(again)
      yield* (yield* server.nextConnection).accept("p1")
      yield* flush
      assert.strictEqual((yield* subscription.connection.current)._tag, "Connected")
      assert.strictEqual(server.connectionCount(), 4)
    }))

  it.effect("P8.7: dials for a new subscriber although a listener throws as it reports the failure before", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ backoff: Schedule.recurs(0) })
      const scope = yield* Effect.scope
      const first = Effect.flatMap(subscription.subscribe, ({ signals }) => signals)
      let again: Fiber.Fiber<ReadonlyArray<Signal>, unknown> | undefined
      yield* Streams.listen(subscription.connection.changes, (state) => {
        if (state._tag !== "Failed") return
        again = Effect.runFork(Scope.provide(first, scope))
        throw new Error("a bug in the listener")
      })
      yield* (yield* server.nextConnection).drop
      yield* (yield* server.nextConnection).accept("p1")
      yield* flush
      assert.strictEqual((yield* subscription.connection.current)._tag, "Connected")
      assert.deepStrictEqual(again === undefined ? [] : (yield* Fiber.join(again)).map(label), ["Discontinuity"])
    }))

  it.effect("P8.8: reports when it dials next, also when the rate limit delays the dial", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ backoff: { base: "1 milli", cap: "1 milli" } })
      for (let dial = 0; dial < 10; dial++) {
        yield* (yield* server.nextConnection).drop
        yield* TestClock.adjust("10 millis")
      }
      assert.strictEqual(server.connectionCount(), 10)
      const state = yield* subscription.connection.current
      const { delayMillis } = state._tag === "Reconnecting" ? state : assert.fail(state._tag)
      assert.isAbove(delayMillis ?? 0, 5000)
      yield* TestClock.adjust(`${delayMillis ?? 0} millis`)
      assert.strictEqual(server.connectionCount(), 11)
    }))

  it.effect("dials by the schedule of the backoff, and fails with the last reason when that ends", () =>
    Effect.gen(function*() {
      const twice = Schedule.spaced("3 seconds").pipe(Schedule.upTo({ times: 2 }))
      const { listening, server, subscription } = yield* start({ backoff: twice })
      for (let dial = 1; dial <= 2; dial++) {
        yield* (yield* server.nextConnection).drop
        yield* flush
        const state = yield* subscription.connection.current
        assert.deepInclude(state, { _tag: "Reconnecting", attempt: dial, delayMillis: 3000 })
        yield* TestClock.adjust("2999 millis")
        assert.strictEqual(server.connectionCount(), dial)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual(server.connectionCount(), dial + 1)
      }
      yield* (yield* server.nextConnection).drop
      const error = yield* Effect.flip(Fiber.join(listening))
      assert.strictEqual(error.reason._tag, "Transport")
      assert.deepInclude(yield* subscription.connection.current, { _tag: "Failed", reason: error.reason })
    }))

  it.effect("starts the schedule of the backoff over after a session that lasted, and for later subscribers", () =>
    Effect.gen(function*() {
      const once = Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 1 }))
      const { server, subscription } = yield* start({ backoff: once, heartbeat: "1 minute" })
      for (let session = 1; session <= 3; session++) {
        const connection = yield* server.nextConnection
        yield* connection.accept("p1")
        yield* TestClock.adjust("31 seconds")
        yield* connection.drop
        yield* TestClock.adjust("1 second")
        assert.strictEqual(server.connectionCount(), session + 1)
      }
      yield* (yield* server.nextConnection).drop
      yield* flush
      assert.strictEqual((yield* subscription.connection.current)._tag, "Failed")
      yield* subscription.subscribe
      yield* (yield* server.nextConnection).drop
      yield* flush
      assert.strictEqual((yield* subscription.connection.current)._tag, "Reconnecting")
    }))

  it.effect("P8.5: waits longer than the schedule of the backoff says when the server asks for it", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ backoff: Schedule.spaced("1 millis") })
      yield* (yield* server.nextConnection).close(1013)
      yield* flush
      const state = yield* subscription.connection.current
      assert.isAbove(state._tag === "Reconnecting" ? state.delayMillis ?? 0 : 0, 1000)
    }))

  it.effect("dials when reconnect was called, although the schedule of the backoff has ended", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ backoff: Schedule.recurs(0) })
      yield* (yield* server.nextConnection).accept("p1")
      yield* flush
      yield* subscription.reconnect
      yield* flush
      assert.strictEqual(server.connectionCount(), 2)
    }))

  it.effect.each(
    [
      ["throws", Effect.die("no delay")],
      ["interrupts itself", Effect.interrupt]
    ] as const
  )(
    "P8.7: fails with a Defect when the schedule of the backoff %s, and dials again for a new subscriber",
    ([, delay]) =>
      Effect.gen(function*() {
        const backoff = Schedule.forever.pipe(Schedule.modifyDelay(() => delay))
        const { listening, server, subscription } = yield* start({ backoff })
        const connection = yield* server.nextConnection
        yield* connection.accept("p1")
        yield* flush
        yield* connection.drop
        yield* flush
        assert.deepInclude(yield* subscription.connection.current, { _tag: "Failed" })
        assert.strictEqual((yield* Effect.flip(Fiber.join(listening))).reason._tag, "Defect")
        yield* subscription.subscribe
        yield* (yield* server.nextConnection).accept("p1")
      })
  )

  it.effect("P8.3: repeats a refresh that interrupts itself, and connects with the next token", () =>
    Effect.gen(function*() {
      let refreshes = 0
      const refresh = Effect.suspend(() => {
        refreshes++
        return Effect.interrupt
      })
      const { credentials, server, subscription } = yield* start({ refresh })
      yield* (yield* server.nextConnection).refuse(expired)
      yield* TestClock.adjust("1 minute")
      assert.isAbove(refreshes, 2)
      assert.deepInclude(yield* subscription.connection.current, { _tag: "Reconnecting" })
      yield* credentials.replace(Redacted.make("token-2"))
      assert.strictEqual(yield* tokenOf(yield* (yield* server.nextConnection).accept("p1")), "token-2")
    }))

  it.effect("P8.8: reports at once that the session is lost while the schedule of the backoff takes its time", () =>
    Effect.gen(function*() {
      const slow = Schedule.forever.pipe(
        Schedule.modifyDelay(() => Effect.as(Effect.sleep("5 seconds"), "1 second" as const))
      )
      const { server, subscription } = yield* start({ backoff: slow })
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* flush
      yield* connection.drop
      yield* flush
      assert.deepInclude(yield* subscription.connection.current, { _tag: "Reconnecting", delayMillis: null })
      const ready = yield* Effect.forkChild(subscription.ready, { startImmediately: true })
      yield* TestClock.adjust("5 seconds")
      assert.deepInclude(yield* subscription.connection.current, { _tag: "Reconnecting", delayMillis: 1000 })
      assert.isUndefined(ready.pollUnsafe())
      yield* TestClock.adjust("1 second")
      yield* (yield* server.nextConnection).accept("p1")
      yield* Fiber.join(ready)
    }))

  it.effect.each(["reconnect", "token", "wake"] as const)(
    "P8.6: dials at once although the schedule of the backoff never returns a delay: %s",
    (trigger) =>
      Effect.gen(function*() {
        const never = Schedule.forever.pipe(Schedule.modifyDelay(() => Effect.never))
        const { credentials, emit, server, subscription } = yield* startWithSignals({ backoff: never })
        const connection = yield* server.nextConnection
        yield* connection.accept("p1")
        yield* flush
        yield* connection.drop
        yield* TestClock.adjust("10 minutes")
        assert.strictEqual(server.connectionCount(), 1)
        if (trigger === "reconnect") yield* subscription.reconnect
        else if (trigger === "token") yield* credentials.replace(Redacted.make("token-2"))
        else emit("wake")
        yield* flush
        const params = yield* connectParams(yield* (yield* server.nextConnection).accept("p1"))
        assert.strictEqual(params.authentication.jwt_token, trigger === "token" ? "token-2" : "token-1")
      })
  )

  it.effect("reports no delay for a schedule whose delay is infinite, and dials when reconnect is called", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ backoff: Schedule.spaced("Infinity") })
      yield* (yield* server.nextConnection).drop
      yield* TestClock.adjust("1 hour")
      const state = yield* subscription.connection.current
      assert.deepInclude(state, { _tag: "Reconnecting", delayMillis: null })
      assert.isTrue(Schema.is(Schemas.ConnectionState)(state))
      yield* subscription.reconnect
      yield* flush
      assert.strictEqual(server.connectionCount(), 2)
    }))

  it.effect("reports one state for each wait", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ backoff: Schedule.spaced("1 second") })
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* flush
      const states: Array<string> = []
      yield* Streams.listen(subscription.connection.changes, (state) => {
        states.push(state._tag === "Reconnecting" ? `${state._tag} ${state.delayMillis}` : state._tag)
      })
      yield* connection.drop
      yield* TestClock.adjust("1 second")
      yield* (yield* server.nextConnection).accept("p1")
      yield* flush
      assert.deepStrictEqual(states, ["Connected", "Reconnecting 1000", "Reconnecting 0", "Connected"])
    }))

  it.effect("P8.6: reports no delay that reconnect has ended before it began", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start(longBackoff)
      yield* (yield* server.nextConnection).accept("p1")
      yield* flush
      const delays: Array<number | null> = []
      yield* Streams.listen(subscription.connection.changes, (state) => {
        if (state._tag === "Reconnecting") delays.push(state.delayMillis)
      })
      yield* subscription.reconnect
      yield* (yield* server.nextConnection).accept("p1")
      yield* flush
      assert.deepStrictEqual(new Set(delays), new Set([0]))
    }))

  it.effect("P8.5: limits how many dials an endless series of wake signals can abandon", () =>
    Effect.gen(function*() {
      const { emit, server } = yield* startWithSignals()
      for (let half = 0; half < 240; half++) {
        emit("wake")
        yield* TestClock.adjust("500 millis")
      }
      assert.isAtMost(server.connectionCount(), 30)
    }))

  it.effect.each([0, 1, 5])(
    "P8.6: abandons a dial that hangs for two seconds when reconnect is called after %i seconds",
    (age) =>
      Effect.gen(function*() {
        const { server, subscription } = yield* start(longBackoff)
        yield* server.nextConnection
        yield* TestClock.adjust(`${age} seconds`)
        yield* subscription.reconnect
        if (age < 2) {
          yield* TestClock.adjust(1999 - age * 1000)
          assert.strictEqual(server.connectionCount(), 1)
        }
        yield* TestClock.adjust(1)
        yield* flush
        yield* (yield* server.nextConnection).accept("p1")
        assert.strictEqual(server.connectionCount(), 2)
      })
  )

  it.effect("P8.6: connects once, however often reconnect is called during the dial", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start(longBackoff)
      const connection = yield* server.nextConnection
      for (let times = 0; times < 20; times++) {
        yield* subscription.reconnect
        yield* TestClock.adjust("50 millis")
      }
      yield* connection.accept("p1")
      yield* flush
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* subscription.connection.current)._tag, "Connected")
      yield* connection.drop
      yield* TestClock.adjust("1 minute")
      // requests before the session was ready do not end the backoff after it
      assert.strictEqual(server.connectionCount(), 1)
    }))

  it.effect("pings the server on a wake signal", () =>
    Effect.gen(function*() {
      const { connection } = yield* startSignalled("wake", {})
      yield* connection.request(JsonRpc.method.ping)
    }))

  it.effect("P8.1: detects a server that is silent from the start", () =>
    Effect.gen(function*() {
      const { server } = yield* start({ heartbeat: "10 seconds" })
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* TestClock.adjust("10 seconds")
      yield* connection.request(JsonRpc.method.ping)
      yield* TestClock.adjust("10 seconds")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(server.connectionCount(), 2)
    }))

  it.effect("keeps the session with a quiet server that responds to pings", () =>
    Effect.gen(function*() {
      const { server } = yield* start({ heartbeat: "10 seconds" })
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      for (let minute = 0; minute < 6; minute++) {
        yield* TestClock.adjust("10 seconds")
        const { id } = yield* connection.request(JsonRpc.method.ping)
        yield* connection.send(JsonRpc.reply(id, {}))
        yield* flush
      }
      assert.strictEqual(server.connectionCount(), 1)
    }))

  it.effect("P8.3: waits when the token is rejected and there is no other, and connects with the next one", () =>
    Effect.gen(function*() {
      const { credentials, listening, server, subscription } = yield* start()
      yield* (yield* server.nextConnection).refuse(expired)
      yield* TestClock.adjust("1 hour")
      const state = yield* subscription.connection.current
      assert.deepStrictEqual([state._tag, state.reason?._tag], ["Reconnecting", "Unauthorized"])
      assert.strictEqual(state.reason?.message, "the token was refused: 401 (no token refresh is configured)")
      assert.isNull(state._tag === "Reconnecting" ? state.delayMillis : undefined)
      assert.strictEqual(server.connectionCount(), 1)
      assert.isUndefined(listening.pollUnsafe())
      yield* credentials.replace(Redacted.make("token-2"))
      assert.strictEqual(yield* tokenOf(yield* (yield* server.nextConnection).accept("p1")), "token-2")
    }))

  it.effect("P6.1: redacts the token that a server quotes when it rejects it", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start()
      const message = "no such token: token-1"
      yield* (yield* server.nextConnection).refuse({ code: JsonRpc.code.authenticationFailed, message })
      yield* flush
      const { reason } = yield* subscription.connection.current
      assert.include(reason?.message, "no such token")
      assert.notInclude(JSON.stringify(reason) + String(reason?.message), "token-1")
    }))

  it.effect("P6.1: redacts a token that has replaced the first one, when the server quotes it", () =>
    Effect.gen(function*() {
      const { credentials, server, subscription } = yield* start()
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* flush
      yield* credentials.replace(Redacted.make("token-2"))
      const { id } = yield* connection.request(JsonRpc.method.reauthenticate)
      const message = "no such token: token-2"
      yield* connection.send(JsonRpc.failure(id, { code: JsonRpc.code.internal, message }))
      yield* flush
      const { reason } = yield* subscription.connection.current
      assert.include(reason?.message, "no such token")
      assert.notInclude(JSON.stringify(reason) + String(reason?.message), "token-2")
    }))

  it.effect("P6.4: sends a token that was replaced during the dial as soon as the session is ready", () =>
    Effect.gen(function*() {
      const { credentials, server } = yield* start()
      const connection = yield* server.nextConnection
      yield* connection.open
      yield* flush
      yield* credentials.replace(Redacted.make("token-2"))
      assert.strictEqual(yield* tokenOf(yield* connection.accept("p1")), "token-1")
      assert.strictEqual(yield* tokenOf(yield* connection.request(JsonRpc.method.reauthenticate)), "token-2")
      assert.strictEqual(server.connectionCount(), 1)
    }))

  it.effect("connects with a refreshed token when the first one is rejected", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ refresh: Effect.succeed(Redacted.make("token-2")) })
      yield* (yield* server.nextConnection).refuse({ code: JsonRpc.code.authenticationFailed, message: "401" })
      assert.strictEqual(yield* tokenOf(yield* (yield* server.nextConnection).accept("p1")), "token-2")
      yield* subscription.ready
    }))

  it.effect("P8.3: retries a refresh that fails, does not dial meanwhile, and connects once it succeeds", () =>
    Effect.gen(function*() {
      let isOffline = true
      let refreshes = 0
      const { server, subscription } = yield* start({
        refresh: Effect.suspend(() => {
          refreshes++
          return isOffline ? Effect.fail("offline") : Effect.succeed(Redacted.make("token-2"))
        })
      })
      yield* (yield* server.nextConnection).refuse(expired)
      yield* TestClock.adjust("10 seconds")
      assert.deepInclude(yield* subscription.connection.current, { _tag: "Reconnecting" })
      assert.isAtLeast(refreshes, 2)
      assert.strictEqual(server.connectionCount(), 1)
      isOffline = false
      yield* untilDialled(server, 2)
      assert.strictEqual(yield* tokenOf(yield* (yield* server.nextConnection).accept("p1")), "token-2")
      yield* subscription.ready
    }))

  it.effect("P8.5: dials a server that accepts each token and then rejects it at most ten times a minute", () =>
    Effect.gen(function*() {
      let refreshes = 0
      const { server } = yield* start({
        backoff: { base: "1 milli", cap: "1 milli" },
        refresh: Effect.sync(() => Redacted.make(`token-${++refreshes + 1}`))
      })
      yield* Effect.gen(function*() {
        const connection = yield* server.nextConnection
        const { id } = yield* connection.accept("p1")
        yield* connection.send(JsonRpc.failure(id, expired))
      }).pipe(Effect.forever, Effect.forkScoped)
      for (let second = 0; second < 120; second++) yield* TestClock.adjust("1 second")
      assert.isAtMost(server.connectionCount(), 10 + 20 + 1)
      assert.isAtMost(refreshes, server.connectionCount())
    }))

  it.effect("P8.5: dials at most ten times a minute during an endless series of wake signals", () =>
    Effect.gen(function*() {
      const { emit, server } = yield* startWithSignals()
      yield* Effect.flatMap(server.nextConnection, ({ drop: cut }) => cut).pipe(Effect.forever, Effect.forkScoped)
      for (let tick = 0; tick < 1200; tick++) {
        emit("wake")
        yield* TestClock.adjust("100 millis")
      }
      assert.isAtMost(server.connectionCount(), 10 + 20 + 1)
      assert.isAtLeast(server.connectionCount(), 20)
    }))

  it.effect("P8.6: connects with a token that replaces the rejected one while the refresh hangs", () =>
    Effect.gen(function*() {
      const { credentials, server } = yield* start({ refresh: Effect.never })
      yield* (yield* server.nextConnection).refuse(expired)
      yield* flush
      yield* credentials.replace(Redacted.make("token-2"))
      assert.strictEqual(yield* tokenOf(yield* (yield* server.nextConnection).accept("p1")), "token-2")
    }))

  it.effect.each(["before", "after"])(
    "P8.2: backs off when a session ends to which a new token was sent, replaced %s it was ready",
    (moment) =>
      Effect.gen(function*() {
        const { credentials, server } = yield* start(longBackoff)
        const connection = yield* server.nextConnection
        yield* connection.accept("p1")
        if (moment === "after") yield* flush
        yield* credentials.replace(Redacted.make("token-2"))
        yield* connection.request(JsonRpc.method.reauthenticate)
        yield* connection.drop
        yield* TestClock.adjust("1 second")
        assert.strictEqual(server.connectionCount(), 1)
      })
  )

  it.effect.each(
    [
      [
        "may recover",
        Effect.tryPromise(() => Promise.reject(new Error("offline: token-1"))),
        "refreshing the token failed; retrying"
      ],
      ["is final", undefined, "the token was rejected; waiting for a new token"]
    ] as const
  )(
    "P6.1 P8.3: warns of a refresh that fails and %s, without the token",
    ([, refresh, warning]) =>
      Effect.gen(function*() {
        const warnings: Array<unknown> = []
        const logger = Logger.make(({ message }) => void warnings.push(message))
        const { server, subscription } = yield* Effect.provide(start({ refresh }), Logger.layer([logger]))
        yield* (yield* server.nextConnection).refuse(expired)
        yield* flush
        assert.include(JSON.stringify(warnings), warning)
        const { reason } = yield* subscription.connection.current
        assert.notInclude(JSON.stringify([warnings, reason, reason?.message]), "token-1")
        assert.include(reason?.message, refresh === undefined ? "no token refresh" : "offline")
      })
  )

  it.effect("P7.1: times out a refresh that hangs, and retries it", () =>
    Effect.gen(function*() {
      let refreshes = 0
      const { server } = yield* start({
        refreshTimeout: "5 seconds",
        refresh: Effect.suspend(() => ++refreshes === 1 ? Effect.never : Effect.succeed(Redacted.make("token-2")))
      })
      yield* (yield* server.nextConnection).refuse(expired)
      yield* TestClock.adjust("5 seconds")
      yield* TestClock.adjust("8 seconds")
      assert.strictEqual(yield* tokenOf(yield* (yield* server.nextConnection).accept("p1")), "token-2")
    }))

  it.effect("P8.6: reconnect ends the backoff", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start(longBackoff)
      yield* (yield* server.nextConnection).drop
      yield* flush
      yield* subscription.reconnect
      yield* (yield* server.nextConnection).accept("p1")
    }))

  it.effect("P8.6: reconnect replaces the session", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start(longBackoff)
      yield* (yield* server.nextConnection).accept("p1")
      yield* flush
      yield* subscription.reconnect
      // a caller that now waits for ready waits for the next session
      assert.notStrictEqual((yield* subscription.connection.current)._tag, "Connected")
      const ready = yield* Effect.forkChild(subscription.ready, { startImmediately: true })
      yield* (yield* server.nextConnection).accept("p1")
      yield* Fiber.join(ready)
    }))

  it.effect("ready opens a session without a subscriber", () =>
    Effect.gen(function*() {
      const server = yield* FakeServer.make
      const context = yield* Layer.build(
        Subscription.layer({ endpoint }).pipe(
          Layer.provide(Credentials.layer({ token: Redacted.make("token-1") })),
          Layer.provide(server.layer)
        )
      )
      const waiting = yield* Effect.forkChild(Context.get(context, Subscription.Subscription).ready)
      yield* (yield* server.nextConnection).accept("p1")
      yield* Fiber.join(waiting)
    }))

  it.effect.each(
    [
      ["the connection is lost", (connection: FakeServer.Connection) => connection.drop],
      [
        "the server has an error",
        (connection: FakeServer.Connection) => connection.refuse({ code: JsonRpc.code.internal, message: "try later" })
      ],
      [
        "the server rejects the session",
        (connection: FakeServer.Connection) => connection.refuse({ code: JsonRpc.code.invalidParams, message: "no" })
      ],
      ["the token is rejected for good", (connection: FakeServer.Connection) => connection.refuse(expired)]
    ] as const
  )("P8.3: ready waits for the next session when %s", ([, end]) =>
    Effect.gen(function*() {
      const { credentials, server, subscription } = yield* start()
      const waiting = yield* Effect.forkChild(subscription.ready, { startImmediately: true })
      yield* end(yield* server.nextConnection)
      yield* flush
      assert.strictEqual((yield* subscription.connection.current)._tag, "Reconnecting")
      assert.isUndefined(waiting.pollUnsafe())
      yield* credentials.replace(Redacted.make("token-2"))
      yield* (yield* server.nextConnection).accept("p1")
      yield* Fiber.join(waiting)
    }))

  it.effect("P8.3: ready fails with the reason when the connection fails", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ backoff: Schedule.recurs(0) })
      const waiting = yield* Effect.forkChild(subscription.ready, { startImmediately: true })
      yield* (yield* server.nextConnection).drop
      const { method, reason } = yield* Effect.flip(Fiber.join(waiting))
      assert.strictEqual(method, "ready")
      assert.deepStrictEqual(yield* subscription.connection.current, { _tag: "Failed", reason })
    }))

  it.effect("P7.2: ready and events end when the client is closed while they wait for a session", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { server, subscription } = yield* Scope.provide(start(), scope)
      const ready = yield* Effect.forkChild(subscription.ready, { startImmediately: true })
      const events = yield* Effect.forkChild(Stream.runCollect(subscription.events), { startImmediately: true })
      yield* server.nextConnection
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* Effect.flip(Fiber.join(ready))).reason._tag, "Closed")
      assert.deepStrictEqual(yield* Fiber.join(events), [])
    }))

  it.effect("P7.2: ends its streams when its scope closes, and fails with Closed afterwards", () =>
    Effect.gen(function*() {
      const server = yield* FakeServer.make
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(
        Subscription.layer({ endpoint }).pipe(
          Layer.provide(Credentials.layer({ token: Redacted.make("token-1") })),
          Layer.provide(server.layer)
        ),
        scope
      )
      const subscription = Context.get(context, Subscription.Subscription)
      const listening = yield* Effect.forkChild(Stream.runDrain(subscription.events), { startImmediately: true })
      yield* (yield* server.nextConnection).accept("p1")
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(listening)
      for (const name of ["subscribe", "ready", "reconnect"] as const) {
        const { method, reason } = yield* Effect.flip(Effect.scoped(subscription[name]))
        assert.deepStrictEqual([method, reason._tag], [name, "Closed"])
      }
      assert.strictEqual((yield* subscription.connection.current)._tag, "Closed")
    }))

  it.effect("P8.5: honors a request to wait after all subscribers have left and new ones have come", () =>
    Effect.gen(function*() {
      const server = yield* FakeServer.make
      const context = yield* Layer.build(
        Subscription.layer({ endpoint, idleTimeToLive: "1 second" }).pipe(
          Layer.provide(Credentials.layer({ token: Redacted.make("token-1") })),
          Layer.provide(server.layer)
        )
      )
      const { connection, subscribe } = Context.get(context, Subscription.Subscription)
      const scope = yield* Scope.make()
      yield* Scope.provide(subscribe, scope)
      const dialled = yield* server.nextConnection
      yield* dialled.open
      yield* dialled.close(1013)
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual((yield* connection.current)._tag, "Idle")
      yield* subscribe
      yield* TestClock.adjust("6 seconds")
      assert.deepInclude(yield* connection.current, { _tag: "Reconnecting", attempt: 1 })
      assert.strictEqual(server.connectionCount(), 1)
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual(server.connectionCount(), 2)
    }))

  it.effect("P8.5: dials at once for a subscriber that comes when the time has passed that the server asked for", () =>
    Effect.gen(function*() {
      const server = yield* FakeServer.make
      const context = yield* Layer.build(
        Subscription.layer({ endpoint, idleTimeToLive: 0, backoff: { base: "1 milli", cap: "1 milli" } }).pipe(
          Layer.provide(Credentials.layer({ token: Redacted.make("token-1") })),
          Layer.provide(server.layer)
        )
      )
      const { connection, subscribe } = Context.get(context, Subscription.Subscription)
      const subscribing = yield* Effect.forkChild(Effect.scoped(Effect.andThen(subscribe, Effect.never)), {
        startImmediately: true
      })
      const dialled = yield* server.nextConnection
      yield* dialled.open
      yield* dialled.close(1013)
      yield* flush
      const waiting = yield* connection.current
      const { delayMillis } = waiting._tag === "Reconnecting" ? waiting : assert.fail(waiting._tag)
      yield* Fiber.interrupt(subscribing)
      yield* flush
      assert.strictEqual((yield* connection.current)._tag, "Idle")
      yield* TestClock.adjust(delayMillis ?? 0)
      yield* subscribe
      yield* flush
      assert.strictEqual((yield* connection.current)._tag, "Connecting")
      assert.strictEqual(server.connectionCount(), 2)
    }))

  it.effect("P8.5: a token that was replaced before the server asked to wait does not end the wait", () =>
    Effect.gen(function*() {
      const { credentials, server } = yield* start()
      const dialled = yield* server.nextConnection
      yield* dialled.open
      yield* credentials.replace(Redacted.make("token-2"))
      yield* dialled.close(1013)
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual(server.connectionCount(), 1)
      yield* credentials.replace(Redacted.make("token-3"))
      assert.strictEqual(yield* tokenOf(yield* (yield* server.nextConnection).accept("p1")), "token-3")
    }))

  it.effect("P8.5: a wake signal before the server asked to wait does not end the wait", () =>
    Effect.gen(function*() {
      const { emit, server } = yield* startWithSignals()
      const dialled = yield* server.nextConnection
      yield* dialled.open
      emit("wake")
      yield* flush
      yield* dialled.close(1013)
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual(server.connectionCount(), 1)
    }))

  it.effect("P8.6: dials at once with a token that was replaced during the dial, also after a request to wait", () =>
    Effect.gen(function*() {
      // a millisecond, and then an hour
      const { credentials, server } = yield* start({ backoff: Schedule.exponential(1, 3_600_000) })
      const first = yield* server.nextConnection
      yield* first.open
      yield* first.close(1013)
      yield* TestClock.adjust("13 seconds")
      const second = yield* server.nextConnection
      yield* credentials.replace(Redacted.make("token-2"))
      yield* second.drop
      yield* flush
      assert.strictEqual(server.connectionCount(), 3)
    }))

  it.effect("P8.2: backs off when the dial that reconnect asked for fails", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start(longBackoff)
      yield* (yield* server.nextConnection).accept("p1")
      yield* flush
      yield* subscription.reconnect
      yield* (yield* server.nextConnection).drop
      yield* TestClock.adjust("1 second")
      assert.strictEqual(server.connectionCount(), 2)
    }))

  it.effect("P8.2: backs off after a dial that fails, although a wake signal came while no session was needed", () =>
    Effect.gen(function*() {
      const signals = new Emitter<WakeSignal>()
      const server = yield* FakeServer.make
      const context = yield* Layer.build(
        Subscription.layer({ endpoint, ...longBackoff }).pipe(
          Layer.provide(Credentials.layer({ token: Redacted.make("token-1") })),
          Layer.provide(server.layer)
        )
      ).pipe(Effect.provideService(Wake, Streams.fromListen((listener) => signals.watch(listener))))
      signals.emit("wake")
      yield* flush
      yield* Context.get(context, Subscription.Subscription).subscribe
      yield* (yield* server.nextConnection).drop
      yield* TestClock.adjust("1 second")
      assert.strictEqual(server.connectionCount(), 1)
    }))

  it.effect("P8.1: detects a dead server within two seconds of a wake signal", () =>
    Effect.gen(function*() {
      const { server } = yield* startSignalled("wake", { backoff: { base: "1 milli", cap: "1 milli" } })
      yield* TestClock.adjust("2 seconds")
      yield* TestClock.adjust("1 milli")
      assert.strictEqual(server.connectionCount(), 2)
    }))

  it.effect("awaitWake completes at a wake signal, a new token and a ready session, and not when going offline", () =>
    Effect.gen(function*() {
      const { credentials, emit, server, subscription } = yield* startWithSignals()
      let wakes = 0
      yield* Effect.forkScoped(
        Effect.forever(Effect.tap(subscription.awaitWake, () => Effect.sync(() => wakes++))),
        { startImmediately: true }
      )
      const connection = yield* server.nextConnection
      const counts: Array<number> = []
      for (
        const event of [
          Effect.sync(() => emit("offline")),
          Effect.sync(() => emit("wake")),
          credentials.replace(Redacted.make("token-2")),
          connection.accept("p1"),
          credentials.replace(Redacted.make("token-3"))
        ]
      ) {
        yield* event
        yield* flush
        counts.push(wakes)
      }
      assert.deepStrictEqual(counts, [0, 1, 2, 3, 4])
    }))

  it.effect("signals has those of all subscribers, and opens no session", () =>
    Effect.gen(function*() {
      const server = yield* FakeServer.make
      const context = yield* Layer.build(
        Subscription.layer({ endpoint }).pipe(
          Layer.provide(Credentials.layer({ token: Redacted.make("token-1") })),
          Layer.provide(server.layer)
        )
      )
      const subscription = Context.get(context, Subscription.Subscription)
      const observed: Array<ReadonlyArray<string>> = []
      yield* Stream.runForEach(subscription.signals, (batch) => Effect.sync(() => observed.push(batch.map(label))))
        .pipe(Effect.forkScoped({ startImmediately: true }))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(server.connectionCount(), 0)
      yield* subscription.subscribe
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* flush
      yield* connection.send(event("e1", "m1"))
      yield* flush
      assert.deepStrictEqual(observed, [["Discontinuity"], ["m1"]])
    }))

  it.effect("events has the events alone, and fails when the connection fails", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ backoff: Schedule.recurs(0) })
      const events: Array<string> = []
      const reading = yield* Stream.runForEach(subscription.events, ({ id }) => Effect.sync(() => events.push(id)))
        .pipe(Effect.forkChild({ startImmediately: true }))
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* connection.send("{")
      yield* connection.send(event("e1", "m1"))
      yield* flush
      yield* connection.drop
      const { method, reason } = yield* Effect.flip(Fiber.join(reading))
      assert.deepStrictEqual([events, method, reason._tag], [["m1"], "subscribe", "Transport"])
    }))

  it.effect("counts the sessions that have become ready", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start()
      const counts = [yield* subscription.sessionCount]
      for (let session = 1; session <= 2; session++) {
        const connection = yield* server.nextConnection
        counts.push(yield* subscription.sessionCount)
        yield* connection.accept("p1")
        yield* flush
        counts.push(yield* subscription.sessionCount)
        yield* connection.drop
        yield* TestClock.adjust("1 second")
      }
      assert.deepStrictEqual(counts, [0, 0, 1, 1, 2])
    }))

  it.effect("P8.1: reports going offline at once, and is connected again when the server responds", () =>
    Effect.gen(function*() {
      const { connection, server, subscription } = yield* startSignalled("offline", {})
      yield* flush
      assert.strictEqual(
        (yield* subscription.connection.current).reason?.message,
        "connection failed: the platform is offline"
      )
      const { id } = yield* connection.request(JsonRpc.method.ping)
      yield* connection.send(JsonRpc.reply(id, {}))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* subscription.connection.current)._tag, "Connected")
      assert.strictEqual(server.connectionCount(), 1)
    }))

  it.effect("P9.3: logs malformed frames at most once in 30 seconds", () =>
    Effect.gen(function*() {
      const logged: Array<unknown> = []
      const logger = Logger.make(({ message }) => logged.push(message))
      const { server } = yield* Effect.provide(start(), Logger.layer([logger]))
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* connection.send(event("e1", "m1"))
      yield* flush
      assert.deepStrictEqual(logged, [])
      for (let second = 0; second < 20; second++) {
        yield* connection.send("{")
        yield* TestClock.adjust("1 second")
      }
      assert.deepStrictEqual(logged, [["skipped malformed frames or events", [{ path: "", message: "not JSON" }]]])
    }))

  it.effect("dials at once when the token is replaced during the backoff", () =>
    Effect.gen(function*() {
      const { credentials, server } = yield* start({
        refresh: Effect.fail("offline"),
        ...longBackoff
      })
      yield* (yield* server.nextConnection).refuse({ code: JsonRpc.code.authenticationFailed, message: "401" })
      yield* flush
      yield* credentials.replace(Redacted.make("token-2"))
      assert.strictEqual(yield* tokenOf(yield* (yield* server.nextConnection).accept("p1")), "token-2")
    }))

  it.effect("P8.3: begins a new session when the resume is rejected, and fails when that is rejected too", () =>
    Effect.gen(function*() {
      const { listening, server } = yield* start()
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* flush
      yield* connection.drop
      const stale = { code: JsonRpc.code.requesterValidationFailed, message: "Requester validation failed" }
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* connectParams(yield* (yield* server.nextConnection).refuse(stale))).protocol, "p1")
      for (const wait of ["2 seconds", "4 seconds", "8 seconds"] as const) {
        yield* flush
        yield* TestClock.adjust(wait)
        assert.isUndefined((yield* connectParams(yield* (yield* server.nextConnection).refuse(stale))).protocol)
      }
      assert.strictEqual((yield* Effect.flip(Fiber.join(listening))).reason._tag, "Refused")
    }))

  it.effect("P6.4: sends a new token to the server without dialling again", () =>
    Effect.gen(function*() {
      const { credentials, server } = yield* start()
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* flush
      yield* credentials.replace(Redacted.make("token-2"))
      const request = yield* connection.request(JsonRpc.method.reauthenticate)
      assert.strictEqual(yield* tokenOf(request), "token-2")
      yield* connection.send(JsonRpc.reply(request.id, {}))
      yield* TestClock.adjust("15 seconds")
      assert.strictEqual(server.connectionCount(), 1)
    }))

  it.effect("refreshes a token ahead of the expiry that the server reports, and sends the new one", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(4102444800_000 - 3600_000)
      const { server } = yield* start({ refresh: Effect.succeed(Redacted.make("token-2")), heartbeat: "1 day" })
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* TestClock.adjust("59 minutes")
      assert.strictEqual(yield* tokenOf(yield* connection.request(JsonRpc.method.reauthenticate)), "token-2")
    }))

  it.effect("refreshes a token ahead of the expiry that the server reports when it is sent to the session", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(4102444800_000 - 3600_000)
      let refreshes = 0
      const refresh = Effect.sync(() => Redacted.make(`token-${++refreshes + 1}`))
      const { server } = yield* start({ refresh, heartbeat: "1 day" })
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* TestClock.adjust("59 minutes")
      const { id } = yield* connection.request(JsonRpc.method.reauthenticate)
      const { authorization } = FakeServer.connectResult("p1")
      const fabric_subscriber = { ...authorization.fabric_subscriber, expires_at: 4102444800 + 3600 }
      yield* connection.send(JsonRpc.reply(id, { authorization: { ...authorization, fabric_subscriber } }))
      yield* flush
      yield* TestClock.adjust("59 minutes")
      assert.strictEqual(refreshes, 1)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* tokenOf(yield* connection.request(JsonRpc.method.reauthenticate)), "token-3")
    }))

  it.effect("keeps the session although the server does not report when its tokens expire", () =>
    Effect.gen(function*() {
      const refresh = Effect.succeed(Redacted.make("token-3"))
      const { credentials, server, subscription } = yield* start({ refresh })
      const connection = yield* server.nextConnection
      yield* connection.open
      const connect = yield* connection.request(JsonRpc.method.connect)
      const result = { ...FakeServer.connectResult("p1"), authorization: { project_id: "p" } }
      yield* connection.send(JsonRpc.reply(connect.id, result))
      yield* flush
      for (const [token, response] of [["token-2", {}], ["token-4", { authorization: "unknown" }]] as const) {
        yield* credentials.replace(Redacted.make(token))
        const { id } = yield* connection.request(JsonRpc.method.reauthenticate)
        yield* connection.send(JsonRpc.reply(id, response))
        yield* flush
      }
      assert.strictEqual((yield* subscription.connection.current)._tag, "Connected")
      assert.isTrue(connection.isOpen())
    }))

  it.effect.each<readonly [string, Partial<Subscription.Options>]>([
    ["bot", { name: "bot", agent: "robot" }],
    ["robot", { agent: "robot" }]
  ])("has the name %s in spans", ([expected, options]) =>
    Effect.gen(function*() {
      const names: Array<string> = []
      const named = (name: string) => {
        names.push(name)
        return Instrumentation.effect
      }
      yield* Effect.provideService(start(options), Instrumentation.Instrumentation, {
        ...Instrumentation.warningsOnly(() => {}),
        named
      })
      assert.deepStrictEqual(names, [expected])
    }))

  it.effect("sends a new token with the project of the session", () =>
    Effect.gen(function*() {
      const { credentials, server } = yield* start()
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* flush
      yield* credentials.replace(Redacted.make("token-2"))
      assert.deepStrictEqual((yield* connection.request(JsonRpc.method.reauthenticate)).params, {
        authentication: { project: FakeServer.connectResult("p1").authorization.project_id, jwt_token: "token-2" }
      })
    }))

  it.effect("ends the session when the server does not respond to the re-authentication in time", () =>
    Effect.gen(function*() {
      const { credentials, server, subscription } = yield* start({ requestTimeout: "3 seconds", ...longBackoff })
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* flush
      yield* credentials.replace(Redacted.make("token-2"))
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual((yield* subscription.connection.current).reason?._tag, "Timeout")
      assert.isFalse(connection.isOpen())
    }))

  it.effect("reports whether the server has resumed the session: as it says, or else by the protocol", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ backoff: { base: "1 milli", cap: "1 milli" } })
      const resumed: Array<boolean> = []
      for (
        const [protocol, session_restored] of [
          ["p1", undefined],
          ["p1", undefined],
          ["p2", undefined],
          ["p2", false],
          ["p3", true]
        ] as const
      ) {
        const connection = yield* server.nextConnection
        yield* connection.open
        const { id } = yield* connection.request(JsonRpc.method.connect)
        yield* connection.send(JsonRpc.reply(id, { ...FakeServer.connectResult(protocol), session_restored }))
        yield* flush
        const state = yield* subscription.connection.current
        resumed.push(state._tag === "Connected" ? state.resumed : assert.fail(state._tag))
        yield* connection.drop
        yield* TestClock.adjust("10 millis")
      }
      assert.deepStrictEqual(resumed, [false, true, false, false, true])
    }))

  it.effect("sends no state to resume with where the server has sent none", () =>
    Effect.gen(function*() {
      const { server } = yield* start()
      const connection = yield* server.nextConnection
      const first = yield* connection.accept("p1")
      assert.deepStrictEqual(first.params, {
        version: { major: 4, minor: 0, revision: 0 },
        event_acks: true,
        agent: "effect-signalwire",
        authentication: { jwt_token: "token-1" }
      })
      yield* flush
      yield* connection.drop
      yield* TestClock.adjust("1 second")
      const second = yield* (yield* server.nextConnection).accept("p1")
      assert.deepStrictEqual(second.params, { ...Object(first.params), protocol: "p1" })
    }))

  it.effect("ignores that the platform went offline during the dial", () =>
    Effect.gen(function*() {
      const { emit, server, subscription } = yield* startWithSignals()
      const connection = yield* server.nextConnection
      emit("offline")
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual((yield* subscription.connection.current)._tag, "Connecting")
      yield* connection.accept("p1")
      yield* flush
      assert.strictEqual((yield* subscription.connection.current)._tag, "Connected")
      assert.strictEqual(server.connectionCount(), 1)
    }))

  it.effect("probes the server once for several wake signals, and again for one after its response", () =>
    Effect.gen(function*() {
      const { connection, emit } = yield* startSignalled("wake", { heartbeat: "1 day" })
      let pings = 0
      yield* Effect.forkScoped(
        Effect.forever(Effect.flatMap(connection.request(JsonRpc.method.ping), ({ id }) => {
          pings++
          return connection.send(JsonRpc.reply(id, {}))
        })),
        { startImmediately: true }
      )
      emit("wake")
      yield* TestClock.adjust("1 second")
      emit("wake")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(pings, 1)
      emit("wake")
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(pings, 2)
      assert.isTrue(connection.isOpen())
    }))

  it.effect("P8.1: counts the silence from the last frame, whatever it was", () =>
    Effect.gen(function*() {
      const { server } = yield* start({ heartbeat: "10 seconds", ...longBackoff })
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* TestClock.adjust("7 seconds")
      yield* connection.send("{")
      yield* TestClock.adjust("9999 millis")
      assert.isTrue(connection.isOpen())
      const ping = yield* Effect.forkChild(connection.request(JsonRpc.method.ping), { startImmediately: true })
      assert.isUndefined(ping.pollUnsafe())
      yield* TestClock.adjust("1 milli")
      yield* Fiber.join(ping)
      yield* TestClock.adjust("9999 millis")
      assert.isTrue(connection.isOpen())
      yield* TestClock.adjust("1 milli")
      assert.isFalse(connection.isOpen())
    }))

  it.effect("dials with the new token when the server rejects the re-authentication", () =>
    Effect.gen(function*() {
      const { credentials, server } = yield* start()
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* flush
      yield* credentials.replace(Redacted.make("token-2"))
      const request = yield* connection.request(JsonRpc.method.reauthenticate)
      yield* connection.send(JsonRpc.failure(request.id, { code: JsonRpc.code.internal, message: "not for SATs" }))
      yield* flush
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* tokenOf(yield* (yield* server.nextConnection).accept("p1")), "token-2")
    }))

  it.effect("shares one socket between subscribers, and keeps it after the last one has left", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ idleTimeToLive: "30 seconds" })
      const scope = yield* Scope.make()
      yield* Scope.provide(subscription.subscribe, scope)
      yield* (yield* server.nextConnection).accept("p1")
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(server.connectionCount(), 1)
      assert.strictEqual((yield* subscription.connection.current)._tag, "Connected")
    }))
})

/** A platform whose WebSocket constructor calls `make` with the number of the dial. */
const startOn = Effect.fnUntraced(function*(make: (dial: number, url: string) => WebSocketLike | undefined) {
  const server = yield* FakeServer.make
  let dials = 0
  const platform = Layer.effect(
    WebSocketConstructor,
    Effect.map(
      Effect.provide(WebSocketConstructor, server.layer),
      (real) => (url: string) => make(++dials, url) ?? real(url)
    )
  )
  const logged: Array<unknown> = []
  const context = yield* Layer.build(
    Subscription.layer({ endpoint, backoff: { base: "1 second", cap: "1 second" } }).pipe(
      Layer.provide(Credentials.layer({ token: Redacted.make("token-1") })),
      Layer.provide(platform),
      Layer.provideMerge(Logger.layer([Logger.make(({ message }) => logged.push(message))]))
    )
  )
  const subscription = Context.get(context, Subscription.Subscription)
  const listening = yield* Effect.provide(
    Effect.flatMap(subscription.subscribe, ({ signals }) => Effect.forkScoped(Effect.forever(signals))),
    context
  )
  return { server, subscription, listening, logged, dials: () => dials }
})

/** A socket of which one member throws. */
const throwing = (socket: MemorySocket.MemorySocket, member: keyof WebSocketLike): WebSocketLike =>
  new Proxy(socket, {
    get: (target, property) => {
      if (property === member) throw new Error("not implemented")
      const value: unknown = Reflect.get(target, property)
      return typeof value === "function" ? value.bind(target) : value
    }
  })

describe("a platform that throws", () => {
  it.effect("P8.7: dials again when the constructor throws", () =>
    Effect.gen(function*() {
      const { server } = yield* startOn((dial) => {
        if (dial === 1) throw new Error("blocked")
        return undefined
      })
      yield* flush
      yield* TestClock.adjust("1 second")
      yield* (yield* server.nextConnection).accept("p1")
    }))

  it.effect.each(["addEventListener", "send", "close"] as const)(
    "P8.7: reconnects when %s of a socket throws",
    (member) =>
      Effect.gen(function*() {
        const { server, subscription } = yield* startOn((dial) => {
          if (dial > 1) return undefined
          const { client, open } = MemorySocket.make()
          queueMicrotask(open)
          return throwing(client, member)
        })
        // a socket that cannot be closed is silent until the connect request times out
        yield* untilDialled(server, 1)
        yield* (yield* server.nextConnection).accept("p1")
        yield* subscription.ready
      })
  )

  it.effect("reports that the socket failed when the connect request can't be written", () =>
    Effect.gen(function*() {
      const { subscription } = yield* startOn(() => {
        const { client, open } = MemorySocket.make()
        queueMicrotask(open)
        return throwing(client, "send")
      })
      const states = yield* Streams.toPull(subscription.connection.changes, yield* Effect.scope)
      const messages: Array<string> = []
      while (messages.length === 0) {
        for (const { reason } of yield* states) if (reason !== null) messages.push(reason.message)
      }
      assert.deepStrictEqual(messages, ["connection failed: the socket failed"])
    }))

  it.effect("P8.5: keeps the reason of the end, even if the platform throws when the socket is released", () =>
    Effect.gen(function*() {
      const { dials, listening } = yield* startOn((dial) => {
        if (dial > 1) return undefined
        const { client, open, server } = MemorySocket.make()
        server.addEventListener("open", () => server.close(1013))
        queueMicrotask(open)
        return throwing(client, "removeEventListener")
      })
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual(dials(), 1)
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual(dials(), 2)
      assert.isUndefined(listening.pollUnsafe())
    }))

  it.effect("P8.7: logs the message of an exception without the token that it quotes", () =>
    Effect.gen(function*() {
      const { logged } = yield* startOn((dial) => {
        if (dial > 1) return undefined
        const { client, open } = MemorySocket.make()
        queueMicrotask(open)
        client.addEventListener = () => {
          throw new Error("no listeners for token-1")
        }
        return client
      })
      yield* flush
      assert.include(JSON.stringify(logged), "no listeners for")
      assert.notInclude(JSON.stringify(logged), "token-1")
    }))

  it.effect("P8.3: fails at once where there is no WebSocket, and names the option to pass", () =>
    Effect.gen(function*() {
      const { listening, subscription } = yield* startOn(() => {
        throw invalidParameter("WebSocket", "pass one")
      })
      const error = yield* Effect.flip(Fiber.join(listening))
      assert.strictEqual(error._tag === "SubscriptionError" && error.reason._tag, "Invalid")
      assert.strictEqual((yield* subscription.connection.current)._tag, "Failed")
    }))

  it.effect("P8.3: dials again for a new subscriber after it has failed", () =>
    Effect.gen(function*() {
      const { listening, server, subscription } = yield* startOn((dial) => {
        if (dial === 1) throw invalidParameter("WebSocket", "pass one")
        return undefined
      })
      yield* Effect.flip(Fiber.join(listening))
      yield* subscription.subscribe
      yield* (yield* server.nextConnection).accept("p1")
      yield* subscription.ready
    }))

  it.effect.each([
    ["listening to the platform", Streams.fromListen<WakeSignal>(() => Effect.die("no such event"))],
    ["a stream of them", Stream.die("no such event")],
    ["an interruption in a stream of them", Stream.fromEffect(Effect.interrupt)]
  ])("connects even if %s for wake signals throws, and warns", ([, wake]) =>
    Effect.gen(function*() {
      const warnings: Array<unknown> = []
      const logger = Logger.make(({ message }) => void warnings.push(message))
      const { server } = yield* start().pipe(
        Effect.provideService(Wake, wake),
        Effect.provide(Logger.layer([logger]))
      )
      yield* (yield* server.nextConnection).accept("p1")
      assert.include(JSON.stringify(warnings), "cannot listen to the wake signals of the platform")
      assert.match(JSON.stringify(warnings), /no such event|interrupt/)
    }))

  it.effect.each(
    [
      ["throws", Stream.die("no tokens")],
      ["interrupts itself", Stream.fromEffect(Effect.interrupt)]
    ] as const
  )(
    "P8.7: connects even if the stream of tokens of your own Credentials %s, and warns",
    ([, changes]) =>
      Effect.gen(function*() {
        const warnings: Array<unknown> = []
        const logger = Logger.make(({ message }) => void warnings.push(message))
        const server = yield* FakeServer.make
        const credentials = Mocks.credentials("token-1").pipe(
          Layer.flatMap((context) =>
            Layer.succeed(Credentials.Credentials, { ...Context.get(context, Credentials.Credentials), changes })
          )
        )
        const context = yield* Layer.build(
          Subscription.layer({ endpoint }).pipe(Layer.provide(credentials), Layer.provide(server.layer))
        ).pipe(Effect.provide(Logger.layer([logger])))
        yield* Context.get(context, Subscription.Subscription).subscribe
        yield* (yield* server.nextConnection).accept("p1")
        yield* flush
        assert.include(JSON.stringify(warnings), "cannot listen to new tokens")
        assert.match(JSON.stringify(warnings), /no tokens|interrupt/)
      })
  )

  it.effect("reacts to the wake signals of any stream", () =>
    Effect.gen(function*() {
      const signals = yield* Queue.unbounded<WakeSignal>()
      const { server, subscription } = yield* Effect.provideService(start(longBackoff), Wake, Stream.fromQueue(signals))
      const first = yield* server.nextConnection
      yield* first.accept("p1")
      yield* flush
      yield* Queue.offer(signals, "offline")
      yield* flush
      assert.strictEqual((yield* subscription.connection.current)._tag, "Reconnecting")
      yield* first.drop
      yield* flush
      yield* Queue.offer(signals, "wake")
      yield* (yield* server.nextConnection).accept("p1")
    }))

  it.effect("sends the tokens of any stream of your own Credentials", () =>
    Effect.gen(function*() {
      const [first, next] = [Redacted.make("token-1"), Redacted.make("token-2")]
      const tokens = yield* SubscriptionRef.make(first)
      const server = yield* FakeServer.make
      const credentials = Mocks.credentials("token-1").pipe(Layer.flatMap((context) =>
        Layer.succeed(Credentials.Credentials, {
          ...Context.get(context, Credentials.Credentials),
          current: SubscriptionRef.get(tokens),
          changes: SubscriptionRef.changes(tokens)
        })
      ))
      const context = yield* Layer.build(
        Subscription.layer({ endpoint }).pipe(Layer.provide(credentials), Layer.provide(server.layer))
      )
      yield* Context.get(context, Subscription.Subscription).subscribe
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* flush
      yield* SubscriptionRef.set(tokens, next)
      const { params } = yield* connection.request(JsonRpc.method.reauthenticate)
      assert.include(JSON.stringify(params), "token-2")
    }))
})

describe("an invalid option", () => {
  it.effect.each(
    [
      ["heartbeat", { heartbeat: "0 seconds" }],
      ["connectTimeout", { connectTimeout: -1 }],
      ["requestTimeout", { requestTimeout: -1 }],
      ["probeTimeout", { probeTimeout: -1 }],
      ["idleTimeToLive", { idleTimeToLive: -1 }],
      ["backoff.base", { backoff: { base: Number.NaN, cap: "1 second" } }],
      ["backoff.cap", { backoff: { base: "1 second", cap: -1 } }],
      ["backoff.resetAfter", { backoff: { base: "1 second", cap: "1 second", resetAfter: -1 } }],
      ["dialsPerMinute", { dialsPerMinute: 0 }],
      ["capacity", { capacity: 0 }],
      ["refreshTimeout", { refresh: Effect.never, refreshTimeout: -1 }]
    ] satisfies ReadonlyArray<readonly [string, Partial<Subscription.Options> & Partial<Credentials.Options>]>
  )(
    "P9.2: makes the layer die with its name: %s",
    ([name, options]) =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(start(options))
        const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        assert.deepStrictEqual(defect instanceof Invalid && defect.errors.map(({ attribute }) => attribute), [name])
      })
  )
})

describe("an idle session", () => {
  /** A client without a subscriber, whose session closes 30 seconds after the last one has left. */
  const startIdle = Effect.fnUntraced(function*(options: Partial<Subscription.Options> = {}) {
    const server = yield* FakeServer.make
    const context = yield* Layer.build(
      Subscription.layer({ endpoint, idleTimeToLive: "30 seconds", heartbeat: "1 hour", ...options }).pipe(
        Layer.provide(Credentials.layer({ token: Redacted.make("token-1") })),
        Layer.provide(server.layer)
      )
    )
    const subscription = Context.get(context, Subscription.Subscription)
    /** Adds a subscriber, and returns how it leaves. */
    const enter = Effect.gen(function*() {
      const scope = yield* Scope.make()
      yield* Scope.provide(subscription.subscribe, scope)
      return { leave: Scope.close(scope, Exit.void) }
    })
    return { enter, server, subscription }
  })

  it.effect("P7.2: closes idleTimeToLive after its last subscriber has left, and leaves no timer behind", () =>
    Effect.gen(function*() {
      const { enter, server, subscription } = yield* startIdle()
      const { leave } = yield* enter
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* flush
      yield* leave
      yield* TestClock.adjust("29999 millis")
      assert.strictEqual((yield* subscription.connection.current)._tag, "Connected")
      assert.isTrue(connection.isOpen())
      yield* TestClock.adjust("1 milli")
      assert.strictEqual((yield* subscription.connection.current)._tag, "Idle")
      assert.isFalse(connection.isOpen())
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(server.connectionCount(), 1)
    }))

  it.effect("stays open for as long as one of its subscribers stays", () =>
    Effect.gen(function*() {
      const { enter, server } = yield* startIdle()
      yield* enter
      const { leave: leaveSecond } = yield* enter
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* leaveSecond
      yield* TestClock.adjust("1 minute")
      assert.isTrue(connection.isOpen())
    }))

  it.effect("counts the idle time from the last time that a subscriber left", () =>
    Effect.gen(function*() {
      const { enter, server } = yield* startIdle()
      const { leave: leaveFirst } = yield* enter
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* flush
      yield* leaveFirst
      yield* TestClock.adjust("20 seconds")
      const { leave: leaveSecond } = yield* enter
      yield* leaveSecond
      yield* TestClock.adjust("29999 millis")
      assert.isTrue(connection.isOpen())
      yield* TestClock.adjust("1 milli")
      assert.isFalse(connection.isOpen())
    }))

  it.effect("counts the idle time from when the last of several subscribers left", () =>
    Effect.gen(function*() {
      const { enter, server } = yield* startIdle()
      const { leave: leaveFirst } = yield* enter
      const { leave: leaveSecond } = yield* enter
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* leaveFirst
      yield* TestClock.adjust("20 seconds")
      yield* leaveSecond
      yield* TestClock.adjust("29999 millis")
      assert.isTrue(connection.isOpen())
      yield* TestClock.adjust("1 milli")
      assert.isFalse(connection.isOpen())
    }))

  it.effect("never closes with an infinite idleTimeToLive", () =>
    Effect.gen(function*() {
      const { enter, server } = yield* startIdle({ idleTimeToLive: "Infinity", heartbeat: "10 days" })
      const { leave } = yield* enter
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* leave
      yield* TestClock.adjust("9 days")
      assert.isTrue(connection.isOpen())
    }))

  it.effect("does not close the session of a new subscriber when those of a failed connection left before", () =>
    Effect.gen(function*() {
      const { enter, server, subscription } = yield* startIdle({ backoff: Schedule.recurs(0) })
      const { leave } = yield* enter
      yield* (yield* server.nextConnection).drop
      yield* flush
      assert.strictEqual((yield* subscription.connection.current)._tag, "Failed")
      yield* leave
      yield* TestClock.adjust("20 seconds")
      yield* enter
      const connection = yield* server.nextConnection
      yield* connection.accept("p1")
      yield* TestClock.adjust("1 minute")
      assert.isTrue(connection.isOpen())
      assert.strictEqual((yield* subscription.connection.current)._tag, "Connected")
    }))

  it.effect("P7.2: begins a new session for the subscriber that comes after it has closed", () =>
    Effect.gen(function*() {
      const { enter, server } = yield* startIdle()
      const { leave } = yield* enter
      yield* (yield* server.nextConnection).accept("p1")
      yield* flush
      yield* leave
      yield* TestClock.adjust("30 seconds")
      yield* enter
      const params = yield* connectParams(yield* (yield* server.nextConnection).accept("p2"))
      assert.isUndefined(params.protocol)
    }))
})
