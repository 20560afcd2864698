/**
 * The URLs of SignalWire's REST API and of its socket, and how they are derived from a host or a token.
 *
 * @since 0.1.0
 */
import { type Invalid, invalidParameter } from "@effect-signalwire/schema/Reason"
import * as Token from "@effect-signalwire/schema/Token"
import * as Result from "effect/Result"
import * as Url from "./Url.ts"

/** The URLs of the REST API and of the socket. */
export interface Endpoint {
  /**
   * The base URL of the REST API, without a trailing slash: an origin such as `https://fabric.signalwire.com`, followed
   * by a path if a reverse proxy serves the API under one. `/api/fabric/` is appended to it.
   */
  readonly http: string
  /** The URL of the socket, such as `wss://puc.signalwire.com`. */
  readonly ws: string
}

/** The options of {@link make}. `urls` takes precedence over `host`, and `host` over the host in the token. */
export interface Options {
  /** The host of the socket, such as `puc.signalwire.com`, or a loopback host with its port. */
  readonly host?: string | undefined
  /**
   * Both URLs, each with the path of a reverse proxy if there is one. `http:` and `ws:` are accepted for loopback hosts
   * only.
   */
  readonly urls?: { readonly http: string; readonly ws: string } | undefined
}

const defaultHost = "puc.signalwire.com"

/** Whether a host name, in the notation of `URL.hostname`, is a loopback host. */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" ||
  /^127\.\d+\.\d+\.\d+$/.test(hostname)

const parse = (
  name: string,
  input: string,
  secure: string,
  plain: string
): Result.Result<URL, Invalid> => {
  const url = Url.parse(input)
  if (url === undefined) return Result.fail(invalidParameter(name, "is not a URL"))
  if (url.username !== "" || url.password !== "") {
    return Result.fail(invalidParameter(name, "must not contain credentials"))
  }
  if (url.search !== "" || url.hash !== "") {
    return Result.fail(invalidParameter(name, "must not have a query or a fragment"))
  }
  if (url.protocol === secure) return Result.succeed(url)
  if (url.protocol !== plain) {
    return Result.fail(invalidParameter(name, `must start with ${secure}//, not ${url.protocol}//`))
  }
  return isLoopback(url.hostname)
    ? Result.succeed(url)
    : Result.fail(
      invalidParameter(name, `${plain}// would send the token unencrypted; use ${secure}// (loopback hosts are exempt)`)
    )
}

const stripTrailingSlashes = (url: string): string => url.replace(/\/+$/, "")

/** Keeps a trailing slash of the path, but not the slash that `URL` adds if there is no path. */
const socketUrl = (url: URL): string => url.pathname === "/" ? stripTrailingSlashes(url.href) : url.href

const fromUrls = (http: string, ws: string): Result.Result<Endpoint, Invalid> =>
  Result.flatMap(
    parse("urls.http", http, "https:", "http:"),
    (httpUrl) =>
      Result.map(parse("urls.ws", ws, "wss:", "ws:"), (wsUrl) => ({
        http: stripTrailingSlashes(httpUrl.href),
        ws: socketUrl(wsUrl)
      }))
  )

/** Whether a host is an IPv6 address without the brackets that URLs require. */
const isBareIPv6 = (host: string): boolean => /^[\da-f]*:[\da-f]*:[\da-f:.]*$/i.test(host)

/** The socket of `puc.signalwire.com` is at that host, and its REST API at `fabric.signalwire.com`. */
const fromHost = (input: string): Result.Result<Endpoint, Invalid> => {
  if (input.includes("@")) return Result.fail(invalidParameter("host", "must not contain credentials"))
  const host = isBareIPv6(input) ? `[${input}]` : input
  const url = Url.parse(`https://${host}`)
  if (url?.host !== host.toLowerCase()) return Result.fail(invalidParameter("host", "is not a host name"))
  const { hostname, port } = url
  if (isLoopback(hostname)) {
    // tokens of a local server contain names under localhost, which not every resolver resolves
    const reachable = hostname.endsWith(".localhost") ? `127.0.0.1${port === "" ? "" : `:${port}`}` : host
    return fromUrls(`http://${reachable}`, `ws://${reachable}`)
  }
  const dot = host.indexOf(".")
  return dot <= 0
    ? Result.fail(invalidParameter("host", `has no domain; pass a host such as ${defaultHost}, or urls`))
    : fromUrls(`https://fabric${host.slice(dot)}`, `wss://${host}`)
}

/**
 * Derives the endpoint from the options, or from the host in the token if there are none. A token without a readable
 * host selects SignalWire's production service. Fails with `Invalid` for an invalid host or URL.
 *
 * ```ts
 * import * as Endpoint from "@effect-signalwire/runtime/Endpoint"
 *
 * // a Success of { http: "https://fabric.signalwire.com", ws: "wss://puc.signalwire.com" }
 * console.log(Endpoint.make("<token>", { host: "puc.signalwire.com" }))
 * ```
 */
export const make = (token: string, options: Options = {}): Result.Result<Endpoint, Invalid> => {
  if (options.urls !== undefined) return fromUrls(options.urls.http, options.urls.ws)
  if (options.host !== undefined) return fromHost(options.host)
  const header = Token.decodeHeader(token)
  return fromHost(Result.isSuccess(header) ? header.success.ch ?? defaultHost : defaultHost)
}
