import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Signal from "@effect-signalwire/subscription/Signal"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
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
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Conversations from "../src/Conversations.ts"
import * as Outbox from "../src/Outbox.ts"
import * as OutboxStore from "../src/OutboxStore.ts"
import { addressId, makeServer, others, startSeconds } from "./sendingServer.ts"
import { event, message } from "./support.ts"

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

/** The queues of one process, over a `KeyValueStore` that outlives it. */
const queuesOver = (keyValueStore: Context.Context<KeyValueStore.KeyValueStore>) =>
  PersistedQueue.layer.pipe(
    Layer.provide(OutboxStore.layer),
    Layer.provide(Layer.succeedContext(keyValueStore)),
    Layer.orDie,
    Layer.fresh
  )

/** An outbox over a server of which the test decides the responses, and the outcomes of its messages so far. */
const open = Effect.fnUntraced(function*(
  server: ReturnType<typeof makeServer>,
  { name, queues }: {
    readonly name?: string
    readonly queues?: Layer.Layer<PersistedQueue.PersistedQueueFactory>
  } = {}
) {
  const memory = PersistedQueue.layer.pipe(Layer.provide(PersistedQueue.layerStoreMemory))
  const context = yield* Layer.build(
    Outbox.layer({ settle: "5 seconds", name }).pipe(Layer.provide([server.layer, queues ?? memory]))
  )
  const { enqueue, events } = Context.get(context, Outbox.Outbox)
  const outcomes: Array<Outbox.OutboxEvent> = []
  yield* Stream.runForEach(events, (event) => Effect.sync(() => outcomes.push(event))).pipe(
    Effect.forkScoped({ startImmediately: true })
  )
  return { enqueue, outcomes, labels: () => outcomes.map(({ _tag, entry }) => `${_tag} ${entry.text}`) }
})

/** The queue of an outbox and its lock, as an earlier process left them. */
const openQueue = Effect.fnUntraced(function*(queues: Layer.Layer<PersistedQueue.PersistedQueueFactory>) {
  const name = "effect-signalwire/outbox"
  const context = yield* Layer.build(queues)
  const queue = yield* Effect.provideContext(PersistedQueue.make({ name, schema: Outbox.Entry }), context)
  const lock = yield* Effect.provideContext(PersistedQueue.make({ name: `${name}/turn`, schema: Schema.Null }), context)
  return {
    offer: (text: string, options: { readonly delay?: Duration.Input; readonly after?: number } = {}) => {
      const { delay, after } = options
      const entry = { addressId, text, enqueuedAt: 0, ...(after === undefined ? undefined : { after }) }
      return queue.offer(entry, { id: text, delay })
    },
    /** Takes the next message, as a process that is killed while it delivers it. */
    takeAndDie: Effect.forkScoped(queue.take(() => Effect.never), { startImmediately: true }),
    /** Takes the lock, as a process that is killed while it has it. */
    lockAndDie: Effect.andThen(
      lock.offer(null, { id: "turn" }),
      Effect.forkScoped(lock.take(() => Effect.never), { startImmediately: true })
    )
  }
})

const seconds = (count: number) => Effect.replicateEffect(TestClock.adjust("1 second"), count, { discard: true })

const forbidden = new Reason.Forbidden({ detail: "" })
const unavailable = new Reason.ServerError({ status: 503, detail: "" })
const lost = new Reason.Transport({ detail: "the connection broke" })

describe("Outbox", () => {
  it.effect("sends a message with a new id at once, without a lookup", () =>
    Effect.gen(function*() {
      const server = makeServer()
      const { enqueue, labels } = yield* open(server)
      yield* enqueue({ addressId, text: "hello" })
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(labels(), ["Sent hello"])
      assert.deepStrictEqual([server.sent.length, server.reads()], [1, 0])
    }))

  it.effect.each([forbidden, unavailable])(
    "P4.4: sends a stored message once when its response is lost and history can't be read for minutes: $_tag",
    (reason) =>
      Effect.gen(function*() {
        let isReadable = false
        const server = makeServer({ onSend: () => ({ failure: lost }), onRead: () => isReadable ? undefined : reason })
        const { enqueue, labels } = yield* open(server)
        yield* enqueue({ addressId, text: "hello" })
        yield* seconds(600)
        assert.deepStrictEqual(labels(), [])
        isReadable = true
        // the longest delay is a minute, with a fifth of jitter
        yield* seconds(75)
        assert.deepStrictEqual(labels(), ["Sent hello"])
        assert.lengthOf(server.sent, 1)
      })
  )

  it.effect("P4.1: looks up a message that timed out while it may be in flight, even if history is refused at first", () =>
    Effect.gen(function*() {
      let isRefused = false
      // it times out after 10 seconds, may be in flight for the next 20, and is stored 12 seconds after the timeout
      const server = makeServer({
        onSend: () => ({ storedAfter: 22, failure: new Reason.Timeout({ millis: 10_000 }) }),
        onRead: () => isRefused ? forbidden : undefined
      })
      const { enqueue, labels } = yield* open(server)
      yield* enqueue({ addressId, text: "hello" })
      yield* seconds(9)
      isRefused = true
      const before = server.reads()
      yield* seconds(1)
      assert.strictEqual(server.reads(), before + 1)
      isRefused = false
      yield* seconds(30)
      assert.deepStrictEqual(labels(), ["Sent hello"])
      assert.lengthOf(server.sent, 1)
    }))

  it.effect("P4.2: gives up a message at once when the server loses client ids, and sends the next", () =>
    Effect.gen(function*() {
      const server = makeServer({ onSend: (n) => n === 0 ? { storedAfter: "never", failure: lost } : {} })
      server.store([message("hello", startSeconds)])
      const { enqueue, outcomes, labels } = yield* open(server)
      yield* enqueue({ addressId, text: "hello" })
      yield* enqueue({ addressId, text: "next" })
      yield* seconds(10)
      assert.deepStrictEqual(labels(), ["Failed hello", "Sent next"])
      assert.deepInclude(outcomes[0]?._tag === "Failed" ? outcomes[0].error : undefined, { stored: "unknown" })
    }))

  it.effect.each([
    { failure: new Reason.Unauthorized({ detail: "expired" }), times: 1 },
    // one more server error than a delivery repeats
    { failure: unavailable, times: 9 }
  ])(
    "P4.4: continues after failures that end a delivery, but may recover: $failure._tag",
    ({ failure, times }) =>
      Effect.gen(function*() {
        const server = makeServer({ onSend: (n) => n < times ? { storedAfter: "never", failure } : {} })
        const { enqueue, labels } = yield* open(server)
        yield* enqueue({ addressId, text: "hello" })
        yield* seconds(300)
        assert.deepStrictEqual(labels(), ["Sent hello"])
        assert.lengthOf(server.sent, times + 1)
      })
  )

  it.effect("P4.1: completes a message whose response never comes when its echo is received", () =>
    Effect.gen(function*() {
      const server = makeServer({
        onSend: () => ({ storedAfter: "never", failure: "no response" }),
        onRead: () => unavailable
      })
      const { enqueue, labels } = yield* open(server)
      const clientId = yield* enqueue({ addressId, text: "hello" })
      yield* TestClock.adjust(0)
      server.push(Signal.event(ConversationEvent.fromMessage(message("m1", startSeconds, { clientId }))))
      yield* seconds(3)
      assert.deepStrictEqual(labels(), ["Sent hello"])
    }))

  it.effect("P4.5: looks up a message with a client id of the caller's own before it is sent", () =>
    Effect.gen(function*() {
      const server = makeServer()
      yield* server.storeSent("order 7", "hello")
      const { enqueue, labels } = yield* open(server)
      yield* enqueue({ addressId, text: "hello", clientId: "order 7" })
      yield* seconds(10)
      assert.deepStrictEqual(labels(), ["Sent hello"])
      assert.lengthOf(server.sent, 0)
    }))

  it.effect("keeps the metadata and the details of a message, if it has any", () =>
    Effect.gen(function*() {
      const { enqueue, outcomes } = yield* open(makeServer())
      yield* enqueue({ addressId, text: "1", metadata: { tone: "casual" }, details: { count: 1 } })
      yield* enqueue({ addressId, text: "2" })
      yield* seconds(10)
      assert.deepStrictEqual(outcomes.map(({ entry }) => entry), [
        { addressId, text: "1", metadata: { tone: "casual" }, details: { count: 1 }, enqueuedAt: 0 },
        { addressId, text: "2", enqueuedAt: 0 }
      ])
    }))

  it.effect("keeps when a message was enqueued, in unix seconds", () =>
    Effect.gen(function*() {
      const { enqueue, outcomes } = yield* open(makeServer())
      yield* seconds(7)
      yield* enqueue({ addressId, text: "1" })
      yield* seconds(10)
      assert.deepStrictEqual(outcomes.map(({ entry }) => entry.enqueuedAt), [7])
    }))

  it.effect("P4.5: looks up a message that the store has although it failed to confirm it", () =>
    Effect.gen(function*() {
      const failing = new PersistedQueue.PersistedQueueError({ message: "the response was lost" })
      let isFailing = false
      const store = Layer.effect(
        PersistedQueue.PersistedQueueStore,
        Effect.map(PersistedQueue.PersistedQueueStore, (store) => ({
          ...store,
          offer: (options: Parameters<typeof store.offer>[0]) =>
            Effect.andThen(
              store.offer(options),
              Effect.suspend(() => isFailing ? Effect.fail(failing) : Effect.void)
            )
        }))
      )
      const queues = PersistedQueue.layer.pipe(Layer.provide(store), Layer.provide(PersistedQueue.layerStoreMemory))
      const server = makeServer({ onSend: (n) => n === 0 ? { takesMillis: 3000 } : {} })
      const { enqueue, labels } = yield* open(server, { queues })
      yield* TestClock.adjust(0)
      yield* enqueue({ addressId, text: "1" })
      isFailing = true
      assert.strictEqual(yield* Effect.flip(enqueue({ addressId, text: "2" })), failing)
      yield* seconds(10)
      assert.deepStrictEqual(labels(), ["Sent 1", "Sent 2"])
      assert.isAbove(server.reads(), 0)
    }))

  it.effect("keeps the newest time of the server that is known with a message", () =>
    Effect.gen(function*() {
      const server = makeServer()
      const { enqueue, outcomes } = yield* open(server)
      server.push(Signal.event(event("newest", 2000)), Signal.overflow, Signal.event(event("late", 1000)))
      yield* enqueue({ addressId, text: "hello" })
      yield* TestClock.adjust(0)
      assert.strictEqual(outcomes[0]?.entry.after, 2000)
    }))

  it.effect("does not wait for an outbox with another name", () =>
    Effect.gen(function*() {
      const server = makeServer({
        onSend: (n) => n === 0 ? { storedAfter: "never", failure: "no response" } : {}
      })
      const queues = queuesOver(yield* Layer.build(KeyValueStore.layerMemory))
      const first = yield* open(server, { name: "ada", queues })
      const second = yield* open(server, { name: "grace", queues })
      yield* first.enqueue({ addressId, text: "hello" })
      yield* seconds(1)
      yield* second.enqueue({ addressId, text: "hi" })
      yield* seconds(1)
      assert.deepStrictEqual([first.labels(), second.labels()], [[], ["Sent hi"]])
    }))

  describe("after a restart", () => {
    /** A store that outlives processes, with what an earlier process left in it. */
    const startOver = Effect.gen(function*() {
      const queues = queuesOver(yield* Layer.build(KeyValueStore.layerMemory))
      return { queues, earlier: yield* openQueue(queues) }
    })

    it.effect("P4.4: looks up a message as long as a request of the process before may be in flight", () =>
      Effect.gen(function*() {
        const server = makeServer()
        const { earlier, queues } = yield* startOver
        yield* earlier.offer("hello")
        const { labels } = yield* open(server, { queues })
        yield* seconds(4)
        assert.deepStrictEqual(labels(), [])
        yield* server.storeSent("hello", "hello")
        yield* seconds(10)
        assert.deepStrictEqual(labels(), ["Sent hello"])
        assert.lengthOf(server.sent, 0)
      }))

    it.effect("P4.4: finds a message of the process before among hundreds of later ones, by times that differ", () =>
      Effect.gen(function*() {
        const server = makeServer()
        yield* server.storeSent("hello", "hello", -20)
        server.store(others(450, -15, 60))
        const { earlier, queues } = yield* startOver
        yield* earlier.offer("hello", { after: startSeconds })
        const { labels } = yield* open(server, { queues })
        yield* seconds(10)
        assert.deepStrictEqual(labels(), ["Sent hello"])
        assert.lengthOf(server.sent, 0)
      }))

    it.effect("P4.3 P4.4: delivers in order when the store releases the lock before the message that was being sent", () =>
      Effect.gen(function*() {
        const server = makeServer()
        const { earlier, queues } = yield* startOver
        yield* earlier.lockAndDie
        yield* earlier.offer("1", { delay: "3 seconds" })
        yield* earlier.offer("2")
        const { labels } = yield* open(server, { queues })
        yield* seconds(30)
        assert.deepStrictEqual(labels(), ["Sent 1", "Sent 2"])
        assert.deepStrictEqual(server.sent, ["1", "2"])
      }))

    it.effect("P4.4: delivers a message however often a process was killed while it delivered it", () =>
      Effect.gen(function*() {
        const server = makeServer()
        const { earlier, queues } = yield* startOver
        yield* earlier.offer("hello")
        for (let kills = 0; kills < 20; kills++) yield* (yield* openQueue(queues)).takeAndDie
        const { labels } = yield* open(server, { queues })
        yield* seconds(10)
        assert.deepStrictEqual(labels(), ["Sent hello"])
      }))
  })

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

  it.effect("warns that its store is unavailable, with the store's message, and delivers when it is back", () =>
    Effect.gen(function*() {
      let isUnavailable = true
      const failing = new PersistedQueue.PersistedQueueError({ message: "the disk is gone" })
      const store = Layer.effect(
        PersistedQueue.PersistedQueueStore,
        Effect.map(PersistedQueue.PersistedQueueStore, (store) => ({
          ...store,
          take: (options: Parameters<typeof store.take>[0]) =>
            Effect.suspend(() => isUnavailable ? Effect.fail(failing) : store.take(options))
        }))
      )
      const queues = PersistedQueue.layer.pipe(
        Layer.provide(store),
        Layer.provide(PersistedQueue.layerStoreMemory)
      )
      const warnings: Array<ReadonlyArray<unknown>> = []
      const instrumentation: Instrumentation.Instrumentation = {
        ...Instrumentation.warningsOnly(constVoid),
        warn: (...entry) => Effect.sync(() => void warnings.push(entry))
      }
      const { enqueue, labels } = yield* Effect.provideService(
        open(makeServer(), { queues }),
        Instrumentation.Instrumentation,
        instrumentation
      )
      yield* enqueue({ addressId, text: "hello" })
      yield* seconds(5)
      assert.deepStrictEqual(warnings[0], [
        "the store of the outbox is unavailable",
        ["the disk is gone"],
        { operation: "outbox" }
      ])
      isUnavailable = false
      yield* seconds(10)
      assert.deepStrictEqual(labels(), ["Sent hello"])
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
