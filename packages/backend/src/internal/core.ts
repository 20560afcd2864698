/**
 * What all parts of a backend share: the settings, the state and the only way to change it, ids and time.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Random from "effect/Random"
import * as Semaphore from "effect/Semaphore"
import * as ApiError from "../ApiError.ts"
import type * as Records from "../Records.ts"
import { Storage, type StorageError } from "../Storage.ts"
import * as IdGenerator from "./idGenerator.ts"
import { MemoryBudget } from "./memoryBudget.ts"
import type { Settings } from "./options.ts"
import { recordBytes } from "./recordBytes.ts"
import { Secrets } from "./secrets.ts"
import { State } from "./state.ts"

export interface Core {
  readonly settings: Settings
  readonly identity: Records.Project
  readonly state: State
  /** Limits the memory that is held for slow clients. */
  readonly budget: MemoryBudget
  /** The secrets that must not be logged. */
  readonly secrets: Secrets
  readonly ids: IdGenerator.IdGenerator
  /** Returns the current time, in unix milliseconds. */
  readonly now: () => number
  /** Returns milliseconds of a monotonic clock. */
  readonly monotonicNow: () => number
  /** Returns the time of a new message, in unix microseconds; it is later than the times of all messages so far. */
  readonly nextMicros: () => number
  /** Makes changes durable and then applies them to the state. If the storage fails, nothing is applied. */
  readonly commit: (changes: ReadonlyArray<Records.Change>) => Effect.Effect<void, ApiError.ApiError | StorageError>
  /** Runs an effect, uninterruptible, while no other effect holds the lock. For effects that read the state and then change it. */
  readonly withWriteLock: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

/** How far ahead of the clock the time of a stored message may be for new messages to follow it, in milliseconds. */
const maxClockSkew = 1000

export const make = Effect.fnUntraced(function*(settings: Settings): Effect.fn.Return<Core, StorageError, Storage> {
  const storage = yield* Storage
  const clock = yield* Clock.Clock
  const ids = IdGenerator.make(yield* Random.Random)
  const secrets = new Secrets()
  const state = new State(secrets)
  const semaphore = yield* Semaphore.make(1)
  const now = () => clock.currentTimeMillisUnsafe()
  const monotonicNow = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

  /** The memory that the stored records take, in bytes. */
  let bytes = 0
  const commit = (changes: ReadonlyArray<Records.Change>): Effect.Effect<void, ApiError.ApiError | StorageError> => {
    if (changes.length === 0) return Effect.void
    const added = changes.reduce((sum, change) => sum + recordBytes(change), 0)
    if (added > 0 && bytes + added > settings.maxStoredBytes) return Effect.fail(ApiError.storageFull)
    return Effect.andThen(
      storage.commit(changes),
      Effect.sync(() => {
        for (const change of changes) state.apply(change)
        bytes += added
      })
    )
  }
  // uninterruptible, because a change that was committed must also be applied
  const withWriteLock = <A, E>(effect: Effect.Effect<A, E>) => semaphore.withPermit(Effect.uninterruptible(effect))

  for (const change of yield* storage.load) {
    state.apply(change)
    bytes += recordBytes(change)
  }
  const createProject = Effect.suspend(() => {
    const identity = { projectId: ids.uuid(), spaceId: ids.uuid(), apiToken: `PT${ids.base64Url(24)}` }
    return Effect.as(storage.commit([{ _tag: "ProjectCreated", identity }]), identity)
  })
  const identity = state.identity ?? (yield* createProject)
  const { apiToken, projectId } = identity
  for (const text of [apiToken, `${projectId}:${apiToken}`, `${apiToken}:${projectId}`]) {
    secrets.add(Base64.encode(text))
  }
  secrets.add(apiToken)

  let lastMicros = 0
  for (const { timeline } of state.conversations.values()) {
    for (const { micros } of timeline.messages) {
      // messages may be seeded with times in the future; new messages get the current time all the same
      if (micros <= (now() + maxClockSkew) * 1000) lastMicros = Math.max(lastMicros, micros)
    }
  }
  const nextMicros = () => lastMicros = Math.max(lastMicros + 1, now() * 1000)

  return {
    settings,
    identity,
    state,
    budget: new MemoryBudget(settings.maxHeldBytes, monotonicNow),
    secrets,
    ids,
    now,
    monotonicNow,
    nextMicros,
    commit,
    withWriteLock
  }
})
