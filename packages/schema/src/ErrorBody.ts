/**
 * The bodies that come with a refused request: a list of validation errors, or the gateway's one word.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { maybe } from "./JsonObject.ts"
import { decoder } from "./Malformed.ts"

/** One complaint of a validation body. */
export const ValidationError = Schema.Struct({
  type: maybe(Schema.String),
  code: maybe(Schema.String),
  message: maybe(Schema.String),
  attribute: maybe(Schema.String),
  url: maybe(Schema.String)
})
export type ValidationError = typeof ValidationError.Type

/** Validation style: `{ "errors": [...] }`. */
export const Validation = Schema.Struct({ errors: Schema.Array(ValidationError) })
export type Validation = typeof Validation.Type

/** Gateway style: `{ "error": "Unauthorized" }`. */
export const Gateway = Schema.Struct({ error: Schema.String })
export type Gateway = typeof Gateway.Type

const decodeBody = decoder(Schema.Union([Validation, Gateway]))

/** The complaints of a body of either style; none for an empty body, HTML, or anything else. */
export const decode = (body: unknown): ReadonlyArray<ValidationError> =>
  Result.match(decodeBody(body), {
    onFailure: () => [],
    onSuccess: (known) => "errors" in known ? known.errors : [{ message: known.error }]
  })

/** A validation body with one complaint. */
export const validation = (code: string, message: string, attribute?: string): Validation => ({
  errors: [{
    type: "validation_error",
    code,
    message,
    attribute: attribute ?? null,
    url: `https://developer.signalwire.com/rest/overview/error-codes/#${code}`
  }]
})

/** A gateway body. */
export const gateway = (error: string): Gateway => ({ error })
