/** What was thrown, as an error: nearly always a `ConversationError`. */
export const toError = (thrown: unknown): Error => thrown instanceof Error ? thrown : new Error(String(thrown))
