import * as Credentials from "@effect-signalwire/schema/Credentials"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import { invalidParameter } from "@effect-signalwire/schema/Reason"
import type { Signal } from "@effect-signalwire/subscription/Signal"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import { type Hints, Wake, type WakeSignal } from "@effect-signalwire/subscription/Wake"
import * as FakeServer from "@effect-signalwire/testing/FakeServer"
import * as MemorySocket from "@effect-signalwire/testing/MemorySocket"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { WebSocketConstructor, type WebSocketLike } from "effect/socket/Socket"
import * as Stream from "effect/Stream"
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

/** A client against a server in the test's hands, and what its one subscriber has heard so far. */
const start = Effect.fnUntraced(function*(
  options: Partial<Subscription.Options> & Partial<Credentials.Options> = {}
) {
  const server = yield* FakeServer.make
  const context = yield* Layer.build(
    Subscription.layer({ endpoint, backoff: { base: "1 second", cap: "8 seconds" }, ...options }).pipe(
      Layer.provideMerge(Credentials.layer({ token: Redacted.make("token-1"), refresh: options.refresh })),
      Layer.provide(server.layer)
    )
  )
  const subscription = Context.get(context, Subscription.Subscription)
  const heard: Array<string> = []
  const listening = yield* Stream.runForEach(
    Stream.fromPull(Effect.succeed((yield* subscription.attach).signals)),
    (signal) => Effect.sync(() => heard.push(label(signal)))
  ).pipe(Effect.forkScoped({ startImmediately: true }))
  return { server, subscription, credentials: Context.get(context, Credentials.Credentials), heard, listening }
})

/** {@link start} on a platform that the test signals for. */
const startWithSignals = Effect.fnUntraced(function*(options: Parameters<typeof start>[0] = {}) {
  const hints = new Set<(signal: WakeSignal) => void>()
  const wake: Hints = (hint) =>
    Effect.acquireRelease(Effect.sync(() => hints.add(hint)), () => Effect.sync(() => hints.delete(hint)))
  const client = yield* start(options).pipe(Effect.provideService(Wake, wake))
  const signal = (signal: WakeSignal) => {
    for (const hint of hints) hint(signal)
  }
  return { ...client, signal }
})

/** The wait before a dial is longer than any test. */
const longBackoff = { backoff: { base: "1 hour", cap: "1 hour" } } as const

/** Lets time pass, second by second, until the server was dialled so often; a minute at most. */
const untilDialled = Effect.fnUntraced(function*(server: FakeServer.FakeServer, dials: number) {
  for (let second = 0; second < 60 && server.dials() < dials; second++) yield* TestClock.adjust("1 second")
})

/** Lets everything that is ready run. */
const settle = TestClock.adjust(0)

const expired = { code: JsonRpc.code.authenticationFailed, message: "401" }

const event = (frameId: string, id: string) => FakeServer.event(frameId, "conversation.message", payload(id))

describe("the session", () => {
  it.effect("connects with its token, and asks for acknowledged events", () =>
    Effect.gen(function*() {
      const { server } = yield* start()
      const params = yield* connectParams(yield* (yield* server.dialled).accept("p1"))
      assert.strictEqual(params.authentication.jwt_token, "token-1")
      assert.isTrue(params.event_acks)
      assert.isUndefined(params.protocol)
    }))

  it.effect("tells that events before it may be missing, then hands on events", () =>
    Effect.gen(function*() {
      const { heard, server } = yield* start()
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* connection.send(event("e1", "m1"))
      yield* settle
      assert.deepStrictEqual(heard, ["Lapse", "m1"])
    }))

  it.effect("acknowledges every event, one that it can't read too", () =>
    Effect.gen(function*() {
      const { server } = yield* start()
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* connection.send(event("e1", "m1"))
      yield* connection.send(FakeServer.event("e2", "conversation.message", { id: 7 }))
      yield* connection.send(FakeServer.event("e3", "something.new", {}))
      for (const id of ["e1", "e2", "e3"]) assert.strictEqual(yield* connection.received, JsonRpc.acknowledge(id))
    }))

  it.effect("P9.3: goes on after frames and events that it can't read", () =>
    Effect.gen(function*() {
      const { heard, server } = yield* start()
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      for (
        const text of ["{", "[]", "null", "\"x\"", "{\"id\":{}}", FakeServer.event("e1", "conversation.message", 7)]
      ) {
        yield* connection.send(text)
      }
      yield* connection.send(event("e2", "m2"))
      yield* settle
      assert.deepStrictEqual(heard, ["Lapse", ...Array.from({ length: 6 }, () => "Malformed"), "m2"])
    }))

  it.effect("answers pings with what they brought", () =>
    Effect.gen(function*() {
      const { server } = yield* start()
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* connection.send(JsonRpc.request("ping-1", JsonRpc.method.ping, { timestamp: 1735790645.456 }))
      assert.strictEqual(yield* connection.received, JsonRpc.reply("ping-1", { timestamp: 1735790645.456 }))
    }))

  it.effect("refuses methods that it does not know", () =>
    Effect.gen(function*() {
      const { server } = yield* start()
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* connection.send(JsonRpc.request("x1", "webrtc.verto", {}))
      assert.include(yield* connection.received, String(JsonRpc.code.methodNotFound))
    }))

  it.effect("resumes with its protocol and the latest authorization state after a cut", () =>
    Effect.gen(function*() {
      const { heard, server } = yield* start()
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      for (const authorization_state of ["old", "new"]) {
        yield* connection.send(
          FakeServer.event(authorization_state, "signalwire.authorization.state", { authorization_state })
        )
      }
      yield* settle
      yield* connection.cut
      yield* TestClock.adjust("1 second")
      const params = yield* connectParams(yield* (yield* server.dialled).accept("p1"))
      assert.strictEqual(params.protocol, "p1")
      assert.strictEqual(params.authorization_state, "new")
      yield* settle
      assert.deepStrictEqual(heard, ["Lapse", "Lapse"])
    }))

  it.effect("P8.4: forgets its protocol when the server asks it to restart, and answers the request", () =>
    Effect.gen(function*() {
      const { server } = yield* start()
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* connection.send(JsonRpc.request("d1", JsonRpc.method.disconnect, { restart: true }))
      assert.strictEqual(yield* connection.received, JsonRpc.acknowledge("d1"))
      yield* TestClock.adjust("1 second")
      assert.isUndefined((yield* connectParams(yield* (yield* server.dialled).accept("p2"))).protocol)
    }))

  it.effect("keeps its protocol when the server asks it to disconnect without a restart", () =>
    Effect.gen(function*() {
      const { server } = yield* start()
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* connection.send(JsonRpc.request("d1", JsonRpc.method.disconnect, {}))
      yield* settle
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* connectParams(yield* (yield* server.dialled).accept("p1"))).protocol, "p1")
    }))

  it.effect("P8.2: goes on through transient refusals, waiting longer each time", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start()
      for (const cap of [1, 2]) {
        yield* (yield* server.dialled).refuse({ code: JsonRpc.code.internal, message: "try later" })
        yield* settle
        const state = yield* subscription.connection
        assert.isTrue(state._tag === "Reconnecting" && (state.delayMillis ?? Number.POSITIVE_INFINITY) <= cap * 1000)
        yield* TestClock.adjust(`${cap} seconds`)
      }
      yield* (yield* server.dialled).accept("p1")
      yield* settle
      assert.deepInclude(yield* subscription.connection, { _tag: "Connected" })
    }))

  it.effect("P7.1: gives up a connect that is never answered, and dials again", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ connectTimeout: "5 seconds" })
      yield* (yield* server.dialled).open
      yield* TestClock.adjust("5 seconds")
      const state = yield* subscription.connection
      assert.isTrue(state._tag === "Reconnecting" && state.reason._tag === "Timeout")
      yield* TestClock.adjust("1 second")
      yield* (yield* server.dialled).accept("p1")
      assert.strictEqual(server.dials(), 2)
    }))

  it.effect("gives up a socket that never opens, and dials again", () =>
    Effect.gen(function*() {
      const { server } = yield* start({ connectTimeout: "5 seconds" })
      yield* server.dialled
      yield* TestClock.adjust("5 seconds")
      yield* TestClock.adjust("1 second")
      yield* (yield* server.dialled).accept("p1")
    }))

  it.effect("dials at once when the platform hints that the network is back", () =>
    Effect.gen(function*() {
      const { server, signal } = yield* startWithSignals(longBackoff)
      yield* (yield* server.dialled).cut
      yield* settle
      signal("wake")
      yield* (yield* server.dialled).accept("p1")
    }))

  it.effect("P8.6: dials at once when the session ends right after the signal, before it answers", () =>
    Effect.gen(function*() {
      const { server, signal } = yield* startWithSignals(longBackoff)
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* settle
      signal("wake")
      yield* TestClock.adjust("1 second")
      yield* connection.cut
      yield* settle
      assert.strictEqual(server.dials(), 2)
    }))

  it.effect("P8.6: dials at once when the session does not answer after the signal", () =>
    Effect.gen(function*() {
      const { server, signal } = yield* startWithSignals(longBackoff)
      yield* (yield* server.dialled).accept("p1")
      yield* settle
      signal("wake")
      yield* TestClock.adjust("2 seconds")
      yield* settle
      assert.strictEqual(server.dials(), 2)
    }))

  it.effect("P8.6: waits as usual when a session does not answer after the platform has lost its network", () =>
    Effect.gen(function*() {
      const { server, signal } = yield* startWithSignals(longBackoff)
      yield* (yield* server.dialled).accept("p1")
      yield* settle
      signal("offline")
      yield* TestClock.adjust("2 seconds")
      yield* settle
      assert.strictEqual(server.dials(), 1)
      // and dials at once when the network is back
      signal("wake")
      yield* settle
      assert.strictEqual(server.dials(), 2)
    }))

  it.effect("P8.6: waits as usual when a session ends that has answered after the signal", () =>
    Effect.gen(function*() {
      const { server, signal } = yield* startWithSignals(longBackoff)
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* settle
      signal("wake")
      const { id } = yield* connection.request(JsonRpc.method.ping)
      yield* connection.send(JsonRpc.reply(id, {}))
      yield* TestClock.adjust("3 seconds")
      yield* connection.cut
      yield* settle
      assert.strictEqual(server.dials(), 1)
    }))

  it.effect("P8.6: dials at once when a dial fails that was under way when the platform signalled", () =>
    Effect.gen(function*() {
      const { server, signal } = yield* startWithSignals(longBackoff)
      const connection = yield* server.dialled
      signal("wake")
      yield* settle
      yield* connection.cut
      yield* settle
      assert.strictEqual(server.dials(), 2)
    }))

  it.effect("P8.6: refreshes the token again at once when a refresh fails that ran when the platform signalled", () =>
    Effect.gen(function*() {
      let refreshes = 0
      const refresh = Effect.suspend(() => {
        refreshes++
        return Effect.delay(Effect.fail("no network"), "5 seconds")
      })
      const { server, signal } = yield* startWithSignals({ refresh, ...longBackoff })
      yield* (yield* server.dialled).refuse(expired)
      yield* settle
      signal("wake")
      yield* TestClock.adjust("5 seconds")
      yield* settle
      assert.strictEqual(refreshes, 2)
      // one signal ends one wait
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(refreshes, 2)
    }))

  it.effect.each(["wake", "token"])(
    "P8.1 P8.6: gives up a dial that hangs two seconds after a signal: %s",
    (signal) =>
      Effect.gen(function*() {
        const { credentials, server, ...platform } = yield* startWithSignals(longBackoff)
        yield* server.dialled
        yield* settle
        if (signal === "wake") platform.signal(signal)
        else yield* credentials.replace(Redacted.make("token-2"))
        yield* TestClock.adjust("1999 millis")
        assert.strictEqual(server.dials(), 1)
        yield* TestClock.adjust("1 milli")
        yield* settle
        yield* (yield* server.dialled).accept("p1")
        assert.strictEqual(server.dials(), 2)
      })
  )

  it.effect("P8.1: notices a dead server two seconds after a signal, though one had come while it was dialled", () =>
    Effect.gen(function*() {
      const { server, signal } = yield* startWithSignals({ backoff: { base: "1 milli", cap: "1 milli" } })
      const connection = yield* server.dialled
      signal("wake")
      yield* TestClock.adjust("300 millis")
      yield* connection.accept("p1")
      yield* settle
      signal("offline")
      yield* TestClock.adjust("2 seconds")
      yield* TestClock.adjust("1 milli")
      assert.strictEqual(server.dials(), 2)
    }))

  it.effect("P8.3: ends those who subscribed, also when somebody subscribes again the moment it fails", () =>
    Effect.gen(function*() {
      const { listening, server, subscription } = yield* start({ backoff: { base: "1 milli", cap: "1 milli" } })
      const scope = yield* Effect.scope
      let again: Fiber.Fiber<unknown, unknown> | undefined
      yield* subscription.watchConnection((state) => {
        if (state._tag === "Failed") again ??= Effect.runFork(Scope.provide(subscription.attach, scope))
      })
      for (let dial = 1; dial <= 3; dial++) {
        yield* (yield* server.dialled).refuse({ code: -32003, message: "no" })
        yield* TestClock.adjust("1 second")
      }
      assert.strictEqual((yield* Effect.flip(Fiber.join(listening))).reason._tag, "Refused")
      assert.isDefined(again)
      yield* (yield* server.dialled).accept("p1")
      yield* settle
      assert.strictEqual((yield* subscription.connection)._tag, "Connected")
    }))

  it.effect("P8.8: says when it dials next, also where the limit on dials holds it back", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ backoff: { base: "1 milli", cap: "1 milli" } })
      for (let dial = 0; dial < 10; dial++) {
        yield* (yield* server.dialled).cut
        yield* TestClock.adjust("10 millis")
      }
      assert.strictEqual(server.dials(), 10)
      const state = yield* subscription.connection
      const { delayMillis } = state._tag === "Reconnecting" ? state : assert.fail(state._tag)
      assert.isAbove(delayMillis ?? 0, 5000)
      yield* TestClock.adjust(`${delayMillis ?? 0} millis`)
      assert.strictEqual(server.dials(), 11)
    }))

  it.effect("P8.6: tells of no wait that reconnect has ended before it began", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ backoff: { base: "1 hour", cap: "1 hour" } })
      yield* (yield* server.dialled).accept("p1")
      yield* settle
      const delays: Array<number | null> = []
      yield* subscription.watchConnection((state) => {
        if (state._tag === "Reconnecting") delays.push(state.delayMillis)
      })
      yield* subscription.reconnect
      yield* (yield* server.dialled).accept("p1")
      yield* settle
      assert.deepStrictEqual(new Set(delays), new Set([0]))
    }))

  it.effect("P8.5: gives up no more dials than its limit allows to signals that never end", () =>
    Effect.gen(function*() {
      const { server, signal } = yield* startWithSignals()
      for (let half = 0; half < 240; half++) {
        signal("wake")
        yield* TestClock.adjust("500 millis")
      }
      assert.isAtMost(server.dials(), 30)
    }))

  it.effect.each([0, 1, 5])(
    "P8.6: gives up a dial that is not answered within two seconds when it is told to reconnect after %i seconds",
    (age) =>
      Effect.gen(function*() {
        const { server, subscription } = yield* start({ backoff: { base: "1 hour", cap: "1 hour" } })
        yield* server.dialled
        yield* TestClock.adjust(`${age} seconds`)
        yield* subscription.reconnect
        if (age < 2) {
          yield* TestClock.adjust(1999 - age * 1000)
          assert.strictEqual(server.dials(), 1)
        }
        yield* TestClock.adjust(1)
        yield* settle
        yield* (yield* server.dialled).accept("p1")
        assert.strictEqual(server.dials(), 2)
      })
  )

  it.effect("P8.6: connects however often it is told to reconnect while it dials, and only once", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ backoff: { base: "1 hour", cap: "1 hour" } })
      const connection = yield* server.dialled
      for (let times = 0; times < 20; times++) {
        yield* subscription.reconnect
        yield* TestClock.adjust("50 millis")
      }
      yield* connection.accept("p1")
      yield* settle
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* subscription.connection)._tag, "Connected")
      yield* connection.cut
      yield* TestClock.adjust("1 minute")
      // what was asked for before says nothing of the next one
      assert.strictEqual(server.dials(), 1)
    }))

  it.effect("asks a live server for a sign of life when the platform hints", () =>
    Effect.gen(function*() {
      const { server, signal } = yield* startWithSignals()
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* settle
      signal("wake")
      yield* connection.request(JsonRpc.method.ping)
    }))

  it.effect("P8.1: takes a server for dead that was silent from the start", () =>
    Effect.gen(function*() {
      const { server } = yield* start({ heartbeat: "10 seconds" })
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* TestClock.adjust("10 seconds")
      yield* connection.request(JsonRpc.method.ping)
      yield* TestClock.adjust("10 seconds")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(server.dials(), 2)
    }))

  it.effect("keeps a quiet server that answers its pings", () =>
    Effect.gen(function*() {
      const { server } = yield* start({ heartbeat: "10 seconds" })
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      for (let minute = 0; minute < 6; minute++) {
        yield* TestClock.adjust("10 seconds")
        const { id } = yield* connection.request(JsonRpc.method.ping)
        yield* connection.send(JsonRpc.reply(id, {}))
        yield* settle
      }
      assert.strictEqual(server.dials(), 1)
    }))

  it.effect("P8.3: waits when the token is refused and there is no other, and goes on with the one that replaces it", () =>
    Effect.gen(function*() {
      const { credentials, listening, server, subscription } = yield* start()
      yield* (yield* server.dialled).refuse(expired)
      yield* TestClock.adjust("1 hour")
      const state = yield* subscription.connection
      assert.deepStrictEqual([state._tag, state.reason?._tag], ["Reconnecting", "Unauthorized"])
      assert.isNull(state._tag === "Reconnecting" ? state.delayMillis : undefined)
      assert.strictEqual(server.dials(), 1)
      assert.isUndefined(listening.pollUnsafe())
      yield* credentials.replace(Redacted.make("token-2"))
      assert.strictEqual(yield* tokenOf(yield* (yield* server.dialled).accept("p1")), "token-2")
    }))

  it.effect("P6.1: does not repeat the token that a server quotes when it refuses it", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start()
      const message = "no such token: token-1"
      yield* (yield* server.dialled).refuse({ code: JsonRpc.code.authenticationFailed, message })
      yield* settle
      const { reason } = yield* subscription.connection
      assert.include(reason?.message, "no such token")
      assert.notInclude(JSON.stringify(reason) + String(reason?.message), "token-1")
    }))

  it.effect("connects with a renewed token when the first is refused", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ refresh: Effect.succeed(Redacted.make("token-2")) })
      yield* (yield* server.dialled).refuse({ code: JsonRpc.code.authenticationFailed, message: "401" })
      assert.strictEqual(yield* tokenOf(yield* (yield* server.dialled).accept("p1")), "token-2")
      yield* subscription.ready
    }))

  it.effect("P8.3: asks again while the token can't be renewed, does not dial meanwhile, and connects once it can", () =>
    Effect.gen(function*() {
      let isOffline = true
      let refreshes = 0
      const { server, subscription } = yield* start({
        refresh: Effect.suspend(() => {
          refreshes++
          return isOffline ? Effect.fail("offline") : Effect.succeed(Redacted.make("token-2"))
        })
      })
      yield* (yield* server.dialled).refuse(expired)
      yield* TestClock.adjust("10 seconds")
      assert.deepInclude(yield* subscription.connection, { _tag: "Reconnecting" })
      assert.isAtLeast(refreshes, 2)
      assert.strictEqual(server.dials(), 1)
      isOffline = false
      yield* untilDialled(server, 2)
      assert.strictEqual(yield* tokenOf(yield* (yield* server.dialled).accept("p1")), "token-2")
      yield* subscription.ready
    }))

  it.effect("P8.5: a server that accepts each token and then refuses it is dialled ten times a minute at most", () =>
    Effect.gen(function*() {
      let refreshes = 0
      const { server } = yield* start({
        backoff: { base: "1 milli", cap: "1 milli" },
        refresh: Effect.sync(() => Redacted.make(`token-${++refreshes + 1}`))
      })
      yield* Effect.gen(function*() {
        const connection = yield* server.dialled
        const { id } = yield* connection.accept("p1")
        yield* connection.send(JsonRpc.failure(id, expired))
      }).pipe(Effect.forever, Effect.forkScoped)
      for (let second = 0; second < 600; second++) yield* TestClock.adjust("1 second")
      assert.isAtMost(server.dials(), 10 + 100 + 1)
      assert.isAtMost(refreshes, server.dials())
    }))

  it.effect("P8.5: a wake signal that never ends does not make it dial more often than ten times a minute", () =>
    Effect.gen(function*() {
      const { server, signal } = yield* startWithSignals()
      yield* Effect.flatMap(server.dialled, ({ cut }) => cut).pipe(Effect.forever, Effect.forkScoped)
      for (let tick = 0; tick < 6000; tick++) {
        signal("wake")
        yield* TestClock.adjust("100 millis")
      }
      assert.isAtMost(server.dials(), 10 + 100 + 1)
      assert.isAtLeast(server.dials(), 20)
    }))

  it.effect("P8.6: a token that replaces the refused one is used while the refresh hangs", () =>
    Effect.gen(function*() {
      const { credentials, server } = yield* start({ refresh: Effect.never })
      yield* (yield* server.dialled).refuse(expired)
      yield* settle
      yield* credentials.replace(Redacted.make("token-2"))
      assert.strictEqual(yield* tokenOf(yield* (yield* server.dialled).accept("p1")), "token-2")
    }))

  it.effect("P8.2: a session that was told of another token, and ends, is not followed by a dial at once", () =>
    Effect.gen(function*() {
      const { credentials, server } = yield* start({ backoff: { base: "1 hour", cap: "1 hour" } })
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* credentials.replace(Redacted.make("token-2"))
      yield* connection.request(JsonRpc.method.reauthenticate)
      yield* connection.cut
      yield* TestClock.adjust("1 second")
      assert.strictEqual(server.dials(), 1)
    }))

  it.effect("P7.1: a refresh that hangs is given up and asked for again", () =>
    Effect.gen(function*() {
      let refreshes = 0
      const { server } = yield* start({
        refreshTimeout: "5 seconds",
        refresh: Effect.suspend(() => ++refreshes === 1 ? Effect.never : Effect.succeed(Redacted.make("token-2")))
      })
      yield* (yield* server.dialled).refuse(expired)
      yield* TestClock.adjust("5 seconds")
      yield* TestClock.adjust("8 seconds")
      assert.strictEqual(yield* tokenOf(yield* (yield* server.dialled).accept("p1")), "token-2")
    }))

  it.effect("P8.6: reconnect dials at once while it waits to dial", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ backoff: { base: "1 hour", cap: "1 hour" } })
      yield* (yield* server.dialled).cut
      yield* settle
      yield* subscription.reconnect
      yield* (yield* server.dialled).accept("p1")
    }))

  it.effect("P8.6: reconnect replaces a session that is up", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ backoff: { base: "1 hour", cap: "1 hour" } })
      yield* (yield* server.dialled).accept("p1")
      yield* settle
      yield* subscription.reconnect
      // what is asked for from now on is asked of the next session
      assert.notStrictEqual((yield* subscription.connection)._tag, "Connected")
      const ready = yield* Effect.forkChild(subscription.ready, { startImmediately: true })
      yield* (yield* server.dialled).accept("p1")
      yield* Fiber.join(ready)
    }))

  it.effect("ready opens a session where nobody subscribes", () =>
    Effect.gen(function*() {
      const server = yield* FakeServer.make
      const context = yield* Layer.build(
        Subscription.layer({ endpoint }).pipe(
          Layer.provide(Credentials.layer({ token: Redacted.make("token-1") })),
          Layer.provide(server.layer)
        )
      )
      const waiting = yield* Effect.forkChild(Context.get(context, Subscription.Subscription).ready)
      yield* (yield* server.dialled).accept("p1")
      yield* Fiber.join(waiting)
    }))

  it.effect("P7.2: fails with Closed, and ends its streams, once its scope is closed", () =>
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
      yield* (yield* server.dialled).accept("p1")
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(listening)
      for (const call of [subscription.attach, subscription.ready, subscription.reconnect]) {
        assert.strictEqual((yield* Effect.flip(Effect.scoped(call))).reason._tag, "Closed")
      }
      assert.strictEqual((yield* subscription.connection)._tag, "Closed")
    }))

  it.effect("P8.5: a server that asks to be left alone is, though all leave meanwhile, and others come", () =>
    Effect.gen(function*() {
      const server = yield* FakeServer.make
      const context = yield* Layer.build(
        Subscription.layer({ endpoint, idleTimeToLive: "1 second" }).pipe(
          Layer.provide(Credentials.layer({ token: Redacted.make("token-1") })),
          Layer.provide(server.layer)
        )
      )
      const { attach, connection } = Context.get(context, Subscription.Subscription)
      const scope = yield* Scope.make()
      yield* Scope.provide(attach, scope)
      const dialled = yield* server.dialled
      yield* dialled.open
      yield* dialled.close(1013)
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual((yield* connection)._tag, "Idle")
      yield* attach
      yield* TestClock.adjust("6 seconds")
      assert.deepInclude(yield* connection, { _tag: "Reconnecting", attempt: 1 })
      assert.strictEqual(server.dials(), 1)
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual(server.dials(), 2)
    }))

  it.effect("P8.5: a token that came before the server asked to be left alone is no reason to dial", () =>
    Effect.gen(function*() {
      const { credentials, server } = yield* start()
      const dialled = yield* server.dialled
      yield* dialled.open
      yield* credentials.replace(Redacted.make("token-2"))
      yield* dialled.close(1013)
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual(server.dials(), 1)
      yield* credentials.replace(Redacted.make("token-3"))
      assert.strictEqual(yield* tokenOf(yield* (yield* server.dialled).accept("p1")), "token-3")
    }))

  it.effect("P8.1: a wake signal has a dead server noticed within two seconds", () =>
    Effect.gen(function*() {
      const { server, signal } = yield* startWithSignals({ backoff: { base: "1 milli", cap: "1 milli" } })
      yield* (yield* server.dialled).accept("p1")
      yield* settle
      signal("wake")
      yield* TestClock.adjust("2 seconds")
      yield* TestClock.adjust("1 milli")
      assert.strictEqual(server.dials(), 2)
    }))

  it.effect("P8.1: going offline shows in the state at once, and a server that answers puts that right", () =>
    Effect.gen(function*() {
      const { server, signal, subscription } = yield* startWithSignals()
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* settle
      signal("offline")
      yield* settle
      assert.strictEqual((yield* subscription.connection).reason?.message, "connection failed: the platform is offline")
      const { id } = yield* connection.request(JsonRpc.method.ping)
      yield* connection.send(JsonRpc.reply(id, {}))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* subscription.connection)._tag, "Connected")
      assert.strictEqual(server.dials(), 1)
    }))

  it.effect("P9.3: frames that can't be read are reported once in half a minute, however many come", () =>
    Effect.gen(function*() {
      const logged: Array<unknown> = []
      const logger = Logger.make(({ message }) => logged.push(message))
      const { server } = yield* Effect.provide(start(), Logger.layer([logger]))
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      for (let second = 0; second < 20; second++) {
        yield* connection.send("{")
        yield* TestClock.adjust("1 second")
      }
      assert.strictEqual(logged.filter((message) => String(message).includes("could not be read")).length, 1)
    }))

  it.effect("dials at once when the token is replaced while it waits to dial", () =>
    Effect.gen(function*() {
      const { credentials, server } = yield* start({
        refresh: Effect.fail("offline"),
        backoff: { base: "1 hour", cap: "1 hour" }
      })
      yield* (yield* server.dialled).refuse({ code: JsonRpc.code.authenticationFailed, message: "401" })
      yield* settle
      yield* credentials.replace(Redacted.make("token-2"))
      assert.strictEqual(yield* tokenOf(yield* (yield* server.dialled).accept("p1")), "token-2")
    }))

  it.effect("P8.3: drops what it resumes with when that is refused, and fails when it may not begin afresh either", () =>
    Effect.gen(function*() {
      const { listening, server } = yield* start()
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* settle
      yield* connection.cut
      const stale = { code: JsonRpc.code.requesterValidationFailed, message: "Requester validation failed" }
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* connectParams(yield* (yield* server.dialled).refuse(stale))).protocol, "p1")
      for (const wait of ["2 seconds", "4 seconds", "8 seconds"] as const) {
        yield* settle
        yield* TestClock.adjust(wait)
        assert.isUndefined((yield* connectParams(yield* (yield* server.dialled).refuse(stale))).protocol)
      }
      assert.strictEqual((yield* Effect.flip(Fiber.join(listening))).reason._tag, "Refused")
    }))

  it.effect("P6.4: tells the server of a new token without dialling again", () =>
    Effect.gen(function*() {
      const { credentials, server } = yield* start()
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* settle
      yield* credentials.replace(Redacted.make("token-2"))
      const request = yield* connection.request(JsonRpc.method.reauthenticate)
      assert.strictEqual(yield* tokenOf(request), "token-2")
      yield* connection.send(JsonRpc.reply(request.id, {}))
      yield* TestClock.adjust("15 seconds")
      assert.strictEqual(server.dials(), 1)
    }))

  it.effect("refreshes a token ahead of the expiry that the server tells, and tells the server", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(4102444800_000 - 3600_000)
      const { server } = yield* start({ refresh: Effect.succeed(Redacted.make("token-2")), heartbeat: "1 day" })
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* TestClock.adjust("59 minutes")
      assert.strictEqual(yield* tokenOf(yield* connection.request(JsonRpc.method.reauthenticate)), "token-2")
    }))

  it.effect("dials with the new token when the server refuses to re-authenticate", () =>
    Effect.gen(function*() {
      const { credentials, server } = yield* start()
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* settle
      yield* credentials.replace(Redacted.make("token-2"))
      const request = yield* connection.request(JsonRpc.method.reauthenticate)
      yield* connection.send(JsonRpc.failure(request.id, { code: JsonRpc.code.internal, message: "not for SATs" }))
      yield* settle
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* tokenOf(yield* (yield* server.dialled).accept("p1")), "token-2")
    }))

  it.effect("serves many subscribers with one socket, and closes it after the last has left", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ idleTimeToLive: "30 seconds" })
      const scope = yield* Scope.make()
      yield* Scope.provide(subscription.attach, scope)
      yield* (yield* server.dialled).accept("p1")
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(server.dials(), 1)
      assert.strictEqual((yield* subscription.connection)._tag, "Connected")
    }))
})

/** A platform whose socket constructor does what the test says, by the number of the dial. */
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
    Effect.flatMap(subscription.attach, ({ signals }) => Effect.forkScoped(Effect.forever(signals))),
    context
  )
  return { server, subscription, listening, logged, dials: () => dials }
})

/** A socket one of whose members throws. */
const throwing = (socket: MemorySocket.MemorySocket, member: keyof WebSocketLike): WebSocketLike =>
  new Proxy(socket, {
    get: (target, property) => {
      if (property === member) throw new Error("not here")
      const value: unknown = Reflect.get(target, property)
      return typeof value === "function" ? value.bind(target) : value
    }
  })

describe("a platform that throws", () => {
  it.effect("P8.7: a constructor that throws is a dial that failed", () =>
    Effect.gen(function*() {
      const { server } = yield* startOn((dial) => {
        if (dial === 1) throw new Error("blocked")
        return undefined
      })
      yield* settle
      yield* TestClock.adjust("1 second")
      yield* (yield* server.dialled).accept("p1")
    }))

  it.effect.each(["addEventListener", "send", "close"] as const)(
    "P8.7: a socket whose %s throws is a connection that was lost, and told",
    (member) =>
      Effect.gen(function*() {
        const { server, subscription } = yield* startOn((dial) => {
          if (dial > 1) return undefined
          const { client, open } = MemorySocket.make()
          queueMicrotask(open)
          return throwing(client, member)
        })
        // one that can't be closed is silent for as long as a connect may take
        yield* untilDialled(server, 1)
        yield* (yield* server.dialled).accept("p1")
        yield* subscription.ready
      })
  )

  it.effect("P8.5: why a session ended counts, whatever the platform throws when it lets go of the socket", () =>
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

  it.effect("P8.7: an exception's message is in the log, and the token that it quotes is not", () =>
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
      yield* settle
      assert.include(JSON.stringify(logged), "no listeners for")
      assert.notInclude(JSON.stringify(logged), "token-1")
    }))

  it.effect("P8.3: no WebSocket at all ends the subscription at once, and names what to pass", () =>
    Effect.gen(function*() {
      const { listening, subscription } = yield* startOn(() => {
        throw invalidParameter("WebSocket", "pass one")
      })
      const error = yield* Effect.flip(Fiber.join(listening))
      assert.strictEqual(error._tag === "SubscriptionError" && error.reason._tag, "Invalid")
      assert.strictEqual((yield* subscription.connection)._tag, "Failed")
    }))

  it.effect("P8.3: is tried afresh for a new subscriber after it failed", () =>
    Effect.gen(function*() {
      const { listening, server, subscription } = yield* startOn((dial) => {
        if (dial === 1) throw invalidParameter("WebSocket", "pass one")
        return undefined
      })
      yield* Effect.flip(Fiber.join(listening))
      yield* subscription.attach
      yield* (yield* server.dialled).accept("p1")
      yield* subscription.ready
    }))

  it.effect("goes on when the platform's wake signals can't be listened to", () =>
    Effect.gen(function*() {
      const { server } = yield* Effect.provideService(start(), Wake, () => Effect.die("no such event"))
      yield* (yield* server.dialled).accept("p1")
    }))
})

describe("an idle session", () => {
  it.effect("P7.2: is closed an idle time after its last subscriber left, and leaves no timer behind", () =>
    Effect.gen(function*() {
      const server = yield* FakeServer.make
      const context = yield* Layer.build(
        Subscription.layer({ endpoint, idleTimeToLive: "30 seconds", heartbeat: "1 hour" }).pipe(
          Layer.provide(Credentials.layer({ token: Redacted.make("token-1") })),
          Layer.provide(server.layer)
        )
      )
      const subscription = Context.get(context, Subscription.Subscription)
      const scope = yield* Scope.make()
      yield* Scope.provide(subscription.attach, scope)
      yield* (yield* server.dialled).accept("p1")
      yield* settle
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("29 seconds")
      assert.strictEqual((yield* subscription.connection)._tag, "Connected")
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* subscription.connection)._tag, "Idle")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(server.dials(), 1)
    }))
})
