/**
 * Parameters and bodies of requests, and the pages that answer them.
 */
import * as Dialect from "@effect-signalwire/schema/Dialect"
import { AddressId, GroupId } from "@effect-signalwire/schema/Ids"
import { isJsonObject, type JsonObject } from "@effect-signalwire/schema/JsonObject"
import * as Effect from "effect/Effect"
import * as Iterable from "effect/Iterable"
import type { Content, PageRequest, PageResult, Target } from "../Backend.ts"
import * as Refused from "../Refused.ts"
import * as JsonStream from "./jsonStream.ts"

// Parameters

const isWhole = (text: string) => /^\d{1,9}$/.test(text)

export const pageRequest = (query: URLSearchParams): Effect.Effect<PageRequest, Refused.Refused> => {
  const sizeName = query.has("page_size") ? "page_size" : "limit"
  const size = query.get(sizeName) ?? "50"
  const number = query.get("page_number") ?? "0"
  if (!isWhole(size) || Number(size) < 1 || Number(size) > 1000) {
    return Effect.fail(Refused.invalidParameter(sizeName, "must be a whole number from 1 to 1000"))
  }
  if (!isWhole(number)) {
    return Effect.fail(Refused.invalidParameter("page_number", "must be a whole number, 0 or more"))
  }
  return Effect.succeed({
    size: Number(size),
    number: Number(number),
    token: query.get("page_token") ?? undefined
  })
}

export const seconds = (query: URLSearchParams, name: string): Effect.Effect<number | undefined, Refused.Refused> => {
  const text = query.get(name)
  if (text === null) return Effect.succeed(undefined)
  return /^-?\d+(\.\d+)?$/.test(text) && Number.isFinite(Number(text))
    ? Effect.succeed(Number(text))
    : Effect.fail(Refused.invalidParameter(name, "must be unix seconds"))
}

export const oneOf = <const A extends string>(
  query: URLSearchParams,
  name: string,
  values: ReadonlyArray<A>
): Effect.Effect<A | undefined, Refused.Refused> => {
  const text = query.get(name)
  const found = values.find((value) => value === text)
  return text !== null && found === undefined
    ? Effect.fail(Refused.invalidParameter(name, `must be one of ${values.join(", ")}`))
    : Effect.succeed(found)
}

/** Answers with a page and its links: relative unless there is an origin, with the filters of the request, and only those that lead somewhere. */
export const pageResponse = <A>(
  origin: string,
  url: URL,
  request: PageRequest,
  page: PageResult<A>,
  encode: (item: A) => unknown
) => {
  const link = (number: number | undefined) => {
    const query = new URLSearchParams(url.search)
    query.delete("page_number")
    query.delete("page_token")
    if (number !== undefined && page.token !== undefined) {
      query.set("page_number", String(number))
      query.set("page_token", page.token)
    }
    const text = query.toString()
    return `${origin}${url.pathname}${text === "" ? "" : `?${text}`}`
  }
  const links = {
    self: link(request.token === undefined ? undefined : request.number),
    first: link(undefined),
    ...(page.hasNext ? { next: link(request.number + 1) } : undefined),
    ...(request.number > 0 ? { prev: link(request.number - 1) } : undefined)
  }
  return JsonStream.respond(
    `{"data":[`,
    Iterable.map(page.items, (item) => JSON.stringify(encode(item))),
    `],"links":${JSON.stringify(links)}}`
  )
}

// Bodies

const optionalObject = (body: JsonObject, name: string): Effect.Effect<JsonObject, Refused.Refused> => {
  const value = Object.hasOwn(body, name) ? body[name] : undefined
  if (value === undefined || value === null) return Effect.succeed({})
  return isJsonObject(value)
    ? Effect.succeed(value)
    : Effect.fail(Refused.invalid("not_a_hash", `${name} must be an object`, name))
}

export const textOf = (body: JsonObject, name: string): Effect.Effect<string | undefined, Refused.Refused> => {
  const value = Object.hasOwn(body, name) ? body[name] : undefined
  if (value === undefined || value === null) return Effect.succeed(undefined)
  return typeof value === "string"
    ? Effect.succeed(value)
    : Effect.fail(Refused.invalid("not_a_string", `${name} must be text`, name))
}

export const requiredText = (body: JsonObject, name: string): Effect.Effect<string, Refused.Refused> =>
  Effect.flatMap(
    textOf(body, name),
    (text) => text === undefined || text === "" ? Effect.fail(Refused.missing(name)) : Effect.succeed(text)
  )

export const contentOf = Effect.fnUntraced(function*(body: JsonObject): Effect.fn.Return<Content, Refused.Refused> {
  const text = Object.hasOwn(body, "text") ? body["text"] : undefined
  if (text === undefined || text === null || text === "") {
    return yield* Refused.invalid("message_body_required", "text is required", "text")
  }
  if (typeof text !== "string") return yield* Refused.invalid("invalid_message_body", "text must be text", "text")
  return {
    text,
    metadata: yield* optionalObject(body, "metadata"),
    details: yield* optionalObject(body, "details")
  }
})

export const targetOf = Effect.fnUntraced(
  function*(body: JsonObject, form: Dialect.WireForm): Effect.fn.Return<Target, Refused.Refused> {
    const address = Dialect.carries(form, "address") ? yield* textOf(body, "conversation_id") : undefined
    if (address !== undefined) return { _tag: "Address", addressId: AddressId.make(address) }
    if (form === "address") return yield* Refused.missing("conversation_id")
    const group = yield* textOf(body, "group_id")
    if (group === undefined) return yield* Refused.missing(form === "all" ? "conversation_id" : "group_id")
    // older clients name the sender `from_address_id`
    const from = (yield* textOf(body, "from_fabric_address_id")) ?? (yield* textOf(body, "from_address_id"))
    if (from === undefined) return yield* Refused.missing("from_fabric_address_id")
    return { _tag: "Group", groupId: GroupId.make(group), fromAddressId: AddressId.make(from) }
  }
)
