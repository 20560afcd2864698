/**
 * A map that keeps a bounded number of recently used entries.
 *
 * It has two generations: when the current one is full, it becomes the previous one, and the entries of the previous
 * one are dropped all at once, which is cheaper than evicting them one by one.
 */
export interface BoundedMap<K, V> {
  readonly get: (key: K) => V | undefined
  readonly set: (key: K, value: V) => void
  readonly remove: (key: K) => void
}

/** A map of at least the `capacity` most recently used entries, and at most twice as many. */
export const make = <K, V>(capacity: number): BoundedMap<K, V> => {
  let current = new Map<K, V>()
  let previous = new Map<K, V>()
  const set = (key: K, value: V): void => {
    if (current.size >= capacity && !current.has(key)) {
      previous = current
      current = new Map()
    }
    current.set(key, value)
  }
  return {
    set,
    get: (key) => {
      const value = current.get(key)
      if (value !== undefined) return value
      const older = previous.get(key)
      if (older !== undefined) set(key, older)
      return older
    },
    remove: (key) => {
      current.delete(key)
      previous.delete(key)
    }
  }
}
