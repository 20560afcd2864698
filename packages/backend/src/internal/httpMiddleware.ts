/**
 * Applies faults to every HTTP request of the service, and logs it.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Faults from "../Faults.ts"
import { brokenConnection } from "./brokenConnection.ts"
import type { Service } from "./contract.ts"
import * as FaultResponses from "./faultResponses.ts"
import { bearerToken, urlOf } from "./http.ts"
import * as JsonStream from "./jsonStream.ts"
import { redactAuthorization } from "./redaction.ts"
import * as ReorderBuffer from "./reorderBuffer.ts"
import * as RequestBody from "./requestBody.ts"

type Handler<R> = Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>

/** Transforms a response together with its complete body. */
const mapBody = <R>(
  handler: Handler<R>,
  transform: (
    response: HttpServerResponse.HttpServerResponse,
    body: string
  ) => HttpServerResponse.HttpServerResponse
): Handler<R> =>
  Effect.flatMap(
    handler,
    (response) => Effect.map(JsonStream.bodyText(response), (body) => transform(response, body))
  )

/** The maximum size of a body, in bytes: twice the size of the longest message if all of its characters are escaped. */
const maxBodyBytes = 512 * 1024

/** Makes the middleware of a backend. It also provides the `RequestBody`. */
export const make = ({ authenticate, budget, wireLog }: Service, faults: Faults.Service) => {
  /** Requests that are held back until another request was handled. */
  const reordered = new ReorderBuffer.ReorderBuffer<Deferred.Deferred<void>>()
  let endlessPages = 0
  const releaseReordered = Effect.sync(() => {
    for (const held of reordered.takeAll()) Deferred.doneUnsafe(held, Effect.void)
  })

  const applyFault = <R>(
    handler: Handler<R>,
    action: Faults.Action | undefined
  ): Handler<R | HttpServerRequest.HttpServerRequest> => {
    switch (action?.type) {
      case undefined:
      case "restart":
        return handler
      case "refuse":
      case "close":
        return brokenConnection
      case "silent":
      case "drop":
        return Effect.never
      case "delay":
        return Effect.delay(handler, action.millis)
      case "duplicate":
        return Effect.andThen(handler, handler)
      case "reorder": {
        if (reordered.isFull) return handler
        const released = Deferred.makeUnsafe<void>()
        reordered.add(released)
        return Effect.timeoutOption(Deferred.await(released), ReorderBuffer.timeout).pipe(
          Effect.ensuring(Effect.sync(() => reordered.remove(released))),
          Effect.andThen(handler)
        )
      }
      case "answer":
        return Effect.succeed(FaultResponses.prescribed(action))
      case "loseAnswer":
        return Effect.andThen(handler, action.never === true ? Effect.never : brokenConnection)
      case "malformed":
        return mapBody(handler, (response, body) => FaultResponses.malformed(response, body, action.text))
      case "endless":
        return Effect.flatMap(
          HttpServerRequest.HttpServerRequest,
          (request) =>
            mapBody(
              handler,
              (response, body) => FaultResponses.endless(response, body, urlOf(request), action, ++endlessPages)
            )
        )
    }
  }

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
        const handled = action?.type === "reorder" || reordered.isEmpty
          ? applyFault(handler, action)
          : Effect.ensuring(applyFault(handler, action), releaseReordered)
        return yield* wireLog.isEnabled() ? withLog(request, subscriberId, action?.type ?? null, handled) : handled
      })
    }))
}
