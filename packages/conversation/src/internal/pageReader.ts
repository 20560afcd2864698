/**
 * Reads lists page by page, such as history from newer to older messages. Every read of more than one page is made by
 * {@link readPages}, which ends even for a server that always has another page, and starts over when a link to a page
 * has gone stale.
 */
import * as StaleLink from "@effect-signalwire/http/StaleLink"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { Page } from "@effect-signalwire/schema/Page"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { UnderlyingError } from "../ConversationError.ts"

/** A page of messages, newest first. */
export type MessagePage<E> = Page<ConversationMessage, E>

/** Reads the newest page of a history. */
export type NewestPage<E> = Effect.Effect<MessagePage<E>, E>

/** Reads the page behind a link; `None` when there is no such page. */
export type PageLink<I, E> = Effect.Effect<Option.Option<Page<I, E>>, E>

/** What to read, and what to do with each page. */
export interface PageReader<I, A, E> {
  /** Where to begin: the first page, or a link that an earlier read kept, which may have gone stale. */
  readonly from: { readonly first: Effect.Effect<Page<I, E>, E> } | { readonly link: PageLink<I, E> }
  /** How many pages are read at most. */
  readonly maxPages: number
  /** Receives each page and its link; returns the result to stop, or `undefined` to continue with the next page. */
  readonly onPage: (page: Page<I, E>, link: PageLink<I, E>) => Effect.Effect<A, E> | undefined
  /** The result after the last page, or after `maxPages` when there are more. */
  readonly onEnd: (end: "lastPage" | "maxPages") => Effect.Effect<A, E>
}

/** Reads the pages once; fails with `StaleLink` when a link has gone stale. */
const readOnce = Effect.fnUntraced(function*<I, A, E extends UnderlyingError>(
  { from, maxPages, onEnd, onPage }: PageReader<I, A, E>
): Effect.fn.Return<A, E | StaleLink.StaleLink<E>> {
  const isLink = "link" in from
  let link: PageLink<I, E> = isLink ? from.link : Effect.asSome(from.first)
  for (let pages = 0;; pages++) {
    // the first page is not behind a link: that it can't be read is final
    const found = yield* pages > 0 || isLink ? StaleLink.follow(link) : link
    if (Option.isNone(found)) return yield* onEnd("lastPage")
    const page = found.value
    const result = onPage(page, link)
    if (result !== undefined) return yield* result
    if (page.hasNext && pages + 1 >= maxPages) return yield* onEnd("maxPages")
    link = page.next
  }
})

/**
 * Reads the pages of a list. `makeReader` makes a reader with state of its own; after a stale link it is called
 * again, up to {@link StaleLink.maxRestarts} times, with the number of readers so far. Fails with the failure of a page
 * that could not be read.
 */
export const readPages = <I, A, E extends UnderlyingError>(
  makeReader: (restarts: number) => PageReader<I, A, E>
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    let restarts = 0
    return StaleLink.restart(Effect.suspend(() => readOnce(makeReader(restarts++))))
  })
