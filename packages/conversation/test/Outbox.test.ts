import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Conversations from "../src/Conversations.ts"
import * as Outbox from "../src/Outbox.ts"
import * as OutboxStore from "../src/OutboxStore.ts"

const addressId = "00000000-0000-4000-8000-000000000001"

const respond = (request: HttpClientRequest.HttpClientRequest, status: number, body: unknown = {}) =>
  Effect.succeed(HttpClientResponse.fromWeb(request, Response.json(body, { status })))

/** An outbox over an HTTP client and a queue in memory. */
const overHttp = (
  http: HttpClient.HttpClient,
  store: Layer.Layer<PersistedQueue.PersistedQueueStore> = PersistedQueue.layerStoreMemory
) =>
  Outbox.layer({ settle: "5 seconds" }).pipe(
    Layer.provide(Conversations.layer({
      token: Redacted.make("token"),
      urls: { http: "https://example.com", ws: "wss://example.com" },
      dialect: "address",
      http: { timeout: "10 seconds" }
    })),
    Layer.provide([
      Layer.succeed(HttpClient.HttpClient, http),
      Layer.succeed(Socket.WebSocketConstructor, () => assert.fail("no session is expected")),
      PersistedQueue.layer.pipe(Layer.provide(store))
    ])
  )

describe("Outbox", () => {
  it.effect("P4.1: looks up a message that timed out while it may be in flight, even if history can't be read at first", () =>
    Effect.gen(function*() {
      let posts = 0
      let reads = 0
      const http = HttpClient.make((request) =>
        Effect.suspend(() => {
          if (request.method === "POST") {
            posts++
            return Effect.never
          }
          // history can't be read at first, and is empty later
          const [status, body] = reads++ === 0 ? [403, {}] as const : [200, { data: [], links: {} }] as const
          return respond(request, status, body)
        })
      )
      const { enqueue } = yield* Effect.provideContext(Outbox.Outbox, yield* Layer.build(overHttp(http)))
      yield* enqueue({ addressId, text: "hello" })
      // it times out after 10 seconds, and may be in flight for the next 20
      for (let second = 0; second < 28; second++) yield* TestClock.adjust("1 second")
      assert.isAbove(reads, 2)
      assert.strictEqual(posts, 1)
      for (let second = 0; second < 30; second++) yield* TestClock.adjust("1 second")
      assert.isAbove(posts, 1)
    }))

  it.effect("P4.4: gives up a message that may be stored when history is refused for an hour, and sends the next", () =>
    Effect.gen(function*() {
      let posts = 0
      const http = HttpClient.make((request) =>
        Effect.suspend(() => {
          if (request.method === "GET") return respond(request, 403)
          return posts++ === 0 ? Effect.never : respond(request, 200)
        })
      )
      const context = yield* Layer.build(overHttp(http))
      const { enqueue, events } = Context.get(context, Outbox.Outbox)
      const outcomes: Array<string> = []
      yield* Stream.runForEach(
        events,
        ({ _tag, ...event }) =>
          Effect.sync(() => outcomes.push("error" in event ? `${_tag} ${event.error.reason._tag}` : _tag))
      ).pipe(
        Effect.forkChild({ startImmediately: true })
      )
      yield* enqueue({ addressId, text: "1" })
      yield* enqueue({ addressId, text: "2" })
      for (let minute = 0; minute < 45; minute++) yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(outcomes, [])
      for (let minute = 0; minute < 60; minute++) yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(outcomes, ["Failed Unconfirmed", "Sent"])
    }))

  it.effect.each(
    [
      ["dies", Effect.die("broken")],
      ["interrupts itself", Effect.interrupt]
    ] as const
  )("P8.7: sends a message again, and the next one, when the HttpClient %s", ([, failure]) =>
    Effect.gen(function*() {
      const posts: Array<string> = []
      const http = HttpClient.make((request) =>
        Effect.suspend(() => {
          if (request.method === "GET") return respond(request, 200, { data: [], links: {} })
          posts.push(request.url)
          return posts.length === 1 ? failure : respond(request, 200, { conversation_id: addressId })
        })
      )
      const store = OutboxStore.layer.pipe(Layer.provide(KeyValueStore.layerMemory), Layer.orDie)
      const { enqueue, events } = yield* Effect.provideContext(Outbox.Outbox, yield* Layer.build(overHttp(http, store)))
      const outcomes: Array<string> = []
      yield* Stream.runForEach(events, ({ _tag, entry }) => Effect.sync(() => outcomes.push(`${_tag} ${entry.text}`)))
        .pipe(Effect.forkChild({ startImmediately: true }))
      yield* enqueue({ addressId, text: "1" })
      yield* enqueue({ addressId, text: "2" })
      for (let second = 0; second < 30; second++) yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(outcomes, ["Sent 1", "Sent 2"])
      assert.lengthOf(posts, 3)
    }))

  it.effect("P8.7: continues when its store interrupts itself", () =>
    Effect.gen(function*() {
      let takes = 0
      const store = Layer.effect(
        PersistedQueue.PersistedQueueStore,
        Effect.map(PersistedQueue.PersistedQueueStore, (store) => ({
          ...store,
          take: (options: Parameters<typeof store.take>[0]) =>
            Effect.suspend(() => takes++ % 2 === 0 ? Effect.interrupt : store.take(options))
        }))
      ).pipe(Layer.provide(PersistedQueue.layerStoreMemory))
      const http = HttpClient.make((request) =>
        respond(request, 200, request.method === "GET" ? { data: [], links: {} } : { conversation_id: addressId })
      )
      const { enqueue, events } = yield* Effect.provideContext(Outbox.Outbox, yield* Layer.build(overHttp(http, store)))
      const outcome = yield* Effect.forkChild(Stream.runHead(events), { startImmediately: true })
      yield* enqueue({ addressId, text: "hello" })
      for (let second = 0; second < 30; second++) yield* TestClock.adjust("1 second")
      assert.strictEqual(outcome.pollUnsafe()?._tag, "Success")
    }))

  it.effect("logs a message that was not sent, with its ids and the reason", () =>
    Effect.gen(function*() {
      const logged: Array<ReadonlyArray<unknown>> = []
      const instrumentation: Instrumentation.Instrumentation = {
        ...Instrumentation.warningsOnly(constVoid),
        error: (...entry) => Effect.sync(() => void logged.push(entry))
      }
      const context = yield* Layer.build(
        overHttp(HttpClient.make((request) => respond(request, 403))).pipe(
          Layer.provide(Layer.succeed(Instrumentation.Instrumentation, instrumentation))
        )
      )
      const clientId = yield* Context.get(context, Outbox.Outbox).enqueue({ addressId, text: "hello" })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(logged, [[
        "a message of the outbox was not sent",
        ["outbox: not permitted: status 403"],
        { operation: "outbox", clientId, addressId, errorType: "Forbidden" }
      ]])
    }))

  /** The outcomes of a rejected message when the outbox closes while the store removes the message from the queue. */
  const outcomesAtClose = Effect.fnUntraced(function*(remove: Effect.Effect<void>) {
    const removing = Latch.makeUnsafe(false)
    const http = HttpClient.make((request) =>
      Effect.sync(() => HttpClientResponse.fromWeb(request, Response.json({}, { status: 403 })))
    )
    const store = Layer.effect(
      PersistedQueue.PersistedQueueStore,
      Effect.map(PersistedQueue.PersistedQueueStore, (store) => ({
        ...store,
        take: (options: Parameters<typeof store.take>[0]) =>
          Effect.tap(
            store.take(options),
            () =>
              Effect.addFinalizer((exit) =>
                Exit.isSuccess(exit)
                  ? removing.open.pipe(Effect.andThen(Effect.sleep("1 second")), Effect.andThen(remove))
                  : Effect.void
              )
          )
      }))
    ).pipe(Layer.provide(PersistedQueue.layerStoreMemory))
    const scope = yield* Scope.make()
    const context = yield* Outbox.layer().pipe(
      Layer.provide(Conversations.layer({
        token: Redacted.make("token"),
        urls: { http: "https://example.com", ws: "wss://example.com" }
      })),
      Layer.provide([
        Layer.succeed(HttpClient.HttpClient, http),
        Layer.succeed(Socket.WebSocketConstructor, () => assert.fail("no session is expected")),
        PersistedQueue.layer.pipe(Layer.provide(store))
      ]),
      Layer.buildWithScope(scope)
    )
    const { enqueue, events } = Context.get(context, Outbox.Outbox)
    const outcomes: Array<Outbox.OutboxEvent["_tag"]> = []
    yield* Stream.runForEach(events, ({ _tag }) => Effect.sync(() => outcomes.push(_tag))).pipe(
      Effect.forkChild({ startImmediately: true })
    )
    yield* enqueue({ addressId, text: "hello" })
    yield* removing.await
    const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
    assert.deepStrictEqual(outcomes, [])
    yield* TestClock.adjust("1 second")
    yield* Fiber.join(closing)
    return outcomes
  })

  it.effect("P4.4: emits the outcome of a message when the outbox closes while it is removed from the queue", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* outcomesAtClose(Effect.void), ["Failed"])
    }))

  it.effect("emits no outcome of a message that could not be removed from the queue when the outbox closed", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* outcomesAtClose(Effect.die("the store can't be reached")), [])
    }))
})
