/**
 * The `Page` objects that callers receive: the selected items of a raw page, and Effects that read its neighbours.
 */
import type * as SchemaPage from "@effect-signalwire/schema/Page"
import * as Effect from "effect/Effect"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import {
  beginsAfterUntil,
  endsBeforeSince,
  isAllAfterUntil,
  type ListRequest,
  type RawPage,
  select,
  type Step
} from "./listRequest.ts"
import * as Traversal from "./traversal.ts"

type Page<A> = SchemaPage.Page<A, SignalWireHttpError>

/** How many items the pages before this one have, since the limit counts over all pages. */
interface Position {
  readonly itemsBefore: number
  readonly previous: Position | undefined
}

const start: Position = { itemsBefore: 0, previous: undefined }

/**
 * How many raw pages newer than `until` one page may skip. The page after those is empty, and its `next` continues from
 * there.
 */
const maxSkippedPages = 50

/** The same traversal in its own direction, a new one in the other. */
const towards = (traversal: Traversal.Traversal, direction: Traversal.Direction): Traversal.Traversal =>
  traversal.direction === direction ? traversal : Traversal.make(direction)

/** Reads a raw page as part of a traversal. */
type Read<A> = (traversal: Traversal.Traversal) => Effect.Effect<Step<A>, SignalWireHttpError>

/** The page behind a link. It is not a closure of `load`, so that a page's neighbours do not retain its items. */
const neighbour = <A>(
  list: ListRequest<A>,
  traversal: Traversal.Traversal,
  direction: Traversal.Direction,
  link: string | undefined,
  position: Position
): Page<A>[Traversal.Direction] =>
  link === undefined
    ? Effect.succeedNone
    : Effect.suspend(() =>
      Effect.asSome(
        load(list, (traversal) => list.followLink(traversal, link), towards(traversal, direction), position)
      )
    )

const load = <A>(
  list: ListRequest<A>,
  read: Read<A>,
  from: Traversal.Traversal,
  position: Position
): Effect.Effect<Page<A>, SignalWireHttpError> =>
  Effect.gen(function*() {
    const limit = list.bounds?.limit ?? Number.POSITIVE_INFINITY
    let readSelf = read
    let traversal = from
    let page: RawPage<A>
    let skipped = 0
    for (;;) {
      ;({ page, traversal } = yield* readSelf(traversal))
      traversal = traversal.recordIds(page.items.map(list.idOf))
      const { next } = page.links
      if (skipped >= maxSkippedPages || next === undefined || !isAllAfterUntil(list, page)) break
      readSelf = (traversal) => list.followLink(traversal, next)
      traversal = towards(traversal, "next")
      skipped++
    }
    const data = select(list, page.items).slice(0, limit - position.itemsBefore)
    const after: Position = limit === Number.POSITIVE_INFINITY
      ? start
      : { itemsBefore: position.itemsBefore + data.length, previous: position }
    const next = after.itemsBefore >= limit || endsBeforeSince(list, page) ? undefined : page.links.next
    const prev = skipped > 0 || beginsAfterUntil(list, page) ? undefined : page.links.prev
    return {
      data,
      malformed: page.malformed,
      hasNext: next !== undefined,
      hasPrev: prev !== undefined,
      next: neighbour(list, traversal, "next", next, after),
      prev: neighbour(list, traversal, "prev", prev, position.previous ?? start),
      first: first(list),
      self: Effect.suspend(() => load(list, readSelf, Traversal.make(), position))
    }
  })

/** Reads the first page of a list, in a new traversal. */
export const first = <A>(list: ListRequest<A>): Effect.Effect<Page<A>, SignalWireHttpError> =>
  Effect.suspend(() =>
    load(
      list,
      (traversal) => Effect.map(list.readFirst, (page) => ({ traversal, page })),
      Traversal.make(),
      start
    )
  )
