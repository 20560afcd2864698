/** Reads the newest part of a history at once: from the newest message back to a point, a match or a limit. */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type { UnderlyingError } from "../ConversationError.ts"
import { type NewestPage, readPages } from "./pageReader.ts"

/** The newest messages of a history, newest first, and why the read ended. */
export type HistorySlice =
  /** The read reached its point, found its match, or reached the beginning of the history. */
  | { readonly end: "reached"; readonly messages: ReadonlyArray<ConversationMessage> }
  /** The read reached its limit: there are older messages that were not read. */
  | { readonly end: "limit"; readonly messages: Arr.NonEmptyReadonlyArray<ConversationMessage> }

/** How many pages are read at most, for servers that return few messages on each. */
const maxPages = 2000

/**
 * How far back to read: to a time in unix seconds, to a time that depends on that of the newest message, or to the
 * beginning of the history (`null`).
 */
type Point = number | null | ((newestSeconds: number) => number)

/**
 * Reads from the newest message back to a point. Stops earlier after `limit` messages, and at the page with a match, if
 * there is one.
 */
export const readBack = <E extends UnderlyingError>(
  newest: NewestPage<E>,
  point: Point,
  limit: number,
  isMatch: (message: ConversationMessage) => boolean = () => false
): Effect.Effect<HistorySlice, E> =>
  readPages<ConversationMessage, HistorySlice, E>(() => {
    const messages: Array<ConversationMessage> = []
    // a time that depends on the newest message is known with the first page that is not empty
    let until = typeof point === "function" ? null : point
    const reached = () => Effect.succeed<HistorySlice>({ messages, end: "reached" })
    const limited = () =>
      Arr.isArrayNonEmpty(messages) ? Effect.succeed<HistorySlice>({ messages, end: "limit" }) : reached()
    return {
      from: { first: newest },
      maxPages,
      onPage: ({ data, hasNext }) => {
        messages.push(...data)
        if (data.some(isMatch)) return reached()
        const [newest] = messages
        if (typeof point === "function" && newest !== undefined) until ??= point(newest.epochSeconds)
        const oldest = messages.at(-1)
        if (until !== null && oldest !== undefined && oldest.epochSeconds < until) return reached()
        return hasNext && messages.length >= limit ? limited() : undefined
      },
      onEnd: (end) => end === "lastPage" ? reached() : limited()
    }
  })

/** Reads the newest page that is not empty. */
export const newestPage = <E extends UnderlyingError>(newest: NewestPage<E>): Effect.Effect<HistorySlice, E> =>
  readBack(newest, null, 1)

/** Reads the newest messages: all that are at most `overlapSeconds` older than the newest. */
export const newestMessages = <E extends UnderlyingError>(
  newest: NewestPage<E>,
  overlapSeconds: number,
  limit: number
): Effect.Effect<HistorySlice, E> => readBack(newest, (newestSeconds) => newestSeconds - overlapSeconds, limit)
