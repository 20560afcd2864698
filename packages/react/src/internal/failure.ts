/** What was thrown, as an error: nearly always a `ConversationError`. */
export const toError = (thrown: unknown): Error => thrown instanceof Error ? thrown : new Error(String(thrown))

/** Has an exception that nobody awaits seen where a page's other ones are. */
export const report = (error: unknown): void => {
  if (typeof reportError === "function") return reportError(error)
  setTimeout(() => {
    throw error
  })
}
