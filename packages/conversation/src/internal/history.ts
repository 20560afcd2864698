/** Reading history back to a point: what closes the gap that an interruption left. */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { Page } from "@effect-signalwire/schema/Page"
import type { Reason } from "@effect-signalwire/schema/Reason"
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

interface Failure {
  readonly reason: Reason
}

/** How often a read begins anew because its pages are gone. */
const maxAnew = 2

/** A server that restarts does not know the links any more that it gave before: then the read begins anew. */
const anew = <A, E extends Failure>(
  newest: Newest<E>,
  read: (newest: Newest<E>) => Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    let isFollowing = false
    const begun = Effect.tap(newest, () =>
      Effect.sync(() => {
        isFollowing = true
      }))
    return Effect.retry(read(begun), {
      times: maxAnew,
      while: ({ reason }) => isFollowing && (reason._tag === "Invalid" || reason._tag === "NotFound")
    })
  })

/** Reads from the newest message back to `epochSeconds` (`null`: to the beginning), holding `limit` messages at most. */
export const readBack = <E extends Failure>(
  newest: Newest<E>,
  epochSeconds: number | null,
  limit: number
): Effect.Effect<Stretch, E> => anew(newest, (newest) => readOnce(newest, epochSeconds, limit))

const readOnce = Effect.fnUntraced(function*<E>(
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
export const head = <E extends Failure>(
  newest: Newest<E>,
  overlapSeconds: number,
  limit: number
): Effect.Effect<Stretch, E> =>
  anew(
    newest,
    Effect.fnUntraced(function*(newest): Effect.fn.Return<Stretch, E> {
      const page = yield* newest
      const [first] = page.data
      if (first === undefined) return { messages: [], end: "reached" }
      return yield* readOnce(Effect.succeed(page), first.epochSeconds - overlapSeconds, limit)
    })
  )
