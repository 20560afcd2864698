/** The HTTP requests of one device. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { NetworkConditions } from "./networkConditions.ts"

type Request = HttpClientRequest.HttpClientRequest

/** The cause of a failure before the request was sent. */
const connectionRefused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" })

const messageTextOf = ({ body }: Request): string | undefined =>
  body._tag === "Uint8Array" ? /"text":"([^"]*)"/.exec(new TextDecoder().decode(body.body))?.[1] : undefined

/** Whether a request reads the newest page of all messages. */
const isNewestPage = ({ method }: Request, { pathname, searchParams }: URL): boolean =>
  method === "GET" && pathname === "/api/fabric/messages" &&
  searchParams.get("page_size") === "100" && !searchParams.has("page_token")

const fail = (
  request: Request,
  cause: Error | undefined
): Effect.Effect<never, HttpClientError.HttpClientError> =>
  Effect.fail(
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({ request, cause, description: "the network is down" })
    })
  )

export class Requests {
  /** The number of requests that have not ended. */
  pendingCount = 0
  /** Tokens that the server has refused. */
  readonly refusedTokens = new Set<string>()
  /** The content of messages that may have been sent. */
  readonly possiblySent = new Set<string>()
  readonly #network: NetworkConditions

  constructor(network: NetworkConditions) {
    this.#network = network
  }

  readonly client: HttpClient.HttpClient = HttpClient.make((request, url) => {
    const { coverage, exceptions, rates, server } = this.#network.options
    return Effect.suspend(() => {
      this.pendingCount++
      if (isNewestPage(request, url)) rates.onRead()
      return Effect.gen({ self: this }, function*() {
        exceptions.maybeThrow("fetch")
        yield* this.#transmit(request, connectionRefused)
        if (this.#network.proxy !== "none") {
          // also for a sign-in page, which has a successful status
          rates.onFailure()
          coverage.reach("conditions", `a request to a proxy that is ${this.#network.proxy}`)
          return this.#proxyResponse(request)
        }
        const { running } = server
        if (running === undefined) return yield* fail(request, connectionRefused)
        this.#recordSent(request)
        const sent = this.#network.shiftsPages && url.searchParams.has("page_token")
          ? yield* this.#shifted(running.http, request, url)
          : request
        const response = yield* running.http.execute(sent)
        if (response.status === 401) {
          this.refusedTokens.add((request.headers["authorization"] ?? "").replace(/^Bearer /, ""))
          this.#network.refusedAt = this.#network.options.eventLoop.now
        }
        const isLink = url.searchParams.has("page_token")
        if (isLink && [400, 404, 422].includes(response.status)) coverage.reach("recoveries", "a stale link")
        yield* this.#transmit(request, undefined)
        exceptions.maybeThrow("fetch")
        return response
      }).pipe(Effect.onExit((exit) =>
        Effect.sync(() => {
          this.pendingCount--
          if (!Exit.isSuccess(exit) || exit.value.status !== 200) rates.onFailure()
          // an exception or an interruption does not tell how far the request had come
          if (Exit.isFailure(exit) && !Cause.hasFails(exit.cause)) this.#recordSent(request)
        })
      ))
    })
  })

  #recordSent(request: Request): void {
    const text = request.method === "POST" ? messageTextOf(request) : undefined
    if (text !== undefined) this.possiblySent.add(text)
  }

  /** Transmits a request in one direction; `cause` is the cause of its failure. */
  #transmit(request: Request, cause: Error | undefined): Effect.Effect<void, HttpClientError.HttpClientError> {
    return Effect.suspend(() => {
      const { link, options: { coverage } } = this.#network
      if (link !== "up") coverage.reach("conditions", `a request while the network is ${link}`)
      if (link === "blackHole") {
        this.#recordSent(request)
        return Effect.never
      }
      if (link === "down") return fail(request, cause)
      const delay = this.#network.delay()
      return delay === 0 ? Effect.void : Effect.sleep(delay)
    })
  }

  /** The response of a proxy in front of the server. */
  #proxyResponse(request: Request): HttpClientResponse.HttpClientResponse {
    const { options: { random }, proxy } = this.#network
    const response = () => {
      switch (proxy) {
        case "rateLimited":
          return HttpServerResponse.empty({ status: 429, headers: { "retry-after": String(random.integer(1, 8)) } })
        case "captivePortal":
          return HttpServerResponse.text("<html>sign in</html>", { contentType: "text/html" })
        default:
          return HttpServerResponse.text("<html>busy</html>", { status: 503, contentType: "text/html" })
      }
    }
    // only a 429 shows that the request was not processed
    if (proxy !== "rateLimited") this.#recordSent(request)
    return HttpServerResponse.toClientResponse(response(), { request })
  }

  /** Requests a page of the list as it is now, instead of as it was when its first page was read. */
  readonly #shifted = Effect.fnUntraced(function*(http: HttpClient.HttpClient, request: Request, url: URL) {
    const begin = new URL(url)
    begin.searchParams.delete("page_token")
    begin.searchParams.delete("page_number")
    const get = (at: URL) => HttpClientRequest.get(at, { headers: request.headers })
    const body = yield* Effect.flatMap(http.execute(get(begin)), (response) => response.text)
    const token = /page_token=(PA[\w-]+)/.exec(body)?.[1]
    if (token === undefined) return request
    const now = new URL(url)
    now.searchParams.set("page_token", token)
    return get(now)
  })
}
