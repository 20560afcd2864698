/**
 * A place for an `Outbox` to keep its messages: a `KeyValueStore`, such as a browser's `localStorage`, IndexedDB or memory.
 * One process at a time may have it open.
 *
 * It keeps the order of what is put into it, also when it is closed and opened again.
 *
 * @since 0.1.0
 */
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"

/** An element as it is written, under a key of its own. */
const Kept = Schema.Struct({
  queue: Schema.String,
  id: Schema.String,
  /** Its place among all that were ever put in. */
  sequence: Schema.Int,
  state: Schema.Literals(["pending", "completed", "failed"]),
  attempts: Schema.Int,
  /** When it may be taken, unix milliseconds. */
  visibleAt: Schema.Finite,
  /** When its state became what it is, unix milliseconds. */
  changedAt: Schema.Finite,
  /** `null` once it is completed: what remains is that it was there. */
  element: Schema.Unknown
})
type Kept = typeof Kept.Type

interface Queue {
  readonly entries: Map<string, Kept>
  /** What is taken at the moment; a process that ends forgets it. */
  readonly taken: Set<string>
  /** Opens when there may be something to take. */
  readonly latch: Latch.Latch
}

/** With which the queue says that an element can't be decoded: it will never be done. */
const isDeadLetter = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some((reason) =>
    Cause.isFailReason(reason) && Predicate.isTagged(reason.error, "~effect/persistence/PersistedQueue/DeadLetter")
  )

const failure = (message: string) => (cause: unknown) => new PersistedQueue.PersistedQueueError({ message, cause })

/** The store over a `KeyValueStore`. Fails with `KeyValueStoreError` when that can't be read. */
export const make: Effect.Effect<
  PersistedQueue.PersistedQueueStore["Service"],
  KeyValueStore.KeyValueStoreError,
  KeyValueStore.KeyValueStore
> = Effect.gen(function*() {
  const store = KeyValueStore.prefix(yield* KeyValueStore.KeyValueStore, "effect-signalwire/queue/")
  const records = KeyValueStore.toSchemaStore(store, Kept)
  const queues = new Map<string, Queue>()
  let sequence = 0

  const queueOf = (name: string): Queue => {
    const known = queues.get(name)
    if (known !== undefined) return known
    const queue: Queue = { entries: new Map(), taken: new Set(), latch: Latch.makeUnsafe(false) }
    queues.set(name, queue)
    return queue
  }
  const keyOf = (queue: string, id: string): string => JSON.stringify([queue, id])
  const remember = (kept: Kept) => void queueOf(kept.queue).entries.set(kept.id, kept)
  /** Written before it is known, so that nothing is known here that another process would not find. */
  const write = (kept: Kept) =>
    Effect.tap(records.set(keyOf(kept.queue, kept.id), kept), Effect.sync(() => remember(kept)))
  /** It has happened, so it is known; where that can't be written, the next process takes the element again. */
  const settle = (kept: Kept) =>
    Effect.andThen(Effect.sync(() => remember(kept)), write(kept)).pipe(
      Effect.retry(Schedule.exponential("100 millis").pipe(Schedule.upTo({ times: 4 }))),
      Effect.catchCause((cause) => Instrumentation.effect.warn("what became of an element could not be kept", [cause]))
    )

  for (const key of yield* store.keys) {
    const found = yield* records.get(key).pipe(
      Effect.catchTag(
        "SchemaError",
        (error) =>
          Effect.as(
            Instrumentation.effect.warn("what is kept of a queue can't be read", [key, error.message]),
            undefined
          )
      )
    )
    if (found?._tag !== "Some") continue
    queueOf(found.value.queue).entries.set(found.value.id, found.value)
    sequence = Math.max(sequence, found.value.sequence)
  }

  /** The first that may be taken now, or else how long until one may. */
  const first = ({ entries, taken }: Queue, maxAttempts: number, now: number): Kept | number => {
    let next: Kept | undefined
    let wait = Number.POSITIVE_INFINITY
    for (const kept of entries.values()) {
      if (kept.state !== "pending" || taken.has(kept.id) || kept.attempts >= maxAttempts) continue
      if (kept.visibleAt > now) wait = Math.min(wait, kept.visibleAt - now)
      else if (next === undefined || kept.sequence < next.sequence) next = kept
    }
    return next ?? wait
  }

  /** What becomes of an element after it was taken. */
  const settled = Effect.fnUntraced(function*(
    kept: Kept,
    exit: Exit.Exit<unknown, unknown>,
    maxAttempts: number,
    retryDelay: (attempts: number) => Effect.Effect<Duration.Duration>
  ): Effect.fn.Return<Kept> {
    const changedAt = yield* Clock.currentTimeMillis
    if (exit._tag === "Success") return { ...kept, state: "completed", changedAt, element: null }
    if (isDeadLetter(exit.cause)) return { ...kept, state: "failed", changedAt }
    if (Cause.hasInterruptsOnly(exit.cause)) return { ...kept, attempts: kept.attempts - 1 }
    if (kept.attempts >= maxAttempts) return { ...kept, state: "failed", changedAt }
    const delay = yield* retryDelay(kept.attempts)
    return { ...kept, changedAt, visibleAt: changedAt + Duration.toMillis(delay) }
  })

  return PersistedQueue.PersistedQueueStore.of({
    offer: ({ delay, element, id, name }) =>
      Effect.gen(function*() {
        const queue = queueOf(name)
        if (queue.entries.has(id)) return
        const now = yield* Clock.currentTimeMillis
        // not now: a clock that is set back would hold up what is here, and let pass what comes after it
        const visibleAt = delay === undefined ? 0 : now + Duration.toMillis(delay)
        const kept: Kept = {
          queue: name,
          id,
          sequence: ++sequence,
          state: "pending",
          attempts: 0,
          visibleAt,
          changedAt: now,
          element
        }
        yield* write(kept)
        queue.latch.openUnsafe()
      }).pipe(Effect.uninterruptible, Effect.mapError(failure("an element could not be kept"))),

    take: Effect.fnUntraced(function*({ maxAttempts, name, retryDelay }) {
      const queue = queueOf(name)
      while (true) {
        // closed before the search: what changes after that opens it again
        queue.latch.closeUnsafe()
        const found = first(queue, maxAttempts, yield* Clock.currentTimeMillis)
        if (typeof found === "number") {
          yield* Number.isFinite(found) ? Effect.race(queue.latch.await, Effect.sleep(found)) : queue.latch.await
          continue
        }
        const kept: Kept = { ...found, attempts: found.attempts + 1 }
        const giveBack = Effect.sync(() => {
          queue.taken.delete(kept.id)
          queue.latch.openUnsafe()
        })
        // no interruption comes between the claim and what gives it back
        yield* Effect.gen(function*() {
          queue.taken.add(kept.id)
          yield* write(kept).pipe(Effect.onError(() => giveBack))
          yield* Effect.addFinalizer((exit) =>
            Effect.flatMap(settled(kept, exit, maxAttempts, retryDelay), settle).pipe(Effect.ensuring(giveBack))
          )
        }).pipe(Effect.uninterruptible, Effect.mapError(failure("an element could not be taken")))
        return { id: kept.id, attempts: kept.attempts, element: kept.element }
      }
    }),

    cleanup: ({ failedTimeToLive, timeToLive }) =>
      Effect.gen(function*() {
        const now = yield* Clock.currentTimeMillis
        const before = {
          pending: Number.NEGATIVE_INFINITY,
          completed: now - Duration.toMillis(timeToLive),
          failed: failedTimeToLive === undefined ? Number.NEGATIVE_INFINITY : now - Duration.toMillis(failedTimeToLive)
        }
        for (const [name, { entries }] of queues) {
          for (const { changedAt, id, state } of entries.values()) {
            if (changedAt > before[state]) continue
            yield* store.remove(keyOf(name, id))
            entries.delete(id)
          }
        }
      }).pipe(Effect.mapError(failure("what is done could not be removed")))
  })
})

/**
 * The store as a layer. Fails with `KeyValueStoreError` when the `KeyValueStore` can't be read.
 *
 * ```ts
 * import * as Outbox from "@effect-signalwire/conversation/Outbox"
 * import * as OutboxStore from "@effect-signalwire/conversation/OutboxStore"
 * import * as Layer from "effect/Layer"
 * import * as KeyValueStore from "effect/persistence/KeyValueStore"
 * import * as PersistedQueue from "effect/persistence/PersistedQueue"
 *
 * // in a browser
 * export const outbox = Outbox.layer().pipe(
 *   Layer.provide(PersistedQueue.layer),
 *   Layer.provide(OutboxStore.layer),
 *   Layer.provide(KeyValueStore.layerStorage(() => localStorage))
 * )
 * ```
 *
 * **Gotchas**
 *
 * Only one process, or tab, at a time may have it open: it doesn't see what another writes. The `KeyValueStore` must write
 * a value whole or not at all, which `KeyValueStore.layerFileSystem` doesn't when it is killed. What was delivered is
 * remembered by its id until `PersistedQueue.layerCleanup` removes it.
 */
export const layer: Layer.Layer<
  PersistedQueue.PersistedQueueStore,
  KeyValueStore.KeyValueStoreError,
  KeyValueStore.KeyValueStore
> = Layer.effect(PersistedQueue.PersistedQueueStore, make)
