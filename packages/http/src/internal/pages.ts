/**
 * Page objects: a sheet cut to what is wanted, and the way to its neighbours.
 */
import type * as SchemaPage from "@effect-signalwire/schema/Page"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import { beginsAfterUntil, endsBeforeSince, isAllAfterUntil, type Listing, type Sheet, wanted } from "./sheets.ts"

type Page<A> = SchemaPage.Page<A, SignalWireHttpError>

/** How many items the pages before this one held, for the limit to count over all of them. */
interface Position {
  readonly before: number
  readonly previous: Position | undefined
}

const start: Position = { before: 0, previous: undefined }

/** How many sheets newer than `until` one page may skip; the page after them is empty, and goes on from there. */
const maxSkipped = 50

const load = <A>(
  listing: Listing<A>,
  open: Effect.Effect<Sheet<A>, SignalWireHttpError>,
  position: Position
): Effect.Effect<Page<A>, SignalWireHttpError> =>
  Effect.gen(function*() {
    const limit = listing.bounds?.limit ?? Number.POSITIVE_INFINITY
    let self = open
    let sheet = yield* self
    let skipped = 0
    while (skipped < maxSkipped && sheet.links.next !== undefined && isAllAfterUntil(listing, sheet)) {
      self = listing.follow(sheet.links.next)
      sheet = yield* self
      skipped++
    }
    const data = wanted(listing, sheet.items).slice(0, limit - position.before)
    const after: Position = limit === Number.POSITIVE_INFINITY
      ? start
      : { before: position.before + data.length, previous: position }
    const next = after.before >= limit || endsBeforeSince(listing, sheet) ? undefined : sheet.links.next
    const prev = skipped > 0 || beginsAfterUntil(listing, sheet) ? undefined : sheet.links.prev
    const neighbour = (
      link: string | undefined,
      at: Position
    ): Effect.Effect<Option.Option<Page<A>>, SignalWireHttpError> =>
      link === undefined ? Effect.succeedNone : Effect.map(load(listing, listing.follow(link), at), Option.some)
    return {
      data,
      malformed: sheet.malformed,
      hasNext: next !== undefined,
      hasPrev: prev !== undefined,
      next: neighbour(next, after),
      prev: neighbour(prev, position.previous ?? start),
      first: load(listing, listing.open, start),
      self: load(listing, self, position)
    }
  })

/** The first page of a list. */
export const first = <A>(listing: Listing<A>): Effect.Effect<Page<A>, SignalWireHttpError> =>
  load(listing, listing.open, start)
