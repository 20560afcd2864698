/** The delays between attempts to connect: exponential backoff with full jitter. */

/** The bounds of the delays, in milliseconds. */
export interface Backoff {
  /** The upper bound of the first delay; it doubles with each attempt. */
  readonly baseMillis: number
  /** The longest delay. */
  readonly capMillis: number
}

/**
 * Returns the delay in milliseconds after `attempt` failed attempts: `random`, at least 0 and below 1, times the
 * doubled and capped base.
 */
export const fullJitter = ({ baseMillis, capMillis }: Backoff, attempt: number, random: number): number =>
  // the exponent is limited so that the product stays finite; the cap is reached long before
  Math.round(random * Math.min(capMillis, baseMillis * 2 ** Math.min(attempt, 30)))
