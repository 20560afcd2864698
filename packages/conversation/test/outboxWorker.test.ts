import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import { ClientId, ConversationId } from "@effect-signalwire/schema/Ids"
import { idle } from "@effect-signalwire/subscription/ConnectionState"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { Delivery } from "../src/internal/delivery.ts"
import { Entry } from "../src/internal/outboxEvent.ts"
import { OutboxWorker } from "../src/internal/outboxWorker.ts"
import * as Outbox from "../src/Outbox.ts"
import * as OutboxStore from "../src/OutboxStore.ts"

const maxAttempts = 1000
const settleMillis = 5000

/** How the messages of a queue are delivered, by their client ids: at once, or after a lookup. */
const start = Effect.gen(function*() {
  const queue = yield* PersistedQueue.make({ name: "queue", schema: Entry, maxAttempts })
  const lock = yield* PersistedQueue.make({ name: "lock", schema: Schema.Null, maxAttempts })
  const deliveries: Array<string> = []
  const delivery: Delivery = {
    deliver: ({ clientId, prior }) =>
      Effect.sync(() => {
        deliveries.push(`${clientId} ${prior === null ? "at once" : "after a lookup"}`)
        return { conversationId: ConversationId.make("c"), groupId: null }
      })
  }
  const worker = new OutboxWorker({
    queue,
    lock,
    delivery,
    settleMillis,
    instrumentation: Instrumentation.effect,
    publish: () => Effect.void
  })
  return {
    lock,
    deliveries,
    run: Effect.forkChild(worker.run, { startImmediately: true }),
    enqueue: (id: string) => {
      worker.markUnsent(ClientId.make(id))
      return queue.offer({ addressId: "a", text: id, enqueuedAt: 0 }, { id })
    }
  }
})

/** An outbox whose store outlives it. */
const overStore = (values: KeyValueStore.KeyValueStore) => {
  const sent: Array<string> = []
  const outbox = Outbox.layer({ settle: settleMillis }).pipe(Layer.provide([
    Layer.mock(SignalWireHttp.SignalWireHttp, {
      addressOf: () => null,
      sendMessage: ({ text }) =>
        Effect.sync(() => {
          sent.push(text)
          return { conversationId: ConversationId.make("c"), groupId: null }
        })
    }),
    Layer.mock(Subscription.Subscription, {
      signals: Stream.never,
      awaitWake: Effect.never,
      connection: { current: Effect.succeed(idle), changes: Stream.never }
    }),
    queuesOver(values)
  ]))
  return { outbox, sent }
}

/** The queues of a process, as it finds them in a store. */
const queuesOver = (values: KeyValueStore.KeyValueStore) =>
  PersistedQueue.layer.pipe(
    Layer.provide(Layer.orDie(OutboxStore.layer)),
    Layer.provide(Layer.succeed(KeyValueStore.KeyValueStore, values))
  )

/** A process takes the lock of the default outbox, and is killed: it never returns it. */
const lockAndDie = (values: KeyValueStore.KeyValueStore) =>
  Effect.gen(function*() {
    const context = yield* Layer.build(queuesOver(values))
    const lock = yield* PersistedQueue.make({
      name: "effect-signalwire/outbox/turn",
      schema: Schema.Null,
      maxAttempts
    }).pipe(Effect.provideContext(context))
    yield* lock.offer(null, { id: "turn" })
    yield* Effect.forkScoped(lock.take(() => Effect.never), { startImmediately: true })
    yield* runReady
  })

/** Runs everything that is ready. */
const runReady = TestClock.adjust(0)

describe("OutboxWorker", () => {
  it.effect("P4.4: looks up what was enqueued while another process delivered, which may have sent it", () =>
    Effect.gen(function*() {
      const { deliveries, enqueue, lock, run } = yield* start
      yield* lock.offer(null, { id: "turn" })
      const other = yield* Effect.forkChild(lock.take(() => Effect.never), { startImmediately: true })
      yield* runReady
      yield* run
      yield* enqueue("before")
      yield* runReady
      assert.deepStrictEqual(deliveries, [])
      yield* Fiber.interrupt(other)
      yield* TestClock.adjust(settleMillis)
      yield* enqueue("after")
      yield* runReady
      assert.deepStrictEqual(deliveries, ["before after a lookup", "after at once"])
    }).pipe(Effect.provide(PersistedQueue.layer.pipe(Layer.provide(PersistedQueue.layerStoreMemory)))))

  it.effect("P4.4: delivers however often processes were killed while it was their turn", () =>
    Effect.gen(function*() {
      const values = yield* Effect.provide(KeyValueStore.KeyValueStore, KeyValueStore.layerMemory)
      for (let kills = 0; kills < 20; kills++) yield* lockAndDie(values)
      const { outbox, sent } = overStore(values)
      const { enqueue } = yield* Effect.provideContext(Outbox.Outbox, yield* Layer.build(outbox))
      // it waits for requests of the process before
      yield* TestClock.adjust(settleMillis)
      yield* enqueue({ addressId: "00000000-0000-4000-8000-000000000001", text: "hello" })
      yield* runReady
      assert.deepStrictEqual(sent, ["hello"])
    }))
})
