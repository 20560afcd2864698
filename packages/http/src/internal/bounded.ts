/**
 * Memory with a limit. Two generations: when the young one is full it becomes the old one, and what was old is dropped
 * as a whole. Nothing is ever evicted entry by entry.
 */

/** Whether an id is met for the first time; remembers at least the last `window` ids, and at most twice as many. */
export const makeSeen = (window: number): (id: string) => boolean => {
  let young = new Set<string>()
  let old = new Set<string>()
  return (id) => {
    if (young.has(id)) return false
    const isNew = !old.has(id)
    if (young.size >= window) {
      old = young
      young = new Set()
    }
    young.add(id)
    return isNew
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
