/**
 * How much memory is held for clients that do not read what is sent to them, or do not finish what they send. When it is
 * too much in all, the client that holds the most for the longest is disconnected: nobody can take the room that others need.
 */

/** What is held for one client. */
export interface Reservation {
  /** Says how much is held now, in bytes. */
  readonly set: (bytes: number) => void
  /** Holds nothing any more, and is not disconnected any more. */
  readonly close: () => void
}

interface Entry {
  readonly onEvict: () => void
  bytes: number
  /** Since when it holds anything, in milliseconds. */
  since: number
  isOpen: boolean
}

/** How many bytes a text takes in memory: one for each of its characters when none is beyond Latin-1. */
export const bytesOf = (text: string): number => text.length * (/[^\0-\xff]/.test(text) ? 2 : 1)

export class MemoryBudget {
  readonly #limit: number
  readonly #entries = new Set<Entry>()
  #total = 0

  readonly #now: () => number

  /** `limit` is in bytes, `now` in milliseconds of a monotonic clock. */
  constructor(limit: number, now: () => number) {
    this.#limit = limit
    this.#now = now
  }

  /** Bytes held in all. */
  get total(): number {
    return this.#total
  }

  /** `onEvict` is called once, when this is what takes most; what is held must be given up then. */
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
        // much for a moment is what everybody needs; a little for long, by many, is what fills the room
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
