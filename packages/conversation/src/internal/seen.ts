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

class Generations implements Seen {
  private readonly size: number
  private current = makeGeneration()
  private previous: Generation | undefined
  private forgotten = Number.NEGATIVE_INFINITY

  constructor(size: number) {
    this.size = size
  }

  settle(): void {
    if (this.current.ids.size() < this.size) return
    const forgotten = this.previous ?? makeGeneration()
    this.raise(forgotten.newest)
    forgotten.ids.clear()
    forgotten.newest = Number.NEGATIVE_INFINITY
    this.previous = this.current
    this.current = forgotten
  }

  floor(): number {
    return this.forgotten
  }

  raise(epochSeconds: number): void {
    if (epochSeconds > this.forgotten) this.forgotten = epochSeconds
  }

  after(epochSeconds: number): ReadonlyArray<readonly [id: string, epochSeconds: number]> {
    return [...this.previous?.ids.entries() ?? [], ...this.current.ids.entries()]
      .filter(([, time]) => time > epochSeconds)
  }

  add(id: string, epochSeconds: number, keep = false): boolean {
    const { current, previous } = this
    const hash = IdTable.hashOf(id)
    if (previous?.ids.has(id, hash) === true || !current.ids.add(id, hash, epochSeconds)) return false
    if (epochSeconds > current.newest) current.newest = epochSeconds
    if (!keep) this.settle()
    return true
  }
}

/** Remembers the last `size` ids at least, and twice as many at most; more only while they come from one read. */
export const make = (size: number): Seen => new Generations(size)
