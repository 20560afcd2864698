/**
 * Options as they come from callers, who may be untyped JavaScript: nothing about them is taken on trust.
 */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import { invalidParameter } from "@effect-signalwire/schema/Reason"

/** The failure of a call because of one of its parameters; whoever presents it names the method. */
export const invalid = (attribute: string, message: string): ConversationError =>
  new ConversationError({ method: "options", reason: invalidParameter(attribute, message) })

/** Not by its class: there are signals of other realms, and of polyfills. */
export const isSignal = (value: unknown): value is AbortSignal =>
  typeof value === "object" && value !== null && "aborted" in value && "addEventListener" in value

/** Why a signal was aborted. Polyfills of older platforms do not say. */
export const reasonOf = (signal: AbortSignal): unknown => {
  const reason: unknown = signal.reason
  if (reason !== undefined) return reason
  const error = new Error("this operation was aborted")
  error.name = "AbortError"
  return error
}

/** What `signal.throwIfAborted` does, which polyfills of older platforms lack. */
export const throwIfAborted = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted === true) throw reasonOf(signal)
}

/** A copy of the options without those that are `null` or `undefined`. What is no object is refused. */
export const given = <O extends object>(options: O): O => {
  const found: unknown = options ?? {}
  if (typeof found !== "object" || isSignal(found)) throw invalid("options", "must be an object, such as { signal }")
  const copy = { ...options }
  for (const [name, value] of Object.entries(copy)) {
    if (value === null || value === undefined) Reflect.deleteProperty(copy, name)
  }
  return copy
}
