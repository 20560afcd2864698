/**
 * What all routes share: bodies, refusals as answers, CORS, and faults around every request.
 */
import { isJsonObject, type JsonObject } from "@effect-signalwire/schema/JsonObject"
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import type * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import type * as Faults from "../Faults.ts"
import { Hosting } from "../Hosting.ts"
import * as Refused from "../Refused.ts"
import type { StorageError } from "../Storage.ts"

/** How many bytes of a body are read. */
const maxBody = ByteSize.mebibytes(8)

/** How deep a body may be nested: what is stored must be written again without running out of stack. */
const maxDepth = 64

const cors = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
  "access-control-allow-headers": "Authorization, Content-Type, Accept",
  "access-control-expose-headers": "Retry-After",
  "access-control-max-age": "86400"
}

export const json = (body: unknown, status = 200): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(body, { status })

/** The answer to a preflight, of any path. */
export const preflight = HttpServerResponse.empty({ status: 204, headers: cors })

const isDeep = (text: string): boolean => {
  let depth = 0
  let quoted = false
  for (let index = 0; index < text.length; index++) {
    const char = text[index]
    if (quoted) {
      if (char === "\\") index++
      else if (char === "\"") quoted = false
    } else if (char === "\"") quoted = true
    else if (char === "{" || char === "[") {
      if (++depth > maxDepth) return true
    } else if (char === "}" || char === "]") depth--
  }
  return false
}

/** The request's body: an object. */
export const bodyObject: Effect.Effect<JsonObject, Refused.Refused, HttpServerRequest.HttpServerRequest> = Effect
  .flatMap(HttpServerRequest.HttpServerRequest, (request) => request.text).pipe(
    Effect.mapError((error) =>
      "reason" in error.reason && error.reason.reason === "BodyTooLarge"
        ? Refused.tooLarge
        : Refused.malformed("The body could not be read")
    ),
    Effect.flatMap((text) =>
      isDeep(text) ? Effect.fail(Refused.malformed("The body is nested too deeply")) : Effect.try({
        try: (): unknown => JSON.parse(text),
        catch: () => Refused.malformed("The body is not JSON")
      })
    ),
    Effect.filterOrFail(isJsonObject, () => Refused.malformed("The body is not a JSON object")),
    Effect.provideService(HttpIncomingMessage.MaxBodySize, maxBody)
  )

/** The request's body, of a shape. */
export const bodyOf = <A>(
  decode: (input: unknown) => Result.Result<A, MalformedValue>
): Effect.Effect<A, Refused.Refused, HttpServerRequest.HttpServerRequest> =>
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
  handler.pipe(
    Effect.catchTags({
      Refused: (refused) => Effect.succeed(json(refused.body, refused.status)),
      StorageError: (error) =>
        Effect.as(Effect.logError("The store failed", error), json({ error: "Internal Server Error" }, 500))
    }),
    Effect.map(HttpServerResponse.setHeaders(cors))
  )

const broken = Effect.gen(function*() {
  const request = yield* HttpServerRequest.HttpServerRequest
  yield* (yield* Hosting).abort(request)
  return HttpServerResponse.empty({ status: 502, headers: { ...cors, "x-connection-broken": "1" } })
})

const bodyText = (response: HttpServerResponse.HttpServerResponse): string => {
  const { body } = response
  return body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""
}

/** The answer that a rule prescribes. */
export const prescribed = (action: Extract<Faults.Action, { readonly type: "answer" }>) => {
  const options = { status: action.status ?? 500, headers: { ...cors, ...action.headers } }
  return typeof action.text === "string"
    ? HttpServerResponse.text(action.text, options)
    : action.body === undefined
    ? HttpServerResponse.empty(options)
    : HttpServerResponse.jsonUnsafe(action.body, options)
}

/** Carries out what goes wrong with a request. */
export const withFaults = <R>(
  faults: Faults.Service,
  subscriberOf: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<string | undefined>,
  handler: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R | HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function*() {
    if (!faults.isArmed()) return yield* handler
    const request = yield* HttpServerRequest.HttpServerRequest
    const action = faults.at({
      on: "http",
      method: request.method,
      path: urlOf(request).pathname,
      subscriberId: yield* subscriberOf(request)
    })
    switch (action?.type) {
      case undefined:
      case "reorder":
      case "restart":
        return yield* handler
      case "refuse":
      case "close":
        return yield* broken
      case "silent":
      case "drop":
        return yield* Effect.never
      case "delay":
        return yield* Effect.delay(handler, action.millis)
      case "duplicate":
        return yield* Effect.andThen(handler, handler)
      case "answer":
        return yield* Effect.succeed(prescribed(action))
      case "loseAnswer":
        return yield* Effect.andThen(handler, action.never === true ? Effect.never : broken)
      case "malformed":
        return yield* Effect.map(handler, (response) => {
          const text = bodyText(response)
          return HttpServerResponse.text(text.slice(0, Math.max(1, text.length >> 1)), {
            status: response.status,
            headers: cors,
            contentType: "application/json"
          })
        })
    }
  })

/** The parameters of a route's path, decoded. */
export const pathParam = (context: HttpRouter.RouteContext["Service"], name: string): string =>
  context.params[name] ?? ""
