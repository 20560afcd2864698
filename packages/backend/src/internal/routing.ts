/**
 * Adds routes for the three kinds of callers: unauthenticated ones, subscribers, and the project itself.
 */
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import type * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import * as ApiError from "../ApiError.ts"
import type * as Faults from "../Faults.ts"
import type { StorageError } from "../Storage.ts"
import type { Service } from "./contract.ts"
import { bearerToken, handleErrorsWithCors, type Handler, urlOf } from "./http.ts"
import * as HttpMiddleware from "./httpMiddleware.ts"
import type { Caller } from "./operations.ts"
import type { RequestBody } from "./requestBody.ts"

type Method = "GET" | "POST" | "DELETE"

export type Routing = ReturnType<typeof make>

export const make = (router: HttpRouter.HttpRouter, backend: Service, faults: Faults.Service) => {
  const request = HttpServerRequest.HttpServerRequest
  const middleware = HttpMiddleware.make(backend, faults)
  const route = <R>(method: Method, path: `/${string}`, handler: Handler<R>) =>
    router.add(method, path, middleware(handleErrorsWithCors(handler)))

  /** Adds a route that requires the token of a subscriber. */
  const forCaller = (
    method: Method,
    path: `/${string}`,
    handler: (
      caller: Caller,
      url: URL
    ) => Effect.Effect<
      HttpServerResponse.HttpServerResponse,
      ApiError.ApiError | StorageError,
      HttpServerRequest.HttpServerRequest | HttpRouter.RouteContext | RequestBody
    >
  ) =>
    route(
      method,
      path,
      Effect.flatMap(request, (request) =>
        Effect.flatMap(backend.authenticate(bearerToken(request) ?? ""), (caller) =>
          handler(caller, urlOf(request))))
    )

  const basic = `${backend.identity.projectId}:${backend.identity.apiToken}`
  const checkBasic = Effect.flatMap(request, (request) => {
    const encoded = /^Basic +(\S+) *$/i.exec(request.headers["authorization"] ?? "")?.[1] ?? ""
    return Result.getOrElse(Base64.decodeString(encoded), () => "") === basic
      ? Effect.void
      : Effect.fail(ApiError.unauthorized)
  })
  /** Adds a route that requires the project's id and API token. */
  const forProject = <R>(method: Method, path: `/${string}`, handler: Handler<R>) =>
    route(method, path, Effect.andThen(checkBasic, handler))

  return { forProject, forCaller, middleware, route }
}
