/** The options of a call. Callers may be untyped JavaScript, so their types are checked at run time. */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import { invalidParameter } from "@effect-signalwire/schema/Reason"
import { isAbortSignal } from "./abortSignal.ts"

/** The failure of a call because of one of its parameters. The public method adds its own name to it. */
export const parameterError = (attribute: string, message: string): ConversationError =>
  new ConversationError({ method: "options", reason: invalidParameter(attribute, message) })

/** Copies options without those that are `null` or `undefined`. Throws if they are not an object. */
export const normalizeOptions = <O extends object>(options: O): O => {
  const untyped: unknown = options ?? {}
  if (typeof untyped !== "object" || isAbortSignal(untyped)) {
    throw parameterError("options", "must be an object, such as { signal }")
  }
  const copy = { ...options }
  for (const [name, value] of Object.entries(copy)) {
    if (value === null || value === undefined) Reflect.deleteProperty(copy, name)
  }
  return copy
}
