/**
 * What all routes share: bodies, refusals as answers, CORS, and faults around every request.
 */
import { isJsonObject, type JsonObject } from "@effect-signalwire/schema/JsonObject"
import { type MalformedValue, parseJson } from "@effect-signalwire/schema/Malformed"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import type { Backend } from "../Backend.ts"
import type * as Faults from "../Faults.ts"
import { Hosting } from "../Hosting.ts"
import * as Refused from "../Refused.ts"
import type { StorageError } from "../Storage.ts"
import * as Bodies from "./bodies.ts"
import { isDeep } from "./depth.ts"
import * as JsonStream from "./jsonStream.ts"
import { redactedAuthorization } from "./redaction.ts"

const cors = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
  "access-control-allow-headers": "Authorization, Content-Type, Accept",
  "access-control-expose-headers": "Retry-After",
  "access-control-max-age": "86400"
}

export const json = (body: unknown, status = 200): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(body, { status })

/** The response where there is no room for the body. */
export const tooBusy = json(Refused.busy.body, Refused.busy.status)

/** The answer to a preflight, of any path of the service. */
export const preflight = HttpServerResponse.empty({ status: 204, headers: cors })

/** The token that a request shows. */
export const bearer = (request: HttpServerRequest.HttpServerRequest): string | undefined =>
  /^Bearer +(\S+) *$/i.exec(request.headers["authorization"] ?? "")?.[1]

/** From which length on bodies are parsed one in a turn of the event loop, so that others are served in between. */
const longBody = 65_536
const longBodies = Semaphore.makeUnsafe(1)

const parsed = (text: string): Effect.Effect<unknown, Refused.Refused> =>
  Effect.suspend(() =>
    isDeep(text) ? Effect.fail(Refused.malformed("The body is nested too deeply")) : Effect.try({
      try: (): unknown => JSON.parse(text),
      catch: () => Refused.malformed("The body is not JSON")
    })
  )

/** The request's body: an object. */
export const bodyObject: Effect.Effect<JsonObject, Refused.Refused, Bodies.RequestBody> = Effect.flatMap(
  Bodies.RequestBody,
  (body) => body
).pipe(
  Effect.flatMap((text) =>
    text.length < longBody ? parsed(text) : longBodies.withPermit(Effect.andThen(Effect.yieldNow, parsed(text)))
  ),
  Effect.filterOrFail(isJsonObject, () => Refused.malformed("The body is not a JSON object"))
)

/** The request's body, of a shape. */
export const bodyOf = <A>(
  decode: (input: unknown) => Result.Result<A, MalformedValue>
): Effect.Effect<A, Refused.Refused, Bodies.RequestBody> =>
  Effect.flatMap(bodyObject, (body) =>
    Effect.fromResult(
      Result.mapError(decode(body), ({ message, path }) => Refused.invalidParameter(path || "body", `: ${message}`))
    ))

/** Path and query of a request. */
export const urlOf = (request: HttpServerRequest.HttpServerRequest): URL =>
  // appended, not resolved: `//host` would be resolved to another host
  new URL(`http://localhost/${request.url.replace(/^\//, "")}`)

export type Handled<R = never> = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  Refused.Refused | StorageError,
  R
>

/** Turns failures of any kind into the answers of the wire. */
export const answered = <R>(handler: Handled<R>): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> =>
  Effect.catchTags(handler, {
    Refused: (refused) => Effect.succeed(json(refused.body, refused.status)),
    StorageError: (error) =>
      Effect.as(Effect.logError("The store failed", error), json({ error: "Internal Server Error" }, 500))
  })

/** The same, for pages of any origin to read: what the service answers to everybody who shows a token. */
export const answeredWithCors = <R>(
  handler: Handled<R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> =>
  Effect.map(answered(handler), HttpServerResponse.setHeaders(cors))

const broken = Effect.gen(function*() {
  const request = yield* HttpServerRequest.HttpServerRequest
  yield* (yield* Hosting).abort(request)
  return HttpServerResponse.empty({ status: 502, headers: { ...cors, "x-connection-broken": "1" } })
})

/** The answer that a rule prescribes. */
export const prescribed = (action: Extract<Faults.Action, { readonly type: "answer" }>) => {
  const options = { status: action.status ?? 500, headers: { ...cors, ...action.headers } }
  return typeof action.text === "string"
    ? HttpServerResponse.text(action.text, options)
    : action.body === undefined
    ? HttpServerResponse.empty(options)
    : HttpServerResponse.jsonUnsafe(action.body, options)
}

/** The answer with another text: what it would have said, cut in half, or what the rule says instead. */
const malformed = (
  response: HttpServerResponse.HttpServerResponse,
  text: string,
  instead: string | null | undefined
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(instead ?? text.slice(0, Math.max(1, text.length >> 1)), {
    status: response.status,
    headers: cors,
    contentType: instead?.trimStart().startsWith("<") === true ? "text/html" : "application/json"
  })

/** A page whose `links.next` leads on and on; the `number` makes each link another one. Any other answer stays as it is. */
const endless = (
  response: HttpServerResponse.HttpServerResponse,
  text: string,
  url: URL,
  { pages }: Extract<Faults.Action, { readonly type: "endless" }>,
  number: number
): HttpServerResponse.HttpServerResponse => {
  const page = Result.getOrUndefined(parseJson(text))
  if (!isJsonObject(page) || !isJsonObject(page["links"])) {
    return HttpServerResponse.text(text, { status: response.status, headers: response.headers })
  }
  if (pages !== "itself") url.searchParams.set("endless", String(number))
  const links = { ...page["links"], next: `${url.pathname}${url.search}` }
  return HttpServerResponse.jsonUnsafe(
    pages === "empty" ? { ...page, links, data: [] } : { ...page, links },
    { status: response.status, headers: cors }
  )
}

/** Changes an answer whose text is needed for it. */
const withText = <R>(
  handler: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>,
  change: (
    response: HttpServerResponse.HttpServerResponse,
    text: string
  ) => HttpServerResponse.HttpServerResponse
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> =>
  Effect.flatMap(handler, (response) => Effect.map(JsonStream.textOf(response), (text) => change(response, text)))

/** How many bytes a body of the service may have: the longest message takes half of it when all is escaped. */
const maxBody = 512 * 1024

/** How many requests are kept back at once. */
const maxHeld = 100

/** How long a request is kept back for a next one, in milliseconds. */
const reorderTimeout = 1000

/** What surrounds every request: what goes wrong with it, and the log of what became of it. */
export const surround = (
  { authenticate, budget, wireLog }: Backend["Service"],
  faults: Faults.Service
) => {
  /** Requests that wait until another one was handled. */
  let held: ReadonlyArray<Deferred.Deferred<void>> = []
  let endlessPages = 0
  const release = Effect.sync(() => {
    const late = held
    held = []
    for (const one of late) Deferred.doneUnsafe(one, Effect.void)
  })

  const carriedOut = <R>(
    handler: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>,
    action: Faults.Action | undefined
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R | HttpServerRequest.HttpServerRequest> => {
    switch (action?.type) {
      case undefined:
      case "restart":
        return handler
      case "refuse":
      case "close":
        return broken
      case "silent":
      case "drop":
        return Effect.never
      case "delay":
        return Effect.delay(handler, action.millis)
      case "duplicate":
        return Effect.andThen(handler, handler)
      case "reorder": {
        if (held.length >= maxHeld) return handler
        const turn = Deferred.makeUnsafe<void>()
        held = [...held, turn]
        return Effect.timeoutOption(Deferred.await(turn), reorderTimeout).pipe(
          Effect.ensuring(Effect.sync(() => {
            held = held.filter((other) => other !== turn)
          })),
          Effect.andThen(handler)
        )
      }
      case "answer":
        return Effect.succeed(prescribed(action))
      case "loseAnswer":
        return Effect.andThen(handler, action.never === true ? Effect.never : broken)
      case "malformed":
        return withText(handler, (response, text) => malformed(response, text, action.text))
      case "endless":
        return Effect.flatMap(
          HttpServerRequest.HttpServerRequest,
          (request) =>
            withText(handler, (response, text) => endless(response, text, urlOf(request), action, ++endlessPages))
        )
    }
  }

  const logged = <R>(
    request: HttpServerRequest.HttpServerRequest,
    subscriberId: string | undefined,
    fault: string | null,
    handler: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>
  ) =>
    Effect.gen(function*() {
      const exchange = wireLog.nextId()
      const body = request.method === "GET" || request.method === "HEAD"
        ? ""
        : yield* Effect.orElseSucceed(Effect.flatten(Bodies.RequestBody), () => "")
      wireLog.add({
        on: "request",
        exchange,
        method: request.method,
        path: request.url,
        authorization: redactedAuthorization(request.headers["authorization"]),
        subscriberId: subscriberId ?? null,
        body,
        fault
      })
      const answer = (status: number | null, body: string) =>
        wireLog.add({ on: "response", exchange, status, body, fault })
      return yield* Effect.onExit(handler, (exit) =>
        Effect.sync(() =>
          exit._tag === "Success" ? answer(exit.value.status, JsonStream.firstChunkOf(exit.value)) : answer(null, "")
        ))
    })

  const withBody = Bodies.provide(budget, maxBody, HttpServerResponse.setHeaders(tooBusy, cors))
  return <R>(handler: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>) =>
    withBody(Effect.suspend(() => {
      const isArmed = faults.isArmed()
      if (!isArmed && !wireLog.isEnabled()) return handler
      return Effect.gen(function*() {
        const request = yield* HttpServerRequest.HttpServerRequest
        const subscriberId = yield* Effect.match(authenticate(bearer(request) ?? ""), {
          onFailure: () => undefined,
          onSuccess: ({ subscriber }) => subscriber.id
        })
        const action = isArmed
          ? faults.at({ on: "http", method: request.method, path: urlOf(request).pathname, subscriberId })
          : undefined
        const handled = action?.type === "reorder" || held.length === 0
          ? carriedOut(handler, action)
          : Effect.ensuring(carriedOut(handler, action), release)
        return yield* wireLog.isEnabled() ? logged(request, subscriberId, action?.type ?? null, handled) : handled
      })
    }))
}

/** The parameters of a route's path, decoded. */
export const pathParam = (context: HttpRouter.RouteContext["Service"], name: string): string =>
  context.params[name] ?? ""
