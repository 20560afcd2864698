/**
 * What every part of the backend works with: the state, the one way to change it, ids and time.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Random from "effect/Random"
import * as Semaphore from "effect/Semaphore"
import type { Settings } from "../Backend.ts"
import type * as Records from "../Records.ts"
import * as Refused from "../Refused.ts"
import { Storage, type StorageError } from "../Storage.ts"
import * as Chance from "./chance.ts"
import { MemoryBudget } from "./memoryBudget.ts"
import { recordBytes } from "./recordBytes.ts"
import { Secrets } from "./secrets.ts"
import { State } from "./state.ts"

export interface Core {
  readonly settings: Settings
  readonly identity: Records.Project
  readonly state: State
  /** What is held for clients that are slow. */
  readonly budget: MemoryBudget
  /** What must not be written down. */
  readonly secrets: Secrets
  readonly chance: Chance.Chance
  /** Unix milliseconds. */
  readonly now: () => number
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonicNow: () => number
  /** The time of a new message, in unix microseconds: later than of any before it. */
  readonly nextMicros: () => number
  /** Makes changes durable and then applies them; nothing happens when that fails. */
  readonly commit: (changes: ReadonlyArray<Records.Change>) => Effect.Effect<void, Refused.Refused | StorageError>
  /** One at a time, and to the end: for what decides on the state and then changes it. */
  readonly exclusively: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

export const make = Effect.fnUntraced(function*(settings: Settings): Effect.fn.Return<Core, StorageError, Storage> {
  const storage = yield* Storage
  const clock = yield* Clock.Clock
  const chance = Chance.make(yield* Random.Random)
  const secrets = new Secrets()
  const state = new State(secrets)
  // one change at a time: a decision is made on the state that its change is applied to
  const turn = yield* Semaphore.make(1)
  const now = () => clock.currentTimeMillisUnsafe()
  const monotonicNow = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

  /** What the records take, in bytes. */
  let bytes = 0
  const commit = (changes: ReadonlyArray<Records.Change>): Effect.Effect<void, Refused.Refused | StorageError> => {
    if (changes.length === 0) return Effect.void
    const added = changes.reduce((sum, change) => sum + recordBytes(change), 0)
    if (added > 0 && bytes + added > settings.maxStoredBytes) return Effect.fail(Refused.full)
    return Effect.andThen(
      storage.commit(changes),
      Effect.sync(() => {
        for (const change of changes) state.apply(change)
        bytes += added
      })
    )
  }
  // what is committed must also be applied, so nobody may interrupt between the two
  const exclusively = <A, E>(effect: Effect.Effect<A, E>) => turn.withPermit(Effect.uninterruptible(effect))

  for (const change of yield* storage.load) {
    state.apply(change)
    bytes += recordBytes(change)
  }
  if (state.identity === undefined) {
    const founded: Records.Change = {
      _tag: "ProjectCreated",
      identity: { projectId: chance.uuid(), spaceId: chance.uuid(), apiToken: `PT${chance.opaque(24)}` }
    }
    yield* storage.commit([founded])
    state.apply(founded)
  }
  const identity = state.identity ?? { projectId: "", spaceId: "", apiToken: "" }
  const { apiToken, projectId } = identity
  for (const text of [apiToken, `${projectId}:${apiToken}`, `${apiToken}:${projectId}`]) {
    secrets.add(Base64.encode(text))
  }
  secrets.add(apiToken)

  // Time: every message is later than all before it, were it by a microsecond
  let lastMicros = 0
  for (const { timeline } of state.conversations.values()) {
    for (const { micros } of timeline.messages) {
      // a seeded message may lie in the future, where time has to come by itself
      if (micros <= (now() + 1000) * 1000) lastMicros = Math.max(lastMicros, micros)
    }
  }
  const nextMicros = () => lastMicros = Math.max(lastMicros + 1, now() * 1000)

  return {
    settings,
    identity,
    state,
    budget: new MemoryBudget(settings.maxHeldBytes, monotonicNow),
    secrets,
    chance,
    now,
    monotonicNow,
    nextMicros,
    commit,
    exclusively
  }
})
