/**
 * Reads what was thrown or rejected with, which may be anything: also an object that throws itself when it is read.
 *
 * @since 0.1.0
 */

/** What `get` reads of it, or `otherwise` where that throws. */
export const read = <A>(get: () => A, otherwise: A): A => {
  try {
    return get()
  } catch {
    return otherwise
  }
}

const unreadable = "an error that can't be read"

/** What it says: the message of an error, and the text of anything else. */
export const messageOf = (thrown: unknown): string =>
  read(() => String(thrown instanceof Error ? thrown.message : thrown), unreadable)

/** With where it was thrown, as far as the platform tells. */
export const stackOf = (thrown: unknown): string =>
  read(() => thrown instanceof Error ? String(thrown.stack ?? thrown) : String(thrown), unreadable)

/** The message of an error; nothing of anything else. */
export const errorMessageOf = (thrown: unknown): string | undefined =>
  read(() => thrown instanceof Error, true) ? messageOf(thrown) : undefined

/** Whether it says of itself that trying again is of no use: its `isRetryable` is `false`. */
export const isFinal = (thrown: unknown): boolean =>
  read(
    () => typeof thrown === "object" && thrown !== null && "isRetryable" in thrown && thrown.isRetryable === false,
    false
  )
