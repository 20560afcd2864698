/**
 * A bounded traversal of the pages of one list. The server decides where links lead, so a traversal follows no link
 * twice, pauses between pages without new items, and fails after too many of those in a row. Each page and each stream
 * of a list is read in a traversal, also by a caller that reads page after page.
 */
import * as Backoff from "@effect-signalwire/runtime/Backoff"
import * as Effect from "effect/Effect"
import * as SeenIds from "./seenIds.ts"

/** How many of the links that were followed last are remembered, at least. */
const linkCapacity = 2048

/** How many ids are remembered, at least. New items shift at most a page of old ones onto the next page. */
export const idCapacity = 10_000

/** New items do not shift others onto so many pages in a row: links that lead to more such pages have no end. */
const maxPagesWithoutNewItems = 32

/** How many pages without new items in a row are read without a pause. */
const maxPagesWithoutPause = 5

/** The first pause, which doubles with each further page, and the longest. */
const pauses: Backoff.Bounds = { baseMillis: 100, capMillis: 5000 }

const pauseMillis = (pagesWithoutNewItems: number): number =>
  pagesWithoutNewItems < maxPagesWithoutPause
    ? 0
    : Backoff.delayMillis({ ...pauses, attempt: pagesWithoutNewItems - maxPagesWithoutPause })

export type Direction = "next" | "prev"

/** What the pages of one traversal share. */
interface Memory {
  /** The number of the last page that was reached. */
  lastPage: number
  readonly links: SeenIds.SeenIds
  readonly ids: SeenIds.SeenIds
}

const makeMemory = (lastPage: number): Memory => ({
  lastPage,
  links: SeenIds.make(linkCapacity),
  ids: SeenIds.make(idCapacity)
})

/** A traversal at one of its pages. */
export interface Traversal {
  readonly direction: Direction
  /** Moves on to the page behind a link, after a pause if one is due; fails with why the link must not be followed. */
  readonly follow: (url: string) => Effect.Effect<Traversal, string>
  /** Records whether the page has new items. */
  readonly recordNewItems: (hasNewItems: boolean) => Traversal
  /** Records the ids of the items on the page. */
  readonly recordIds: (ids: ReadonlyArray<string>) => Traversal
}

/** `pagesWithoutNewItems` are in a row and include the page itself. */
const makeAt = (direction: Direction, ownMemory: Memory, page: number, pagesWithoutNewItems: number): Traversal => {
  const recordNewItems = (hasNewItems: boolean) =>
    makeAt(direction, ownMemory, page, hasNewItems ? 0 : pagesWithoutNewItems + 1)
  return {
    direction,
    recordNewItems,
    // every id is added, also after the first one that is new
    recordIds: (ids) => recordNewItems(ids.filter(ownMemory.ids.addIfNew).length > 0),
    follow: (url) =>
      Effect.suspend(() => {
        if (pagesWithoutNewItems >= maxPagesWithoutNewItems) {
          return Effect.fail(`${maxPagesWithoutNewItems} pages in a row have no new items`)
        }
        // a caller may move on from a page again: the pages that it read after it before are then no repetition
        const memory = ownMemory.lastPage === page ? ownMemory : makeMemory(page)
        if (!memory.links.addIfNew(url)) return Effect.fail("the link leads back to a page that was already read")
        memory.lastPage = page + 1
        const next = makeAt(direction, memory, page + 1, pagesWithoutNewItems)
        const pause = pauseMillis(pagesWithoutNewItems)
        return pause > 0 ? Effect.as(Effect.sleep(pause), next) : Effect.succeed(next)
      })
  }
}

/**
 * A new traversal. `expectedPagesWithoutNewItems` is how many pages at its beginning may have no new items before they
 * count, as when a stream reads again what it has already emitted.
 */
export const make = (direction: Direction = "next", expectedPagesWithoutNewItems = 0): Traversal =>
  makeAt(direction, makeMemory(0), 0, -expectedPagesWithoutNewItems)
