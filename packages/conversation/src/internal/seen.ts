/**
 * Which ids have been seen, in bounded memory: two generations, of which the older is forgotten when the younger is full.
 * What a re-read brings from before the `floor` can't be judged any more.
 */
export interface Seen {
  /**
   * Remembers an id; `false` when it was remembered already. With `keep` nothing is forgotten for it: one read is
   * remembered as a whole, for a server may send all of it once more.
   */
  readonly add: (id: string, epochSeconds: number, keep?: boolean) => boolean
  /** The newest time (unix seconds) of any id that was forgotten; negative infinity while there is none. */
  readonly floor: () => number
  /** Raises the floor: what stands at this time or before can't be judged. */
  readonly raise: (epochSeconds: number) => void
  /** The ids of messages after a time, with their times. */
  readonly after: (epochSeconds: number) => ReadonlyArray<readonly [id: string, epochSeconds: number]>
}

interface Generation {
  readonly times: Map<string, number>
  newest: number
}

const makeGeneration = (): Generation => ({ times: new Map(), newest: Number.NEGATIVE_INFINITY })

/** Remembers the last `size` ids at least, and twice as many at most; more only while they come from one read. */
export const make = (size: number): Seen => {
  let current = makeGeneration()
  let previous = makeGeneration()
  let floor = Number.NEGATIVE_INFINITY
  return {
    floor: () => floor,
    raise: (epochSeconds) => {
      if (epochSeconds > floor) floor = epochSeconds
    },
    after: (epochSeconds) => [...previous.times, ...current.times].filter(([, time]) => time > epochSeconds),
    add: (id, epochSeconds, keep = false) => {
      if (previous.times.has(id) || current.times.has(id)) return false
      current.times.set(id, epochSeconds)
      if (epochSeconds > current.newest) current.newest = epochSeconds
      if (current.times.size >= size && !keep) {
        if (previous.newest > floor) floor = previous.newest
        previous = current
        current = makeGeneration()
      }
      return true
    }
  }
}
