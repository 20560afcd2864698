import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as References from "effect/References"
import * as Schedule from "effect/Schedule"
import * as Scheduler from "effect/Scheduler"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import * as OutboxStore from "../src/OutboxStore.ts"

/** The web storage of a browser. */
const storage = (): {
  readonly layer: Layer.Layer<KeyValueStore.KeyValueStore>
  readonly data: Map<string, string>
} => {
  const data = new Map<string, string>()
  const local: Storage = {
    get length() {
      return data.size
    },
    clear: () => data.clear(),
    getItem: (key) => data.get(key) ?? null,
    key: (index) => [...data.keys()][index] ?? null,
    removeItem: (key) => void data.delete(key),
    setItem: (key, value) => void data.set(key, value)
  }
  return { data, layer: KeyValueStore.layerStorage(() => local) }
}

/** A store in memory that runs `beforeSet` before it writes, and returns its newest key first. */
const memory = (beforeSet: (value: string) => Effect.Effect<unknown, KeyValueStore.KeyValueStoreError>) => {
  const data = new Map<string, string>()
  return Layer.succeed(
    KeyValueStore.KeyValueStore,
    KeyValueStore.makeStringOnly({
      get: (key) => Effect.sync(() => data.get(key)),
      set: (key, value) => Effect.andThen(beforeSet(value), Effect.sync(() => data.set(key, value))),
      remove: (key) => Effect.sync(() => data.delete(key)),
      clear: Effect.sync(() => data.clear()),
      size: Effect.sync(() => data.size),
      keys: Effect.sync(() => [...data.keys()].toReversed())
    })
  )
}

const fullDisk = new KeyValueStore.KeyValueStoreError({ method: "set", message: "the disk is full" })

const isOutcome = (value: string) => value.includes("\"completed\"")

/** A queue as one process uses it, until `end`. */
const open = (
  layer: Layer.Layer<KeyValueStore.KeyValueStore>,
  name = "messages",
  options: Omit<Parameters<typeof PersistedQueue.make>[0], "name" | "schema"> = {}
) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const context = yield* PersistedQueue.layer.pipe(
      Layer.provideMerge(OutboxStore.layer),
      Layer.provide(layer),
      Layer.buildWithScope(scope)
    )
    const queue = yield* Effect.provideContext(
      PersistedQueue.make({ name, schema: Schema.String, ...options }),
      context
    )
    const take = queue.take((text, { attempts }) => Effect.succeed(`${text} ${attempts}`))
    return { ...queue, context, read: take, end: Scope.close(scope, Exit.void) }
  })

describe("OutboxStore", () => {
  it.effect("returns elements in order, also to the next process", () =>
    Effect.gen(function*() {
      const { layer } = storage()
      const first = yield* open(layer)
      for (const text of ["a", "b", "c", "d"]) yield* first.offer(text)
      assert.strictEqual(yield* first.read, "a 1")
      yield* first.end
      const second = yield* open(layer)
      yield* second.offer("e")
      assert.deepStrictEqual(yield* Effect.replicateEffect(second.read, 4), ["b 1", "c 1", "d 1", "e 1"])
    }))

  it.effect("returns the element that a killed process had taken first, as another attempt", () =>
    Effect.gen(function*() {
      const { layer } = storage()
      const killed = yield* open(layer)
      for (const text of ["a", "b"]) yield* killed.offer(text)
      const fiber = yield* Effect.forkChild(killed.take(() => Effect.never))
      yield* Effect.yieldNow
      const next = yield* open(layer)
      assert.deepStrictEqual(yield* Effect.replicateEffect(next.read, 2), ["a 2", "b 1"])
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("returns an interrupted element first, without counting the attempt", () =>
    Effect.gen(function*() {
      const { end, offer, read, take } = yield* open(storage().layer)
      for (const text of ["a", "b"]) yield* offer(text)
      const fiber = yield* Effect.forkChild(take(() => Effect.never))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* read, "a 1")
      yield* end
    }))

  it.effect("ignores an id that was offered before, until it is cleaned up", () =>
    Effect.gen(function*() {
      const { data, layer } = storage()
      const first = yield* open(layer)
      yield* first.offer("a", { id: "1" })
      yield* first.offer("a", { id: "1" })
      assert.strictEqual(yield* first.read, "a 1")
      const second = yield* open(layer)
      yield* second.offer("again", { id: "1" })
      yield* second.offer("b", { id: "2" })
      assert.strictEqual(yield* second.read, "b 1")
      assert.strictEqual(data.size, 2)
      yield* TestClock.adjust("2 days")
      const cleanup = Layer.provide(
        PersistedQueue.layerCleanup({ timeToLive: "1 day" }),
        Layer.succeedContext(second.context)
      )
      yield* Effect.scoped(Effect.andThen(Layer.build(cleanup), Effect.yieldNow))
      assert.strictEqual(data.size, 0)
    }))

  it.effect("delays an element that failed, and waits for later elements", () =>
    Effect.gen(function*() {
      const { offer, read, take } = yield* open(storage().layer)
      yield* offer("a")
      assert.strictEqual(yield* Effect.flip(take(() => Effect.fail("no"))), "no")
      const retried = yield* Effect.forkChild(read)
      yield* Effect.yieldNow
      assert.isUndefined(retried.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(retried), "a 2")
      const later = yield* Effect.forkChild(read)
      yield* Effect.yieldNow
      yield* offer("b")
      assert.strictEqual(yield* Fiber.join(later), "b 1")
    }))

  it.effect("does not delay elements when the clock is set back", () =>
    Effect.gen(function*() {
      const { layer } = storage()
      yield* TestClock.setTime(1_000_000)
      const first = yield* open(layer)
      yield* first.offer("a")
      yield* TestClock.setTime(0)
      const second = yield* open(layer)
      yield* second.offer("b")
      assert.deepStrictEqual(yield* Effect.replicateEffect(second.read, 2), ["a 1", "b 1"])
    }))

  it.effect("skips malformed elements, in the store and in the queue", () =>
    Effect.gen(function*() {
      const { data, layer } = storage()
      const numbers = yield* Effect.gen(function*() {
        const { context } = yield* open(layer)
        return yield* Effect.provideContext(
          PersistedQueue.make({ name: "messages", schema: Schema.Finite }),
          context
        )
      })
      yield* numbers.offer(1, { id: "not a string" })
      data.set(`effect-signalwire/queue/${JSON.stringify(["messages", "broken"])}`, "{")
      const { offer, read } = yield* open(layer)
      yield* offer("a")
      assert.strictEqual(yield* read, "a 1")
      const third = yield* open(layer)
      yield* third.offer("b")
      assert.strictEqual(yield* third.read, "b 1")
    }))

  it.effect("fails an offer that can't be written, and keeps none of it", () =>
    Effect.gen(function*() {
      let full = true
      const { offer, read } = yield* open(memory(() => full ? Effect.fail(fullDisk) : Effect.void))
      const failed = yield* Effect.flip(offer("a", { id: "1" }))
      assert.strictEqual(failed._tag, "PersistedQueueError")
      full = false
      yield* offer("b", { id: "1" })
      full = true
      assert.strictEqual((yield* Effect.flip(read))._tag, "PersistedQueueError")
      full = false
      assert.strictEqual(yield* read, "b 1")
    }))

  it.effect("P4.3: returns elements in order to the next process, whatever the order of the keys is", () =>
    Effect.gen(function*() {
      const layer = memory(() => Effect.void)
      const first = yield* open(layer)
      for (const text of ["a", "b", "c"]) yield* first.offer(text)
      const second = yield* open(layer)
      yield* second.offer("d")
      const third = yield* open(layer)
      assert.deepStrictEqual(yield* Effect.replicateEffect(third.read, 4), ["a 1", "b 1", "c 1", "d 1"])
    }))

  it.effect("P4.4: returns an element again whenever its consumer is interrupted while it takes the element", () =>
    Effect.gen(function*() {
      const lost: Array<number> = []
      // one queue for each number of steps between the start and the interruption
      for (let steps = 0; steps < 100; steps++) {
        const { offer, read, take } = yield* open(memory(() => Effect.void))
        yield* offer("a")
        // so that it can be interrupted after every few operations
        const taking = yield* Effect.forkChild(
          Effect.provideService(take(() => Effect.never), Scheduler.MaxOpsBeforeYield, 4)
        )
        for (let step = 0; step < steps; step++) yield* Effect.yieldNow
        yield* Fiber.interrupt(taking)
        const reading = yield* Effect.forkChild(read, { startImmediately: true })
        yield* TestClock.adjust(0)
        if (reading.pollUnsafe() === undefined) lost.push(steps)
      }
      assert.deepStrictEqual(lost, [])
    }))

  it.effect("P4.4: delivers an element whose offer was interrupted after it was stored", () =>
    Effect.gen(function*() {
      const writing = Latch.makeUnsafe(false)
      const { offer, read } = yield* open(memory(() => Effect.uninterruptible(writing.await)))
      const reading = yield* Effect.forkChild(read, { startImmediately: true })
      const offering = yield* Effect.forkChild(offer("a"), { startImmediately: true })
      const interrupting = yield* Effect.forkChild(Fiber.interrupt(offering), { startImmediately: true })
      yield* writing.open
      yield* Fiber.join(interrupting)
      yield* TestClock.adjust(0)
      assert.strictEqual(reading.pollUnsafe()?._tag, "Success")
    }))

  it.effect("P4.4: completes an element although its outcome can't be stored at first", () =>
    Effect.gen(function*() {
      let failures = 0
      const layer = memory((value) => isOutcome(value) && failures++ < 3 ? Effect.fail(fullDisk) : Effect.void)
      const { end, offer, read } = yield* open(layer)
      for (const text of ["a", "b"]) yield* offer(text)
      const reading = yield* Effect.forkChild(read)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(reading), "a 1")
      yield* end
      assert.strictEqual(yield* (yield* open(layer)).read, "b 1")
    }))

  it.effect("P4.4: returns a completed element once, with a warning, although its outcome can't be stored", () =>
    Effect.gen(function*() {
      let isFull = true
      const layer = memory((value) => isFull && isOutcome(value) ? Effect.fail(fullDisk) : Effect.void)
      const logged: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => logged.push(`${logLevel}: ${String(message)}`))
      const { end, offer, read } = yield* Effect.provide(open(layer), Logger.layer([logger]))
      for (const text of ["a", "b"]) yield* offer(text)
      const reading = yield* Effect.forkChild(Effect.provide(Effect.replicateEffect(read, 2), Logger.layer([logger])))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* Fiber.join(reading), ["a 1", "b 1"])
      assert.deepStrictEqual(logged.map((line) => line.slice(0, 60)), [
        "Warn: the outcome of an element of the outbox could not be s",
        "Warn: the outcome of an element of the outbox could not be s"
      ])
      yield* end
      isFull = false
      // the next process can't know that it was completed
      assert.strictEqual(yield* (yield* open(layer)).read, "a 2")
    }))

  it.effect("returns an element again whose retry schedule threw", () =>
    Effect.gen(function*() {
      const retrySchedule = Schedule.forever.pipe(Schedule.modifyDelay(() => Effect.die("no delay")))
      const { offer, read, take } = yield* open(storage().layer, "messages", { retrySchedule })
      yield* offer("a")
      assert.isTrue(Exit.hasDies(yield* Effect.exit(take(() => Effect.fail("no")))))
      assert.strictEqual(yield* read, "a 2")
    }))

  it.effect("gives up an element after as many attempts as it may have, also in the next process", () =>
    Effect.gen(function*() {
      const { layer } = storage()
      const first = yield* open(layer, "messages", { maxAttempts: 2 })
      for (const text of ["a", "b"]) yield* first.offer(text)
      for (let attempt = 1; attempt <= 2; attempt++) {
        assert.strictEqual(yield* Effect.flip(first.take((text) => Effect.fail(`${text} ${attempt}`))), `a ${attempt}`)
        yield* TestClock.adjust(attempt === 1 ? "1 minute" : 0)
      }
      assert.strictEqual(yield* first.read, "b 1")
      yield* first.end
      const second = yield* open(layer, "messages", { maxAttempts: 3 })
      yield* second.offer("c")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* second.read, "c 1")
    }))

  it.effect("does not return an element that a killed process took for the last time", () =>
    Effect.gen(function*() {
      const { layer } = storage()
      const killed = yield* open(layer, "messages", { maxAttempts: 1 })
      for (const text of ["a", "b"]) yield* killed.offer(text)
      const fiber = yield* Effect.forkChild(killed.take(() => Effect.never), { startImmediately: true })
      const next = yield* open(layer, "messages", { maxAttempts: 1 })
      assert.strictEqual(yield* next.read, "b 1")
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("returns a delayed element after its delay, and others before it", () =>
    Effect.gen(function*() {
      const { offer, read } = yield* open(storage().layer)
      yield* offer("a", { delay: "10 seconds" })
      yield* offer("b", { delay: "5 seconds" })
      yield* offer("c")
      assert.strictEqual(yield* read, "c 1")
      const delayed = yield* Effect.forkChild(Effect.replicateEffect(read, 2))
      yield* TestClock.adjust("4 seconds")
      assert.isUndefined(delayed.pollUnsafe())
      yield* TestClock.adjust("6 seconds")
      assert.deepStrictEqual(yield* Fiber.join(delayed), ["b 1", "a 1"])
    }))

  it.effect("cleans up what was completed or failed long ago, and no other element", () =>
    Effect.gen(function*() {
      const { data, layer } = storage()
      const { context, offer, read, take } = yield* open(layer, "messages", { maxAttempts: 1 })
      const cleanup = (failedTimeToLive?: Duration.Input) =>
        Layer.build(PersistedQueue.layerCleanup({ timeToLive: "1 day", failedTimeToLive })).pipe(
          Effect.andThen(Effect.yieldNow),
          Effect.provideContext(context),
          Effect.scoped
        )
      const ids = () => [...data.keys()].map((key) => key.slice(key.lastIndexOf(",") + 2, -2))
      for (const id of ["completed", "failed", "recent", "pending"]) yield* offer(id, { id })
      yield* read
      yield* Effect.flip(take(() => Effect.fail("no")))
      yield* TestClock.adjust("23 hours")
      yield* read
      yield* TestClock.adjust("2 hours")
      yield* cleanup()
      assert.deepStrictEqual(ids(), ["failed", "recent", "pending"])
      yield* cleanup("2 days")
      assert.deepStrictEqual(ids(), ["failed", "recent", "pending"])
      yield* cleanup("1 day")
      assert.deepStrictEqual(ids(), ["recent", "pending"])
      assert.strictEqual(yield* read, "pending 1")
    }))

  it.effect("keeps queues with different names apart", () =>
    Effect.gen(function*() {
      const { layer } = storage()
      const first = yield* open(layer, "ada")
      yield* first.offer("a", { id: "1" })
      const second = yield* open(layer, "grace")
      yield* second.offer("b", { id: "1" })
      assert.strictEqual(yield* (yield* open(layer, "grace")).read, "b 1")
      assert.strictEqual(yield* (yield* open(layer, "ada")).read, "a 1")
    }))

  it.effect("P4.4: finds the elements of earlier versions, each under a key of its own", () =>
    Effect.gen(function*() {
      const { data, layer } = storage()
      const { offer } = yield* open(layer)
      yield* offer("a", { id: "1" })
      assert.deepStrictEqual([...data.keys()], [`effect-signalwire/queue/["messages","1"]`])
    }))

  it.effect("gives up an element at once that the queue can't decode", () =>
    Effect.gen(function*() {
      const { data, layer } = storage()
      const process = yield* open(layer)
      const numbers = yield* Effect.provideContext(
        PersistedQueue.make({ name: "messages", schema: Schema.Finite }),
        process.context
      )
      yield* numbers.offer(1, { id: "not a string" })
      yield* process.offer("a")
      assert.strictEqual(yield* process.read, "a 1")
      yield* process.end
      const stored = [...data.values()].find((value) => value.includes("not a string")) ?? ""
      assert.deepInclude(JSON.parse(stored), { state: "failed", attempts: 1 })
    }))

  it.effect("logs as the operation of the outbox what it can't read or write", () =>
    Effect.gen(function*() {
      const operations: Array<unknown> = []
      const details: Array<string> = []
      const logger = Logger.make(({ cause, fiber, message }) => {
        operations.push(fiber.getRef(References.CurrentLogAnnotations)["messaging.operation.name"])
        details.push(`${String(message)} ${Cause.pretty(cause)}`)
      })
      const { data, layer } = storage()
      for (const [id, value] of [["broken", "{"], ["of another form", "{}"]]) {
        data.set(`effect-signalwire/queue/${JSON.stringify(["messages", id])}`, value ?? "")
      }
      yield* Effect.provide(open(layer), Logger.layer([logger]))
      assert.deepStrictEqual(operations, ["outbox", "outbox"])
      assert.match(details[0] ?? "", /"broken".*JSON/s)
      assert.match(details[1] ?? "", /"of another form".*Missing/s)
      const full = yield* Effect.provide(
        open(memory((value) => isOutcome(value) ? Effect.fail(fullDisk) : Effect.void)),
        Logger.layer([logger])
      )
      yield* full.offer("a")
      const reading = yield* Effect.forkChild(Effect.provide(full.read, Logger.layer([logger])))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(reading)
      assert.deepStrictEqual(operations, ["outbox", "outbox", "outbox"])
      assert.include(details[2], fullDisk.message)
    }))

  it.effect("accepts an id again once it was cleaned up, in the same process", () =>
    Effect.gen(function*() {
      const { context, offer, read } = yield* open(storage().layer)
      yield* offer("a", { id: "1" })
      assert.strictEqual(yield* read, "a 1")
      yield* TestClock.adjust("1 day")
      yield* Layer.build(PersistedQueue.layerCleanup({ timeToLive: "1 day" })).pipe(
        Effect.andThen(Effect.yieldNow),
        Effect.provideContext(context),
        Effect.scoped
      )
      yield* offer("again", { id: "1" })
      assert.strictEqual(yield* read, "again 1")
    }))
})
