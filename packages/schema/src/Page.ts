/**
 * A page of a list: what callers hold, and how the wire writes it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { anything, list, maybe, quickDecoder, struct, text } from "./internal/shape.ts"
import { isJsonObject, isNullishString } from "./JsonObject.ts"
import { type Decoder, type MalformedValue, within } from "./Malformed.ts"
import { Malformed, type Reason } from "./Reason.ts"
import type * as Schemas from "./Wire.ts"

/**
 * A page of a list, and the way to its neighbours. Messages come newest first, so `next` leads to older ones. Reading
 * page after page ends, or brings something new: the pages of `SignalWireHttp` fail with `Malformed` where a link leads
 * back to a page that was read, and after 32 pages in a row that bring nothing new.
 */
export interface Page<A, E> {
  /** The items. */
  readonly data: ReadonlyArray<A>
  /** Whether there was a page after this one when this one was read. */
  readonly hasNext: boolean
  /** Whether there was a page before this one when this one was read. */
  readonly hasPrev: boolean
  /** Items of this page that could not be read, each with its path. */
  readonly malformed: ReadonlyArray<MalformedValue>
  /** The page after this one; none when this is the last. */
  readonly next: Effect.Effect<Option.Option<Page<A, E>>, E>
  /** The page before this one; none when this is the first. */
  readonly prev: Effect.Effect<Option.Option<Page<A, E>>, E>
  /** The first page of the list. */
  readonly first: Effect.Effect<Page<A, E>, E>
  /** This page, read again. */
  readonly self: Effect.Effect<Page<A, E>, E>
}

/**
 * Whether reading a link failed because the server does not know it, or no longer: it restarted, or its pages have
 * expired. A caller may begin again from the first page.
 */
export const isStaleLink = ({ _tag }: Reason): boolean => _tag === "Invalid" || _tag === "NotFound"

/** The same page with other items and another error. */
export const mapBoth = <A, E, B, E2>(page: Page<A, E>, options: {
  readonly onItem: (item: A) => B
  readonly onError: (error: E) => E2
}): Page<B, E2> => {
  const one = (read: Effect.Effect<Page<A, E>, E>): Effect.Effect<Page<B, E2>, E2> =>
    Effect.mapBoth(read, { onFailure: options.onError, onSuccess: (page) => mapBoth(page, options) })
  const maybeOne = (read: Effect.Effect<Option.Option<Page<A, E>>, E>): Effect.Effect<Option.Option<Page<B, E2>>, E2> =>
    Effect.mapBoth(read, {
      onFailure: options.onError,
      onSuccess: (found) => Option.map(found, (page) => mapBoth(page, options))
    })
  return {
    ...page,
    data: page.data.map(options.onItem),
    next: maybeOne(page.next),
    prev: maybeOne(page.prev),
    first: one(page.first),
    self: one(page.self)
  }
}

/** How many pages one call passes over; the page after them is empty, and goes on from there. */
const maxPassedOver = 50

/** How many pages are passed over in a row, however many calls that takes. */
const maxInVain = 1000

/**
 * The same list with only the items that are `wanted`. Pages without any are skipped, at most 50 by one call: after
 * those comes an empty page, whose neighbours are beyond them. When a thousand pages in a row have none, the next call
 * fails with what `endless` makes of the reason.
 */
export const filter = <A, E>(
  page: Page<A, E>,
  wanted: (item: A) => boolean,
  endless: (reason: Malformed) => E
): Effect.Effect<Page<A, E>, E> => {
  /** What lies behind a page, when so many up to that one were passed over. */
  const beyond = Effect.fnUntraced(function*(
    from: Page<A, E>,
    passedOver: number,
    to: "next" | "prev"
  ): Effect.fn.Return<Option.Option<Page<A, E>>, E> {
    let found = yield* from[to]
    let inVain = passedOver
    while (Option.isSome(found) && !found.value.data.some(wanted)) {
      inVain++
      if (to === "next" ? found.value.hasNext : found.value.hasPrev) {
        if (inVain >= maxInVain) {
          const detail = `${inVain} pages in a row have nothing of what is wanted`
          return yield* Effect.fail(endless(new Malformed({ path: `links.${to}`, detail })))
        }
        if (inVain - passedOver >= maxPassedOver) return Option.some(narrowed(found.value, inVain))
      }
      found = yield* found.value[to]
    }
    return Option.map(found, (page) => narrowed(page, 0))
  })
  const narrowed = (page: Page<A, E>, passedOver: number): Page<A, E> => ({
    ...page,
    data: page.data.filter(wanted),
    next: beyond(page, passedOver, "next"),
    prev: beyond(page, passedOver, "prev"),
    first: Effect.flatMap(page.first, orNext),
    self: Effect.map(page.self, (again) => narrowed(again, passedOver))
  })
  const orNext = (page: Page<A, E>): Effect.Effect<Page<A, E>, E> =>
    page.data.some(wanted) || !page.hasNext
      ? Effect.succeed(narrowed(page, 0))
      : Effect.map(beyond(page, 1, "next"), Option.getOrElse(() => narrowed(page, 0)))
  return orNext(page)
}

/** Links to neighbouring pages; a missing one says that there is no such page. */
export interface Links {
  /** This page. */
  readonly self?: string
  /** The first page of the list. */
  readonly first?: string
  /** The page after this one. */
  readonly next?: string
  /** The page before this one. */
  readonly prev?: string
}

/** A page's items, its links, and what could not be read of it. */
export interface Decoded<A> {
  /** What could be read, in order. */
  readonly items: ReadonlyArray<A>
  /** The way to its neighbours. */
  readonly links: Links
  /** Items that were left out, each with its path: the rest of the page stands. */
  readonly malformed: ReadonlyArray<MalformedValue>
}

/** A page on the wire. */
export type Wire = typeof Schemas.Page.Type

/** Whether it is surely a page on the wire; see `quickDecoder`. */
export const isWire = (input: unknown): input is Wire => {
  if (!isJsonObject(input) || !Array.isArray(input["data"])) return false
  const links = input["links"]
  return !("links" in input) || links === null || (
    isJsonObject(links) &&
    isNullishString(links["self"]) &&
    isNullishString(links["first"]) &&
    isNullishString(links["next"]) &&
    isNullishString(links["prev"])
  )
}

const decodeWire = quickDecoder(
  struct<Wire>({
    data: list(anything),
    links: maybe(struct<NonNullable<Wire["links"]>>({
      self: maybe(text),
      first: maybe(text),
      next: maybe(text),
      prev: maybe(text)
    }))
  }),
  isWire
)

const linkNames = ["self", "first", "next", "prev"] as const

const presentLinks = (wire: Wire["links"]): Links => {
  const links: { -readonly [K in keyof Links]: Links[K] } = {}
  for (const name of linkNames) {
    const link = wire?.[name]
    if (link) links[name] = link
  }
  return links
}

/** Reads a page, item by item: a malformed item is reported and left out. */
export const decode = <A>(input: unknown, decodeItem: Decoder<A>): Result.Result<Decoded<A>, MalformedValue> =>
  Result.map(decodeWire(input), ({ data, links }) => {
    const items: Array<A> = []
    const malformed: Array<MalformedValue> = []
    for (let index = 0; index < data.length; index++) {
      const item = decodeItem(data[index])
      if (Result.isSuccess(item)) items.push(item.success)
      else malformed.push(within(`data[${index}]`, item.failure))
    }
    return { items, malformed, links: presentLinks(links) }
  })
