/**
 * Bodies of error responses: a list of validation errors, or the gateway's single message.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { array, decoder, nullish, string, struct } from "./internal/shape.ts"
import type * as WireSchemas from "./WireSchemas.ts"

/** One error of a validation body. */
export type ValidationError = typeof WireSchemas.ValidationError.Type

/** A body of validation errors: `{ "errors": [...] }`. */
export type Validation = typeof WireSchemas.Validation.Type

/** A body from the gateway: `{ "error": "Unauthorized" }`. */
export type Gateway = typeof WireSchemas.Gateway.Type

const decodeValidation = decoder(struct<Validation>({
  errors: array(struct<ValidationError>({
    type: nullish(string),
    code: nullish(string),
    message: nullish(string),
    attribute: nullish(string),
    url: nullish(string)
  }))
}))
const decodeGateway = decoder(struct<Gateway>({ error: string }))

/** Returns the errors of a body of either kind; an empty array for an empty body, HTML, or anything else. */
export const decode = (body: unknown): ReadonlyArray<ValidationError> =>
  Result.match(decodeValidation(body), {
    onSuccess: ({ errors }) => errors,
    onFailure: () =>
      Result.match(decodeGateway(body), { onFailure: () => [], onSuccess: ({ error }) => [{ message: error }] })
  })

/** Makes a validation body with one error; `attribute` names the parameter it is about. */
export const validation = (code: string, message: string, attribute?: string): Validation => ({
  errors: [{
    type: "validation_error",
    code,
    message,
    attribute: attribute ?? null,
    url: `https://developer.signalwire.com/rest/overview/error-codes/#${code}`
  }]
})

/** Makes a gateway body with this message. */
export const gateway = (error: string): Gateway => ({ error })
