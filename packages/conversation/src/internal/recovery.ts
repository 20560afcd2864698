/**
 * Reads back missed messages in parts, for recoveries of more messages than should be buffered at once. The oldest part
 * comes first, although history is read from its newest page on: the first read goes through all pages, releases the
 * newer ones and keeps their links. Each later part starts at one of these links, so every page is read about twice,
 * however many parts there are.
 */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import { Malformed } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import { ConversationError } from "../ConversationError.ts"
import * as PageReader from "./pageReader.ts"

type PageLink = PageReader.PageLink<ConversationMessage, ConversationError>

/** A page that was read and released from memory, by the link to read it again. */
interface ReleasedPage {
  readonly link: PageLink
  /** How many messages there are from the top of this page to the top of the next released page. */
  readonly size: number
}

/** What the parts so far have left to read. */
export interface Remainder {
  /** The pages of the remainder, from the newest on. */
  readonly released: ReadonlyArray<ReleasedPage>
  /** The parts so far have everything up to this time, unix seconds; `null` when they had nothing. */
  readonly through: number | null
  readonly newestSeconds: number
}

export interface RecoveryPart {
  /** Newest first. */
  readonly messages: ReadonlyArray<ConversationMessage>
  /**
   * The time of the newest message when the recovery began, unix seconds. Everything up to this time was read after
   * that moment; of newer messages, some may have become visible in pages that were read before.
   */
  readonly newestSeconds: number
  /** What is left to read; `undefined` when this was the last part. */
  readonly remainder: Remainder | undefined
}

export interface Options {
  /** The service's method, for failures. */
  readonly method: string
  readonly newest: PageReader.NewestPage<ConversationError>
  /** How many messages to buffer at once; up to one page more is buffered. */
  readonly limit: number
}

/** A page that is part of the result unless more pages follow. */
interface BufferedPage {
  readonly link: PageLink
  readonly messages: ReadonlyArray<ConversationMessage>
  /** How many of its messages are newer than the point. */
  readonly missed: number
}

/** How many links are kept. Beyond that every second one is dropped, and its page is reached from the one before it. */
const maxReleased = 1024

/** How many pages are read at most: a million messages at a hundred on each. A longer history is treated as endless. */
const maxPages = 10_000

/** How many messages that are not newer than the point are read: all have the point's time, and come last. */
const maxAtPoint = 100_000

const withoutEverySecond = (released: ReadonlyArray<ReleasedPage>): Array<ReleasedPage> =>
  released.flatMap(({ link, size }, index) =>
    index % 2 === 0 ? [{ link, size: size + (released[index + 1]?.size ?? 0) }] : []
  )

/** Splits off the oldest released pages that hold `limit` messages: the page to start at, and the pages before it. */
const splitReleased = (released: ReadonlyArray<ReleasedPage>, limit: number) => {
  let from = released.length
  for (let size = 0; from > 0 && size < limit; from--) size += released[from - 1]?.size ?? 0
  return { start: released[from], before: released.slice(0, from) }
}

/** The part that is buffered at the end of a read. */
const partOf = (
  messages: ReadonlyArray<ConversationMessage>,
  newestSeconds: number,
  released: ReadonlyArray<ReleasedPage>,
  point: number | null,
  isMissed: (message: ConversationMessage) => boolean
): RecoveryPart => {
  if (released.length === 0) return { messages, newestSeconds, remainder: undefined }
  // messages of one time may continue in the next part, where they can be sorted together
  const [first] = messages
  const older = messages.filter(({ epochSeconds }) => epochSeconds < (first?.epochSeconds ?? 0))
  const part = older[0] !== undefined && isMissed(older[0]) ? older : messages
  return {
    messages: part,
    newestSeconds,
    remainder: { released, newestSeconds, through: part[0]?.epochSeconds ?? point }
  }
}

const makeReader = (
  { limit, method, newest }: Options,
  point: number | null,
  remainder: Remainder | undefined
): PageReader.PageReader<ConversationMessage, RecoveryPart, ConversationError> => {
  const { before, start } = splitReleased(remainder?.released ?? [], limit)
  let newestSeconds = remainder?.newestSeconds
  let released = before
  let buffered: ReadonlyArray<BufferedPage> = []
  let missed = 0
  let atPoint = 0
  let pages = 0
  const isMissed = ({ epochSeconds }: ConversationMessage) => point === null || epochSeconds > point
  const part = () =>
    Effect.succeed(partOf(
      buffered.flatMap((page) => page.messages),
      newestSeconds ?? Number.NEGATIVE_INFINITY,
      released,
      point,
      isMissed
    ))
  const endless = () =>
    Effect.fail(
      new ConversationError({
        method,
        reason: new Malformed({ path: "links.next", detail: `history does not end within ${pages} pages` })
      })
    )
  return {
    from: start === undefined ? { first: newest } : { link: start.link },
    maxPages,
    onPage: ({ data, hasNext }, link) => {
      pages++
      newestSeconds ??= data[0]?.epochSeconds
      const page: BufferedPage = { link, messages: data, missed: data.filter(isMissed).length }
      buffered = [...buffered, page]
      missed += page.missed
      atPoint += data.length - page.missed
      // the oldest part comes first, so the newest pages are released
      for (let newest = buffered[0]; newest !== undefined && missed - newest.missed >= limit; newest = buffered[0]) {
        buffered = buffered.slice(1)
        missed -= newest.missed
        released.push({ link: newest.link, size: newest.messages.length })
        if (released.length > maxReleased) released = withoutEverySecond(released)
      }
      const oldest = data.at(-1)
      if (point !== null && oldest !== undefined && oldest.epochSeconds < point) return part()
      return hasNext && atPoint > maxAtPoint ? endless() : undefined
    },
    onEnd: (end) => end === "lastPage" ? part() : endless()
  }
}

/**
 * Reads the first or, with the `remainder` of the part before it, the next part of the messages that are newer than
 * `epochSeconds`; of all history when that is `null`. Fails with `Malformed` for a history that does not end.
 */
export const readPart = (
  options: Options,
  epochSeconds: number | null,
  remainder: Remainder | undefined
): Effect.Effect<RecoveryPart, ConversationError> => {
  const point = remainder === undefined ? epochSeconds : remainder.through
  return PageReader.readPages((restarts) =>
    // the links to released pages are as stale as the one that failed
    makeReader(options, point, restarts === 0 || remainder === undefined ? remainder : { ...remainder, released: [] })
  )
}
