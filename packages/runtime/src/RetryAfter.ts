/**
 * The header `Retry-After`: how long a server asks to be left alone.
 *
 * @since 0.1.0
 */

/** No server is left alone for longer, whatever it asks for: 10 minutes. Milliseconds. */
const longest = 10 * 60_000

/** How long to leave a server alone that asks for so long. Milliseconds. */
export const capped = (millis: number): number => Math.min(millis, longest)

/** The headers of an answer that say it; absent ones are `null` or `undefined`. */
export interface Headers {
  /** A number of seconds, or a date. */
  readonly retryAfter: string | null | undefined
  /** The header `Date`, which tells the server's clock: this machine's may be wrong. */
  readonly date: string | null | undefined
}

/**
 * How long a server asks to be left alone, in milliseconds. `null` where it does not ask, or writes neither a number of
 * seconds nor a date. `now` is this machine's time, unix milliseconds, for answers that don't tell the server's.
 */
export const millisOf = ({ date, retryAfter }: Headers, now: number): number | null => {
  const text = retryAfter?.trim() ?? ""
  const answeredAt = Date.parse(date ?? "")
  const millis = /^\d+(?:\.\d+)?$/.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - (Number.isNaN(answeredAt) ? now : answeredAt)
  return Number.isFinite(millis) ? Math.max(0, millis) : null
}
