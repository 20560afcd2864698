/**
 * Validation of the options of methods, before anything is sent. Callers may be untyped JavaScript, so options are
 * `unknown`.
 */
import * as Json from "@effect-signalwire/runtime/Json"
import * as Branded from "@effect-signalwire/schema/Branded"
import type { AddressId, ClientId } from "@effect-signalwire/schema/Ids"
import { isJsonObject, type JsonObject } from "@effect-signalwire/schema/JsonObject"
import { type Invalid, invalidParameter } from "@effect-signalwire/schema/Reason"
import { millisThreshold } from "@effect-signalwire/schema/WireTime"
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import type { Query } from "./urls.ts"

export type Validated<A> = Result.Result<A, Invalid>

const invalid = (attribute: string, message: string): Validated<never> =>
  Result.fail(invalidParameter(attribute, message))

const optional = <A>(value: unknown, validate: (value: unknown) => Validated<A>): Validated<A | undefined> =>
  value === undefined || value === null ? Result.succeed(undefined) : validate(value)

const fieldsOf = (options: unknown): JsonObject => isJsonObject(options) ? options : {}

const nonEmptyString = (attribute: string, value: unknown): Validated<string> =>
  typeof value === "string" && value !== "" ? Result.succeed(value) : invalid(attribute, "must be a non-empty string")

const optionalString = (attribute: string, value: unknown): Validated<string | undefined> =>
  optional(value, (value) => nonEmptyString(attribute, value))

const isPathSegment = (value: string): boolean => {
  try {
    return encodeURIComponent(value) !== "." && value !== ".."
  } catch {
    return false
  }
}

/** An id that becomes a path segment: `.` and `..` would lead to another resource, also when they are encoded. */
const id = (attribute: string, value: unknown): Validated<AddressId> =>
  Result.flatMap(nonEmptyString(attribute, value), (value) =>
    isPathSegment(value)
      ? Result.succeed(Branded.addressId(value))
      : invalid(attribute, "is not a valid id"))

const positiveInteger = (attribute: string, value: unknown, max: number): Validated<number> =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 1 && value <= max
    ? Result.succeed(value)
    : invalid(
      attribute,
      max === Number.MAX_SAFE_INTEGER ? "must be a positive integer" : `must be an integer from 1 to ${max}`
    )

const epochSeconds = (attribute: string, value: unknown): Validated<number> => {
  if (DateTime.isDateTime(value)) return Result.succeed(DateTime.toEpochMillis(value) / 1000)
  if (value instanceof Date) return invalid(attribute, "must be unix seconds, not a Date: give date.getTime() / 1000")
  if (typeof value !== "number" || !Number.isFinite(value)) {
    return invalid(attribute, "must be unix seconds as a number (or an Effect DateTime)")
  }
  return Math.abs(value) < millisThreshold
    ? Result.succeed(value)
    : invalid(attribute, "must be unix seconds, and these look like milliseconds: divide them by 1000")
}

/** The most items of a page that the server accepts. */
const maxPageSize = 1000

const pageSize = (options: JsonObject): Validated<number | undefined> =>
  optional(options["pageSize"], (value) => positiveInteger("pageSize", value, maxPageSize))

const oneOf = (attribute: string, value: unknown, allowed: ReadonlyArray<string>): Validated<string> =>
  typeof value === "string" && allowed.includes(value)
    ? Result.succeed(value)
    : invalid(attribute, `must be one of ${allowed.join(", ")}`)

/** Which messages of a list to read. */
export interface Selection {
  readonly limit: number | undefined
  /** Unix seconds. */
  readonly since: number | undefined
  /** Unix seconds. */
  readonly until: number | undefined
  readonly query: Query
}

export const addressId = (options: unknown): Validated<AddressId> => id("addressId", fieldsOf(options)["addressId"])

export const addressById = (options: unknown): Validated<AddressId> => id("id", fieldsOf(options)["id"])

export const addressByName = (options: unknown): Validated<string> => nonEmptyString("name", fieldsOf(options)["name"])

export const page = (options: unknown): Validated<Query> =>
  Result.map(pageSize(fieldsOf(options)), (page_size) => ({ page_size }))

export const addresses = (options: unknown): Validated<Query> =>
  Result.gen(function*() {
    const { displayName, sortBy, sortOrder, type } = fieldsOf(options)
    return {
      type: yield* optionalString("type", type),
      display_name: yield* optionalString("displayName", displayName),
      page_size: yield* pageSize(fieldsOf(options)),
      sort_by: yield* optional(sortBy, (value) => oneOf("sortBy", value, ["name", "created_at"])),
      sort_order: yield* optional(sortOrder, (value) => oneOf("sortOrder", value, ["asc", "desc"]))
    }
  })

export const messages = (options: unknown): Validated<Selection> =>
  Result.gen(function*() {
    const fields = fieldsOf(options)
    const limit = yield* optional(fields["limit"], (value) => positiveInteger("limit", value, Number.MAX_SAFE_INTEGER))
    const since = yield* optional(fields["since"], (value) => epochSeconds("since", value))
    const until = yield* optional(fields["until"], (value) => epochSeconds("until", value))
    if (since !== undefined && until !== undefined && since > until) {
      return yield* invalid("since", "must not be after until")
    }
    const size = yield* pageSize(fields)
    const page_size = size ?? (limit === undefined ? undefined : Math.min(limit, maxPageSize))
    return { limit, since, until, query: { page_size, limit, since, until } }
  })

/** Which messages of one conversation to read. */
export interface ConversationSelection {
  readonly addressId: AddressId
  readonly selection: Selection
}

export const conversationMessages = (options: unknown): Validated<ConversationSelection> =>
  Result.gen(function*() {
    return { addressId: yield* addressId(options), selection: yield* messages(options) }
  })

/** A message to send. */
export interface Message {
  readonly addressId: AddressId
  readonly text: string
  readonly metadata: JsonObject | undefined
  readonly details: JsonObject | undefined
  readonly clientId: ClientId | undefined
}

/** Without `Result.gen`, since it runs for every message that is sent. */
export const message = (options: unknown): Validated<Message> => {
  const fields = fieldsOf(options)
  const clientId = optionalString("clientId", fields["clientId"])
  if (Result.isFailure(clientId)) return Result.fail(clientId.failure)
  const address = addressId(options)
  if (Result.isFailure(address)) return Result.fail(address.failure)
  const text = nonEmptyString("text", fields["text"])
  if (Result.isFailure(text)) return Result.fail(text.failure)
  const metadata = optional(fields["metadata"], (value) => Json.check("metadata", value))
  if (Result.isFailure(metadata)) return Result.fail(metadata.failure)
  const details = optional(fields["details"], (value) => Json.check("details", value))
  if (Result.isFailure(details)) return Result.fail(details.failure)
  return Result.succeed({
    clientId: clientId.success === undefined ? undefined : Branded.clientId(clientId.success),
    addressId: address.success,
    text: text.success,
    metadata: metadata.success,
    details: details.success
  })
}
