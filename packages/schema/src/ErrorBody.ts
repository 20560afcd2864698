/**
 * The bodies that come with a refused request: a list of validation errors, or the gateway's one word.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { decoder, list, maybe, struct, text } from "./internal/shape.ts"
import type * as Schemas from "./Wire.ts"

/** One complaint of a validation body. */
export type ValidationError = typeof Schemas.ValidationError.Type

/** Validation style: `{ "errors": [...] }`. */
export type Validation = typeof Schemas.Validation.Type

/** Gateway style: `{ "error": "Unauthorized" }`. */
export type Gateway = typeof Schemas.Gateway.Type

const decodeValidation = decoder(struct<Validation>({
  errors: list(struct<ValidationError>({
    type: maybe(text),
    code: maybe(text),
    message: maybe(text),
    attribute: maybe(text),
    url: maybe(text)
  }))
}))
const decodeGateway = decoder(struct<Gateway>({ error: text }))

/** The complaints of a body of either style; none for an empty body, HTML, or anything else. */
export const decode = (body: unknown): ReadonlyArray<ValidationError> =>
  Result.match(decodeValidation(body), {
    onSuccess: ({ errors }) => errors,
    onFailure: () =>
      Result.match(decodeGateway(body), { onFailure: () => [], onSuccess: ({ error }) => [{ message: error }] })
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
