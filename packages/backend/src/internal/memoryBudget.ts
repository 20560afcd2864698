/**
 * Limits the memory that is held for clients that read slowly or do not finish their requests. When the total exceeds the
 * limit, the client that holds the most memory for the longest time is disconnected, so that no client can starve the others.
 */

/** The memory that is held for one client. */
export interface Reservation {
  /** Sets how much is held now, in bytes. */
  readonly set: (bytes: number) => void
  /** Releases the memory. The reservation can no longer be evicted, and `set` has no effect any more. */
  readonly close: () => void
}

interface Entry {
  readonly onEvict: () => void
  bytes: number
  /** Since when it holds any memory, in milliseconds. */
  since: number
  isOpen: boolean
}

export class MemoryBudget {
  readonly #limit: number
  readonly #entries = new Set<Entry>()
  #total = 0

  readonly #now: () => number

  /** `limit` is in bytes; `now` returns milliseconds of a monotonic clock. */
  constructor(limit: number, now: () => number) {
    this.#limit = limit
    this.#now = now
  }

  /** The total of all reservations, in bytes. */
  get total(): number {
    return this.#total
  }

  /** Opens a reservation. `onEvict` is called at most once, when it is evicted; its memory must be freed then. */
  open(onEvict: () => void): Reservation {
    const entry: Entry = { onEvict, bytes: 0, since: 0, isOpen: true }
    return {
      close: () => this.#close(entry),
      set: (bytes) => {
        if (!entry.isOpen) return
        this.#put(entry, bytes)
        if (this.#total > this.#limit) this.#evict()
      }
    }
  }

  #put(entry: Entry, bytes: number): void {
    this.#total += bytes - entry.bytes
    entry.bytes = bytes
    if (bytes <= 0) this.#entries.delete(entry)
    else if (!this.#entries.has(entry)) {
      entry.since = this.#now()
      this.#entries.add(entry)
    }
  }

  #close(entry: Entry): void {
    entry.isOpen = false
    this.#put(entry, 0)
  }

  #evict(): void {
    const now = this.#now()
    while (this.#total > this.#limit) {
      let worst: Entry | undefined
      let most = -1
      for (const entry of this.#entries) {
        // every client needs much memory for a moment; many clients that hold a little for a long time exhaust the budget
        const cost = entry.bytes * (now - entry.since + 1)
        if (cost > most) {
          worst = entry
          most = cost
        }
      }
      if (worst === undefined) return
      this.#close(worst)
      worst.onEvict()
    }
  }
}
