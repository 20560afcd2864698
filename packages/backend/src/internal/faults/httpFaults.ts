/**
 * Carries out faults on HTTP requests.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Action } from "../../Faults.ts"
import { brokenConnection } from "../brokenConnection.ts"
import { urlOf } from "../http.ts"
import * as JsonStream from "../jsonStream.ts"
import * as FaultResponses from "./faultResponses.ts"
import * as ReorderBuffer from "./reorderBuffer.ts"

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

export const make = () => {
  /** Requests that are held back until another request was handled. */
  const reordered = new ReorderBuffer.ReorderBuffer<Deferred.Deferred<void>>()
  let endlessPages = 0
  const releaseReordered = Effect.sync(() => {
    for (const held of reordered.takeAll()) Deferred.doneUnsafe(held, Effect.void)
  })

  const applyFault = <R>(
    handler: Handler<R>,
    action: Action | undefined
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
        return Effect.succeed(FaultResponses.faultResponse(action))
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

  return {
    /** Handles a request with a fault, or without one, and then those that were held back until after it. */
    apply: <R>(
      handler: Handler<R>,
      action: Action | undefined
    ): Handler<R | HttpServerRequest.HttpServerRequest> =>
      action?.type === "reorder" || reordered.isEmpty
        ? applyFault(handler, action)
        : Effect.ensuring(applyFault(handler, action), releaseReordered)
  }
}
