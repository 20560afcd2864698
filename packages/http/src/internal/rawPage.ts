/**
 * Requests for pages of a list, and their decoding.
 */
import { redact } from "@effect-signalwire/runtime/Token"
import type { Decoder } from "@effect-signalwire/schema/Malformed"
import * as Page from "@effect-signalwire/schema/Page"
import { Malformed } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import type { Client } from "./client.ts"
import { fromDecoded, fromResult, makeError } from "./errors.ts"
import type { RawPage, Step } from "./listRequest.ts"
import * as Requests from "./request.ts"
import type { Traversal } from "./traversal.ts"
import * as Urls from "./urls.ts"

/** The items of a list response before they are decoded. */
export const undecodedItems = (body: unknown): ReadonlyArray<unknown> =>
  typeof body === "object" && body !== null && "data" in body && Array.isArray(body.data) ? body.data : []

/** How the pages of a list are read and decoded. */
export interface Source<A> {
  readonly client: Client
  /** The method of the service that reads the list. */
  readonly method: string
  readonly decode: Decoder<A>
  /** Runs before the items of a page are decoded. */
  readonly prepare: (items: ReadonlyArray<unknown>) => Effect.Effect<void>
}

/** How many paths of malformed items are logged for a page. */
const maxLoggedPaths = 20

/** Reads a page; malformed items are left out and logged by their paths, without their contents. */
export const read = Effect.fnUntraced(function*<A>(
  { client, decode, method, prepare }: Source<A>,
  url: string
): Effect.fn.Return<RawPage<A>, SignalWireHttpError> {
  const body = yield* Requests.executeWithRetry(client, { method, request: { url } })
  yield* prepare(undecodedItems(body))
  const page = yield* fromDecoded(method, Page.decode(body, decode))
  if (page.malformed.length > 0) {
    yield* client.instrumentation.warn(
      "malformed items were left out of a page",
      [page.malformed.slice(0, maxLoggedPaths).map(({ path }) => path)],
      { operation: method, count: page.malformed.length }
    )
  }
  return page
})

/** The most characters of a link that an error quotes. */
const maxQuotedLink = 200

/** A link as errors quote it: shortened, and without the token, which the server may have put into it. */
const quoteLink = (url: string, token: string): string =>
  redact(redact(url, token), encodeURIComponent(token)).slice(0, maxQuotedLink)

/** Reads the page behind a link; fails if the link leaves the configured origin, or must not be followed. */
export const followLink = Effect.fnUntraced(function*<A>(
  source: Source<A>,
  traversal: Traversal,
  link: string
): Effect.fn.Return<Step<A>, SignalWireHttpError> {
  const { client, method } = source
  const url = yield* fromResult(method, Urls.resolveLink(client.baseUrl, link))
  const next = yield* Effect.catch(
    traversal.follow(url),
    (problem) =>
      Effect.flatMap(client.credentials.current, (token) => {
        const detail = `${problem}: ${quoteLink(url, Redacted.value(token))}`
        return Effect.fail(makeError(method, new Malformed({ path: `links.${traversal.direction}`, detail })))
      })
  )
  return { traversal: next, page: yield* read(source, url) }
})
