/**
 * A store for the messages of an `Outbox`: a `PersistedQueueStore` over a `KeyValueStore`, such as a browser's
 * `localStorage`, IndexedDB or memory. One process at a time may use it.
 *
 * It keeps the order of the elements, also after a restart.
 *
 * @since 0.1.0
 */
import * as Backoff from "@effect-signalwire/runtime/Backoff"
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

/** An element as it is stored, each under its own key. */
const StoredElement = Schema.Struct({
  queue: Schema.String,
  id: Schema.String,
  /** Its position among all elements that were ever offered. */
  sequence: Schema.Int,
  state: Schema.Literals(["pending", "completed", "failed"]),
  attempts: Schema.Int,
  /** When it may be taken. Unix milliseconds. */
  visibleAt: Schema.Finite,
  /** When its state last changed. Unix milliseconds. */
  changedAt: Schema.Finite,
  /** `null` when it is completed: only its id is kept, to recognize duplicates. */
  element: Schema.Unknown
})
type StoredElement = typeof StoredElement.Type

interface Queue {
  readonly entries: Map<string, StoredElement>
  /** The ids of the elements that this process has taken and not settled. */
  readonly taken: Set<string>
  /** Opens when there may be an element to take. */
  readonly latch: Latch.Latch
}

/** Whether the queue could not decode an element, which will never be completed. */
const isDeadLetter = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some((reason) =>
    Cause.isFailReason(reason) && Predicate.isTagged(reason.error, "~effect/persistence/PersistedQueue/DeadLetter")
  )

const failure = (message: string) => (cause: unknown) => new PersistedQueue.PersistedQueueError({ message, cause })

/** Makes the store over the `KeyValueStore` of the context. Fails with `KeyValueStoreError` when that can't be read. */
export const make: Effect.Effect<
  PersistedQueue.PersistedQueueStore["Service"],
  KeyValueStore.KeyValueStoreError,
  KeyValueStore.KeyValueStore
> = Effect.gen(function*() {
  const store = KeyValueStore.prefix(yield* KeyValueStore.KeyValueStore, "effect-signalwire/queue/")
  const elements = KeyValueStore.toSchemaStore(store, StoredElement)
  const instrumentation = yield* Instrumentation.orEffect
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
  const remember = (stored: StoredElement) => void queueOf(stored.queue).entries.set(stored.id, stored)
  /** Writes before it remembers: this process must not know an element that a later process would not find. */
  const write = (stored: StoredElement) =>
    Effect.tap(elements.set(keyOf(stored.queue, stored.id), stored), Effect.sync(() => remember(stored)))
  /**
   * Remembers an outcome before it is written, since it is final. If the write fails, the next process takes the
   * element again.
   */
  const writeOutcome = (stored: StoredElement) =>
    Effect.andThen(Effect.sync(() => remember(stored)), write(stored)).pipe(
      Effect.retry(Backoff.schedule("100 millis", "1 second").pipe(Schedule.upTo({ times: 4 }))),
      Effect.catchCause((cause) =>
        instrumentation.warn("the outcome of an element of the outbox could not be stored", [cause], {
          operation: "outbox"
        })
      )
    )

  for (const key of yield* store.keys) {
    const found = yield* elements.get(key).pipe(
      Effect.catchTag(
        "SchemaError",
        (error) =>
          Effect.as(
            instrumentation.warn("a stored element of the outbox can't be read and is ignored", [
              key,
              error.message
            ], { operation: "outbox" }),
            undefined
          )
      )
    )
    if (found?._tag !== "Some") continue
    queueOf(found.value.queue).entries.set(found.value.id, found.value)
    sequence = Math.max(sequence, found.value.sequence)
  }

  /** The first element that may be taken now, or else the milliseconds until one may. */
  const firstAvailable = ({ entries, taken }: Queue, maxAttempts: number, now: number): StoredElement | number => {
    let next: StoredElement | undefined
    let wait = Number.POSITIVE_INFINITY
    for (const stored of entries.values()) {
      if (stored.state !== "pending" || taken.has(stored.id) || stored.attempts >= maxAttempts) continue
      if (stored.visibleAt > now) wait = Math.min(wait, stored.visibleAt - now)
      else if (next === undefined || stored.sequence < next.sequence) next = stored
    }
    return next ?? wait
  }

  /** The next state of an element that was taken, by the exit of its consumer. */
  const settled = Effect.fnUntraced(function*(
    stored: StoredElement,
    exit: Exit.Exit<unknown, unknown>,
    maxAttempts: number,
    retryDelay: (attempts: number) => Effect.Effect<Duration.Duration>
  ): Effect.fn.Return<StoredElement> {
    const changedAt = yield* Clock.currentTimeMillis
    if (exit._tag === "Success") return { ...stored, state: "completed", changedAt, element: null }
    if (isDeadLetter(exit.cause)) return { ...stored, state: "failed", changedAt }
    if (Cause.hasInterruptsOnly(exit.cause)) return { ...stored, attempts: stored.attempts - 1 }
    if (stored.attempts >= maxAttempts) return { ...stored, state: "failed", changedAt }
    const delay = yield* retryDelay(stored.attempts)
    return { ...stored, changedAt, visibleAt: changedAt + Duration.toMillis(delay) }
  })

  return PersistedQueue.PersistedQueueStore.of({
    offer: ({ delay, element, id, name }) =>
      Effect.gen(function*() {
        const queue = queueOf(name)
        if (queue.entries.has(id)) return
        const now = yield* Clock.currentTimeMillis
        // not `now`: when the clock is set back, later elements would overtake this one
        const visibleAt = delay === undefined ? 0 : now + Duration.toMillis(delay)
        const stored: StoredElement = {
          queue: name,
          id,
          sequence: ++sequence,
          state: "pending",
          attempts: 0,
          visibleAt,
          changedAt: now,
          element
        }
        yield* write(stored)
        queue.latch.openUnsafe()
      }).pipe(Effect.uninterruptible, Effect.mapError(failure("an element could not be stored"))),

    take: Effect.fnUntraced(function*({ maxAttempts, name, retryDelay }) {
      const queue = queueOf(name)
      while (true) {
        // closed before the search, so that a change during the search opens it again
        queue.latch.closeUnsafe()
        const found = firstAvailable(queue, maxAttempts, yield* Clock.currentTimeMillis)
        if (typeof found === "number") {
          yield* Number.isFinite(found) ? Effect.race(queue.latch.await, Effect.sleep(found)) : queue.latch.await
          continue
        }
        const stored: StoredElement = { ...found, attempts: found.attempts + 1 }
        const returnElement = Effect.sync(() => {
          queue.taken.delete(stored.id)
          queue.latch.openUnsafe()
        })
        // an interruption must not come between taking the element and the finalizer that returns it
        yield* Effect.gen(function*() {
          queue.taken.add(stored.id)
          yield* write(stored).pipe(Effect.onError(() => returnElement))
          yield* Effect.addFinalizer((exit) =>
            Effect.flatMap(settled(stored, exit, maxAttempts, retryDelay), writeOutcome).pipe(
              Effect.ensuring(returnElement)
            )
          )
        }).pipe(Effect.uninterruptible, Effect.mapError(failure("an element could not be taken")))
        return { id: stored.id, attempts: stored.attempts, element: stored.element }
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
      }).pipe(Effect.mapError(failure("elements could not be removed")))
  })
})

/**
 * Provides the store over a `KeyValueStore`. Fails with `KeyValueStoreError` when that can't be read.
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
 * Only one process, or browser tab, may use a store at a time: it does not see the writes of others. The
 * `KeyValueStore` must write values atomically; `KeyValueStore.layerFileSystem` does not when the process is killed.
 * The ids of delivered messages are kept until `PersistedQueue.layerCleanup` removes them.
 */
export const layer: Layer.Layer<
  PersistedQueue.PersistedQueueStore,
  KeyValueStore.KeyValueStoreError,
  KeyValueStore.KeyValueStore
> = Layer.effect(PersistedQueue.PersistedQueueStore, make)
