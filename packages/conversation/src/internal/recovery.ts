/**
 * Reading back in parts what may be more than should be held at once: the oldest part first, though history is read from
 * its newest page on. The way down is walked once, and where it passed is remembered; each further part starts from
 * there, so that every page is read about twice however many parts there are.
 */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import { isStaleLink, type Page } from "@effect-signalwire/schema/Page"
import { Malformed } from "@effect-signalwire/schema/Reason"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ConversationError } from "../ConversationError.ts"
import type { Newest } from "./history.ts"

type Messages = Page<ConversationMessage, ConversationError>

/** How to read a page again; nothing where there is none any more. */
type Way = Effect.Effect<Option.Option<Messages>, ConversationError>

/** A page on the way that is not held. */
interface Mark {
  readonly way: Way
  /** How many messages there are from its top to that of the next mark. */
  readonly size: number
}

/** What is newer than the parts that were read. */
export interface Rest {
  /** From the newest page on. */
  readonly marks: ReadonlyArray<Mark>
  /** Up to here everything was read. Unix seconds. */
  readonly reached: number | null
  readonly top: number
}

export interface Part {
  /** Newest first. */
  readonly messages: ReadonlyArray<ConversationMessage>
  /**
   * The newest time when the first part was begun, unix seconds. What was read up to there is no older than that; of what
   * is newer, some may have become visible in a part that was read before it.
   */
  readonly top: number
  /** What is left to read; absent when this was the last part. */
  readonly rest: Rest | undefined
}

export interface Options {
  readonly method: string
  readonly newest: Newest<ConversationError>
  /** How many messages to hold at once, but for the one page more that it takes. */
  readonly limit: number
}

/** A page in hand. */
interface Held {
  readonly way: Way
  readonly messages: ReadonlyArray<ConversationMessage>
  /** How many of them are not known. */
  readonly unknown: number
}

/** How many pages to remember: of more, every second is forgotten, and what it led to is walked to from the one before. */
const maxMarks = 1024

/** How many pages one walk reads: at a hundred messages each, a million. What goes on beyond has no end. */
const maxPages = 10_000

/** How many messages are held that are not newer than the point: those of its very moment, and they come last. */
const maxOfOneMoment = 100_000

const thinned = (marks: ReadonlyArray<Mark>): Array<Mark> =>
  marks.flatMap(({ size, way }, index) => index % 2 === 0 ? [{ way, size: size + (marks[index + 1]?.size ?? 0) }] : [])

/** The marks of another part, and those that are left. */
const split = (marks: ReadonlyArray<Mark>, limit: number) => {
  let from = marks.length
  for (let size = 0; from > 0 && size < limit; from--) size += marks[from - 1]?.size ?? 0
  return { start: marks[from], left: marks.slice(0, from) }
}

/** A link that was good has gone stale: where it led must be walked to again. */
class Stale extends Data.TaggedError("Stale")<{ readonly error: ConversationError }> {}

const follow = (way: Way) => Effect.mapError(way, (error) => isStaleLink(error.reason) ? new Stale({ error }) : error)

const walk = Effect.fnUntraced(function*(
  { limit, method, newest }: Options,
  epochSeconds: number | null,
  rest: Rest | undefined
): Effect.fn.Return<Part, ConversationError | Stale> {
  const { left, start } = split(rest?.marks ?? [], limit)
  let top = rest?.top
  let marks = left
  let held: ReadonlyArray<Held> = []
  let unknown = 0
  let known = 0
  const isUnknown = (message: ConversationMessage) => epochSeconds === null || message.epochSeconds > epochSeconds
  let pages = 0
  let way: Way = start?.way ?? Effect.asSome(newest)
  let page = yield* start === undefined ? way : follow(way)
  while (Option.isSome(page)) {
    const { data, hasNext, next } = page.value
    top ??= data[0]?.epochSeconds
    const fresh = data.filter(isUnknown).length
    held = [...held, { way, messages: data, unknown: fresh }]
    unknown += fresh
    known += data.length - fresh
    // the oldest part comes first, so it is the newest page that is let go
    for (let newest = held[0]; newest !== undefined && unknown - newest.unknown >= limit; newest = held[0]) {
      held = held.slice(1)
      unknown -= newest.unknown
      known -= newest.messages.length - newest.unknown
      marks.push({ way: newest.way, size: newest.messages.length })
      if (marks.length > maxMarks) marks = thinned(marks)
    }
    const oldest = data.at(-1)
    if (epochSeconds !== null && oldest !== undefined && oldest.epochSeconds < epochSeconds) break
    pages++
    if (hasNext && (pages >= maxPages || known > maxOfOneMoment)) {
      return yield* new ConversationError({
        method,
        reason: new Malformed({ path: "links.next", detail: `history does not end within ${pages} pages` })
      })
    }
    way = next
    page = yield* follow(way)
  }
  const messages = held.flatMap((page) => page.messages)
  const [first] = messages
  const asOf = top ?? Number.NEGATIVE_INFINITY
  if (marks.length === 0) return { messages, top: asOf, rest: undefined }
  // what was said at one moment may go on in the next part, where it stands together
  const older = messages.filter((message) => message.epochSeconds < (first?.epochSeconds ?? 0))
  const part = older[0] !== undefined && isUnknown(older[0]) ? older : messages
  return { messages: part, top: asOf, rest: { marks, top: asOf, reached: part[0]?.epochSeconds ?? epochSeconds } }
})

/**
 * Reads what is newer than `epochSeconds` (`null`: all history), or of it what the parts before left. Begins again from
 * the newest page when a link has gone stale, a few times.
 */
export const readPart = (
  options: Options,
  epochSeconds: number | null,
  rest: Rest | undefined
): Effect.Effect<Part, ConversationError> => {
  const from = rest === undefined ? epochSeconds : rest.reached
  const afresh = walk(options, from, rest && { ...rest, marks: [] })
  return walk(options, from, rest).pipe(
    Effect.catchTag(
      "Stale",
      () => Effect.retry(afresh, { while: ({ _tag }) => _tag === "Stale", times: 4 })
    ),
    Effect.catchTag("Stale", ({ error }) => Effect.fail(error))
  )
}
