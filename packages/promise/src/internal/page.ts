/** Converts pages of the Effect services into pages of the Promise client. */
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import type * as EffectPage from "@effect-signalwire/schema/Page"
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Page } from "../Page.ts"
import type { RunOptions } from "../RunOptions.ts"
import { normalizeOptions } from "./options.ts"
import { asyncMethod, iteratorMethod } from "./publicMethod.ts"
import type { Runner } from "./runner.ts"

const iterateFrom = async function*<A>(page: Page<A>, options: RunOptions): AsyncGenerator<A, void> {
  let current: Page<A> | undefined = page
  while (current !== undefined) {
    yield* current.data
    current = await current.nextPage(options)
  }
}

/** Converts a page, which `method` read with `options`, and its items. */
export const toPage = <A, B, R>(
  runner: Runner<R>,
  method: string,
  page: EffectPage.Page<A, ConversationError>,
  toItem: (item: A) => B,
  options: RunOptions
): Page<B> => {
  const convert = (page: EffectPage.Page<A, ConversationError>, options: RunOptions) =>
    toPage(runner, method, page, toItem, options)
  const pageMethod = (name: string, read: Effect.Effect<EffectPage.Page<A, ConversationError>, ConversationError>) =>
    asyncMethod(`${method}.${name}`, async (_, input: RunOptions = {}) => {
      const options = normalizeOptions(input)
      return convert(await runner.run(read, options), options)
    })
  const optionalPageMethod = (
    name: string,
    read: Effect.Effect<Option.Option<EffectPage.Page<A, ConversationError>>, ConversationError>
  ) =>
    asyncMethod(`${method}.${name}`, async (_, input: RunOptions = {}) => {
      const options = normalizeOptions(input)
      return Option.getOrUndefined(Option.map(await runner.run(read, options), (page) => convert(page, options)))
    })
  const converted: Page<B> = {
    data: page.data.map(toItem),
    hasNext: page.hasNext,
    hasPrev: page.hasPrev,
    malformed: page.malformed,
    nextPage: optionalPageMethod("nextPage", page.next),
    prevPage: optionalPageMethod("prevPage", page.prev),
    firstPage: pageMethod("firstPage", page.first),
    self: pageMethod("self", page.self),
    [Symbol.asyncIterator]: iteratorMethod(method, () => iterateFrom(converted, options))
  }
  return converted
}
