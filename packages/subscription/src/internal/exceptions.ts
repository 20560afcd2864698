/** What was thrown, by platforms and by what a client is given: anything at all. */

export const messageOf = (thrown: unknown): string => thrown instanceof Error ? thrown.message : String(thrown)

/** With where it was thrown, as far as the platform tells. */
export const stackOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.stack ?? String(thrown) : String(thrown)
