/**
 * One answer to a list request, as the server gave it: what pages and streams are made of.
 */
import type { Decoder } from "@effect-signalwire/schema/Malformed"
import * as SchemaPage from "@effect-signalwire/schema/Page"
import { Malformed } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import { failed } from "./errors.ts"
import type { Selection } from "./inputs.ts"
import type { Requests } from "./request.ts"
import * as Urls from "./urls.ts"

export type Sheet<A> = SchemaPage.Decoded<A>

export type Read<A> = Effect.Effect<Sheet<A>, SignalWireHttpError>

/** Which items of a list in the order of time are wanted. */
export interface Bounds<A> extends Pick<Selection, "limit" | "since" | "until"> {
  readonly timeOf: (item: A) => number
  /** Reads the list from a time on backwards; a server that does not mind it answers the top. */
  readonly openAt: (epochSeconds: number) => Read<A>
}

/** A list that can be read sheet by sheet. */
export interface Listing<A> {
  /** The service's method that reads it. */
  readonly method: string
  readonly open: Read<A>
  readonly follow: (link: string) => Read<A>
  readonly idOf: (item: A) => string
  /** For lists that are ordered by time, newest first. */
  readonly bounds?: Bounds<A> | undefined
  /** For lists whose items move to the top: when an item did so last. */
  readonly movedAt?: ((item: A) => number) | undefined
}

/** The items of a list's answer before they are read. */
export const rawItems = (answer: unknown): ReadonlyArray<unknown> =>
  typeof answer === "object" && answer !== null && "data" in answer && Array.isArray(answer.data) ? answer.data : []

export interface ReaderOptions {
  readonly requests: Requests
  readonly origin: string
  /** Looks at an answer's items before they are read. */
  readonly prepare: (method: string, items: ReadonlyArray<unknown>) => Effect.Effect<void>
}

export interface Reader {
  readonly read: <A>(method: string, url: string, decode: Decoder<A>) => Read<A>
  /** Reads where a link leads; refuses to leave the configured origin. */
  readonly follow: <A>(method: string, link: string, decode: Decoder<A>) => Read<A>
}

export const makeReader = ({ origin, prepare, requests }: ReaderOptions): Reader => {
  const read: Reader["read"] = Effect.fnUntraced(function*(method, url, decode) {
    const answer = yield* requests.repeatable({ method, request: { url } })
    yield* prepare(method, rawItems(answer))
    const sheet = yield* Effect.mapError(
      Effect.fromResult(SchemaPage.decode(answer, decode)),
      ({ message, path }) => failed(method, new Malformed({ path, detail: message }))
    )
    if (sheet.malformed.length > 0) {
      yield* Effect.logWarning(
        "items that could not be read were left out",
        sheet.malformed.slice(0, 20).map(({ path }) => path)
      ).pipe(Effect.annotateLogs({ "signalwire.method": method, "signalwire.count": sheet.malformed.length }))
    }
    return sheet
  })
  return {
    read,
    follow: (method, link, decode) =>
      Effect.flatMap(
        Effect.mapError(Effect.fromResult(Urls.resolve(origin, link)), (reason) => failed(method, reason)),
        (url) => read(method, url, decode)
      )
  }
}

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
