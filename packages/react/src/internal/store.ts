/** Values that React subscribes to with `useSyncExternalStore`. */
import { reportUncaught } from "./errors.ts"
import * as RefCount from "./refCount.ts"

export interface Readable<A> {
  /** Returns the current value: the same object until it changes. */
  readonly get: () => A
  /**
   * Calls a listener after each change, and returns a function that removes it. Whatever a listener throws is reported,
   * and does not affect the other ones.
   */
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
          reportUncaught(error)
        }
      }
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
  }
}

/** Releases an unused resource, now or later, and returns a function that cancels a later release. */
export type ReleasePolicy = (release: () => void) => () => void

const releaseNow: ReleasePolicy = (release) => {
  release()
  return () => {}
}

/**
 * The same value, and a process that runs while it has subscribers. The signal of the process is aborted on release.
 */
export const whileSubscribed = <A>(
  readable: Readable<A>,
  run: (signal: AbortSignal) => void,
  releasePolicy: ReleasePolicy = releaseNow
): Readable<A> => {
  let running: AbortController | undefined
  let cancelRelease = () => {}
  const acquire = RefCount.make(() => {
    cancelRelease()
    if (running !== undefined) return
    running = new AbortController()
    run(running.signal)
  }, () => {
    cancelRelease = releasePolicy(() => {
      running?.abort()
      running = undefined
    })
  })
  return {
    get: readable.get,
    subscribe: (listener) => {
      const unsubscribe = readable.subscribe(listener)
      const release = acquire()
      return () => {
        unsubscribe()
        release()
      }
    }
  }
}
