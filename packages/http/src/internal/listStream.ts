/**
 * A stream of a list that yields each item once, although items are added and moved while the list is read.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import * as StaleLink from "../StaleLink.ts"
import { endsBeforeSince, type ListRequest, type RawPage, select, type Step } from "./listRequest.ts"
import * as Pulls from "./pulls.ts"
import * as Restarts from "./restarts.ts"
import * as SeenIds from "./seenIds.ts"
import * as Traversal from "./traversal.ts"

type Batches<A> = Pulls.Batches<A, SignalWireHttpError>

/** How often the top of a list is read again while items keep moving there. */
const maxRounds = 10

/** The next page of a stream. */
interface Position {
  /** `undefined` for the first page. */
  readonly link: string | undefined
  readonly traversal: Traversal.Traversal
  /** Round 0 reads the list; later rounds look for items that moved to its top meanwhile. */
  readonly round: number
  /** When the top item of the round before was moved: no older item can have moved since. */
  readonly since: number
}

const start = (): Position => ({
  link: undefined,
  traversal: Traversal.make(),
  round: 0,
  since: Number.NEGATIVE_INFINITY
})

const readBatches = <A>(list: ListRequest<A>): Batches<A> => {
  const { bounds, idOf, movedAt } = list
  const seen = SeenIds.make(Traversal.idCapacity)
  const restarts = Restarts.make(list, Traversal.idCapacity)
  let pagesWithNewItems = 0
  let topMovedAt = Number.NEGATIVE_INFINITY
  let oldest = Number.POSITIVE_INFINITY

  /** In order of time, an item that is older than all before it is new: it need not be looked up. */
  const isNew = (item: A): boolean => {
    const time = bounds === undefined ? Number.POSITIVE_INFINITY : bounds.timeOf(item)
    if (!(time < oldest)) return seen.addIfNew(idOf(item))
    oldest = time
    seen.add(idOf(item))
    return true
  }

  /** Items that moved to the top while the pages after the first were read may have been missed. */
  const nextRound = ({ link, round }: Position): Option.Option<Position> =>
    movedAt === undefined || link === undefined || round >= maxRounds
      ? Option.none()
      : Option.some({ ...start(), round: round + 1, since: topMovedAt })

  const nextPosition = (
    position: Position,
    traversal: Traversal.Traversal,
    page: RawPage<A>
  ): Option.Option<Position> => {
    const { link, round, since } = position
    const next = page.links.next
    const first = page.items[0]
    const last = page.items.at(-1)
    if (link === undefined && first !== undefined && movedAt !== undefined) topMovedAt = movedAt(first)
    const isCaughtUp = round > 0 && last !== undefined && movedAt !== undefined && movedAt(last) < since
    return next === undefined || isCaughtUp || endsBeforeSince(list, page)
      ? nextRound(position)
      : Option.some({ ...position, link: next, traversal })
  }

  const read = (
    { link, traversal }: Position
  ): Effect.Effect<Step<A>, SignalWireHttpError | StaleLink.StaleLink<SignalWireHttpError>> =>
    link === undefined
      ? Effect.map(restarts.readFirst(), (page) => ({ traversal, page }))
      : StaleLink.follow(list.followLink(traversal, link))

  return Pulls.paginate<Position, A, SignalWireHttpError>(
    start(),
    Effect.fnUntraced(function*(position) {
      const step = yield* Effect.result(read(position))
      if (Result.isFailure(step)) {
        if (StaleLink.isStaleLink(step.failure)) {
          if (!restarts.tryRestart()) return yield* step.failure.error
          // as many pages may have only items that were already emitted
          const traversal = Traversal.make("next", pagesWithNewItems)
          return [[], Option.some<Position>({ ...position, link: undefined, traversal })] as const
        }
        const { reason } = step.failure
        // the list itself was read to its end in round 0
        if (position.round > 0 && reason._tag === "Malformed" && reason.path === "links.next") {
          return [[], Option.none<Position>()] as const
        }
        return yield* step.failure
      }
      const { page, traversal } = step.success
      const newItems = page.items.filter((item) => !restarts.isBeforePosition(item) && isNew(item))
      if (newItems.length > 0) pagesWithNewItems++
      restarts.recordPage(page, newItems.length)
      const next = nextPosition(position, traversal.recordNewItems(newItems.length > 0), page)
      return [select(list, newItems), next] as const
    })
  )
}

/** How many pages are read before they are pulled. */
const prefetchedPages = 2

/**
 * Pulls all items of a list, page by page, each once. `withinSpan` is applied to the reading of each page.
 */
export const pull = <A>(
  list: ListRequest<A>,
  withinSpan: (batches: Batches<A>) => Batches<A>
): Effect.Effect<Batches<A>, never, Scope.Scope> =>
  Effect.map(Pulls.prefetch(withinSpan(readBatches(list)), prefetchedPages), (batches) => {
    const limit = list.bounds?.limit
    return limit === undefined ? batches : Pulls.take(batches, limit)
  })
