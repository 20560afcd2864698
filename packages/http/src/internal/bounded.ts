/**
 * Memory with a limit. Two generations: when the young one is full it becomes the old one, and what was old is dropped
 * as a whole. Nothing is ever evicted entry by entry.
 */

/** Ids that are only looked through once somebody asks for one: most often nobody does. */
const makeIds = () => {
  const known = new Set<string>()
  const noted: Array<string> = []
  return {
    size: () => known.size + noted.length,
    add: (id: string) => void noted.push(id),
    has: (id: string): boolean => {
      for (const one of noted) known.add(one)
      noted.length = 0
      return known.has(id)
    }
  }
}

export interface Seen {
  /** Whether an id is met for the first time. */
  readonly isNew: (id: string) => boolean
  /** Takes note of an id that surely is. */
  readonly add: (id: string) => void
}

/** Remembers at least the last `window` ids, and at most twice as many. */
export const makeSeen = (window: number): Seen => {
  let young = makeIds()
  let old = makeIds()
  const add = (id: string): void => {
    if (young.size() >= window) {
      old = young
      young = makeIds()
    }
    young.add(id)
  }
  return {
    add,
    isNew: (id) => {
      if (young.has(id)) return false
      const isNew = !old.has(id)
      add(id)
      return isNew
    }
  }
}

export interface BoundedMap<K, V> {
  readonly get: (key: K) => V | undefined
  readonly set: (key: K, value: V) => void
  readonly remove: (key: K) => void
}

/** A map that keeps at least the `capacity` entries that were used last, and at most twice as many. */
export const makeMap = <K, V>(capacity: number): BoundedMap<K, V> => {
  let young = new Map<K, V>()
  let old = new Map<K, V>()
  const set = (key: K, value: V): void => {
    if (young.size >= capacity && !young.has(key)) {
      old = young
      young = new Map()
    }
    young.set(key, value)
  }
  return {
    set,
    get: (key) => {
      const value = young.get(key)
      if (value !== undefined) return value
      const kept = old.get(key)
      if (kept !== undefined) set(key, kept)
      return kept
    },
    remove: (key) => {
      young.delete(key)
      old.delete(key)
    }
  }
}
