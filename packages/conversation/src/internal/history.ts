/** Reading history back to a point: what closes the gap that an interruption left. */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import { isStaleLink, type Page } from "@effect-signalwire/schema/Page"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { Underlying } from "../ConversationError.ts"

/** The first page of a history, newest message first. */
export type Newest<E> = Effect.Effect<Page<ConversationMessage, E>, E>

/** What was read, newest first, and whether it reaches back to where it was to. */
export type Stretch =
  /** Reached the point, what was looked for, or the beginning of all history. */
  | { readonly end: "reached"; readonly messages: ReadonlyArray<ConversationMessage> }
  /** Ran into the limit on what may be held; there is more behind its last message. */
  | { readonly end: "limit"; readonly messages: Arr.NonEmptyReadonlyArray<ConversationMessage> }

/** How many pages are read at most: of a server that has little on each of them, no more than of another. */
const maxPages = 2000

const oldest = (messages: ReadonlyArray<ConversationMessage>): number => messages.at(-1)?.epochSeconds ?? Infinity

/**
 * Back to when a history is read, unix seconds: to a time, to what a function makes of the newest message's time, or to the
 * beginning (`null`).
 */
type Point = number | null | ((newestSeconds: number) => number)

/** Answers the failure of a stale link, for whoever may begin again. */
const walk = Effect.fnUntraced(function*<E extends Underlying>(
  first: Page<ConversationMessage, E>,
  point: Point,
  limit: number,
  isFound: (message: ConversationMessage) => boolean
): Effect.fn.Return<Result.Result<Stretch, E>, E> {
  const messages: Array<ConversationMessage> = []
  let page: Option.Option<Page<ConversationMessage, E>> = Option.some(first)
  let pages = 0
  /** `null` until it is known, too: pages that stand before the newest message may be empty. */
  let until = typeof point === "function" ? null : point
  while (Option.isSome(page)) {
    pages++
    messages.push(...page.value.data)
    if (page.value.data.some(isFound)) return Result.succeed({ messages, end: "reached" })
    const [newest] = messages
    if (typeof point === "function" && newest !== undefined) until ??= point(newest.epochSeconds)
    if (until !== null && oldest(messages) < until) return Result.succeed({ messages, end: "reached" })
    if (page.value.hasNext && (messages.length >= limit || pages >= maxPages)) {
      return Result.succeed(Arr.isArrayNonEmpty(messages) ? { messages, end: "limit" } : { messages, end: "reached" })
    }
    const next: Result.Result<Option.Option<Page<ConversationMessage, E>>, E> = yield* Effect.result(page.value.next)
    if (Result.isFailure(next)) {
      return isStaleLink(next.failure.reason)
        ? Result.fail(next.failure)
        : yield* Effect.fail(next.failure)
    }
    page = next.success
  }
  return Result.succeed({ messages, end: "reached" })
})

/** Begins again from the newest page when a link has gone stale, a few times. */
const pastStaleLinks = <A, E>(read: Effect.Effect<Result.Result<A, E>, E>): Effect.Effect<A, E> =>
  read.pipe(Effect.repeat({ until: Result.isSuccess, times: 5 }), Effect.flatMap(Effect.fromResult))

/**
 * Reads from the newest message back to a point, holding `limit` messages at most; no further than the page on which
 * something is found.
 */
export const readBack = <E extends Underlying>(
  newest: Newest<E>,
  point: Point,
  limit: number,
  isFound: (message: ConversationMessage) => boolean = () => false
): Effect.Effect<Stretch, E> => pastStaleLinks(Effect.flatMap(newest, (page) => walk(page, point, limit, isFound)))

/** The newest page that has any message. */
export const newestPage = <E extends Underlying>(newest: Newest<E>): Effect.Effect<Stretch, E> =>
  readBack(newest, null, 1)

/** The newest messages: all that stand within `overlapSeconds` of the very newest. */
export const head = <E extends Underlying>(
  newest: Newest<E>,
  overlapSeconds: number,
  limit: number
): Effect.Effect<Stretch, E> => readBack(newest, (newestSeconds) => newestSeconds - overlapSeconds, limit)
