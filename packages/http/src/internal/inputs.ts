/**
 * What callers give, checked before anything is sent. Callers may be untyped JavaScript, so nothing is taken on trust.
 */
import * as Json from "@effect-signalwire/runtime/Json"
import * as Branded from "@effect-signalwire/schema/Branded"
import type { AddressId, ClientId } from "@effect-signalwire/schema/Ids"
import { isJsonObject, type JsonObject } from "@effect-signalwire/schema/JsonObject"
import { type Invalid, invalidParameter } from "@effect-signalwire/schema/Reason"
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"

type Checked<A> = Result.Result<A, Invalid>

const refuse = (attribute: string, message: string): Checked<never> => Result.fail(invalidParameter(attribute, message))

const optional = <A>(value: unknown, check: (value: unknown) => Checked<A>): Checked<A | undefined> =>
  value === undefined || value === null ? Result.succeed(undefined) : check(value)

const given = (options: unknown): JsonObject => isJsonObject(options) ? options : {}

const filled = (attribute: string, value: unknown): Checked<string> =>
  typeof value === "string" && value !== "" ? Result.succeed(value) : refuse(attribute, "must be a non-empty string")

const isPathSegment = (value: string): boolean => {
  try {
    return encodeURIComponent(value) !== "." && value !== ".."
  } catch {
    return false
  }
}

/** An id that becomes a segment of a path: `.` and `..` would name another resource, however they are encoded. */
const id = (attribute: string, value: unknown): Checked<AddressId> =>
  Result.flatMap(filled(attribute, value), (text) =>
    isPathSegment(text)
      ? Result.succeed(Branded.addressId(text))
      : refuse(attribute, "is not an id"))

const integer = (attribute: string, value: unknown, max: number): Checked<number> =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 1 && value <= max
    ? Result.succeed(value)
    : refuse(
      attribute,
      max === Number.MAX_SAFE_INTEGER ? "must be a positive integer" : `must be an integer from 1 to ${max}`
    )

/** Later than any date of unix seconds, and earlier than any recent one of milliseconds: the year 5138, or March 1973. */
const surelyMillis = 1e11

const epochSeconds = (attribute: string, value: unknown): Checked<number> => {
  if (DateTime.isDateTime(value)) return Result.succeed(DateTime.toEpochMillis(value) / 1000)
  if (value instanceof Date) return refuse(attribute, "must be unix seconds, not a Date: give date.getTime() / 1000")
  if (typeof value !== "number" || !Number.isFinite(value)) {
    return refuse(attribute, "must be unix seconds as a number (or an Effect DateTime)")
  }
  return Math.abs(value) < surelyMillis
    ? Result.succeed(value)
    : refuse(attribute, "must be unix seconds, and these look like milliseconds: divide them by 1000")
}

const pageSize = (options: JsonObject): Checked<number | undefined> =>
  optional(options["pageSize"], (value) => integer("pageSize", value, 1000))

const text = (attribute: string, value: unknown): Checked<string | undefined> =>
  optional(value, (some) => filled(attribute, some))

const oneOf = (attribute: string, value: unknown, allowed: ReadonlyArray<string>): Checked<string> =>
  typeof value === "string" && allowed.includes(value)
    ? Result.succeed(value)
    : refuse(attribute, `must be one of ${allowed.join(", ")}`)

/** Query parameters; those without a value are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>

/** Which part of a list is wanted. */
export interface Selection {
  readonly limit: number | undefined
  readonly since: number | undefined
  readonly until: number | undefined
  readonly query: Query
}

export const addressId = (options: unknown): Checked<AddressId> => id("addressId", given(options)["addressId"])

export const addressById = (options: unknown): Checked<AddressId> => id("id", given(options)["id"])

export const addressByName = (options: unknown): Checked<string> => filled("name", given(options)["name"])

export const page = (options: unknown): Checked<Query> =>
  Result.map(pageSize(given(options)), (page_size) => ({ page_size }))

export const addresses = (options: unknown): Checked<Query> =>
  Result.gen(function*() {
    const { displayName, sortBy, sortOrder, type } = given(options)
    return {
      type: yield* text("type", type),
      display_name: yield* text("displayName", displayName),
      page_size: yield* pageSize(given(options)),
      sort_by: yield* optional(sortBy, (value) => oneOf("sortBy", value, ["name", "created_at"])),
      sort_order: yield* optional(sortOrder, (value) => oneOf("sortOrder", value, ["asc", "desc"]))
    }
  })

export const messages = (options: unknown): Checked<Selection> =>
  Result.gen(function*() {
    const fields = given(options)
    const limit = yield* optional(fields["limit"], (value) => integer("limit", value, Number.MAX_SAFE_INTEGER))
    const since = yield* optional(fields["since"], (value) => epochSeconds("since", value))
    const until = yield* optional(fields["until"], (value) => epochSeconds("until", value))
    if (since !== undefined && until !== undefined && since > until) {
      return yield* refuse("since", "must not be after until")
    }
    const size = yield* pageSize(fields)
    const page_size = size ?? (limit === undefined ? undefined : Math.min(limit, 1000))
    return { limit, since, until, query: { page_size, limit, since, until } }
  })

/** Which part of the messages of one conversation. */
export interface ConversationSelection {
  readonly addressId: AddressId
  readonly selection: Selection
}

export const conversationMessages = (options: unknown): Checked<ConversationSelection> =>
  Result.all({ addressId: addressId(options), selection: messages(options) })

/** A message to send. */
export interface Sending {
  readonly addressId: AddressId
  readonly text: string
  readonly metadata: JsonObject | undefined
  readonly details: JsonObject | undefined
  readonly clientId: ClientId | undefined
}

export const send = (options: unknown): Checked<Sending> => {
  const fields = given(options)
  const clientId = optional(fields["clientId"], (value) => filled("clientId", value))
  if (Result.isFailure(clientId)) return Result.fail(clientId.failure)
  const to = addressId(options)
  if (Result.isFailure(to)) return Result.fail(to.failure)
  const said = filled("text", fields["text"])
  if (Result.isFailure(said)) return Result.fail(said.failure)
  const metadata = optional(fields["metadata"], (value) => Json.check("metadata", value))
  if (Result.isFailure(metadata)) return Result.fail(metadata.failure)
  const details = optional(fields["details"], (value) => Json.check("details", value))
  if (Result.isFailure(details)) return Result.fail(details.failure)
  return Result.succeed({
    clientId: clientId.success === undefined ? undefined : Branded.clientId(clientId.success),
    addressId: to.success,
    text: said.success,
    metadata: metadata.success,
    details: details.success
  })
}
