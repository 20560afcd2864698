/**
 * A list of the service that is read page by page, and which of its items are selected.
 */
import type * as Page from "@effect-signalwire/schema/Page"
import type * as Effect from "effect/Effect"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import type { Traversal } from "./traversal.ts"
import type { Selection } from "./validation.ts"

/** A page as the server returned it: its items, its links, and the items that could not be decoded. */
export type RawPage<A> = Page.Decoded<A>

export type ReadPage<A> = Effect.Effect<RawPage<A>, SignalWireHttpError>

/** A page, and the traversal that has reached it. */
export interface Step<A> {
  readonly traversal: Traversal
  readonly page: RawPage<A>
}

/** The selected part of a list that is ordered by time, newest first. */
export interface TimeBounds<A> extends Pick<Selection, "limit" | "since" | "until"> {
  readonly timeOf: (item: A) => number
  /** Reads the list from a time backwards; from its first page if the server ignores `until`. */
  readonly readUntil: (epochSeconds: number) => ReadPage<A>
}

export interface ListRequest<A> {
  /** The method of the service that reads the list. */
  readonly method: string
  readonly readFirst: ReadPage<A>
  /** Reads the page behind a link; fails with `Malformed` at `links` if the traversal must not follow it. */
  readonly followLink: (traversal: Traversal, link: string) => Effect.Effect<Step<A>, SignalWireHttpError>
  readonly idOf: (item: A) => string
  /** For lists that are ordered by time, newest first. */
  readonly bounds?: TimeBounds<A> | undefined
  /** For lists whose items move to the top: when an item was moved last. */
  readonly movedAt?: ((item: A) => number) | undefined
}

/** The items between `since` and `until`. */
export const select = <A>({ bounds }: ListRequest<A>, items: ReadonlyArray<A>): ReadonlyArray<A> => {
  if (bounds === undefined || (bounds.since === undefined && bounds.until === undefined)) return items
  const { since = Number.NEGATIVE_INFINITY, timeOf, until = Number.POSITIVE_INFINITY } = bounds
  return items.filter((item) => timeOf(item) >= since && timeOf(item) <= until)
}

const isAfterUntil = <A>(bounds: TimeBounds<A> | undefined, item: A | undefined): boolean =>
  bounds?.until !== undefined && item !== undefined && bounds.timeOf(item) > bounds.until

/** Whether everything before this page is newer than `until`. */
export const beginsAfterUntil = <A>({ bounds }: ListRequest<A>, { items }: RawPage<A>): boolean =>
  isAfterUntil(bounds, items[0])

/** Whether everything on this page is newer than `until`. */
export const isAllAfterUntil = <A>({ bounds }: ListRequest<A>, { items }: RawPage<A>): boolean =>
  items.length > 0 && items.every((item) => isAfterUntil(bounds, item))

/** Whether everything after this page is older than `since`. */
export const endsBeforeSince = <A>({ bounds }: ListRequest<A>, { items }: RawPage<A>): boolean => {
  const last = items.at(-1)
  return bounds?.since !== undefined && last !== undefined && bounds.timeOf(last) < bounds.since
}
