/**
 * Where a stream of a list goes on when the server no longer knows its links, since it restarted, say, or forgot them: it
 * begins again and passes over what it has handed out.
 */
import { isStaleLink } from "@effect-signalwire/schema/Page"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import type { Listing, Read, Sheet } from "./sheets.ts"

/** How often in a row it begins again without finding anything that it had not handed out. */
const maxInVain = 5

export interface Restarts<A> {
  /** Where to begin: at the top, or where the list was read to when its order tells. */
  readonly open: () => Read<A>
  /** Whether an item stands before that, and was handed out or came since. */
  readonly isPassed: (item: A) => boolean
  /** A sheet was read; so many items of it are new. */
  readonly took: (sheet: Sheet<A>, fresh: number) => void
  /** Whether to begin again after a link failed. It counts on that being done. */
  readonly allows: (error: SignalWireHttpError) => boolean
}

/** For a stream that remembers the last `remembered` items that it handed out. */
export const make = <A>({ bounds, open }: Listing<A>, remembered: number): Restarts<A> => {
  let handedOut = 0
  let inVain = 0
  /** The time of the last item that was read: what is newer was handed out before. */
  let readTo = Number.POSITIVE_INFINITY
  let passedTo = Number.POSITIVE_INFINITY
  return {
    open: () => bounds === undefined || passedTo === Number.POSITIVE_INFINITY ? open : bounds.openAt(passedTo),
    isPassed: (item) => bounds !== undefined && bounds.timeOf(item) > passedTo,
    took: ({ items }, fresh) => {
      const last = items.at(-1)
      if (bounds !== undefined && last !== undefined) readTo = Math.min(readTo, bounds.timeOf(last))
      handedOut += fresh
      if (fresh > 0) inVain = 0
    },
    allows: ({ reason }) => {
      // without an order only memory tells what was handed out
      if (!isStaleLink(reason) || (bounds === undefined && handedOut > remembered) || inVain >= maxInVain) return false
      inVain++
      passedTo = readTo
      return true
    }
  }
}
