import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Outbox from "@effect-signalwire/conversation/Outbox"
import * as OutboxStore from "@effect-signalwire/conversation/OutboxStore"
import * as MemoryBackend from "@effect-signalwire/testing/MemoryBackend"
import * as TestBackend from "@effect-signalwire/testing/TestBackend"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

const posts = { on: "http", method: "POST", path: "/api/fabric/messages" } as const

/** Creates a subscriber, a room, and a `KeyValueStore` that outlives the outboxes that use it. */
const start = Effect.gen(function*() {
  const { admin, endpoint, transports } = yield* TestBackend.TestBackend
  const account = yield* admin.createSubscriber({ name: "ada" })
  const addressId = yield* TestBackend.room("office")
  const keyValueStore = yield* Layer.build(KeyValueStore.layerMemory)
  const queues = PersistedQueue.layer.pipe(
    Layer.provide(OutboxStore.layer),
    Layer.provide(Layer.succeedContext(keyValueStore))
  )
  /** Opens an outbox with a separate scope; closing it corresponds to the end of a process. */
  const openOn = Effect.fnUntraced(function*<E>(queues: Layer.Layer<PersistedQueue.PersistedQueueFactory, E>) {
    const scope = yield* Scope.make()
    const context = yield* Outbox.layer({ settle: "200 millis" }).pipe(
      Layer.provide(Conversations.layer({
        token: Redacted.make(account.token),
        urls: endpoint,
        http: { timeout: "500 millis", deadline: "1 second" }
      })),
      Layer.provide([transports, queues]),
      Layer.buildWithScope(scope)
    )
    const outbox = Context.get(context, Outbox.Outbox)
    const outcomes = yield* Queue.unbounded<Outbox.OutboxEvent>()
    yield* Stream.runForEach(outbox.events, (event) => Queue.offer(outcomes, event)).pipe(
      Effect.forkIn(scope, { startImmediately: true })
    )
    return { ...outbox, kill: Scope.close(scope, Exit.void), outcome: Queue.take(outcomes) }
  })
  const stored = Effect.map(admin.stored(addressId), (all) => all.map(({ text }) => text))
  /** Waits until the backend has stored so many messages. */
  const untilStored = (count: number) =>
    Effect.repeat(stored, { until: ({ length }) => length >= count, schedule: Schedule.spaced("5 millis") })
  return { admin, addressId, queues, openOn, open: openOn(Layer.fresh(queues)), stored, untilStored }
})

const test = (name: string, run: Effect.Effect<void, unknown, TestBackend.TestBackend | Scope.Scope>) =>
  it.live(
    name,
    () => run.pipe(Effect.scoped, Effect.timeout("90 seconds"), Effect.provide(MemoryBackend.layerTestBackend()))
  )

describe("the outbox", () => {
  test(
    "sends an enqueued message, and emits an event",
    Effect.gen(function*() {
      const { addressId, open, stored } = yield* start
      const { enqueue, outcome } = yield* open
      const clientId = yield* enqueue({ addressId, text: "hello" })
      const event = yield* outcome
      assert.isTrue(event._tag === "Sent" && event.clientId === clientId)
      assert.deepStrictEqual(yield* stored, ["hello"])
    })
  )

  test(
    "P4.8: sends a message as it was enqueued, even if its objects change later",
    Effect.gen(function*() {
      const { addressId, admin, open } = yield* start
      const { enqueue, outcome } = yield* open
      const metadata = { step: 1 }
      const enqueued = enqueue({ addressId, text: "hello", metadata })
      metadata.step = 2
      yield* enqueued
      yield* outcome
      assert.containSubset((yield* admin.stored(addressId))[0]?.metadata, { step: 1 })
    })
  )

  test(
    "P9.2: rejects a message that the store would change",
    Effect.gen(function*() {
      const { addressId, open } = yield* start
      const { enqueue } = yield* open
      const error = yield* Effect.flip(enqueue({ addressId, text: "hello", metadata: { when: new Date(0) } }))
      assert.strictEqual(error._tag, "SchemaError")
      assert.match(error.message, /metadata.*when/)
    })
  )

  test(
    "P4.4: sends a message once when the process ends after it was stored and before the response",
    Effect.gen(function*() {
      const { addressId, admin, open, stored, untilStored } = yield* start
      yield* admin.setFaults([{ match: posts, action: { type: "loseAnswer", never: true }, times: 1 }])
      const first = yield* open
      yield* first.enqueue({ addressId, text: "hello" })
      yield* untilStored(1)
      yield* first.kill
      const second = yield* open
      assert.strictEqual((yield* second.outcome)._tag, "Sent")
      yield* second.kill
      // if it was sent again, then before the next message
      const third = yield* open
      yield* third.enqueue({ addressId, text: "next" })
      assert.strictEqual((yield* third.outcome).entry.text, "next")
      assert.deepStrictEqual(yield* stored, ["hello", "next"])
    })
  )

  test(
    "P4.4: sends pending messages in order after a restart",
    Effect.gen(function*() {
      const { addressId, admin, open, stored } = yield* start
      yield* admin.setFaults([{ match: { on: "http" }, action: { type: "refuse" } }])
      const first = yield* open
      for (const text of ["1", "2", "3"]) yield* first.enqueue({ addressId, text })
      yield* first.kill
      yield* admin.clearFaults
      const second = yield* open
      for (const text of ["1", "2", "3"]) assert.strictEqual((yield* second.outcome).entry.text, text)
      assert.deepStrictEqual(yield* stored, ["1", "2", "3"])
    })
  )

  test(
    "enqueues a message with the same client id once",
    Effect.gen(function*() {
      const { addressId, open, stored } = yield* start
      const { enqueue, outcome } = yield* open
      for (let time = 0; time < 3; time++) yield* enqueue({ addressId, text: "hello", clientId: "one" })
      yield* enqueue({ addressId, text: "next" })
      yield* outcome
      assert.strictEqual((yield* outcome).entry.text, "next")
      assert.deepStrictEqual(yield* stored, ["hello", "next"])
    })
  )

  test(
    "reports a rejected message, and continues with the next",
    Effect.gen(function*() {
      const { addressId, open, stored } = yield* start
      const { enqueue, outcome } = yield* open
      yield* enqueue({ addressId: "00000000-0000-4000-8000-00000000dead", text: "anyone?" })
      yield* enqueue({ addressId, text: "hello" })
      assert.strictEqual((yield* outcome)._tag, "Failed")
      assert.strictEqual((yield* outcome)._tag, "Sent")
      assert.deepStrictEqual(yield* stored, ["hello"])
    })
  )

  test(
    "P4.3 P4.4: sends in order, from one outbox at a time, when several outboxes share a queue",
    Effect.gen(function*() {
      const { addressId, admin, openOn, queues, stored, untilStored } = yield* start
      const shared = Layer.succeedContext(yield* Layer.build(queues))
      const first = yield* openOn(shared)
      const second = yield* openOn(shared)
      yield* admin.setFaults([{ match: posts, action: { type: "delay", millis: 300 }, times: 2 }])
      for (const text of ["1", "2", "3"]) yield* first.enqueue({ addressId, text })
      yield* second.enqueue({ addressId, text: "4" })
      yield* first.outcome
      yield* first.kill
      yield* second.outcome
      yield* untilStored(4)
      assert.deepStrictEqual(yield* stored, ["1", "2", "3", "4"])
    })
  )

  test(
    "P4.4: looks for a stored copy of a message that another outbox may have sent",
    Effect.gen(function*() {
      const { addressId, admin, openOn, queues, stored, untilStored } = yield* start
      const shared = Layer.succeedContext(yield* Layer.build(queues))
      const first = yield* openOn(shared)
      const second = yield* openOn(shared)
      yield* admin.setFaults([{ match: posts, action: { type: "loseAnswer", never: true }, times: 1 }])
      yield* second.enqueue({ addressId, text: "hello" })
      yield* untilStored(1)
      yield* first.kill
      assert.strictEqual((yield* second.outcome)._tag, "Sent")
      yield* second.enqueue({ addressId, text: "next" })
      assert.strictEqual((yield* second.outcome).entry.text, "next")
      assert.deepStrictEqual(yield* stored, ["hello", "next"])
    })
  )
})
