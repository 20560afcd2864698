/**
 * The options that every method accepts.
 *
 * @since 0.1.0
 */

/** The options that every method accepts. */
export interface RunOptions {
  /** Aborts the call, which then rejects with the signal's own `reason`. */
  readonly signal?: AbortSignal | undefined
}
