/**
 * The HTTP responses of fault rules.
 */
import { isJsonObject } from "@effect-signalwire/schema/JsonObject"
import { parseJson } from "@effect-signalwire/schema/Malformed"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import type { Action } from "../../Faults.ts"
import { cors } from "../cors.ts"

/** The response of the action `answer`. */
export const faultResponse = (
  action: Extract<Action, { readonly type: "answer" }>
): HttpServerResponse.HttpServerResponse => {
  const options = { status: action.status ?? 500, headers: { ...cors, ...action.headers } }
  return typeof action.text === "string"
    ? HttpServerResponse.text(action.text, options)
    : action.body === undefined
    ? HttpServerResponse.empty(options)
    : HttpServerResponse.jsonUnsafe(action.body, options)
}

/** The response of the action `malformed`: the first half of the body, or the text of the rule. */
export const malformed = (
  response: HttpServerResponse.HttpServerResponse,
  body: string,
  replacement: string | null | undefined
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(replacement ?? body.slice(0, Math.max(1, body.length >> 1)), {
    status: response.status,
    headers: cors,
    contentType: replacement?.trimStart().startsWith("<") === true ? "text/html" : "application/json"
  })

/**
 * The response of the action `endless`: a page with a `links.next`, which contains the `number`, so that each link is
 * different. A response that is not a page is unchanged.
 */
export const endless = (
  response: HttpServerResponse.HttpServerResponse,
  body: string,
  url: URL,
  { pages }: Extract<Action, { readonly type: "endless" }>,
  number: number
): HttpServerResponse.HttpServerResponse => {
  const page = Result.getOrUndefined(parseJson(body))
  if (!isJsonObject(page) || !isJsonObject(page["links"])) {
    return HttpServerResponse.text(body, { status: response.status, headers: response.headers })
  }
  if (pages !== "itself") url.searchParams.set("endless", String(number))
  const links = { ...page["links"], next: `${url.pathname}${url.search}` }
  return HttpServerResponse.jsonUnsafe(
    pages === "empty" ? { ...page, links, data: [] } : { ...page, links },
    { status: response.status, headers: cors }
  )
}
