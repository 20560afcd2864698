/**
 * Which ids have been seen, in bounded memory: two generations, of which the older is forgotten when the younger is full.
 * What a re-read brings from before the `floor` can't be judged any more.
 */
import * as IdTable from "./idTable.ts"

export interface Seen {
  /**
   * Remembers an id; `false` when it was remembered already. With `keep` nothing is forgotten for it: one read is
   * remembered as a whole, for a server may send all of it once more.
   */
  readonly add: (id: string, epochSeconds: number, keep?: boolean) => boolean
  /** Forgets what need not be remembered, after what was kept. */
  readonly settle: () => void
  /** The newest time (unix seconds) of any id that was forgotten; negative infinity while there is none. */
  readonly floor: () => number
  /** Raises the floor: what stands at this time or before can't be judged. */
  readonly raise: (epochSeconds: number) => void
  /** The ids of messages after a time, with their times. */
  readonly after: (epochSeconds: number) => ReadonlyArray<readonly [id: string, epochSeconds: number]>
}

interface Generation {
  readonly ids: IdTable.IdTable
  newest: number
}

const makeGeneration = (): Generation => ({ ids: IdTable.make(), newest: Number.NEGATIVE_INFINITY })

/** Remembers the last `size` ids at least, and twice as many at most; more only while they come from one read. */
export const make = (size: number): Seen => {
  let current = makeGeneration()
  let previous = makeGeneration()
  let floor = Number.NEGATIVE_INFINITY
  const settle = (): void => {
    if (current.ids.size() < size) return
    if (previous.newest > floor) floor = previous.newest
    previous = current
    current = makeGeneration()
  }
  return {
    settle,
    floor: () => floor,
    raise: (epochSeconds) => {
      if (epochSeconds > floor) floor = epochSeconds
    },
    after: (epochSeconds) =>
      [...previous.ids.entries(), ...current.ids.entries()].filter(([, time]) => time > epochSeconds),
    add: (id, epochSeconds, keep = false) => {
      const hash = IdTable.hashOf(id)
      if (previous.ids.has(id, hash) || current.ids.has(id, hash)) return false
      current.ids.add(id, hash, epochSeconds)
      if (epochSeconds > current.newest) current.newest = epochSeconds
      if (!keep) settle()
      return true
    }
  }
}
