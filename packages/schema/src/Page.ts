/**
 * Pages of lists: the `Page` that callers receive, with Effects for its neighbours, and the wire format of a page.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { array, decoderWithFastPath, nullish, string, struct, unknown } from "./internal/shape.ts"
import { isJsonObject, isNullishString } from "./JsonObject.ts"
import { type Decoder, type MalformedValue, prefixPath } from "./Malformed.ts"
import { Malformed, type Reason } from "./Reason.ts"
import type * as WireSchemas from "./WireSchemas.ts"

/**
 * A page of a list, with Effects that read its neighbours. Messages are sorted newest first, so `next` reads older
 * ones.
 *
 * Reading page after page cannot continue without progress: the pages of `SignalWireHttp` fail with `Malformed` if a link
 * leads back to a page that was already read, and after 32 consecutive pages without a new item.
 */
export interface Page<A, E> {
  /** The items. */
  readonly data: ReadonlyArray<A>
  /** Whether there was a next page when this one was read. */
  readonly hasNext: boolean
  /** Whether there was a previous page when this one was read. */
  readonly hasPrev: boolean
  /** Items of this page that could not be decoded, each with its path. They are missing from `data`. */
  readonly malformed: ReadonlyArray<MalformedValue>
  /** Reads the next page; `None` if this is the last one. */
  readonly next: Effect.Effect<Option.Option<Page<A, E>>, E>
  /** Reads the previous page; `None` if this is the first one. */
  readonly prev: Effect.Effect<Option.Option<Page<A, E>>, E>
  /** Reads the first page of the list. */
  readonly first: Effect.Effect<Page<A, E>, E>
  /** Reads this page again. */
  readonly self: Effect.Effect<Page<A, E>, E>
}

/**
 * Whether the reason why a page could not be read may be that the server does not know the link any more: it restarted,
 * or its links have expired. Start again from the first page then.
 */
export const isStaleLinkReason = ({ _tag }: Reason): boolean => _tag === "Invalid" || _tag === "NotFound"

/** Maps the items and the error of a page, and those of all pages that it leads to. */
export const mapBoth = <A, E, B, E2>(page: Page<A, E>, options: {
  readonly onItem: (item: A) => B
  readonly onError: (error: E) => E2
}): Page<B, E2> => {
  const mapPage = (read: Effect.Effect<Page<A, E>, E>): Effect.Effect<Page<B, E2>, E2> =>
    Effect.mapBoth(read, { onFailure: options.onError, onSuccess: (page) => mapBoth(page, options) })
  const mapNeighbour = (
    read: Effect.Effect<Option.Option<Page<A, E>>, E>
  ): Effect.Effect<Option.Option<Page<B, E2>>, E2> =>
    Effect.mapBoth(read, {
      onFailure: options.onError,
      onSuccess: (found) => Option.map(found, (page) => mapBoth(page, options))
    })
  return {
    ...page,
    data: page.data.map(options.onItem),
    next: mapNeighbour(page.next),
    prev: mapNeighbour(page.prev),
    first: mapPage(page.first),
    self: mapPage(page.self)
  }
}

/** The most pages that one call skips. After that it returns an empty page, whose neighbours are the pages beyond. */
const maxSkippedPerCall = 50

/** The most consecutive pages that are skipped, over any number of calls. */
const maxSkippedInARow = 1000

/**
 * Filters the items of a page, and of all pages that it leads to. Pages without a matching item are skipped. One call
 * skips at most 50 pages: it returns an empty page then, whose `next` or `prev` continues from there. After 1000
 * consecutive pages without a match, the next call fails with the error that `onLimit` makes from the reason.
 */
export const filter = <A, E>(
  page: Page<A, E>,
  predicate: (item: A) => boolean,
  onLimit: (reason: Malformed) => E
): Effect.Effect<Page<A, E>, E> => {
  /** Reads the nearest page with a match. `skippedBefore` counts the pages that were skipped up to `from`. */
  const nearestMatch = Effect.fnUntraced(function*(
    from: Page<A, E>,
    skippedBefore: number,
    direction: "next" | "prev"
  ): Effect.fn.Return<Option.Option<Page<A, E>>, E> {
    let found = yield* from[direction]
    let skipped = skippedBefore
    while (Option.isSome(found) && !found.value.data.some(predicate)) {
      skipped++
      if (direction === "next" ? found.value.hasNext : found.value.hasPrev) {
        if (skipped >= maxSkippedInARow) {
          const detail = `${skipped} pages in a row contain no matching item`
          return yield* Effect.fail(onLimit(new Malformed({ path: `links.${direction}`, detail })))
        }
        if (skipped - skippedBefore >= maxSkippedPerCall) return Option.some(filtered(found.value, skipped))
      }
      found = yield* found.value[direction]
    }
    return Option.map(found, (page) => filtered(page, 0))
  })
  const filtered = (page: Page<A, E>, skipped: number): Page<A, E> => ({
    ...page,
    data: page.data.filter(predicate),
    next: nearestMatch(page, skipped, "next"),
    prev: nearestMatch(page, skipped, "prev"),
    first: Effect.flatMap(page.first, firstMatch),
    self: Effect.map(page.self, (again) => filtered(again, skipped))
  })
  const firstMatch = (page: Page<A, E>): Effect.Effect<Page<A, E>, E> =>
    page.data.some(predicate) || !page.hasNext
      ? Effect.succeed(filtered(page, 0))
      : Effect.map(nearestMatch(page, 1, "next"), Option.getOrElse(() => filtered(page, 0)))
  return firstMatch(page)
}

/** Links to other pages of the list. A missing link means that there is no such page. */
export interface Links {
  /** This page. */
  readonly self?: string
  /** The first page of the list. */
  readonly first?: string
  /** The next page. */
  readonly next?: string
  /** The previous page. */
  readonly prev?: string
}

/** The result of decoding a page. */
export interface Decoded<A> {
  /** The items that could be decoded, in order. */
  readonly items: ReadonlyArray<A>
  /** The links to other pages. */
  readonly links: Links
  /** The items that could not be decoded, each with its path. */
  readonly malformed: ReadonlyArray<MalformedValue>
}

/** The wire format of a page. */
export type Wire = typeof WireSchemas.Page.Type

/** Whether a value certainly conforms to {@link Wire}. The fast path of {@link decode}. */
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

const decodeWire = decoderWithFastPath(
  struct<Wire>({
    data: array(unknown),
    links: nullish(struct<NonNullable<Wire["links"]>>({
      self: nullish(string),
      first: nullish(string),
      next: nullish(string),
      prev: nullish(string)
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

/** Decodes a page with a decoder for its items. Malformed items are reported and left out. */
export const decode = <A>(input: unknown, decodeItem: Decoder<A>): Result.Result<Decoded<A>, MalformedValue> =>
  Result.map(decodeWire(input), ({ data, links }) => {
    const items: Array<A> = []
    const malformed: Array<MalformedValue> = []
    for (let index = 0; index < data.length; index++) {
      const item = decodeItem(data[index])
      if (Result.isSuccess(item)) items.push(item.success)
      else malformed.push(prefixPath(`data[${index}]`, item.failure))
    }
    return { items, malformed, links: presentLinks(links) }
  })
