/** Keeps unused resources alive for a while, in case a component needs them again. */
import * as RefCount from "./refCount.ts"
import type { ReleasePolicy } from "./store.ts"

export interface KeepAlive {
  /**
   * Returns a policy that keeps a resource for this many milliseconds after its last use. When too many are kept, the
   * one that has been unused for longest is released early.
   */
  readonly keep: (millis: number) => ReleasePolicy
  /**
   * Acquires a reference to all of this, and returns a function that releases it. Without a reference, nothing is kept.
   */
  readonly retain: () => () => void
}

/** The longest delay of a timer. Milliseconds. */
const maxTimeout = 2 ** 31 - 1

export const make = (capacity: number): KeepAlive => {
  /** Functions that release a resource now, in the order in which the resources became unused. */
  const kept = new Set<() => void>()
  let isEnabled = false

  return {
    keep: (millis) => (release) => {
      if (!isEnabled || !(millis > 0)) {
        release()
        return () => {}
      }
      const cancel = () => {
        clearTimeout(timer)
        kept.delete(releaseNow)
      }
      const releaseNow = () => {
        cancel()
        release()
      }
      const timer = setTimeout(releaseNow, Math.min(millis, maxTimeout))
      kept.add(releaseNow)
      for (const releaseOldest of kept) {
        if (kept.size <= capacity) break
        releaseOldest()
      }
      return cancel
    },
    retain: RefCount.make(() => {
      isEnabled = true
    }, () => {
      isEnabled = false
      for (const releaseNow of kept) releaseNow()
    })
  }
}
