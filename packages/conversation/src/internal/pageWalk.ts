/**
 * Reads history page by page, from newer to older messages. Every reader of more than one page uses this walk, which
 * ends for a server that always has another page, and starts over when a link to a page is no longer valid.
 */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import { isStaleLink, type Page } from "@effect-signalwire/schema/Page"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { UnderlyingError } from "../ConversationError.ts"

/** A page of messages, newest first. */
export type MessagePage<E> = Page<ConversationMessage, E>

/** Reads the newest page of a history. */
export type NewestPage<E> = Effect.Effect<MessagePage<E>, E>

/** Reads the page behind a link; `None` when there is no such page. */
export type PageLink<E> = Effect.Effect<Option.Option<MessagePage<E>>, E>

/** One walk over the pages of a history. */
export interface PageWalk<A, E> {
  /** Where the walk starts: the newest page, or a link that an earlier walk kept, which may have become stale. */
  readonly from: { readonly newest: NewestPage<E> } | { readonly link: PageLink<E> }
  /** How many pages are read at most. */
  readonly maxPages: number
  /** Receives each page and its link; returns the result to stop, or `undefined` to continue with the next page. */
  readonly onPage: (page: MessagePage<E>, link: PageLink<E>) => Effect.Effect<A, E> | undefined
  /** The result after the last page, or after `maxPages` when there are more. */
  readonly onEnd: (end: "lastPage" | "maxPages") => Effect.Effect<A, E>
}

/** How often a walk starts over after a stale link. */
const maxRestarts = 5

/** Walks once. The result is a failure when a link was stale. */
const walkOnce = Effect.fnUntraced(function*<A, E extends UnderlyingError>(
  { from, maxPages, onEnd, onPage }: PageWalk<A, E>
): Effect.fn.Return<Result.Result<A, E>, E> {
  const isLink = "link" in from
  let link: PageLink<E> = isLink ? from.link : Effect.asSome(from.newest)
  for (let pages = 0;; pages++) {
    const read = yield* Effect.result(link)
    if (Result.isFailure(read)) {
      // the newest page is not behind a link: that it can't be read is final
      const isStale = (pages > 0 || isLink) && isStaleLink(read.failure.reason)
      return isStale ? Result.fail(read.failure) : yield* Effect.fail(read.failure)
    }
    if (Option.isNone(read.success)) return Result.succeed(yield* onEnd("lastPage"))
    const page = read.success.value
    const result = onPage(page, link)
    if (result !== undefined) return Result.succeed(yield* result)
    if (page.hasNext && pages + 1 >= maxPages) return Result.succeed(yield* onEnd("maxPages"))
    link = page.next
  }
})

/**
 * Walks over the pages of a history. `begin` makes each walk with state of its own; after a stale link it is called
 * again, up to five times, with the number of walks so far. Fails with the failure of a page that could not be read.
 */
export const walk = <A, E extends UnderlyingError>(
  begin: (restarts: number) => PageWalk<A, E>
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    let restarts = 0
    return Effect.suspend(() => walkOnce(begin(restarts++))).pipe(
      Effect.repeat({ until: Result.isSuccess, times: maxRestarts }),
      Effect.flatMap(Effect.fromResult)
    )
  })
