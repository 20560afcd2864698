/**
 * Adds routes for the three kinds of callers: anybody, those who show a subscriber's token, and the project itself.
 */
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import type * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import type { Service, Viewer } from "../Backend.ts"
import type * as Faults from "../Faults.ts"
import * as Refused from "../Refused.ts"
import type { StorageError } from "../Storage.ts"
import type { RequestBody } from "./bodies.ts"
import { answeredWithCors, bearer, type Handled, urlOf } from "./http.ts"
import { surround } from "./httpFaults.ts"

type Method = "GET" | "POST" | "DELETE"

export type Routing = ReturnType<typeof make>

export const make = (router: HttpRouter.HttpRouter, backend: Service, faults: Faults.Service) => {
  const request = HttpServerRequest.HttpServerRequest
  const surrounded = surround(backend, faults)
  const route = <R>(method: Method, path: `/${string}`, handler: Handled<R>) =>
    router.add(method, path, surrounded(answeredWithCors(handler)))

  /** A route for those who show a good token. */
  const forViewer = (
    method: Method,
    path: `/${string}`,
    handler: (
      viewer: Viewer,
      url: URL
    ) => Effect.Effect<
      HttpServerResponse.HttpServerResponse,
      Refused.Refused | StorageError,
      HttpServerRequest.HttpServerRequest | HttpRouter.RouteContext | RequestBody
    >
  ) =>
    route(
      method,
      path,
      Effect.flatMap(request, (request) =>
        Effect.flatMap(backend.authenticate(bearer(request) ?? ""), (viewer) =>
          handler(viewer, urlOf(request))))
    )

  const basic = `${backend.identity.projectId}:${backend.identity.apiToken}`
  const checkBasic = Effect.flatMap(request, (request) => {
    const encoded = /^Basic +(\S+) *$/i.exec(request.headers["authorization"] ?? "")?.[1] ?? ""
    return Result.getOrElse(Base64.decodeString(encoded), () => "") === basic
      ? Effect.void
      : Effect.fail(Refused.unauthorized)
  })
  /** A route for those who show the project's credential. */
  const forProject = <R>(method: Method, path: `/${string}`, handler: Handled<R>) =>
    route(method, path, Effect.andThen(checkBasic, handler))

  return { forProject, forViewer, route, surrounded }
}
