/** Counts how often a run has reached each item of the coverage table, which `table.ts` lists. */

/** The kinds of items. */
export const categories = [
  "steps",
  "conditions",
  "faults",
  "kinds of faults",
  "connection states",
  "connection transitions",
  "sequence transitions",
  "signals",
  "events",
  "recoveries",
  "ends of sends",
  "ends of messages in outboxes",
  "ends of sequences",
  "ends of reads"
] as const

export type Category = typeof categories[number]

/** How often each item was reached, by category. */
export type Counts = ReadonlyMap<Category, ReadonlyMap<string, number>>

export class Coverage {
  readonly #counts = new Map<Category, Map<string, number>>()

  get counts(): Counts {
    return this.#counts
  }

  /** The run has reached an item. */
  readonly reach = (category: Category, item: string, times = 1): void => {
    const items = this.#counts.get(category) ?? new Map<string, number>()
    this.#counts.set(category, items)
    items.set(item, (items.get(item) ?? 0) + times)
  }

  /** Adds what other runs have reached. */
  add(counts: Counts): this {
    for (const [category, items] of counts) {
      for (const [item, times] of items) this.reach(category, item, times)
    }
    return this
  }
}
