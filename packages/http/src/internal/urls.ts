/**
 * Addresses of requests: built with every part encoded, or taken from a link on the configured origin.
 */
import { ForeignLink, Malformed } from "@effect-signalwire/schema/Reason"
import * as Result from "effect/Result"
import type { Query } from "./inputs.ts"

const searchOf = (query: Query): string => {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) params.set(name, String(value))
  }
  const search = params.toString()
  return search === "" ? "" : `?${search}`
}

/** The URL of a resource under `/api/fabric/`. */
export const make = (origin: string, path: ReadonlyArray<string>, query?: Query): string =>
  `${origin}/api/fabric/${path.map(encodeURIComponent).join("/")}${query === undefined ? "" : searchOf(query)}`

/** Servers take no longer ones, and links are remembered. */
const maxLink = 8192

/** Where a link leads, when that is on the configured origin. */
export const resolve = (origin: string, link: string): Result.Result<string, ForeignLink | Malformed> => {
  if (link.length > maxLink || !URL.canParse(link, origin)) {
    return Result.fail(new Malformed({ path: "links", detail: "a link is not a URL, or too long" }))
  }
  const url = new URL(link, origin)
  return url.origin === origin
    ? Result.succeed(`${origin}${url.pathname}${url.search}`)
    : Result.fail(new ForeignLink({ origin: url.origin === "null" ? url.protocol : url.origin }))
}
