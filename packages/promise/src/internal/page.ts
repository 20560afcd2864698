/** Pages as plain TypeScript has them. */
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import type * as EffectPage from "@effect-signalwire/schema/Page"
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Runner, RunOptions } from "./runner.ts"

/**
 * A page of a list, and the way to its neighbours. Messages come newest first, so `nextPage` leads to older ones.
 * Iterating a page yields its items and those of all pages after it.
 */
export interface Page<A> extends AsyncIterable<A> {
  readonly data: ReadonlyArray<A>
  readonly hasNext: boolean
  readonly hasPrev: boolean
  /** Items of this page that could not be read, each with its path. */
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

const itemsFrom = async function*<A>(page: Page<A>): AsyncGenerator<A> {
  let current: Page<A> | undefined = page
  while (current !== undefined) {
    yield* current.data
    current = await current.nextPage()
  }
}

/** Turns a page of domain values into one of documented objects. */
export const toPage = <A, B, R>(
  runner: Runner<R>,
  method: string,
  page: EffectPage.Page<A, ConversationError>,
  toDocumented: (item: A) => B
): Page<B> => {
  const convert = (page: EffectPage.Page<A, ConversationError>) => toPage(runner, method, page, toDocumented)
  const one =
    (read: Effect.Effect<EffectPage.Page<A, ConversationError>, ConversationError>) => async (options?: RunOptions) =>
      convert(await runner.run(method, read, options))
  const maybeOne = (
    read: Effect.Effect<Option.Option<EffectPage.Page<A, ConversationError>>, ConversationError>
  ) =>
  async (options?: RunOptions) => Option.getOrUndefined(Option.map(await runner.run(method, read, options), convert))
  const converted: Page<B> = {
    data: page.data.map(toDocumented),
    hasNext: page.hasNext,
    hasPrev: page.hasPrev,
    malformed: page.malformed,
    nextPage: maybeOne(page.next),
    prevPage: maybeOne(page.prev),
    firstPage: one(page.first),
    self: one(page.self),
    [Symbol.asyncIterator]: () => itemsFrom(converted)
  }
  return converted
}
