/** Abort signals, including those of polyfills that lack `reason` and `throwIfAborted`. */

/**
 * Whether a value is an abort signal. Not checked by class, because signals may come from another realm or a polyfill.
 */
export const isAbortSignal = (value: unknown): value is AbortSignal =>
  typeof value === "object" && value !== null && "aborted" in value && "addEventListener" in value

/** The reason of an aborted signal, or an `AbortError` if a polyfill has none. */
export const abortReason = (signal: AbortSignal): unknown => {
  const reason: unknown = signal.reason
  if (reason !== undefined) return reason
  const error = new Error("this operation was aborted")
  error.name = "AbortError"
  return error
}

/** Throws the reason of a signal that is aborted. */
export const throwIfAborted = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted === true) throw abortReason(signal)
}
