/**
 * Decodes the query parameters and bodies of requests.
 */
import * as Dialect from "@effect-signalwire/schema/Dialect"
import { AddressId, GroupId } from "@effect-signalwire/schema/Ids"
import { isJsonObject, type JsonObject } from "@effect-signalwire/schema/JsonObject"
import * as Effect from "effect/Effect"
import * as ApiError from "../ApiError.ts"
import type { Content, MessageTarget, PageRequest } from "./operations.ts"

// Query parameters

const isWholeNumber = (text: string) => /^\d{1,9}$/.test(text)

export const pageRequest = (query: URLSearchParams): Effect.Effect<PageRequest, ApiError.ApiError> => {
  const sizeName = query.has("page_size") ? "page_size" : "limit"
  const size = query.get(sizeName) ?? "50"
  const number = query.get("page_number") ?? "0"
  if (!isWholeNumber(size) || Number(size) < 1 || Number(size) > 1000) {
    return Effect.fail(ApiError.invalidParameter(sizeName, "must be a whole number from 1 to 1000"))
  }
  if (!isWholeNumber(number)) {
    return Effect.fail(ApiError.invalidParameter("page_number", "must be a whole number of at least 0"))
  }
  return Effect.succeed({
    size: Number(size),
    number: Number(number),
    token: query.get("page_token") ?? undefined
  })
}

export const unixSeconds = (
  query: URLSearchParams,
  name: string
): Effect.Effect<number | undefined, ApiError.ApiError> => {
  const text = query.get(name)
  if (text === null) return Effect.succeed(undefined)
  return /^-?\d+(\.\d+)?$/.test(text) && Number.isFinite(Number(text))
    ? Effect.succeed(Number(text))
    : Effect.fail(ApiError.invalidParameter(name, "must be a time in unix seconds"))
}

export const literal = <const A extends string>(
  query: URLSearchParams,
  name: string,
  values: ReadonlyArray<A>
): Effect.Effect<A | undefined, ApiError.ApiError> => {
  const text = query.get(name)
  const found = values.find((value) => value === text)
  return text !== null && found === undefined
    ? Effect.fail(ApiError.invalidParameter(name, `must be one of ${values.join(", ")}`))
    : Effect.succeed(found)
}

// Bodies

const optionalObject = (body: JsonObject, name: string): Effect.Effect<JsonObject, ApiError.ApiError> => {
  const value = Object.hasOwn(body, name) ? body[name] : undefined
  if (value === undefined || value === null) return Effect.succeed({})
  return isJsonObject(value)
    ? Effect.succeed(value)
    : Effect.fail(ApiError.validation("not_a_hash", `${name} must be an object`, name))
}

export const optionalString = (
  body: JsonObject,
  name: string
): Effect.Effect<string | undefined, ApiError.ApiError> => {
  const value = Object.hasOwn(body, name) ? body[name] : undefined
  if (value === undefined || value === null) return Effect.succeed(undefined)
  return typeof value === "string"
    ? Effect.succeed(value)
    : Effect.fail(ApiError.validation("not_a_string", `${name} must be a string`, name))
}

export const requiredString = (body: JsonObject, name: string): Effect.Effect<string, ApiError.ApiError> =>
  Effect.flatMap(
    optionalString(body, name),
    (value) =>
      value === undefined || value === "" ? Effect.fail(ApiError.missingParameter(name)) : Effect.succeed(value)
  )

export const messageContent = Effect.fnUntraced(
  function*(body: JsonObject): Effect.fn.Return<Content, ApiError.ApiError> {
    const text = Object.hasOwn(body, "text") ? body["text"] : undefined
    if (text === undefined || text === null || text === "") {
      return yield* ApiError.validation("message_body_required", "text is required", "text")
    }
    if (typeof text !== "string") {
      return yield* ApiError.validation("invalid_message_body", "text must be a string", "text")
    }
    return {
      text,
      metadata: yield* optionalObject(body, "metadata"),
      details: yield* optionalObject(body, "details")
    }
  }
)

export const messageTarget = Effect.fnUntraced(
  function*(body: JsonObject, form: Dialect.WireForm): Effect.fn.Return<MessageTarget, ApiError.ApiError> {
    const address = Dialect.includes(form, "address") ? yield* optionalString(body, "conversation_id") : undefined
    if (address !== undefined) return { _tag: "Address", addressId: AddressId.make(address) }
    if (form === "address") return yield* ApiError.missingParameter("conversation_id")
    const group = yield* optionalString(body, "group_id")
    if (group === undefined) {
      return yield* ApiError.missingParameter(form === "all" ? "conversation_id" : "group_id")
    }
    // older clients send `from_address_id`
    const from = (yield* optionalString(body, "from_fabric_address_id")) ??
      (yield* optionalString(body, "from_address_id"))
    if (from === undefined) return yield* ApiError.missingParameter("from_fabric_address_id")
    return { _tag: "Group", groupId: GroupId.make(group), fromAddressId: AddressId.make(from) }
  }
)
