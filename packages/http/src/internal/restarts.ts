/**
 * Restarts of a stream of a list after a link has gone stale: the stream reads the list again from its first page, or
 * from where it was if the list is ordered by time, and skips what it has already emitted.
 */
import { maxRestarts } from "../StaleLink.ts"
import type { ListRequest, RawPage, ReadPage } from "./listRequest.ts"

export interface Restarts<A> {
  /** Reads the page to begin with: the first page, or after a restart the one that the stream was at. */
  readonly readFirst: () => ReadPage<A>
  /** Whether an item is newer than the position of the last restart: it was emitted, or was added since. */
  readonly isBeforePosition: (item: A) => boolean
  /** Records a page, and how many of its items were new. */
  readonly recordPage: (page: RawPage<A>, newItems: number) => void
  /** Prepares a restart, and returns whether one is allowed. */
  readonly tryRestart: () => boolean
}

/** Restarts of a stream that remembers the ids of the last `rememberedItems` items that it emitted. */
export const make = <A>({ bounds, readFirst }: ListRequest<A>, rememberedItems: number): Restarts<A> => {
  let emittedItems = 0
  /** Restarts in a row without a new item. */
  let restartsInARow = 0
  /** The time of the last item that was read: what is newer was emitted before. */
  let readTo = Number.POSITIVE_INFINITY
  let position = Number.POSITIVE_INFINITY
  return {
    readFirst: () =>
      bounds === undefined || position === Number.POSITIVE_INFINITY ? readFirst : bounds.readUntil(position),
    isBeforePosition: (item) => bounds !== undefined && bounds.timeOf(item) > position,
    recordPage: ({ items }, newItems) => {
      const last = items.at(-1)
      if (bounds !== undefined && last !== undefined) readTo = Math.min(readTo, bounds.timeOf(last))
      emittedItems += newItems
      if (newItems > 0) restartsInARow = 0
    },
    tryRestart: () => {
      // in a list without an order, only the remembered ids show what was emitted
      const remembersAll = bounds !== undefined || emittedItems <= rememberedItems
      if (!remembersAll || restartsInARow >= maxRestarts) return false
      restartsInARow++
      position = readTo
      return true
    }
  }
}
