import { report } from "./failure.ts"
import * as Holding from "./holding.ts"

/** A value that React can read and watch. */
export interface Readable<A> {
  /** The value as it stands: the same object until it changes. */
  readonly get: () => A
  /** Calls back after each change; answers how to stop that. What the listener throws is reported, and touches nobody else. */
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
      for (const listener of listeners) {
        try {
          listener()
        } catch (error) {
          report(error)
        }
      }
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
  }
}

/** Ends what nobody watches any more, at once or later; answers how to take it back before that. */
export type Release = (end: () => void) => () => void

const atOnce: Release = (end) => {
  end()
  return () => {}
}

/** The same value, and something that runs while anybody watches it, until it is released. */
export const whileWatched = <A>(
  readable: Readable<A>,
  run: (signal: AbortSignal) => void,
  release: Release = atOnce
): Readable<A> => {
  let running: AbortController | undefined
  let takeBack = () => {}
  const hold = Holding.make(() => {
    takeBack()
    if (running !== undefined) return
    running = new AbortController()
    run(running.signal)
  }, () => {
    takeBack = release(() => {
      running?.abort()
      running = undefined
    })
  })
  return {
    get: readable.get,
    subscribe: (listener) => {
      const unsubscribe = readable.subscribe(listener)
      const letGo = hold()
      return () => {
        unsubscribe()
        letGo()
      }
    }
  }
}
