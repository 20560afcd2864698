/** The data that survives processes: cursors, and the queues of outboxes. */
import * as Cursor from "@effect-signalwire/conversation/Cursor"
import * as OutboxStore from "@effect-signalwire/conversation/OutboxStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import type { Account } from "./device.ts"
import type { EventLoop } from "./eventLoop.ts"
import { QueueStore } from "./queueStore.ts"
import { SeededRandom } from "./random.ts"

/** The storage of a process's queues. */
export type Queues = Layer.Layer<PersistedQueue.PersistedQueueStore>

export class Persistence {
  /** The shared queue stores, by the id of the subscriber. */
  readonly queueStores = new Map<string, QueueStore>()
  readonly #eventLoop: EventLoop
  readonly #seed: number
  readonly #entries = new Map<string, string>()
  readonly #killedProcesses = new Set<string>()
  /** Sequences whose process is being killed: their cursors are no longer saved. */
  readonly #crashingSequences = new Set<string>()

  constructor(eventLoop: EventLoop, seed: number) {
    this.#eventLoop = eventLoop
    this.#seed = seed
  }

  // Processes

  isKilled(process: string): boolean {
    return this.#killedProcesses.has(process)
  }

  /** A process is killed while it has these sequences: it writes nothing more. */
  kill(account: Account, process: string, sequences: ReadonlyArray<string>): void {
    this.#killedProcesses.add(process)
    for (const name of sequences) this.#crashingSequences.add(name)
    this.queueStores.get(account.id)?.kill(process)
  }

  /** A process ends gracefully. */
  end(account: Account, process: string): void {
    this.queueStores.get(account.id)?.end(process)
  }

  /** The process has ended: other processes may save the cursors of its sequences again. */
  ended(): void {
    this.#crashingSequences.clear()
  }

  // Cursors

  /** The cursor of a sequence; `onSave` is called each time it is saved. */
  cursor(name: string, onSave: () => void): Cursor.Cursor {
    const store = this.#keyValueStore(() => this.#crashingSequences.has(name), onSave)
    return Effect.runSync(Effect.provideService(Cursor.make(name), KeyValueStore.KeyValueStore, store))
  }

  hasCursor(name: string): boolean {
    return [...this.#entries.keys()].some((key) => key.endsWith(name))
  }

  // Queues

  /** Queues that all processes of a subscriber share. */
  sharedQueues(account: Account, process: string): Queues {
    const store = this.queueStores.get(account.id) ??
      new QueueStore(this.#eventLoop, new SeededRandom(`${this.#seed} queues ${account.name}`))
    this.queueStores.set(account.id, store)
    return Layer.succeed(PersistedQueue.PersistedQueueStore, store.open(process))
  }

  /** Queues for one process of a subscriber at a time. */
  keyValueQueues(account: Account, process: string): Queues {
    const store = this.#keyValueStore(() => this.isKilled(process), () => undefined)
    const prefixed = KeyValueStore.prefix(store, account.name)
    return Layer.orDie(OutboxStore.layer).pipe(Layer.provide(Layer.succeed(KeyValueStore.KeyValueStore, prefixed)))
  }

  #keyValueStore(isKilled: () => boolean, onWrite: () => void): KeyValueStore.KeyValueStore {
    return KeyValueStore.makeStringOnly({
      get: (key) => Effect.sync(() => this.#entries.get(key)),
      set: (key, value) =>
        Effect.sync(() => {
          if (isKilled()) return
          this.#entries.set(key, value)
          onWrite()
        }),
      remove: (key) => Effect.sync(() => void this.#entries.delete(key)),
      clear: Effect.sync(() => this.#entries.clear()),
      size: Effect.sync(() => this.#entries.size),
      keys: Effect.sync(() => [...this.#entries.keys()])
    })
  }
}
