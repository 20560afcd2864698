/** What nobody looks at any more, kept for a while for whoever comes back. */
import * as Holding from "./holding.ts"
import type { Release } from "./store.ts"

export interface Keeping {
  /** Keeps something for so many milliseconds; the one that was left first makes room when there are too many. */
  readonly keep: (millis: number) => Release
  /** Nothing is kept unless somebody holds this, nor any longer. */
  readonly retain: () => () => void
}

/** The longest that a timer can wait. */
const longest = 2 ** 31 - 1

export const make = (capacity: number): Keeping => {
  /** In the order in which they were left. */
  const kept = new Set<() => void>()
  let isOpen = false

  return {
    keep: (millis) => (end) => {
      if (!isOpen || !(millis > 0)) {
        end()
        return () => {}
      }
      const stop = () => {
        clearTimeout(timer)
        kept.delete(endNow)
      }
      const endNow = () => {
        stop()
        end()
      }
      const timer = setTimeout(endNow, Math.min(millis, longest))
      kept.add(endNow)
      for (const endOldest of kept) {
        if (kept.size <= capacity) break
        endOldest()
      }
      return stop
    },
    retain: Holding.make(() => {
      isOpen = true
    }, () => {
      isOpen = false
      for (const endNow of kept) endNow()
    })
  }
}
