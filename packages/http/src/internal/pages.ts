/**
 * Page objects: a sheet cut to what is wanted, and the way to its neighbours.
 */
import type * as SchemaPage from "@effect-signalwire/schema/Page"
import * as Effect from "effect/Effect"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import * as PageWalk from "./pageWalk.ts"
import {
  beginsAfterUntil,
  endsBeforeSince,
  isAllAfterUntil,
  type Listing,
  type Sheet,
  type Step,
  wanted
} from "./sheets.ts"

type Page<A> = SchemaPage.Page<A, SignalWireHttpError>

/** How many items the pages before this one held, for the limit to count over all of them. */
interface Position {
  readonly before: number
  readonly previous: Position | undefined
}

const start: Position = { before: 0, previous: undefined }

/** How many sheets newer than `until` one page may skip; the page after them is empty, and goes on from there. */
const maxSkipped = 50

/** The walk in a direction: the same as far as it went there, and a new one back. */
const towards = (walk: PageWalk.PageWalk, direction: PageWalk.Direction): PageWalk.PageWalk =>
  walk.direction === direction ? walk : PageWalk.start(direction)

/** How a page is read, in a walk that comes to it. */
type Way<A> = (walk: PageWalk.PageWalk) => Effect.Effect<Step<A>, SignalWireHttpError>

/** The page behind a link. Apart from `load`, so that a page's neighbours do not hold on to its items. */
const neighbour = <A>(
  listing: Listing<A>,
  walk: PageWalk.PageWalk,
  direction: PageWalk.Direction,
  link: string | undefined,
  position: Position
): Page<A>[PageWalk.Direction] =>
  link === undefined ?
    Effect.succeedNone :
    Effect.suspend(() =>
      Effect.asSome(load(listing, (walk) => listing.follow(walk, link), towards(walk, direction), position))
    )

const load = <A>(
  listing: Listing<A>,
  way: Way<A>,
  from: PageWalk.PageWalk,
  position: Position
): Effect.Effect<Page<A>, SignalWireHttpError> =>
  Effect.gen(function*() {
    const limit = listing.bounds?.limit ?? Number.POSITIVE_INFINITY
    let self = way
    let walk = from
    let sheet: Sheet<A>
    let skipped = 0
    for (;;) {
      ;({ sheet, walk } = yield* self(walk))
      walk = walk.broughtItems(sheet.items.map(listing.idOf))
      const { next } = sheet.links
      if (skipped >= maxSkipped || next === undefined || !isAllAfterUntil(listing, sheet)) break
      self = (walk) => listing.follow(walk, next)
      walk = towards(walk, "next")
      skipped++
    }
    const data = wanted(listing, sheet.items).slice(0, limit - position.before)
    const after: Position = limit === Number.POSITIVE_INFINITY
      ? start
      : { before: position.before + data.length, previous: position }
    const next = after.before >= limit || endsBeforeSince(listing, sheet) ? undefined : sheet.links.next
    const prev = skipped > 0 || beginsAfterUntil(listing, sheet) ? undefined : sheet.links.prev
    return {
      data,
      malformed: sheet.malformed,
      hasNext: next !== undefined,
      hasPrev: prev !== undefined,
      next: neighbour(listing, walk, "next", next, after),
      prev: neighbour(listing, walk, "prev", prev, position.previous ?? start),
      first: first(listing),
      self: Effect.suspend(() => load(listing, self, PageWalk.start(), position))
    }
  })

/** The first page of a list. Every reading of it begins a walk of its own. */
export const first = <A>(listing: Listing<A>): Effect.Effect<Page<A>, SignalWireHttpError> =>
  Effect.suspend(() =>
    load(listing, (walk) => Effect.map(listing.open, (sheet) => ({ walk, sheet })), PageWalk.start(), start)
  )
