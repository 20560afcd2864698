/**
 * A bounded set of recently seen ids, with two generations like those of `BoundedMap`. It is a type of its own because
 * reading a list in order of time rarely looks an id up.
 */

/** A set that is only indexed when an id is looked up. */
const makeLazySet = () => {
  const indexed = new Set<string>()
  const pending: Array<string> = []
  return {
    size: () => indexed.size + pending.length,
    add: (id: string) => void pending.push(id),
    has: (id: string): boolean => {
      for (const each of pending) indexed.add(each)
      pending.length = 0
      return indexed.has(id)
    }
  }
}

export interface SeenIds {
  /** Adds an id, and returns whether it was not in the set before. */
  readonly addIfNew: (id: string) => boolean
  /** Adds an id that is known to be new, without looking it up. */
  readonly add: (id: string) => void
}

/** A set of at least the last `capacity` ids that were added, and at most twice as many. */
export const make = (capacity: number): SeenIds => {
  let current = makeLazySet()
  let previous = makeLazySet()
  const add = (id: string): void => {
    if (current.size() >= capacity) {
      previous = current
      current = makeLazySet()
    }
    current.add(id)
  }
  return {
    add,
    addIfNew: (id) => {
      if (current.has(id)) return false
      const isNew = !previous.has(id)
      add(id)
      return isNew
    }
  }
}
