/**
 * A token bucket, which limits how often something happens.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */

/**
 * A rate limiter that holds at most `capacity` tokens, starts full, and gains one every `intervalMillis` milliseconds.
 * It reads no clock: all times that are passed to it are milliseconds of one monotonic clock.
 */
export class TokenBucket {
  private readonly capacity: number
  private readonly intervalMillis: number
  /** When the bucket will be full again. */
  private fullAt = Number.NEGATIVE_INFINITY

  constructor(capacity: number, intervalMillis: number) {
    this.capacity = capacity
    this.intervalMillis = intervalMillis
  }

  /** Takes a token, and returns how many milliseconds to wait before it may be used: 0 if one was available. */
  take(now: number): number {
    this.fullAt = Math.max(this.fullAt, now) + this.intervalMillis
    return Math.max(0, this.fullAt - now - this.capacity * this.intervalMillis)
  }

  /** Returns a token that was taken but not used. */
  putBack(): void {
    this.fullAt -= this.intervalMillis
  }
}
