/**
 * The admin API under `/_sandbox`: creates subscribers and rooms, mints and expires tokens, seeds messages, reads what is
 * stored, drops sockets, sets faults, and reads the wire log. It needs no token, so it must only be reachable by programs that may
 * do all that.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as ApiError from "./ApiError.ts"
import { Backend } from "./Backend.ts"
import * as Faults from "./Faults.ts"
import * as AdminDirectory from "./internal/adminDirectory.ts"
import * as AdminFaults from "./internal/adminFaults.ts"
import * as AdminLog from "./internal/adminLog.ts"
import * as AdminMessages from "./internal/adminMessages.ts"
import * as AdminRouting from "./internal/adminRouting.ts"
import * as AdminSessions from "./internal/adminSessions.ts"
import { json, urlOf } from "./internal/http.ts"

export { localOnly } from "./internal/adminRouting.ts"

/** The headers of the response to a preflight request. */
const preflightHeaders = {
  "access-control-allow-methods": "GET, POST, PUT, DELETE",
  "access-control-allow-headers": "Content-Type",
  "access-control-max-age": "600"
}

/** Adds the routes of the admin API. */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | Backend | Faults.Faults> = HttpRouter.use(
  Effect.fnUntraced(function*(router) {
    const backend = yield* Backend
    const faults = yield* Faults.Faults
    const route = AdminRouting.make(router, backend)

    const notFound = Effect.fail(ApiError.notFound)
    yield* route("OPTIONS", "/*", Effect.succeed(HttpServerResponse.empty({ headers: preflightHeaders })))
    // `/*` also matches `/_sandbox`, for which there can be no other route
    yield* route(
      "GET",
      "/*",
      Effect.flatMap(
        HttpServerRequest.HttpServerRequest,
        (request) =>
          /^\/_sandbox\/?$/.test(urlOf(request).pathname) ? Effect.map(backend.ready, (ready) => json(ready)) : notFound
      )
    )
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "QUERY"] as const) yield* route(method, "/*", notFound)
    yield* AdminDirectory.add(route, backend)
    yield* AdminMessages.add(route, backend)
    yield* AdminSessions.add(route, backend)
    yield* AdminFaults.add(route, faults)
    yield* AdminLog.add(route, backend)
  })
)
