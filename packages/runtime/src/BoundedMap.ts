/**
 * A map that keeps a bounded number of recently used entries.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */

/**
 * A map of at least the `capacity` most recently used entries, and at most twice as many.
 *
 * It has two generations: when the current one is full, it becomes the previous one, and the entries of the previous
 * one are dropped all at once, which is cheaper than evicting them one by one.
 */
export class BoundedMap<K, V> {
  private readonly capacity: number
  private current = new Map<K, V>()
  private previous: Map<K, V> | undefined

  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** Returns the value of a key, which then counts as recently used; `undefined` if there is none. */
  get(key: K): V | undefined {
    const value = this.current.get(key)
    if (value !== undefined) return value
    const older = this.previous?.get(key)
    if (older !== undefined) this.set(key, older)
    return older
  }

  /** Sets the value of a key. */
  set(key: K, value: V): void {
    if (this.current.size >= this.capacity && !this.current.has(key)) {
      this.previous = this.current
      this.current = new Map()
    }
    this.current.set(key, value)
  }

  /** Removes a key. */
  remove(key: K): void {
    this.current.delete(key)
    this.previous?.delete(key)
  }
}
