/**
 * Where the queues of a subscriber are kept, outside of every process. Like Effect's store over SQL it lends elements
 * out: what a process that was killed had taken is available again once its lease has run out.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import type { Chance } from "./chance.ts"
import type { Machine } from "./machine.ts"

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
  /** When it runs out; `undefined` as long as its process renews it. */
  endsAt: number | undefined
}

/** As a user would set them, milliseconds: leases are renewed more often than an outbox settles. */
const expiration = 10_000
const renewal = 2000
const poll = 1000

const notNow = new PersistedQueue.PersistedQueueError({ message: "the store can't be reached" })

export class QueueStore {
  readonly #machine: Machine
  readonly #chance: Chance
  readonly #rows: Array<Row> = []
  readonly #latches = new Map<string, Latch.Latch>()
  readonly #dead = new Set<string>()
  readonly #ending = new Set<string>()
  #failsUntil = Number.NEGATIVE_INFINITY

  constructor(machine: Machine, chance: Chance) {
    this.#machine = machine
    this.#chance = chance
  }

  /** It can't be reached for so long. */
  fail(millis: number): void {
    this.#failsUntil = this.#machine.now + millis
  }

  get #fails(): boolean {
    return this.#machine.now < this.#failsUntil
  }

  /** A process ends in order: it gives back what it had taken. */
  end(process: string): void {
    this.#ending.add(process)
  }

  /** A process is gone without a word: it writes nothing any more, and what it had taken comes back in time. */
  kill(process: string): void {
    this.#dead.add(process)
    const { now } = this.#machine
    const renewedAt = now - now % renewal
    for (const { lease } of this.#rows) {
      if (lease?.process === process) lease.endsAt ??= Math.max(lease.takenAt, renewedAt) + expiration
    }
  }

  /** As a process has it. */
  open(process: string): PersistedQueue.PersistedQueueStore["Service"] {
    const latch = Latch.makeUnsafe(false)
    this.#latches.set(process, latch)
    const isDead = () => this.#dead.has(process)
    const trip = Effect.suspend(() => {
      const millis = this.#chance.pick(0, 0, 1, 12)
      return millis === 0 ? Effect.void : Effect.sleep(millis)
    })
    return PersistedQueue.PersistedQueueStore.of({
      offer: ({ delay, element, id, name }) =>
        Effect.gen({ self: this }, function*() {
          yield* trip
          // what is kept, and can't be confirmed, has not been promised
          if (this.#fails && this.#chance.happens(0.5)) return yield* notNow
          if (!isDead() && !this.#rows.some((row) => row.queue === name && row.id === id)) {
            const visibleAt = this.#machine.now + (delay === undefined ? 0 : Duration.toMillis(delay))
            this.#rows.push({ queue: name, id, element, state: "pending", attempts: 0, visibleAt, lease: undefined })
            latch.openUnsafe()
          }
          if (this.#fails) return yield* notNow
          yield* trip
        }),
      take: Effect.fnUntraced({ self: this }, function*({ maxAttempts, name, retryDelay }) {
        while (true) {
          latch.closeUnsafe()
          yield* trip
          if (this.#fails) return yield* notNow
          const row = isDead() ? undefined : this.#next(name, maxAttempts)
          if (row === undefined) {
            yield* Effect.race(latch.await, Effect.sleep(poll))
            continue
          }
          const lease: Lease = { process, takenAt: this.#machine.now, endsAt: undefined }
          row.lease = lease
          row.attempts++
          yield* Effect.addFinalizer((exit) => this.#settle(row, lease, exit, maxAttempts, retryDelay))
          return { id: row.id, attempts: row.attempts, element: row.element }
        }
      }),
      cleanup: () => Effect.void
    })
  }

  /** The first that nobody holds. */
  #next(queue: string, maxAttempts: number): Row | undefined {
    const { now } = this.#machine
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
    const isMine = () => row.lease === lease && !this.#dead.has(lease.process)
    const delay = yield* retryDelay(row.attempts)
    for (let waited = 0; isMine() && this.#fails; waited += poll) {
      if (waited >= expiration) {
        lease.endsAt = this.#machine.now
        // who was interrupted, for the process ends, does not hear of it any more
        const isHeard = Exit.isSuccess(exit) || !this.#ending.has(lease.process)
        return yield* isHeard ? Effect.die(notNow) : Effect.void
      }
      yield* Effect.sleep(poll)
    }
    if (!isMine()) return
    row.lease = undefined
    if (Exit.isSuccess(exit)) row.state = "completed"
    else if (Cause.hasInterruptsOnly(exit.cause)) row.attempts--
    else if (row.attempts >= maxAttempts) row.state = "failed"
    else row.visibleAt = this.#machine.now + Duration.toMillis(delay)
  })
}
