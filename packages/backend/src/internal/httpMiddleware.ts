/**
 * Applies faults to every HTTP request of the service, and logs it.
 */
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Faults from "../Faults.ts"
import type { Service } from "./contract.ts"
import * as HttpFaults from "./faults/httpFaults.ts"
import { bearerToken, urlOf } from "./http.ts"
import * as JsonStream from "./jsonStream.ts"
import { redactAuthorization } from "./redaction.ts"
import * as RequestBody from "./requestBody.ts"

type Handler<R> = Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>

/** The maximum size of a body, in bytes: twice the size of the longest message if all of its characters are escaped. */
const maxBodyBytes = 512 * 1024

/** Makes the middleware of a backend. It also provides the `RequestBody`. */
export const make = ({ authenticate, budget, wireLog }: Service, faults: Faults.Service) => {
  const httpFaults = HttpFaults.make()

  const withLog = <R>(
    request: HttpServerRequest.HttpServerRequest,
    subscriberId: string | undefined,
    fault: string | null,
    handler: Handler<R>
  ) =>
    Effect.gen(function*() {
      const exchange = wireLog.nextId()
      const body = request.method === "GET" || request.method === "HEAD"
        ? ""
        : yield* Effect.orElseSucceed(Effect.flatten(RequestBody.RequestBody), () => "")
      wireLog.add({
        on: "request",
        exchange,
        method: request.method,
        path: request.url,
        authorization: redactAuthorization(request.headers["authorization"]),
        subscriberId: subscriberId ?? null,
        body,
        fault
      })
      const logResponse = (status: number | null, body: string) =>
        wireLog.add({ on: "response", exchange, status, body, fault })
      return yield* Effect.onExit(handler, (exit) =>
        Effect.sync(() =>
          exit._tag === "Success"
            ? logResponse(exit.value.status, JsonStream.firstChunk(exit.value))
            : logResponse(null, "")
        ))
    })

  const withBody = RequestBody.provide(budget, maxBodyBytes)
  return <R>(handler: Handler<R>) =>
    withBody(Effect.suspend(() => {
      const isActive = faults.isActive()
      if (!isActive && !wireLog.isEnabled()) return handler
      return Effect.gen(function*() {
        const request = yield* HttpServerRequest.HttpServerRequest
        const subscriberId = yield* Effect.match(authenticate(bearerToken(request) ?? ""), {
          onFailure: () => undefined,
          onSuccess: ({ subscriber }) => subscriber.id
        })
        const action = isActive
          ? faults.take({ on: "http", method: request.method, path: urlOf(request).pathname, subscriberId })
          : undefined
        const handled = httpFaults.apply(handler, action)
        return yield* wireLog.isEnabled() ? withLog(request, subscriberId, action?.type ?? null, handled) : handled
      })
    }))
}
