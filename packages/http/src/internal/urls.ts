/**
 * URLs of requests: built from encoded parts, or from a link that stays on the configured origin and below its path.
 */
import * as Url from "@effect-signalwire/runtime/Url"
import { ForeignLink, Malformed } from "@effect-signalwire/schema/Reason"
import * as Result from "effect/Result"

/** Query parameters; those that are `undefined` are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>

const encodeQuery = (query: Query): string => {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) params.set(name, String(value))
  }
  const search = params.toString()
  return search === "" ? "" : `?${search}`
}

const apiPath = "/api/fabric/"

/** The longest link that is followed: servers accept no longer URL, and links are kept in memory. */
const maxLinkLength = 8192

/** The base of all URLs: the origin and the path prefix of a reverse proxy, without a slash at its end. */
export const baseUrl = (url: string): string => {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname.replace(/\/+$/, "")}`
}

/** The URL of a resource below `/api/fabric/`. */
export const make = (baseUrl: string, path: ReadonlyArray<string>, query?: Query): string =>
  `${baseUrl}${apiPath}${path.map(encodeURIComponent).join("/")}${query === undefined ? "" : encodeQuery(query)}`

/** A `..` segment between encoded slashes, which `URL` does not resolve, although a proxy may decode and resolve it. */
const encodedParentSegment = /(?:\/|%2f|%5c)(?:\.|%2e){2}(?:\/|%2f|%5c|$)/i

/**
 * The path of a link below the prefix of a reverse proxy, which is added if the server did not write it, as one does
 * that does not know its prefix. `undefined` for a path outside of the prefix, where other services may be.
 */
const withPrefix = (prefix: string, path: string): string | undefined => {
  if (prefix === "") return path
  if (encodedParentSegment.test(path)) return undefined
  if (path.startsWith(`${prefix}${apiPath}`)) return path
  if (path.startsWith(apiPath)) return `${prefix}${path}`
  return path.startsWith(`${prefix}/`) ? path : undefined
}

/** Resolves a link of a response; fails if it leaves the configured origin or path. */
export const resolveLink = (baseUrl: string, link: string): Result.Result<string, ForeignLink | Malformed> => {
  const url = Url.parse(link, `${baseUrl}/`)
  if (url === undefined || link.length > maxLinkLength) {
    return Result.fail(new Malformed({ path: "links", detail: "a link is not a URL, or is too long" }))
  }
  const { origin, pathname: prefix } = new URL(baseUrl)
  if (url.origin !== origin) {
    return Result.fail(new ForeignLink({ origin: url.origin === "null" ? url.protocol : url.origin }))
  }
  const path = withPrefix(prefix === "/" ? "" : prefix, url.pathname)
  return path === undefined
    ? Result.fail(new Malformed({ path: "links", detail: `a link leads out of ${baseUrl}` }))
    : Result.succeed(`${origin}${path}${url.search}`)
}
