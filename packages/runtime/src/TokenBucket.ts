/**
 * A limit on how often something happens.
 *
 * @since 0.1.0
 */

/**
 * A token bucket: `capacity` tokens at first, and one more each `intervalMillis` milliseconds. It reads no clock: all
 * times passed to it are milliseconds of one monotonic clock.
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

  /** Takes a token, and returns how many milliseconds to wait before it may be used: 0 where one was left. */
  take(now: number): number {
    this.fullAt = Math.max(this.fullAt, now) + this.intervalMillis
    return Math.max(0, this.fullAt - now - this.capacity * this.intervalMillis)
  }

  /** Puts a token back that was taken and not used. */
  putBack(): void {
    this.fullAt -= this.intervalMillis
  }
}
