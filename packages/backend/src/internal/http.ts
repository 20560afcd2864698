/**
 * What all routes share: bodies, refusals as answers, and CORS.
 */
import { isJsonObject, type JsonObject } from "@effect-signalwire/schema/JsonObject"
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import * as Refused from "../Refused.ts"
import type { StorageError } from "../Storage.ts"
import * as Bodies from "./bodies.ts"
import { cors } from "./cors.ts"
import { isDeep } from "./depth.ts"

export const json = (body: unknown, status = 200): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(body, { status })

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

/** The parameters of a route's path, decoded. */
export const pathParam = (context: HttpRouter.RouteContext["Service"], name: string): string =>
  context.params[name] ?? ""
