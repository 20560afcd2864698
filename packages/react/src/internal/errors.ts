/** Converts a thrown value, nearly always a `ConversationError`, to an `Error`. */
export const toError = (thrown: unknown): Error => thrown instanceof Error ? thrown : new Error(String(thrown))

/** Reports an error like an uncaught exception of the page. */
export const reportUncaught = (error: unknown): void => {
  if (typeof reportError === "function") return reportError(error)
  setTimeout(() => {
    throw error
  })
}
