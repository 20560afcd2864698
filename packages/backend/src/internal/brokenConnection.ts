import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Hosting } from "../Hosting.ts"
import { cors } from "./cors.ts"

/** Breaks the connection of the request. If the host cannot do that, it returns 502 with the header `x-connection-broken`. */
export const brokenConnection: Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  never,
  HttpServerRequest.HttpServerRequest
> = Effect.gen(function*() {
  const request = yield* HttpServerRequest.HttpServerRequest
  yield* (yield* Hosting).abort(request)
  return HttpServerResponse.empty({ status: 502, headers: { ...cors, "x-connection-broken": "1" } })
})
