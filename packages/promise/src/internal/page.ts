/** Pages as plain TypeScript has them. */
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import type * as EffectPage from "@effect-signalwire/schema/Page"
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Caller from "./caller.ts"
import { given } from "./options.ts"
import type { Runner, RunOptions } from "./runner.ts"

/**
 * A page of a list, and the way to its neighbours. Messages come newest first, so `nextPage` leads to older ones.
 * Iterating a page yields its items and those of all pages after it, which are read as they are needed; the `signal` that
 * the page was read with ends that too.
 *
 * Every method reads afresh, and rejects with a `ConversationError`, like the call that the page comes from. Following the
 * server's links comes to an end: it rejects with `Malformed` when they lead back to a page that was read, and after 32
 * pages in a row that bring nothing new, which are read ever more slowly after the fifth.
 */
export interface Page<A> extends AsyncIterable<A> {
  /** The items, at most `pageSize` of them. */
  readonly data: ReadonlyArray<A>
  /** Whether there was a page after this one when this one was read. */
  readonly hasNext: boolean
  /** Whether there was a page before this one when this one was read. */
  readonly hasPrev: boolean
  /** Items of this page that could not be read, each with its path: the rest of the page stands. */
  readonly malformed: ReadonlyArray<MalformedValue>
  /** The page after this one; `undefined` when this is the last. */
  readonly nextPage: (options?: RunOptions) => Promise<Page<A> | undefined>
  /** The page before this one; `undefined` when this is the first. */
  readonly prevPage: (options?: RunOptions) => Promise<Page<A> | undefined>
  /** The first page of the list. */
  readonly firstPage: (options?: RunOptions) => Promise<Page<A>>
  /** This page, read again. */
  readonly self: (options?: RunOptions) => Promise<Page<A>>
}

const itemsFrom = async function*<A>(page: Page<A>, options: RunOptions): AsyncGenerator<A, void> {
  let current: Page<A> | undefined = page
  while (current !== undefined) {
    yield* current.data
    current = await current.nextPage(options)
  }
}

/** Turns a page of domain values, which was read with `options`, into one of documented objects. */
export const toPage = <A, B, R>(
  runner: Runner<R>,
  method: string,
  page: EffectPage.Page<A, ConversationError>,
  toDocumented: (item: A) => B,
  options: RunOptions
): Page<B> => {
  const convert = (page: EffectPage.Page<A, ConversationError>, options: RunOptions) =>
    toPage(runner, method, page, toDocumented, options)
  const one = (name: string, read: Effect.Effect<EffectPage.Page<A, ConversationError>, ConversationError>) =>
    Caller.method(`${method}.${name}`, async (_, options: RunOptions = {}) => {
      const own = given(options)
      return convert(await runner.run(read, own), own)
    })
  const maybeOne = (
    name: string,
    read: Effect.Effect<Option.Option<EffectPage.Page<A, ConversationError>>, ConversationError>
  ) =>
    Caller.method(`${method}.${name}`, async (_, options: RunOptions = {}) => {
      const own = given(options)
      return Option.getOrUndefined(Option.map(await runner.run(read, own), (page) => convert(page, own)))
    })
  const converted: Page<B> = {
    data: page.data.map(toDocumented),
    hasNext: page.hasNext,
    hasPrev: page.hasPrev,
    malformed: page.malformed,
    nextPage: maybeOne("nextPage", page.next),
    prevPage: maybeOne("prevPage", page.prev),
    firstPage: one("firstPage", page.first),
    self: one("self", page.self),
    [Symbol.asyncIterator]: Caller.iterator(method, () => itemsFrom(converted, options))
  }
  return converted
}
