import * as Credentials from "@effect-signalwire/schema/Credentials"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import type { Signal } from "@effect-signalwire/subscription/Signal"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import { type Hints, Wake } from "@effect-signalwire/subscription/Wake"
import * as FakeServer from "@effect-signalwire/testing/FakeServer"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
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

/** A platform whose hints the test gives. */
const makeWake = () => {
  const hints = new Set<() => void>()
  const wake: Hints = (hint) =>
    Effect.acquireRelease(Effect.sync(() => hints.add(hint)), () => Effect.sync(() => hints.delete(hint)))
  return { hints, wake }
}

/** Lets everything that is ready run. */
const settle = TestClock.adjust(0)

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
        assert.isTrue(state._tag === "Reconnecting" && state.delayMillis <= cap * 1000)
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
      const { hints, wake } = makeWake()
      const { server } = yield* start({ backoff: { base: "1 hour", cap: "1 hour" } }).pipe(
        Effect.provideService(Wake, wake)
      )
      yield* (yield* server.dialled).cut
      yield* settle
      for (const hint of hints) hint()
      yield* (yield* server.dialled).accept("p1")
    }))

  it.effect("asks a live server for a sign of life when the platform hints", () =>
    Effect.gen(function*() {
      const { hints, wake } = makeWake()
      const { server } = yield* start().pipe(Effect.provideService(Wake, wake))
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* settle
      for (const hint of hints) hint()
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

  it.effect("P8.3: fails when the token is refused and there is no other", () =>
    Effect.gen(function*() {
      const { listening, server, subscription } = yield* start()
      yield* (yield* server.dialled).refuse({ code: JsonRpc.code.authenticationFailed, message: "401" })
      const error = yield* Effect.flip(Fiber.join(listening))
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.strictEqual((yield* subscription.connection)._tag, "Failed")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(server.dials(), 1)
    }))

  it.effect("P6.1: does not repeat the token that a server quotes when it refuses it", () =>
    Effect.gen(function*() {
      const { listening, server } = yield* start()
      const message = "no such token: token-1"
      yield* (yield* server.dialled).refuse({ code: JsonRpc.code.authenticationFailed, message })
      const error = yield* Effect.flip(Fiber.join(listening))
      assert.include(error.message, "no such token")
      assert.notInclude(JSON.stringify(error) + error.message, "token-1")
    }))

  it.effect("connects with a renewed token when the first is refused", () =>
    Effect.gen(function*() {
      const { server, subscription } = yield* start({ refresh: Effect.succeed(Redacted.make("token-2")) })
      yield* (yield* server.dialled).refuse({ code: JsonRpc.code.authenticationFailed, message: "401" })
      assert.strictEqual(yield* tokenOf(yield* (yield* server.dialled).accept("p1")), "token-2")
      yield* subscription.ready
    }))

  it.effect("P8.3: goes on dialling while the token can't be renewed, and connects once it can", () =>
    Effect.gen(function*() {
      let isOffline = true
      const { server, subscription } = yield* start({
        // no wait is longer than what the clock is moved on by, however the dice fall
        backoff: { base: "500 millis", cap: "1 second" },
        refresh: Effect.suspend(() => isOffline ? Effect.fail("offline") : Effect.succeed(Redacted.make("token-2")))
      })
      const expired = { code: JsonRpc.code.authenticationFailed, message: "401" }
      for (let dials = 0; dials < 2; dials++) {
        yield* (yield* server.dialled).refuse(expired)
        yield* settle
        assert.strictEqual((yield* subscription.connection)._tag, "Reconnecting")
        assert.isTrue((yield* Effect.flip(subscription.ready)).isRetryable)
        yield* TestClock.adjust("1 second")
      }
      isOffline = false
      yield* (yield* server.dialled).refuse(expired)
      assert.strictEqual(yield* tokenOf(yield* (yield* server.dialled).accept("p1")), "token-2")
      yield* subscription.ready
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

  it.effect("a subscriber that still holds a session that failed does not end the one after it", () =>
    Effect.gen(function*() {
      const server = yield* FakeServer.make
      const context = yield* Layer.build(
        Subscription.layer({ endpoint, idleTimeToLive: "5 seconds" }).pipe(
          Layer.provide(Credentials.layer({ token: Redacted.make("token-1") })),
          Layer.provide(server.layer)
        )
      )
      const subscription = Context.get(context, Subscription.Subscription)
      const earlier = yield* Scope.make()
      yield* Scope.provide(subscription.attach, earlier)
      yield* (yield* server.dialled).refuse({ code: JsonRpc.code.authenticationFailed, message: "401" })
      yield* settle
      const heard: Array<string> = []
      yield* Stream.runForEach(
        Stream.fromPull(Effect.succeed((yield* subscription.attach).signals)),
        (signal) => Effect.sync(() => heard.push(label(signal)))
      ).pipe(Effect.forkScoped({ startImmediately: true }))
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* settle
      yield* Scope.close(earlier, Exit.void)
      yield* TestClock.adjust("6 seconds")
      yield* connection.send(event("e1", "m1"))
      yield* settle
      assert.deepStrictEqual(heard, ["Lapse", "m1"])
      assert.strictEqual((yield* subscription.connection)._tag, "Connected")
    }))

  it.effect("P8.3: tries once afresh when what it resumes with is refused, then fails", () =>
    Effect.gen(function*() {
      const { listening, server } = yield* start()
      const connection = yield* server.dialled
      yield* connection.accept("p1")
      yield* settle
      yield* connection.cut
      const stale = { code: JsonRpc.code.requesterValidationFailed, message: "Requester validation failed" }
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* connectParams(yield* (yield* server.dialled).refuse(stale))).protocol, "p1")
      yield* settle
      yield* TestClock.adjust("2 seconds")
      assert.isUndefined((yield* connectParams(yield* (yield* server.dialled).refuse(stale))).protocol)
      assert.strictEqual((yield* Effect.flip(Fiber.join(listening))).reason._tag, "Refused")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(server.dials(), 3)
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

  it.effect("dials again for a new subscriber after it failed", () =>
    Effect.gen(function*() {
      const { listening, server, subscription } = yield* start()
      yield* (yield* server.dialled).refuse({ code: JsonRpc.code.authenticationFailed, message: "401" })
      yield* Effect.flip(Fiber.join(listening))
      yield* subscription.attach
      yield* (yield* server.dialled).accept("p1")
      yield* settle
      assert.strictEqual((yield* subscription.connection)._tag, "Connected")
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
