/**
 * From where the admin API may be reached. It asks for no token, and a browser on this machine reaches it, so a web page
 * from elsewhere is turned away: by its origin, and by the name under which it got here, which it can make resolve here.
 */
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type { Hosting } from "../Hosting.ts"

/** The loopback's own names and addresses, as a `URL` writes a hostname. */
const isLoopback = (hostname: string): boolean =>
  // a name under `localhost` never leaves the machine (RFC 6761); browsers see to that themselves
  /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)

const urlOf = (text: string): URL | undefined => URL.canParse(text) ? new URL(text) : undefined

const isLocalOrigin = (origin: string): boolean => {
  const url = urlOf(origin)
  return url !== undefined && (url.protocol === "http:" || url.protocol === "https:") && url.origin === origin &&
    isLoopback(url.hostname)
}

/** Whether a page was served by the host that its request names: then it is this server's own page. */
const isSameOrigin = (origin: string, host: string | undefined): boolean =>
  host !== undefined && (origin === `http://${host}` || origin === `https://${host}`)

/** Whether a request is from this machine's programs and pages or from the server's own page, and is meant for this server. */
export const isLocalRequest = (
  request: HttpServerRequest.HttpServerRequest,
  { isOwnName }: Hosting,
  allowsLinks: boolean
): boolean => {
  const { host, origin, "sec-fetch-dest": destination, "sec-fetch-site": site } = request.headers
  // images, frames and links of other sites come without an origin
  if (origin === undefined && site === "cross-site" && !(allowsLinks && destination === "document")) return false
  // in memory there is no host to name
  const hostname = host === undefined ? "localhost" : urlOf(`http://${host}`)?.hostname
  return (origin === undefined || isLocalOrigin(origin) || isSameOrigin(origin, host)) && hostname !== undefined &&
    (isLoopback(hostname) || isOwnName?.(hostname, request) === true)
}

/** Lets the page that asks read the answer, and no other page. */
export const headersFor = ({ headers: { origin } }: HttpServerRequest.HttpServerRequest): Record<string, string> => ({
  ...(origin === undefined ? undefined : { "access-control-allow-origin": origin }),
  "cross-origin-resource-policy": "same-origin",
  "vary": "origin",
  "x-content-type-options": "nosniff"
})
