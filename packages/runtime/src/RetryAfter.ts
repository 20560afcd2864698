/**
 * The `Retry-After` header: how long a server asks clients to wait before the next request.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import type { Reason } from "@effect-signalwire/schema/Reason"

/** The longest wait that is honoured: 10 minutes, in milliseconds. */
const maxMillis = 10 * 60_000

/** Limits a wait that a server asks for to 10 minutes. `millis` and the result are milliseconds. */
export const capped = (millis: number): number => Math.min(millis, maxMillis)

/** Returns how long a server that limits the rate asks to wait, at most 10 minutes, in milliseconds; otherwise 0. */
export const fromReason = (reason: Reason): number =>
  reason._tag === "RateLimited" ? capped(reason.retryAfterMillis ?? 0) : 0

/** The headers of a response that determine the wait. A missing header is `null` or `undefined`. */
export interface Headers {
  /** The `Retry-After` header: a number of seconds, or a date. */
  readonly retryAfter: string | null | undefined
  /** The `Date` header: the server's time, since this machine's clock may be wrong. */
  readonly date: string | null | undefined
}

/**
 * Returns how long a server asks to wait, in milliseconds, or `null` if the header is missing or is neither a number of
 * seconds nor a date. `now` is this machine's time in unix milliseconds, for responses without a `Date` header.
 */
export const millisOf = ({ date, retryAfter }: Headers, now: number): number | null => {
  const value = retryAfter?.trim() ?? ""
  const serverTime = Date.parse(date ?? "")
  const millis = /^\d+(?:\.\d+)?$/.test(value)
    ? Number(value) * 1000
    : Date.parse(value) - (Number.isNaN(serverTime) ? now : serverTime)
  return Number.isFinite(millis) ? Math.max(0, millis) : null
}
