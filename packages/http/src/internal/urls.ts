/**
 * Addresses of requests: built with every part encoded, or taken from a link that stays on the configured origin and
 * under its path.
 */
import * as Url from "@effect-signalwire/runtime/Url"
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

const root = "/api/fabric/"

/** Servers take no longer ones, and links are remembered. */
const maxLink = 8192

/** What requests begin with: the origin, and the path under which a reverse proxy serves the API, without a slash at its end. */
export const base = (url: string): string => {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname.replace(/\/+$/, "")}`
}

/** The URL of a resource under `/api/fabric/`. */
export const make = (base: string, path: ReadonlyArray<string>, query?: Query): string =>
  `${base}${root}${path.map(encodeURIComponent).join("/")}${query === undefined ? "" : searchOf(query)}`

/** A step up that a URL does not take by itself, as its slashes are encoded; a proxy may decode them. */
const hiddenStepUp = /(?:\/|%2f|%5c)(?:\.|%2e){2}(?:\/|%2f|%5c|$)/i

/**
 * The path of a link under the proxy's `prefix`. A server that does not know that it is served under one leaves it out.
 * `undefined` for a path that leads elsewhere on the same origin, where other services may be.
 */
const underPrefix = (prefix: string, path: string): string | undefined => {
  if (prefix === "") return path
  if (hiddenStepUp.test(path)) return undefined
  if (path.startsWith(`${prefix}${root}`)) return path
  if (path.startsWith(root)) return `${prefix}${path}`
  return path.startsWith(`${prefix}/`) ? path : undefined
}

/** Where a link leads, when that is on the configured origin, and under its path. */
export const resolve = (base: string, link: string): Result.Result<string, ForeignLink | Malformed> => {
  const url = Url.parse(link, `${base}/`)
  if (url === undefined || link.length > maxLink) {
    return Result.fail(new Malformed({ path: "links", detail: "a link is not a URL, or too long" }))
  }
  const { origin, pathname: prefix } = new URL(base)
  if (url.origin !== origin) {
    return Result.fail(new ForeignLink({ origin: url.origin === "null" ? url.protocol : url.origin }))
  }
  const path = underPrefix(prefix === "/" ? "" : prefix, url.pathname)
  return path === undefined
    ? Result.fail(new Malformed({ path: "links", detail: `a link leads out of ${base}` }))
    : Result.succeed(`${origin}${path}${url.search}`)
}
