import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Conversations from "../src/Conversations.ts"
import * as Outbox from "../src/Outbox.ts"

const addressId = "00000000-0000-4000-8000-000000000001"

const answer = (request: HttpClientRequest.HttpClientRequest, status: number, body: unknown = {}) =>
  Effect.succeed(HttpClientResponse.fromWeb(request, Response.json(body, { status })))

/** An outbox over a transport, and a queue in memory. */
const overHttp = (http: HttpClient.HttpClient) =>
  Outbox.layer({ settle: "5 seconds" }).pipe(
    Layer.provide(Conversations.layer({
      token: Redacted.make("token"),
      urls: { http: "https://example.com", ws: "wss://example.com" },
      dialect: "address",
      http: { timeout: "10 seconds" }
    })),
    Layer.provide([
      Layer.succeed(HttpClient.HttpClient, http),
      Layer.succeed(Socket.WebSocketConstructor, () => assert.fail("nobody listens")),
      PersistedQueue.layer.pipe(Layer.provide(PersistedQueue.layerStoreMemory))
    ])
  )

describe("the outbox", () => {
  it.effect("P4.1: looks for what timed out as long as it may arrive, also after history could not be read", () =>
    Effect.gen(function*() {
      let posts = 0
      let reads = 0
      const http = HttpClient.make((request) =>
        Effect.suspend(() => {
          if (request.method === "POST") {
            posts++
            return Effect.never
          }
          // history can't be read at first, and then has nothing
          const [status, body] = reads++ === 0 ? [403, {}] as const : [200, { data: [], links: {} }] as const
          return answer(request, status, body)
        })
      )
      const { enqueue } = yield* Effect.provideContext(Outbox.Outbox, yield* Layer.build(overHttp(http)))
      yield* enqueue({ addressId, text: "hello" })
      // it times out after 10 seconds, and may arrive in the 20 that follow
      for (let second = 0; second < 28; second++) yield* TestClock.adjust("1 second")
      assert.isAbove(reads, 2)
      assert.strictEqual(posts, 1)
      for (let second = 0; second < 30; second++) yield* TestClock.adjust("1 second")
      assert.isAbove(posts, 1)
    }))

  it.effect("P4.4: gives up what may have been stored when history is refused for an hour, and goes on with the next", () =>
    Effect.gen(function*() {
      let posts = 0
      const http = HttpClient.make((request) =>
        Effect.suspend(() => {
          if (request.method === "GET") return answer(request, 403)
          return posts++ === 0 ? Effect.never : answer(request, 200)
        })
      )
      const context = yield* Layer.build(overHttp(http))
      const { enqueue, events } = Context.get(context, Outbox.Outbox)
      const told: Array<string> = []
      yield* Stream.runForEach(
        events,
        ({ _tag, ...event }) =>
          Effect.sync(() => told.push("error" in event ? `${_tag} ${event.error.reason._tag}` : _tag))
      ).pipe(
        Effect.forkChild({ startImmediately: true })
      )
      yield* enqueue({ addressId, text: "1" })
      yield* enqueue({ addressId, text: "2" })
      for (let minute = 0; minute < 45; minute++) yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(told, [])
      for (let minute = 0; minute < 60; minute++) yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(told, ["Failed Unconfirmed", "Sent"])
    }))

  /** What is told of a message that is refused, when its outbox ends while the store takes it out of the queue. */
  const toldAtTheEnd = Effect.fnUntraced(function*(takenOut: Effect.Effect<void>) {
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
                  ? removing.open.pipe(Effect.andThen(Effect.sleep("1 second")), Effect.andThen(takenOut))
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
        Layer.succeed(Socket.WebSocketConstructor, () => assert.fail("nobody listens")),
        PersistedQueue.layer.pipe(Layer.provide(store))
      ]),
      Layer.buildWithScope(scope)
    )
    const { enqueue, events } = Context.get(context, Outbox.Outbox)
    const told: Array<Outbox.OutboxEvent["_tag"]> = []
    yield* Stream.runForEach(events, ({ _tag }) => Effect.sync(() => told.push(_tag))).pipe(
      Effect.forkChild({ startImmediately: true })
    )
    yield* enqueue({ addressId, text: "hello" })
    yield* removing.await
    const end = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
    assert.deepStrictEqual(told, [])
    yield* TestClock.adjust("1 second")
    yield* Fiber.join(end)
    return told
  })

  it.effect("P4.4: tells what became of a message also when the process ends as it is taken out of the queue", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* toldAtTheEnd(Effect.void), ["Failed"])
    }))

  it.effect("tells nothing of a message that could not be taken out of the queue when the process ended", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* toldAtTheEnd(Effect.die("the store can't be reached")), [])
    }))
})
