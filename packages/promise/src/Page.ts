/**
 * The pages that list methods return.
 *
 * @since 0.1.0
 */
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import type { RunOptions } from "./RunOptions.ts"

/**
 * One page of a list, with methods that read the neighbouring pages. Messages are sorted newest first, so `nextPage`
 * leads to older ones. Iterating over a page yields its items and then those of all following pages, which are read on
 * demand; the `signal` that the page was read with also aborts the iteration.
 *
 * Every method sends a new request, and rejects with a `ConversationError` for the reasons of the call that returned
 * the page. It rejects with `Malformed` when the server's links lead back to a page that was already read, or after 32
 * consecutive pages without a new item. After the fifth such page, requests are increasingly delayed.
 */
export interface Page<A> extends AsyncIterable<A> {
  /** The items of this page, at most `pageSize`. */
  readonly data: ReadonlyArray<A>
  /** Whether a following page existed when this page was read. */
  readonly hasNext: boolean
  /** Whether a preceding page existed when this page was read. */
  readonly hasPrev: boolean
  /** Items of this page that could not be decoded, each with its path. They are missing from `data`. */
  readonly malformed: ReadonlyArray<MalformedValue>
  /** Reads the following page; resolves with `undefined` when this is the last one. */
  readonly nextPage: (options?: RunOptions) => Promise<Page<A> | undefined>
  /** Reads the preceding page; resolves with `undefined` when this is the first one. */
  readonly prevPage: (options?: RunOptions) => Promise<Page<A> | undefined>
  /** Reads the first page of the list. */
  readonly firstPage: (options?: RunOptions) => Promise<Page<A>>
  /** Reads this page again. */
  readonly self: (options?: RunOptions) => Promise<Page<A>>
}
