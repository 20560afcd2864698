/**
 * What surrounds every request of the service: what goes wrong with it, and the log of what became of it.
 */
import { isJsonObject } from "@effect-signalwire/schema/JsonObject"
import { parseJson } from "@effect-signalwire/schema/Malformed"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import type { Backend } from "../Backend.ts"
import type * as Faults from "../Faults.ts"
import * as Bodies from "./bodies.ts"
import { brokenConnection } from "./brokenConnection.ts"
import { cors } from "./cors.ts"
import { bearer, urlOf } from "./http.ts"
import * as JsonStream from "./jsonStream.ts"
import { redactedAuthorization } from "./redaction.ts"

/** The answer that a rule prescribes. */
export const prescribed = (action: Extract<Faults.Action, { readonly type: "answer" }>) => {
  const options = { status: action.status ?? 500, headers: { ...cors, ...action.headers } }
  return typeof action.text === "string"
    ? HttpServerResponse.text(action.text, options)
    : action.body === undefined
    ? HttpServerResponse.empty(options)
    : HttpServerResponse.jsonUnsafe(action.body, options)
}

/** The response with its text cut in half, or replaced by the rule's. */
const malformed = (
  response: HttpServerResponse.HttpServerResponse,
  text: string,
  instead: string | null | undefined
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(instead ?? text.slice(0, Math.max(1, text.length >> 1)), {
    status: response.status,
    headers: cors,
    contentType: instead?.trimStart().startsWith("<") === true ? "text/html" : "application/json"
  })

/** A page whose `links.next` leads on and on; the `number` makes each link another one. Any other answer stays as it is. */
const endless = (
  response: HttpServerResponse.HttpServerResponse,
  text: string,
  url: URL,
  { pages }: Extract<Faults.Action, { readonly type: "endless" }>,
  number: number
): HttpServerResponse.HttpServerResponse => {
  const page = Result.getOrUndefined(parseJson(text))
  if (!isJsonObject(page) || !isJsonObject(page["links"])) {
    return HttpServerResponse.text(text, { status: response.status, headers: response.headers })
  }
  if (pages !== "itself") url.searchParams.set("endless", String(number))
  const links = { ...page["links"], next: `${url.pathname}${url.search}` }
  return HttpServerResponse.jsonUnsafe(
    pages === "empty" ? { ...page, links, data: [] } : { ...page, links },
    { status: response.status, headers: cors }
  )
}

/** Changes an answer whose text is needed for it. */
const withText = <R>(
  handler: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>,
  change: (
    response: HttpServerResponse.HttpServerResponse,
    text: string
  ) => HttpServerResponse.HttpServerResponse
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> =>
  Effect.flatMap(handler, (response) => Effect.map(JsonStream.textOf(response), (text) => change(response, text)))

/** How many bytes a body of the service may have: the longest message takes half of it when all is escaped. */
const maxBody = 512 * 1024

/** How many requests are kept back at once. */
const maxHeld = 100

/** How long a request is kept back for a next one, in milliseconds. */
const reorderTimeout = 1000

/** Lets faults happen to each request that it surrounds, and logs it. */
export const surround = (
  { authenticate, budget, wireLog }: Backend["Service"],
  faults: Faults.Service
) => {
  /** Requests that wait until another one was handled. */
  let held: ReadonlyArray<Deferred.Deferred<void>> = []
  let endlessPages = 0
  const release = Effect.sync(() => {
    const late = held
    held = []
    for (const one of late) Deferred.doneUnsafe(one, Effect.void)
  })

  const carriedOut = <R>(
    handler: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>,
    action: Faults.Action | undefined
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R | HttpServerRequest.HttpServerRequest> => {
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
        if (held.length >= maxHeld) return handler
        const turn = Deferred.makeUnsafe<void>()
        held = [...held, turn]
        return Effect.timeoutOption(Deferred.await(turn), reorderTimeout).pipe(
          Effect.ensuring(Effect.sync(() => {
            held = held.filter((other) => other !== turn)
          })),
          Effect.andThen(handler)
        )
      }
      case "answer":
        return Effect.succeed(prescribed(action))
      case "loseAnswer":
        return Effect.andThen(handler, action.never === true ? Effect.never : brokenConnection)
      case "malformed":
        return withText(handler, (response, text) => malformed(response, text, action.text))
      case "endless":
        return Effect.flatMap(
          HttpServerRequest.HttpServerRequest,
          (request) =>
            withText(handler, (response, text) => endless(response, text, urlOf(request), action, ++endlessPages))
        )
    }
  }

  const logged = <R>(
    request: HttpServerRequest.HttpServerRequest,
    subscriberId: string | undefined,
    fault: string | null,
    handler: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>
  ) =>
    Effect.gen(function*() {
      const exchange = wireLog.nextId()
      const body = request.method === "GET" || request.method === "HEAD"
        ? ""
        : yield* Effect.orElseSucceed(Effect.flatten(Bodies.RequestBody), () => "")
      wireLog.add({
        on: "request",
        exchange,
        method: request.method,
        path: request.url,
        authorization: redactedAuthorization(request.headers["authorization"]),
        subscriberId: subscriberId ?? null,
        body,
        fault
      })
      const answer = (status: number | null, body: string) =>
        wireLog.add({ on: "response", exchange, status, body, fault })
      return yield* Effect.onExit(handler, (exit) =>
        Effect.sync(() =>
          exit._tag === "Success" ? answer(exit.value.status, JsonStream.firstChunkOf(exit.value)) : answer(null, "")
        ))
    })

  const withBody = Bodies.provide(budget, maxBody)
  return <R>(handler: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>) =>
    withBody(Effect.suspend(() => {
      const isArmed = faults.isArmed()
      if (!isArmed && !wireLog.isEnabled()) return handler
      return Effect.gen(function*() {
        const request = yield* HttpServerRequest.HttpServerRequest
        const subscriberId = yield* Effect.match(authenticate(bearer(request) ?? ""), {
          onFailure: () => undefined,
          onSuccess: ({ subscriber }) => subscriber.id
        })
        const action = isArmed
          ? faults.at({ on: "http", method: request.method, path: urlOf(request).pathname, subscriberId })
          : undefined
        const handled = action?.type === "reorder" || held.length === 0
          ? carriedOut(handler, action)
          : Effect.ensuring(carriedOut(handler, action), release)
        return yield* wireLog.isEnabled() ? logged(request, subscriberId, action?.type ?? null, handled) : handled
      })
    }))
}
