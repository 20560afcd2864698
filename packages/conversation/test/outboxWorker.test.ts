import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import { ClientId, ConversationId } from "@effect-signalwire/schema/Ids"
import * as Reason from "@effect-signalwire/schema/Reason"
import { idle } from "@effect-signalwire/subscription/ConnectionState"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { constVoid, identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { type Delivery, OutcomeUnknown } from "../src/internal/delivery.ts"
import { Entry, type OutboxEvent } from "../src/internal/outboxEvent.ts"
import { type Options, OutboxWorker } from "../src/internal/outboxWorker.ts"
import type { PriorSend } from "../src/internal/outgoingMessage.ts"
import * as Outbox from "../src/Outbox.ts"
import * as OutboxStore from "../src/OutboxStore.ts"

const maxAttempts = 1000
const settleMillis = 5000

type Outcome = ReturnType<Delivery["deliver"]>

const delivered: Outcome = Effect.succeed({ conversationId: ConversationId.make("c"), groupId: null })

/** How the messages of a queue are delivered, by their client ids: at once, or after a lookup. */
const start = Effect.fnUntraced(function*(
  { deliver = () => delivered, wrapLock = identity }: {
    /** The outcome of the n-th delivery, from 0 on. */
    readonly deliver?: (delivery: number) => Outcome
    readonly wrapLock?: (lock: Options["lock"]) => Options["lock"]
  } = {}
) {
  const queue = yield* PersistedQueue.make({ name: "queue", schema: Entry, maxAttempts })
  const lock = yield* PersistedQueue.make({ name: "lock", schema: Schema.Null, maxAttempts })
  const deliveries: Array<string> = []
  const priors: Array<PriorSend | null> = []
  const outcomes: Array<OutboxEvent> = []
  const delivery: Delivery = {
    deliver: ({ clientId, prior }) =>
      Effect.suspend(() => {
        deliveries.push(`${clientId} ${prior === null ? "at once" : "after a lookup"}`)
        return deliver(priors.push(prior) - 1)
      })
  }
  const worker = new OutboxWorker({
    queue,
    lock: wrapLock(lock),
    delivery,
    settleMillis,
    instrumentation: Instrumentation.warningsOnly(constVoid),
    publish: (event) => Effect.sync(() => outcomes.push(event))
  })
  const offer = (id: string, entry: Partial<Entry> = {}) =>
    queue.offer({ addressId: "a", text: id, enqueuedAt: 0, ...entry }, { id })
  return {
    lock,
    worker,
    offer,
    deliveries,
    /** What each delivery received about earlier sends. */
    priors,
    outcomes,
    run: Effect.forkChild(worker.run, { startImmediately: true }),
    enqueue: (id: string, entry?: Partial<Entry>) => {
      worker.markUnsent(ClientId.make(id))
      return offer(id, entry)
    }
  }
})

const inMemory = Effect.provide(PersistedQueue.layer.pipe(Layer.provide(PersistedQueue.layerStoreMemory)))

const unavailable = new SignalWireHttpError({
  method: "sendMessage",
  reason: new Reason.ServerError({ status: 503, detail: "" })
})
const forbidden = new SignalWireHttpError({ method: "sendMessage", reason: new Reason.Forbidden({ detail: "" }) })
const refusal = new OutcomeUnknown({ historyRefused: true, inFlightMillis: 1234, cause: forbidden })

/** Lets time pass in steps of a minute at most, in which retries are made one after the other. */
const minutes = (count: number) => Effect.replicateEffect(TestClock.adjust("1 minute"), count, { discard: true })

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
      const { deliveries, enqueue, lock, run } = yield* start()
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
    }).pipe(inMemory))

  it.effect("P4.4: looks up what was enqueued before it had to acquire the lock again", () =>
    Effect.gen(function*() {
      const losses = yield* Queue.unbounded<void>()
      const { deliveries, enqueue, run } = yield* start({
        deliver: (delivery) => delivery === 0 ? Effect.never : delivered,
        wrapLock: (lock) => ({
          ...lock,
          take: (use) =>
            lock.take((value, metadata) =>
              Effect.raceFirst(
                use(value, metadata),
                Effect.andThen(Queue.take(losses), Effect.die("the lock was lost"))
              )
            )
        })
      })
      yield* run
      yield* runReady
      yield* enqueue("first")
      yield* enqueue("second")
      yield* runReady
      yield* Queue.offer(losses, undefined)
      yield* runReady
      yield* enqueue("while it has no lock")
      yield* minutes(1)
      yield* enqueue("after")
      yield* runReady
      assert.deepStrictEqual(deliveries.toSorted(), [
        "after at once",
        "first after a lookup",
        "first at once",
        "second after a lookup",
        "while it has no lock after a lookup"
      ])
    }).pipe(inMemory))

  it.effect("P4.4: looks up a message that is in the queue although the call that enqueued it failed", () =>
    Effect.gen(function*() {
      const { deliveries, offer, run, worker } = yield* start()
      yield* run
      yield* runReady
      const id = ClientId.make("hello")
      worker.markUnsent(id)
      worker.unmarkUnsent(id)
      yield* offer(id)
      yield* runReady
      assert.deepStrictEqual(deliveries, ["hello after a lookup"])
    }).pipe(inMemory))

  it.effect("P4.4: looks up a message of the process before for the time that its request may still be in flight", () =>
    Effect.gen(function*() {
      const { enqueue, priors, run } = yield* start({
        deliver: (delivery) => delivery === 0 ? Effect.delay(delivered, 2000) : Effect.delay(delivered, 3500)
      })
      for (const id of ["1", "2", "3"]) yield* enqueue(id, { after: 1000 })
      yield* run
      yield* minutes(1)
      assert.deepStrictEqual(
        priors,
        [5000, 3000, 0].map((inFlightMillis): PriorSend => ({
          isKnownSent: true,
          inFlightMillis,
          sentAt: null,
          sinceSeconds: 1000
        }))
      )
    }).pipe(inMemory))

  it.effect("P4.4: looks up a message after a delivery failed, for as long as its request may be in flight", () =>
    Effect.gen(function*() {
      const { enqueue, outcomes, priors, run } = yield* start({
        deliver: (delivery) => [Effect.fail(unavailable), Effect.fail(refusal)][delivery] ?? delivered
      })
      yield* run
      yield* runReady
      yield* enqueue("hello")
      yield* minutes(1)
      assert.deepStrictEqual(priors.map((prior) => prior?.inFlightMillis), [undefined, settleMillis, 1234])
      assert.deepStrictEqual(priors.map((prior) => prior?.sinceSeconds), [undefined, null, null])
      assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["Sent"])
    }).pipe(inMemory))

  it.effect.each(
    [
      ["the server rejects it", forbidden, 1, "Forbidden", "no"],
      [
        "it is not known whether it was stored",
        new OutcomeUnknown({ ...refusal, historyRefused: false }),
        1,
        "Unconfirmed",
        "unknown"
      ],
      ["history is refused 64 times", refusal, 64, "Unconfirmed", "unknown"]
    ] as const
  )("P4.4: gives up a message when %s", ([, failure, times, reason, stored]) =>
    Effect.gen(function*() {
      const { enqueue, outcomes, priors, run } = yield* start({ deliver: () => Effect.fail(failure) })
      yield* run
      yield* runReady
      yield* enqueue("hello")
      yield* minutes(100)
      assert.lengthOf(priors, times)
      const [outcome] = outcomes
      assert(outcome?._tag === "Failed")
      const { error } = outcome
      assert.deepStrictEqual([error.method, error.reason._tag, error.stored], ["outbox", reason, stored])
      if (failure._tag === "OutcomeUnknown") assert.strictEqual(error.cause, failure.cause)
      if (error.reason._tag === "Unconfirmed") assert.strictEqual(error.reason.clientId, "hello")
    }).pipe(inMemory))

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
