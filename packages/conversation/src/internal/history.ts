/** Reading history back to a point: what closes the gap that an interruption left. */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { Page } from "@effect-signalwire/schema/Page"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** The first page of a history, newest message first. */
export type Newest<E> = Effect.Effect<Page<ConversationMessage, E>, E>

/** What was read, newest first, and whether it reaches back to where it was to. */
export interface Stretch {
  readonly messages: ReadonlyArray<ConversationMessage>
  readonly end:
    /** Reached the point, or the beginning of all history. */
    | "reached"
    /** Ran into the limit on what may be held. */
    | "limit"
}

const oldest = (messages: ReadonlyArray<ConversationMessage>): number => messages.at(-1)?.epochSeconds ?? Infinity

/** Reads from the newest message back to `epochSeconds` (`null`: to the beginning), holding `limit` messages at most. */
export const readBack = Effect.fnUntraced(function*<E>(
  newest: Newest<E>,
  epochSeconds: number | null,
  limit: number
): Effect.fn.Return<Stretch, E> {
  const messages: Array<ConversationMessage> = []
  let page: Option.Option<Page<ConversationMessage, E>> = Option.some(yield* newest)
  while (Option.isSome(page)) {
    messages.push(...page.value.data)
    if (epochSeconds !== null && oldest(messages) < epochSeconds) return { messages, end: "reached" }
    if (messages.length >= limit) return { messages, end: "limit" }
    page = yield* page.value.next
  }
  return { messages, end: "reached" }
})

/** The newest messages: all that stand within `overlapSeconds` of the very newest. */
export const head = Effect.fnUntraced(function*<E>(
  newest: Newest<E>,
  overlapSeconds: number,
  limit: number
): Effect.fn.Return<Stretch, E> {
  const page = yield* newest
  const [first] = page.data
  if (first === undefined) return { messages: [], end: "reached" }
  return yield* readBack(Effect.succeed(page), first.epochSeconds - overlapSeconds, limit)
})
