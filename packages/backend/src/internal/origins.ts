/**
 * Restricts who can use the admin API. It needs no token, and every browser on this machine can reach it, so requests of foreign
 * web pages are rejected: by their origin, and, against DNS rebinding, by the host name of the request.
 */
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type { Hosting } from "../Hosting.ts"

/** Returns whether a host name, as in `URL.hostname`, is a name or an address of the loopback interface. */
const isLoopback = (hostname: string): boolean =>
  // names under `localhost` resolve to the loopback interface (RFC 6761); browsers ensure that
  /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)

const parseUrl = (text: string): URL | undefined => URL.canParse(text) ? new URL(text) : undefined

const isLocalOrigin = (origin: string): boolean => {
  const url = parseUrl(origin)
  return url !== undefined && (url.protocol === "http:" || url.protocol === "https:") && url.origin === origin &&
    isLoopback(url.hostname)
}

/** Returns whether the page that makes the request was served by the host that the request is sent to. */
const isSameOrigin = (origin: string, host: string | undefined): boolean =>
  host !== undefined && (origin === `http://${host}` || origin === `https://${host}`)

/**
 * Returns whether a request comes from a program or page on this machine or from a page of this server, and names a host of
 * this server. `allowsLinks` also allows navigation from other sites.
 */
export const isLocalRequest = (
  request: HttpServerRequest.HttpServerRequest,
  { isOwnName }: Hosting,
  allowsLinks: boolean
): boolean => {
  const { host, origin, "sec-fetch-dest": destination, "sec-fetch-site": site } = request.headers
  // images, frames and links of other sites have no origin
  if (origin === undefined && site === "cross-site" && !(allowsLinks && destination === "document")) return false
  // requests in memory have no host
  const hostname = host === undefined ? "localhost" : parseUrl(`http://${host}`)?.hostname
  return (origin === undefined || isLocalOrigin(origin) || isSameOrigin(origin, host)) && hostname !== undefined &&
    (isLoopback(hostname) || isOwnName?.(hostname, request) === true)
}

/** Response headers by which only the page that makes the request can read the response. */
export const headersFor = ({ headers: { origin } }: HttpServerRequest.HttpServerRequest): Record<string, string> => ({
  ...(origin === undefined ? undefined : { "access-control-allow-origin": origin }),
  "cross-origin-resource-policy": "same-origin",
  "vary": "origin",
  "x-content-type-options": "nosniff"
})
