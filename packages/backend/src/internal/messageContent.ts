/**
 * Validates the content of messages: the text must be well-formed Unicode, and objects are limited in size.
 */
import * as Effect from "effect/Effect"
import * as ApiError from "../ApiError.ts"
import type { Content } from "./operations.ts"

/** The maximum length of `metadata` and of `details`, each as JSON, in UTF-16 code units. */
const maxObjectLength = 32_768

/** A lone surrogate. It cannot be encoded in UTF-8 and would be read back as another character. */
const loneSurrogate = /\p{Surrogate}/u

/** Returns whether a string can be stored and read back unchanged. */
export const isWellFormed = (text: string): boolean => !loneSurrogate.test(text)

/** Fails if the content is invalid. `prefix` is prepended to the names of fields in the error. */
export const validateContent = (
  content: Content,
  maxTextLength: number,
  prefix = ""
): Effect.Effect<void, ApiError.ApiError> => {
  const { text } = content
  if (text !== null && text.length > maxTextLength) {
    return Effect.fail(ApiError.validation(
      "message_length_exceeds_limit",
      `${prefix}text is longer than ${maxTextLength} characters`,
      `${prefix}text`
    ))
  }
  if (text !== null && !isWellFormed(text)) {
    return Effect.fail(
      ApiError.validation("invalid_message_body", `${prefix}text is not well-formed Unicode`, `${prefix}text`)
    )
  }
  for (const name of ["metadata", "details"] as const) {
    if (JSON.stringify(content[name]).length > maxObjectLength) {
      return Effect.fail(ApiError.validation(
        "character_limit_exceeded",
        `${prefix}${name} is longer than ${maxObjectLength} characters of JSON`,
        `${prefix}${name}`
      ))
    }
  }
  return Effect.void
}
