/**
 * A limit on how often something happens.
 *
 * @since 0.1.0
 */

/**
 * So many at once, and one more each interval. It has no time of its own; all times are milliseconds of one monotonic
 * clock.
 */
export class TokenBucket {
  private readonly capacity: number
  private readonly intervalMillis: number
  /** When the bucket would be full again. */
  private fullAt = Number.NEGATIVE_INFINITY

  constructor(capacity: number, intervalMillis: number) {
    this.capacity = capacity
    this.intervalMillis = intervalMillis
  }

  /** Takes a token, and returns how long to wait before it is good: 0 where there was one left. */
  take(now: number): number {
    this.fullAt = Math.max(this.fullAt, now) + this.intervalMillis
    return Math.max(0, this.fullAt - now - this.capacity * this.intervalMillis)
  }
}
