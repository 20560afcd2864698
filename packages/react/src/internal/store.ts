/** A value that React can read and watch. */
export interface Readable<A> {
  /** The value as it stands: the same object until it changes. */
  readonly get: () => A
  /** Calls back after each change; answers how to stop that. */
  readonly subscribe: (listener: () => void) => () => void
}

export interface Store<A> extends Readable<A> {
  readonly set: (value: A) => void
}

export const make = <A>(initial: A): Store<A> => {
  const listeners = new Set<() => void>()
  let value = initial
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(value, next)) return
      value = next
      for (const listener of listeners) listener()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
  }
}

/**
 * The same value, and something that runs while anybody watches it. Who stops watching and begins again in one go, as
 * React's strict mode has every component do, does not stop it.
 */
export const whileWatched = <A>(readable: Readable<A>, run: (signal: AbortSignal) => void): Readable<A> => {
  let watchers = 0
  let running: AbortController | undefined
  const stopUnlessWatched = () => {
    if (watchers > 0) return
    running?.abort()
    running = undefined
  }
  return {
    get: readable.get,
    subscribe: (listener) => {
      const unsubscribe = readable.subscribe(listener)
      watchers++
      if (running === undefined) {
        running = new AbortController()
        run(running.signal)
      }
      let watching = true
      return () => {
        if (!watching) return
        watching = false
        unsubscribe()
        watchers--
        queueMicrotask(stopUnlessWatched)
      }
    }
  }
}
