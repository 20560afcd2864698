/**
 * Adds routes of the admin API, and restricts them to this machine.
 */
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Result from "effect/Result"
import * as ApiError from "../ApiError.ts"
import { Hosting } from "../Hosting.ts"
import type { Service } from "./contract.ts"
import { decodeBody, handleErrors, type Handler } from "./http.ts"
import * as Origins from "./origins.ts"
import * as RequestBody from "./requestBody.ts"

/** The maximum size of a body, in bytes: thousands of messages can be seeded at once. */
const maxBodyBytes = 8 * 1024 * 1024

/**
 * Decodes the body of a request, whose content type must be JSON: web pages of other origins cannot send that without a
 * preflight request.
 */
export const jsonBody = <A>(
  decode: (input: unknown) => Result.Result<A, MalformedValue>
): Effect.Effect<A, ApiError.ApiError, HttpServerRequest.HttpServerRequest | RequestBody.RequestBody> =>
  Effect.flatMap(
    HttpServerRequest.HttpServerRequest,
    ({ headers }) =>
      /^application\/json *(;|$)/i.test(headers["content-type"] ?? "")
        ? decodeBody(decode)
        : Effect.fail(ApiError.unsupportedMediaType)
  )

/**
 * Restricts a handler to programs and pages on this machine: a request of a page with another origin, or to a host name that is
 * not this server's, fails with 403. A server that hosts the admin API can protect its own routes in the same way.
 */
export const localOnly = <R>(
  handler: Handler<R>,
  options?: {
    /**
     * Whether links on other sites can open it; for pages that contain no private data themselves.
     * @default false
     */
    readonly allowsLinks?: boolean
  }
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R | HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const isAllowed = Origins.isLocalRequest(request, yield* Hosting, options?.allowsLinks === true)
    const response = yield* handleErrors(isAllowed ? handler : Effect.fail(ApiError.notLocal))
    return isAllowed ? HttpServerResponse.setHeaders(response, Origins.headersFor(request)) : response
  })

export type AddRoute = ReturnType<typeof make>

export const make = (router: HttpRouter.HttpRouter, { budget }: Service) => {
  const withBody = RequestBody.provide(budget, maxBodyBytes)
  return (
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "QUERY",
    path: `/${string}`,
    handler: Handler<HttpServerRequest.HttpServerRequest | RequestBody.RequestBody>
  ) => router.add(method, `/_sandbox${path}`, withBody(localOnly(handler)))
}
