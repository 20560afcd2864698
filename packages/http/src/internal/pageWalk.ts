/**
 * A walk from page to page of one list. Servers decide where it leads, so it is held to an end: it does not follow a link
 * twice, it slows down where pages bring nothing new, and gives up when there are many such pages in a row. Every page
 * and every stream of a list goes on by it, and so does whoever walks over their pages.
 */
import * as Effect from "effect/Effect"
import { makeSeen, type Seen } from "./bounded.ts"

/** At least so many links are remembered, those that were followed last. */
const linkWindow = 2048

/** New items shift a page's worth of old ones onto the next page; this is many of the largest pages. */
export const idWindow = 10_000

/** So many pages in a row with nothing new on them are no shift any more: the links lead nowhere. */
const maxWithoutNews = 32

/** So many of them are read at full speed. */
const quickWithoutNews = 5

const firstPauseMillis = 100
const longestPauseMillis = 5000

const pauseMillis = (pagesWithoutNews: number): number =>
  pagesWithoutNews < quickWithoutNews
    ? 0
    : Math.min(firstPauseMillis * 2 ** (pagesWithoutNews - quickWithoutNews), longestPauseMillis)

export type Direction = "next" | "prev"

/** What the pages of one walk share. */
interface Memory {
  /** The number of the last page that was gone on to. */
  furthest: number
  readonly links: Seen
  readonly ids: Seen
}

const makeMemory = (furthest: number): Memory => ({
  furthest,
  links: makeSeen(linkWindow),
  ids: makeSeen(idWindow)
})

/** A walk as it stands at one page. */
export interface PageWalk {
  readonly direction: Direction
  /** Goes on to where a link leads, after the pause that is due; fails with the reason why it must not be followed. */
  readonly follow: (url: string) => Effect.Effect<PageWalk, string>
  /** Takes note of whether the page brought anything new. */
  readonly brought: (isNew: boolean) => PageWalk
  /** Takes note of the items on the page, by their ids. */
  readonly broughtItems: (ids: ReadonlyArray<string>) => PageWalk
}

/** The walk at the page of a number, when so many in a row, that one included, brought nothing new. */
const at = (direction: Direction, own: Memory, page: number, withoutNews: number): PageWalk => {
  const brought = (isNew: boolean) => at(direction, own, page, isNew ? 0 : withoutNews + 1)
  return {
    direction,
    brought,
    broughtItems: (ids) => brought(ids.filter(own.ids.isNew).length > 0),
    follow: (url) =>
      Effect.suspend(() => {
        if (withoutNews >= maxWithoutNews) return Effect.fail("pages without anything new lead on and on")
        // a page can be gone on from more than once: what was read after it before is no repetition then
        const memory = own.furthest === page ? own : makeMemory(page)
        if (!memory.links.isNew(url)) return Effect.fail("a link leads back to a page that was read")
        memory.furthest = page + 1
        const onward = at(direction, memory, page + 1, withoutNews)
        const pause = pauseMillis(withoutNews)
        return pause > 0 ? Effect.as(Effect.sleep(pause), onward) : Effect.succeed(onward)
      })
  }
}

/** A walk that begins. `allowance`: how many pages at its beginning may bring nothing new, which is then no wonder. */
export const start = (direction: Direction = "next", allowance = 0): PageWalk =>
  at(direction, makeMemory(0), 0, -allowance)
