/**
 * The stored queues of a subscriber, shared by its processes. Like Effect's SQL store it leases elements: those that a
 * killed process had taken become available when their leases expire.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import type { EventLoop } from "./eventLoop.ts"
import type { SeededRandom } from "./random.ts"

interface Row {
  readonly queue: string
  readonly id: string
  readonly element: unknown
  state: "pending" | "completed" | "failed"
  attempts: number
  /** Unix milliseconds. */
  visibleAt: number
  lease: Lease | undefined
}

interface Lease {
  readonly process: string
  readonly takenAt: number
  /** When it expires; `undefined` as long as its process renews it. */
  endsAt: number | undefined
}

/** Milliseconds; leases are renewed more often than an outbox settles. */
const leaseMillis = 10_000
const renewMillis = 2000
const pollMillis = 1000

const unavailable = new PersistedQueue.PersistedQueueError({ message: "the store is unavailable" })

export class QueueStore {
  readonly #eventLoop: EventLoop
  readonly #random: SeededRandom
  readonly #rows: Array<Row> = []
  readonly #latches = new Map<string, Latch.Latch>()
  readonly #killed = new Set<string>()
  readonly #ended = new Set<string>()
  #unavailableUntil = Number.NEGATIVE_INFINITY

  constructor(eventLoop: EventLoop, random: SeededRandom) {
    this.#eventLoop = eventLoop
    this.#random = random
  }

  /** Makes all operations fail for this time. */
  fail(millis: number): void {
    this.#unavailableUntil = this.#eventLoop.now + millis
  }

  get #isUnavailable(): boolean {
    return this.#eventLoop.now < this.#unavailableUntil
  }

  /** A process ends gracefully: it releases its leases. */
  end(process: string): void {
    this.#ended.add(process)
  }

  /** A process is killed: it writes nothing more, and its leases expire. */
  kill(process: string): void {
    this.#killed.add(process)
    const { now } = this.#eventLoop
    const renewedAt = now - now % renewMillis
    for (const { lease } of this.#rows) {
      if (lease?.process === process) lease.endsAt ??= Math.max(lease.takenAt, renewedAt) + leaseMillis
    }
  }

  /** The store as one process uses it. */
  open(process: string): PersistedQueue.PersistedQueueStore["Service"] {
    const latch = Latch.makeUnsafe(false)
    this.#latches.set(process, latch)
    const isKilled = () => this.#killed.has(process)
    const roundTrip = Effect.suspend(() => {
      const millis = this.#random.pick(0, 0, 1, 12)
      return millis === 0 ? Effect.void : Effect.sleep(millis)
    })
    return PersistedQueue.PersistedQueueStore.of({
      offer: ({ delay, element, id, name }) =>
        Effect.gen({ self: this }, function*() {
          yield* roundTrip
          // an element may be stored although the offer fails
          if (this.#isUnavailable && this.#random.boolean(0.5)) return yield* unavailable
          if (!isKilled() && !this.#rows.some((row) => row.queue === name && row.id === id)) {
            const visibleAt = this.#eventLoop.now + (delay === undefined ? 0 : Duration.toMillis(delay))
            this.#rows.push({ queue: name, id, element, state: "pending", attempts: 0, visibleAt, lease: undefined })
            latch.openUnsafe()
          }
          if (this.#isUnavailable) return yield* unavailable
          yield* roundTrip
        }),
      take: Effect.fnUntraced({ self: this }, function*({ maxAttempts, name, retryDelay }) {
        while (true) {
          latch.closeUnsafe()
          yield* roundTrip
          if (this.#isUnavailable) return yield* unavailable
          const row = isKilled() ? undefined : this.#next(name, maxAttempts)
          if (row === undefined) {
            yield* Effect.race(latch.await, Effect.sleep(pollMillis))
            continue
          }
          const lease: Lease = { process, takenAt: this.#eventLoop.now, endsAt: undefined }
          row.lease = lease
          row.attempts++
          yield* Effect.addFinalizer((exit) => this.#settle(row, lease, exit, maxAttempts, retryDelay))
          return { id: row.id, attempts: row.attempts, element: row.element }
        }
      }),
      cleanup: () => Effect.void
    })
  }

  /** The first element that is not leased. */
  #next(queue: string, maxAttempts: number): Row | undefined {
    const { now } = this.#eventLoop
    return this.#rows
      .filter((row) =>
        row.queue === queue && row.state === "pending" && row.visibleAt <= now && row.attempts < maxAttempts &&
        (row.lease === undefined || (row.lease.endsAt ?? Number.POSITIVE_INFINITY) < now)
      )
      .toSorted((a, b) => a.visibleAt - b.visibleAt)[0]
  }

  readonly #settle = Effect.fnUntraced({ self: this }, function*(
    this: QueueStore,
    row: Row,
    lease: Lease,
    exit: Exit.Exit<unknown, unknown>,
    maxAttempts: number,
    retryDelay: (attempts: number) => Effect.Effect<Duration.Duration>
  ) {
    const isMine = () => row.lease === lease && !this.#killed.has(lease.process)
    const delay = yield* retryDelay(row.attempts)
    for (let waited = 0; isMine() && this.#isUnavailable; waited += pollMillis) {
      if (waited >= leaseMillis) {
        lease.endsAt = this.#eventLoop.now
        // a take that is interrupted because its process ends does not report this
        const isReported = Exit.isSuccess(exit) || !this.#ended.has(lease.process)
        return yield* isReported ? Effect.die(unavailable) : Effect.void
      }
      yield* Effect.sleep(pollMillis)
    }
    if (!isMine()) return
    row.lease = undefined
    if (Exit.isSuccess(exit)) row.state = "completed"
    else if (Cause.hasInterruptsOnly(exit.cause)) row.attempts--
    else if (row.attempts >= maxAttempts) row.state = "failed"
    else row.visibleAt = this.#eventLoop.now + Duration.toMillis(delay)
  })
}
