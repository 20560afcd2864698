/**
 * A list page by page, each item once although the list shifts while it is read.
 */
import { Malformed } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import { makeSeen } from "./bounded.ts"
import { failed } from "./errors.ts"
import * as Pulls from "./pulls.ts"
import * as Restarts from "./restarts.ts"
import { endsBeforeSince, type Listing, type Sheet, wanted } from "./sheets.ts"

/** New items shift a page's worth of old ones onto the next page; this is many of the largest pages. */
const seenWindow = 10_000

/** So many sheets in a row with nothing new on them are no shift any more: the links lead nowhere. */
const maxBarren = 32

/** How often the top of a list is read again when it keeps moving. */
const maxRounds = 10

/** Where a walk through the list stands. */
interface Walk {
  /** `undefined` begins at the top. */
  readonly link: string | undefined
  /** 0 reads the list; the rounds after it look for what moved to the top meanwhile. */
  readonly round: number
  /** When the top item of the round before had moved there: nothing older can have moved since. */
  readonly since: number
}

const start: Walk = { link: undefined, round: 0, since: Number.NEGATIVE_INFINITY }

/** The state after the last sheet that could be reached, when there should be more. */
const circle = "circle"

const pages = <A>(listing: Listing<A>): Pulls.Batches<A, SignalWireHttpError> => {
  const { bounds, idOf, method, movedAt } = listing
  const seen = makeSeen(seenWindow)
  let links = makeSeen(seenWindow)
  const restarts = Restarts.make(listing, seenWindow)
  let barren = 0
  let sheets = 0
  let top = Number.NEGATIVE_INFINITY
  let oldest = Number.POSITIVE_INFINITY

  /** Whether it is met for the first time. In the order of time, what is older than all before it surely is. */
  const isNew = (item: A): boolean => {
    const time = bounds === undefined ? Number.POSITIVE_INFINITY : bounds.timeOf(item)
    if (!(time < oldest)) return seen.isNew(idOf(item))
    oldest = time
    seen.add(idOf(item))
    return true
  }

  /** What moved to the top of the list while more than one page of it was read can have been missed. */
  const again = (walk: Walk): Option.Option<Walk> =>
    movedAt === undefined || walk.link === undefined || walk.round >= maxRounds
      ? Option.none()
      : Option.some({ link: undefined, round: walk.round + 1, since: top })

  const after = (walk: Walk, sheet: Sheet<A>, foundNew: boolean): Option.Option<Walk | typeof circle> => {
    const next = sheet.links.next
    const last = sheet.items.at(-1)
    if (walk.link === undefined) {
      links = makeSeen(seenWindow)
      const head = sheet.items[0]
      if (head !== undefined && movedAt !== undefined) top = movedAt(head)
    }
    const isCaughtUp = walk.round > 0 && last !== undefined && movedAt !== undefined && movedAt(last) < walk.since
    if (next === undefined || isCaughtUp || endsBeforeSince(listing, sheet)) return again(walk)
    barren = foundNew ? 0 : barren + 1
    if (links.isNew(next) && barren <= maxBarren) return Option.some({ ...walk, link: next })
    return walk.round > 0 ? Option.none() : Option.some(circle)
  }

  return Pulls.paginate<Walk | typeof circle, A, SignalWireHttpError>(
    start,
    Effect.fnUntraced(function*(walk) {
      if (walk === circle) {
        return yield* failed(method, new Malformed({ path: "links.next", detail: "the links lead in a circle" }))
      }
      const read = yield* Effect.result(walk.link === undefined ? restarts.open() : listing.follow(walk.link))
      if (Result.isFailure(read)) {
        if (walk.link === undefined || !restarts.allows(read.failure)) return yield* read.failure
        // as many sheets may hold nothing but what was handed out already
        barren = -sheets
        return [[], Option.some<Walk | typeof circle>({ ...walk, link: undefined })] as const
      }
      const sheet = read.success
      sheets++
      const fresh = sheet.items.filter((item) => !restarts.isPassed(item) && isNew(item))
      restarts.took(sheet, fresh.length)
      return [wanted(listing, fresh), after(walk, sheet, fresh.length > 0)] as const
    })
  )
}

/** How many pages are read before they are asked for. */
const depth = 2

/** All items of a list, page after page as they are asked for. */
export const pull = <A>(
  listing: Listing<A>,
  /** What is put around the reading of each page. */
  within: (
    batches: Pulls.Batches<A, SignalWireHttpError>
  ) => Pulls.Batches<A, SignalWireHttpError>
): Effect.Effect<Pulls.Batches<A, SignalWireHttpError>, never, Scope.Scope> =>
  Effect.map(Pulls.ahead(within(pages(listing)), depth), (batches) => {
    const limit = listing.bounds?.limit
    return limit === undefined ? batches : Pulls.take(batches, limit)
  })
