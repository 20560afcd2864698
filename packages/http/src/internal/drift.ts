/**
 * A list page by page, each item once although the list shifts while it is read.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import { makeSeen } from "./bounded.ts"
import * as PageWalk from "./pageWalk.ts"
import * as Pulls from "./pulls.ts"
import * as Restarts from "./restarts.ts"
import { endsBeforeSince, type Listing, type Sheet, type Step, wanted } from "./sheets.ts"

/** How often the top of a list is read again when it keeps moving. */
const maxRounds = 10

/** Where the reading of a list stands. */
interface Position {
  /** `undefined` begins at the top. */
  readonly link: string | undefined
  readonly walk: PageWalk.PageWalk
  /** 0 reads the list; the rounds after it look for what moved to the top meanwhile. */
  readonly round: number
  /** When the top item of the round before had moved there: nothing older can have moved since. */
  readonly since: number
}

const start = (): Position => ({
  link: undefined,
  walk: PageWalk.start(),
  round: 0,
  since: Number.NEGATIVE_INFINITY
})

const pages = <A>(listing: Listing<A>): Pulls.Batches<A, SignalWireHttpError> => {
  const { bounds, idOf, movedAt } = listing
  const seen = makeSeen(PageWalk.idWindow)
  const restarts = Restarts.make(listing, PageWalk.idWindow)
  let sheetsWithNews = 0
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
  const again = ({ link, round }: Position): Option.Option<Position> =>
    movedAt === undefined || link === undefined || round >= maxRounds
      ? Option.none()
      : Option.some({ ...start(), round: round + 1, since: top })

  const after = (position: Position, walk: PageWalk.PageWalk, sheet: Sheet<A>): Option.Option<Position> => {
    const { link, round, since } = position
    const next = sheet.links.next
    const last = sheet.items.at(-1)
    const head = sheet.items[0]
    if (link === undefined && head !== undefined && movedAt !== undefined) top = movedAt(head)
    const isCaughtUp = round > 0 && last !== undefined && movedAt !== undefined && movedAt(last) < since
    return next === undefined || isCaughtUp || endsBeforeSince(listing, sheet)
      ? again(position)
      : Option.some({ ...position, link: next, walk })
  }

  const stepTo = ({ link, walk }: Position): Effect.Effect<Step<A>, SignalWireHttpError> =>
    link === undefined ? Effect.map(restarts.open(), (sheet) => ({ walk, sheet })) : listing.follow(walk, link)

  return Pulls.paginate<Position, A, SignalWireHttpError>(
    start(),
    Effect.fnUntraced(function*(position) {
      const step = yield* Effect.result(stepTo(position))
      if (Result.isFailure(step)) {
        const { reason } = step.failure
        // the list itself was read to its end
        if (position.round > 0 && reason._tag === "Malformed" && reason.path === "links.next") {
          return [[], Option.none<Position>()] as const
        }
        if (position.link === undefined || !restarts.allows(step.failure)) return yield* step.failure
        // as many sheets may hold nothing but what was handed out already
        const walk = PageWalk.start("next", sheetsWithNews)
        return [[], Option.some<Position>({ ...position, link: undefined, walk })] as const
      }
      const { sheet, walk } = step.success
      const fresh = sheet.items.filter((item) => !restarts.isPassed(item) && isNew(item))
      if (fresh.length > 0) sheetsWithNews++
      restarts.took(sheet, fresh.length)
      return [wanted(listing, fresh), after(position, walk.brought(fresh.length > 0), sheet)] as const
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
