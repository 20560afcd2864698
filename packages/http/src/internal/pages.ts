/**
 * Page objects: a sheet cut to what is wanted, and the way to its neighbours.
 */
import type * as SchemaPage from "@effect-signalwire/schema/Page"
import * as Effect from "effect/Effect"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import { type Direction, PageWalk } from "./pageWalk.ts"
import { beginsAfterUntil, endsBeforeSince, isAllAfterUntil, type Listing, type Step, wanted } from "./sheets.ts"

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
const towards = (walk: PageWalk, direction: Direction): PageWalk =>
  walk.direction === direction ? walk : PageWalk.start(direction)

/** The page behind a link. Apart from `load`, so that a page's neighbours do not hold on to its items. */
const neighbour = <A>(
  listing: Listing<A>,
  walk: PageWalk,
  direction: Direction,
  link: string | undefined,
  position: Position
): Page<A>[Direction] =>
  link === undefined ? Effect.succeedNone : Effect.suspend(() =>
    Effect.asSome(
      Effect.flatMap(listing.follow(towards(walk, direction), link), (step) => load(listing, step, position))
    )
  )

/** The page that is read at a step. */
const load = <A>(
  listing: Listing<A>,
  begun: Step<A>,
  position: Position
): Effect.Effect<Page<A>, SignalWireHttpError> =>
  Effect.gen(function*() {
    const limit = listing.bounds?.limit ?? Number.POSITIVE_INFINITY
    const read = Effect.fnUntraced(function*(step: Step<A>) {
      const sheet = yield* step.read
      return { sheet, step: { ...step, walk: step.walk.broughtItems(sheet.items.map(listing.idOf)) } }
    })
    let { sheet, step } = yield* read(begun)
    let skipped = 0
    while (skipped < maxSkipped && sheet.links.next !== undefined && isAllAfterUntil(listing, sheet)) {
      ;({ sheet, step } = yield* read(yield* listing.follow(towards(step.walk, "next"), sheet.links.next)))
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
      next: neighbour(listing, step.walk, "next", next, after),
      prev: neighbour(listing, step.walk, "prev", prev, position.previous ?? start),
      first: first(listing),
      self: Effect.suspend(() => load(listing, { ...step, walk: PageWalk.start() }, position))
    }
  })

/** The first page of a list. */
export const first = <A>(listing: Listing<A>): Effect.Effect<Page<A>, SignalWireHttpError> =>
  Effect.suspend(() => load(listing, { walk: PageWalk.start(), read: listing.open }, start))
