/**
 * Helpers of all routes: request bodies, error responses, and CORS.
 */
import { isJsonObject, type JsonObject } from "@effect-signalwire/schema/JsonObject"
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import * as ApiError from "../ApiError.ts"
import type { StorageError } from "../Storage.ts"
import { cors } from "./cors.ts"
import { isNestedTooDeeply } from "./jsonDepth.ts"
import * as RequestBody from "./requestBody.ts"

export const json = (body: unknown, status = 200): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(body, { status })

/** The response to a preflight request. */
export const preflight = HttpServerResponse.empty({ status: 204, headers: cors })

/** The bearer token of a request. */
export const bearerToken = (request: HttpServerRequest.HttpServerRequest): string | undefined =>
  /^Bearer +(\S+) *$/i.exec(request.headers["authorization"] ?? "")?.[1]

/** Bodies of this length or more are parsed one per turn of the event loop, so that other requests are served in between. */
const longBody = 65_536
const longBodies = Semaphore.makeUnsafe(1)

const parse = (text: string): Effect.Effect<unknown, ApiError.ApiError> =>
  Effect.suspend(() =>
    isNestedTooDeeply(text) ? Effect.fail(ApiError.badRequest("The body is nested too deeply")) : Effect.try({
      try: (): unknown => JSON.parse(text),
      catch: () => ApiError.badRequest("The body is not JSON")
    })
  )

/** The body of the request as a JSON object. */
export const bodyObject: Effect.Effect<JsonObject, ApiError.ApiError, RequestBody.RequestBody> = Effect.flatMap(
  RequestBody.RequestBody,
  (body) => body
).pipe(
  Effect.flatMap((text) =>
    text.length < longBody ? parse(text) : longBodies.withPermit(Effect.andThen(Effect.yieldNow, parse(text)))
  ),
  Effect.filterOrFail(isJsonObject, () => ApiError.badRequest("The body is not a JSON object"))
)

/** The decoded body of the request. */
export const decodeBody = <A>(
  decode: (input: unknown) => Result.Result<A, MalformedValue>
): Effect.Effect<A, ApiError.ApiError, RequestBody.RequestBody> =>
  Effect.flatMap(bodyObject, (body) =>
    Effect.fromResult(
      Result.mapError(decode(body), ({ message, path }) => ApiError.invalidParameter(path, `: ${message}`))
    ))

/** The path and query of a request as a URL, with an arbitrary origin. */
export const urlOf = (request: HttpServerRequest.HttpServerRequest): URL =>
  // appended, not resolved: `//host` would be resolved to another host
  new URL(`http://localhost/${request.url.replace(/^\//, "")}`)

/** A route handler whose errors are not yet converted to responses. */
export type Handler<R = never> = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  ApiError.ApiError | StorageError,
  R
>

/** Converts errors to error responses. */
export const handleErrors = <R>(handler: Handler<R>): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> =>
  Effect.catchTags(handler, {
    ApiError: (error) => Effect.succeed(json(error.body, error.status)),
    StorageError: (error) =>
      Effect.as(Effect.logError("The storage failed", error), json({ error: "Internal Server Error" }, 500))
  })

/** Converts errors to error responses, and allows pages of any origin to read the responses. */
export const handleErrorsWithCors = <R>(
  handler: Handler<R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> =>
  Effect.map(handleErrors(handler), HttpServerResponse.setHeaders(cors))

/** A decoded parameter of the route's path. */
export const pathParam = (context: HttpRouter.RouteContext["Service"], name: string): string =>
  context.params[name] ?? ""
