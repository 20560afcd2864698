/**
 * How much memory is held for clients that do not read what is sent to them, or do not finish what they send. When it is
 * too much in all, whoever holds most is let go: nobody can take the room that others need.
 */

/** What is held for one client. */
export interface Reservation {
  /** Says how much is held now, in bytes. */
  readonly set: (bytes: number) => void
  /** Holds nothing any more, and is not let go any more. */
  readonly close: () => void
}

interface Entry {
  readonly onEvict: () => void
  bytes: number
  isOpen: boolean
}

/** How many bytes a text may take in memory. */
export const bytesOf = (text: string): number => text.length * 2

export class MemoryBudget {
  readonly #limit: number
  readonly #entries = new Set<Entry>()
  #total = 0

  /** `limit` is in bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Bytes held in all. */
  get total(): number {
    return this.#total
  }

  /** `onEvict` is called once, when this is what takes most; what is held must be given up then. */
  open(onEvict: () => void): Reservation {
    const entry: Entry = { onEvict, bytes: 0, isOpen: true }
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
    if (bytes > 0) this.#entries.add(entry)
    else this.#entries.delete(entry)
  }

  #close(entry: Entry): void {
    entry.isOpen = false
    this.#put(entry, 0)
  }

  #evict(): void {
    while (this.#total > this.#limit) {
      let largest: Entry | undefined
      for (const entry of this.#entries) if (largest === undefined || entry.bytes > largest.bytes) largest = entry
      if (largest === undefined) return
      this.#close(largest)
      largest.onEvict()
    }
  }
}
