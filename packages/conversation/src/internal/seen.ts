/**
 * Which ids have been seen, in bounded memory: two generations, of which the older is forgotten when the younger is
 * full and nothing in the older can come up again in a re-read.
 */
export interface Seen {
  /** Remembers an id; `false` when it was remembered already. */
  readonly add: (id: string, epochSeconds: number) => boolean
}

export interface Options {
  /** How many ids a generation holds. */
  readonly size: number
  /** Ids of messages at or after this time (unix seconds) must not be forgotten. */
  readonly keepFrom: () => number
}

interface Generation {
  readonly ids: Set<string>
  newest: number
}

const makeGeneration = (): Generation => ({ ids: new Set(), newest: Number.NEGATIVE_INFINITY })

export const make = (options: Options): Seen => {
  let current = makeGeneration()
  let previous = makeGeneration()
  return {
    add: (id, epochSeconds) => {
      if (previous.ids.has(id)) return false
      const before = current.ids.size
      current.ids.add(id)
      if (current.ids.size === before) return false
      current.newest = Math.max(current.newest, epochSeconds)
      if (current.ids.size >= options.size && previous.newest < options.keepFrom()) {
        previous = current
        current = makeGeneration()
      }
      return true
    }
  }
}
