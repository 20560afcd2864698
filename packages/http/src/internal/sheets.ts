/**
 * One answer to a list request, as the server gave it: what pages and streams are made of.
 */
import { redact } from "@effect-signalwire/runtime/Token"
import type { Decoder } from "@effect-signalwire/schema/Malformed"
import * as SchemaPage from "@effect-signalwire/schema/Page"
import { Malformed } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import type { Client } from "./client.ts"
import { failed, lift, readable } from "./errors.ts"
import type { Selection } from "./inputs.ts"
import type { PageWalk } from "./pageWalk.ts"
import * as Requests from "./request.ts"
import * as Urls from "./urls.ts"

export type Sheet<A> = SchemaPage.Decoded<A>

export type Read<A> = Effect.Effect<Sheet<A>, SignalWireHttpError>

/** Which items of a list in the order of time are wanted. */
export interface Bounds<A> extends Pick<Selection, "limit" | "since" | "until"> {
  readonly timeOf: (item: A) => number
  /** Reads the list from a time on backwards; a server that does not mind it answers the top. */
  readonly openAt: (epochSeconds: number) => Read<A>
}

/** A sheet, and the walk that came to it. */
export interface Step<A> {
  readonly walk: PageWalk
  readonly sheet: Sheet<A>
}

/** A list that can be read sheet by sheet. */
export interface Listing<A> {
  /** The service's method that reads it. */
  readonly method: string
  readonly open: Read<A>
  /** Goes on to where a link leads; fails as `Malformed` at `links` when the walk must not follow it. */
  readonly follow: (walk: PageWalk, link: string) => Effect.Effect<Step<A>, SignalWireHttpError>
  readonly idOf: (item: A) => string
  /** For lists that are ordered by time, newest first. */
  readonly bounds?: Bounds<A> | undefined
  /** For lists whose items move to the top: when an item did so last. */
  readonly movedAt?: ((item: A) => number) | undefined
}

/** The items of a list's answer before they are read. */
export const rawItems = (answer: unknown): ReadonlyArray<unknown> =>
  typeof answer === "object" && answer !== null && "data" in answer && Array.isArray(answer.data) ? answer.data : []

/** Whose list is read, and what it is made of. */
export interface Source<A> {
  readonly client: Client
  /** The service's method that reads it. */
  readonly method: string
  readonly decode: Decoder<A>
  /** Looks at an answer's items before they are read. */
  readonly prepare: (items: ReadonlyArray<unknown>) => Effect.Effect<void>
}

export const read = Effect.fnUntraced(function*<A>(
  { client, decode, method, prepare }: Source<A>,
  url: string
): Effect.fn.Return<Sheet<A>, SignalWireHttpError> {
  const answer = yield* Requests.repeatable(client, { method, request: { url } })
  yield* prepare(rawItems(answer))
  const sheet = yield* readable(method, SchemaPage.decode(answer, decode))
  if (sheet.malformed.length > 0) {
    yield* client.telemetry.warn(
      "items that could not be read were left out",
      [sheet.malformed.slice(0, 20).map(({ path }) => path)],
      { "signalwire.method": method, "signalwire.count": sheet.malformed.length }
    )
  }
  return sheet
})

/** How much of a link is told. */
const maxShownLink = 200

/** A link as it may be told: without the token, which a server may have put into it, and not for pages. */
const shown = (url: string, token: string): string =>
  redact(redact(url, token), encodeURIComponent(token)).slice(0, maxShownLink)

/** Goes on to where a link leads; refuses to leave the configured origin, and to walk without end. */
export const follow = Effect.fnUntraced(function*<A>(
  source: Source<A>,
  walk: PageWalk,
  link: string
): Effect.fn.Return<Step<A>, SignalWireHttpError> {
  const { client, method } = source
  const url = yield* lift(method, Urls.resolve(client.origin, link))
  const onward = yield* Effect.catch(walk.follow(url), (why) =>
    Effect.flatMap(client.credentials.current, (token) => {
      const detail = `${why}: ${shown(url, Redacted.value(token))}`
      return Effect.fail(failed(method, new Malformed({ path: `links.${walk.direction}`, detail })))
    }))
  return { walk: onward, sheet: yield* read(source, url) }
})

/** Those items that are within the wanted times. */
export const wanted = <A>({ bounds }: Listing<A>, items: ReadonlyArray<A>): ReadonlyArray<A> => {
  if (bounds === undefined || (bounds.since === undefined && bounds.until === undefined)) return items
  const { since = Number.NEGATIVE_INFINITY, timeOf, until = Number.POSITIVE_INFINITY } = bounds
  return items.filter((item) => timeOf(item) >= since && timeOf(item) <= until)
}

const isAfterUntil = <A>(bounds: Bounds<A> | undefined, item: A | undefined): boolean =>
  bounds?.until !== undefined && item !== undefined && bounds.timeOf(item) > bounds.until

/** Whether everything before this sheet is newer than what is wanted. */
export const beginsAfterUntil = <A>({ bounds }: Listing<A>, { items }: Sheet<A>): boolean =>
  isAfterUntil(bounds, items[0])

/** Whether all of this sheet is newer than what is wanted. */
export const isAllAfterUntil = <A>({ bounds }: Listing<A>, { items }: Sheet<A>): boolean =>
  items.length > 0 && items.every((item) => isAfterUntil(bounds, item))

/** Whether everything after this sheet is older than what is wanted. */
export const endsBeforeSince = <A>({ bounds }: Listing<A>, { items }: Sheet<A>): boolean => {
  const last = items.at(-1)
  return bounds?.since !== undefined && last !== undefined && bounds.timeOf(last) < bounds.since
}
