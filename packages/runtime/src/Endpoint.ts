/**
 * Where the service is: the URLs of its REST API and of its socket.
 *
 * @since 0.1.0
 */
import { type Invalid, invalidParameter } from "@effect-signalwire/schema/Reason"
import * as Token from "@effect-signalwire/schema/Token"
import * as Result from "effect/Result"
import * as Url from "./Url.ts"

/** Where the service is. */
export interface Endpoint {
  /**
   * The URL under which `/api/fabric/` is, without a slash at its end: an origin such as
   * `https://fabric.signalwire.com`, with a path where a reverse proxy serves it under one.
   */
  readonly http: string
  /** The URL of the socket, such as `wss://puc.signalwire.com`. */
  readonly ws: string
}

/**
 * Where the service is, for a caller to say: `urls` takes precedence over `host`, and `host` over what the token names.
 */
export interface Options {
  /** A host such as `puc.signalwire.com`, or a loopback host with its port. */
  readonly host?: string | undefined
  /**
   * Both addresses in full, with the path under which a reverse proxy serves them, if any. Plain `http:` and `ws:` are
   * for loopback only.
   */
  readonly urls?: { readonly http: string; readonly ws: string } | undefined
}

const defaultHost = "puc.signalwire.com"

/** Whether a host name, as `URL` writes it, is that of this machine. */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" ||
  /^127\.\d+\.\d+\.\d+$/.test(hostname)

const parse = (
  name: string,
  text: string,
  secure: string,
  plain: string
): Result.Result<URL, Invalid> => {
  const url = Url.parse(text)
  if (url === undefined) return Result.fail(invalidParameter(name, "is not a URL"))
  if (url.username !== "" || url.password !== "") {
    return Result.fail(invalidParameter(name, "credentials do not belong in a URL"))
  }
  if (url.search !== "" || url.hash !== "") {
    return Result.fail(invalidParameter(name, "must have no query and no fragment"))
  }
  if (url.protocol === secure) return Result.succeed(url)
  if (url.protocol !== plain) {
    return Result.fail(invalidParameter(name, `must begin with ${secure}//, not ${url.protocol}//`))
  }
  return isLoopback(url.hostname)
    ? Result.succeed(url)
    : Result.fail(
      invalidParameter(name, `${plain}// would send the token in clear; use ${secure}// (loopback hosts are exempt)`)
    )
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, "")

/** As it was written, but for the slash that stands for no path. */
const socketUrl = (url: URL): string => url.pathname === "/" ? withoutSlash(url.href) : url.href

const fromUrls = (http: string, ws: string): Result.Result<Endpoint, Invalid> =>
  Result.flatMap(
    parse("urls.http", http, "https:", "http:"),
    (httpUrl) =>
      Result.map(parse("urls.ws", ws, "wss:", "ws:"), (wsUrl) => ({
        http: withoutSlash(httpUrl.href),
        ws: socketUrl(wsUrl)
      }))
  )

/** An IPv6 address without the brackets that it has in a URL. */
const isBareIPv6 = (host: string): boolean => /^[\da-f]*:[\da-f]*:[\da-f:.]*$/i.test(host)

/** `puc.signalwire.com` has its REST API at `fabric.signalwire.com` and its socket at its own name. */
const fromHost = (given: string): Result.Result<Endpoint, Invalid> => {
  if (given.includes("@")) return Result.fail(invalidParameter("host", "credentials do not belong in a host name"))
  const host = isBareIPv6(given) ? `[${given}]` : given
  const url = Url.parse(`https://${host}`)
  if (url?.host !== host.toLowerCase()) return Result.fail(invalidParameter("host", `"${given}" is not a host name`))
  const { hostname, port } = url
  if (isLoopback(hostname)) {
    // not every resolver knows the names under localhost, which a local server's tokens carry
    const reachable = hostname.endsWith(".localhost") ? `127.0.0.1${port === "" ? "" : `:${port}`}` : host
    return fromUrls(`http://${reachable}`, `ws://${reachable}`)
  }
  const dot = host.indexOf(".")
  return dot < 0
    ? Result.fail(invalidParameter("host", `"${host}" has no domain; give one such as ${defaultHost}, or urls`))
    : fromUrls(`https://fabric${host.slice(dot)}`, `wss://${host}`)
}

/**
 * Derives where the service is from the options, or else from the host that the token names; a token without a readable
 * host leads to the vendor's production service. Fails with `Invalid` for a host or URL that can't be.
 */
export const make = (token: string, options: Options = {}): Result.Result<Endpoint, Invalid> => {
  if (options.urls !== undefined) return fromUrls(options.urls.http, options.urls.ws)
  if (options.host !== undefined) return fromHost(options.host)
  const header = Token.decodeHeader(token)
  return fromHost(Result.isSuccess(header) ? header.success.ch ?? defaultHost : defaultHost)
}
