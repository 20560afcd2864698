/**
 * What a message may say: text that can be written in every encoding, and objects of a bounded size.
 */
import * as Effect from "effect/Effect"
import type { Content } from "../Backend.ts"
import * as Refused from "../Refused.ts"

/** How long `metadata` and `details` may be, each as JSON. */
const maxObject = 32_768

/** Half of a surrogate pair: it has no place in UTF-8, and would come back as something else. */
const loneSurrogate = /\p{Surrogate}/u

/** Whether a text can be stored and read again as it is. */
export const isWellFormed = (text: string): boolean => !loneSurrogate.test(text)

/** Fails when a message may not be stored. The `prefix` is put before the names of its fields. */
export const checkContent = (
  content: Content,
  maxTextLength: number,
  prefix = ""
): Effect.Effect<void, Refused.Refused> => {
  const { text } = content
  if (text !== null && text.length > maxTextLength) {
    return Effect.fail(Refused.invalid(
      "message_length_exceeds_limit",
      `${prefix}text is longer than ${maxTextLength} characters`,
      `${prefix}text`
    ))
  }
  if (text !== null && !isWellFormed(text)) {
    return Effect.fail(
      Refused.invalid("invalid_message_body", `${prefix}text is not well-formed Unicode`, `${prefix}text`)
    )
  }
  for (const name of ["metadata", "details"] as const) {
    if (JSON.stringify(content[name]).length > maxObject) {
      return Effect.fail(Refused.invalid(
        "character_limit_exceeded",
        `${prefix}${name} is longer than ${maxObject} characters of JSON`,
        `${prefix}${name}`
      ))
    }
  }
  return Effect.void
}
