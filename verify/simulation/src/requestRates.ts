/** Checks how often a device dials, refreshes its token and reads history, whatever the server does (P8.5). */

/** The client may dial ten times in a row, and then once per interval, in milliseconds. */
const dialBurst = 10
const dialInterval = 6000

/** The pauses between refreshes are 1, 2, 4, 8, 16 and then 30 seconds, and start over after twice that time. */
const refreshBurst = 6
const refreshInterval = 15_000

/** Reads of history are counted over this time, milliseconds. */
const windowMillis = 60_000

/** The longest time for which a disturbance makes a client read more often, milliseconds. */
const disturbanceMillis = 15_000

/** While history cannot be read, it is retried at most twice in 4 seconds, or on a sign that it can be read again. */
const readBurst = 20
const failedReads = 30
/** How many reads one cause may lead to, failed ones included. */
const readsPerCause = 4

/** Allows `capacity` events at once, and one more per interval, in milliseconds. */
class TokenBucket {
  readonly #capacity: number
  readonly #interval: number
  #fullAt = Number.NEGATIVE_INFINITY

  constructor(capacity: number, interval: number) {
    this.#capacity = capacity
    this.#interval = interval
  }

  /** Takes a token; returns whether there was none left. Timers may be a few milliseconds late. */
  isExceeded(now: number): boolean {
    this.#fullAt = Math.max(this.#fullAt, now) + this.#interval
    return this.#fullAt - now > this.#capacity * this.#interval + 5
  }
}

export interface RequestRatesOptions {
  readonly name: string
  readonly now: () => number
  readonly fail: (failure: string) => void
  /** The shortest interval at which history is read, milliseconds. */
  readonly reconcileMillis: number
  /** How many requests one check of the newest messages takes: several when history is read in parts. */
  readonly readsPerCheck: number
}

export class RequestRates {
  get name() {
    return this.#options.name
  }
  dialCount = 0
  refreshCount = 0
  readonly #options: RequestRatesOptions
  readonly #dials = new TokenBucket(dialBurst, dialInterval)
  readonly #refreshes = new TokenBucket(refreshBurst, refreshInterval)
  /** When history was read, and when something happened that causes a read, within the window. */
  #reads: Array<number> = []
  #causes: Array<number> = []
  /** When something last happened that makes it read more often. */
  #disturbedAt = Number.NEGATIVE_INFINITY
  /** Until when the server has asked the client not to dial. */
  #noDialUntil = Number.NEGATIVE_INFINITY

  constructor(options: RequestRatesOptions) {
    this.#options = options
  }

  #fail(problem: string): void {
    this.#options.fail(`${this.#options.name} ${problem} (P8.5)`)
  }

  onDial(): void {
    const now = this.#options.now()
    this.dialCount++
    if (this.#dials.isExceeded(now)) this.#fail("dials more often than ten times a minute")
    if (now < this.#noDialUntil) this.#fail("dials although the server has asked it to wait")
    this.#noDialUntil = Number.NEGATIVE_INFINITY
  }

  onRefresh(): void {
    this.refreshCount++
    if (this.#refreshes.isExceeded(this.#options.now())) this.#fail("refreshes its token too often")
  }

  /** The server has closed a socket with 1013, and asks the client to wait. */
  onTryAgainLater(millis: number): void {
    this.#noDialUntil = this.#options.now() + millis
  }

  /** A wake signal, or a new token: the client may dial now. */
  onWake(): void {
    this.#noDialUntil = Number.NEGATIVE_INFINITY
    this.#cause()
  }

  /** A session is ready, or a consumer subscribes or resumes. */
  onSubscribe(): void {
    this.#cause()
  }

  /** A message was pushed: if it does not fit into a subscriber's queue, it is read from history. */
  onPush(): void {
    this.#cause()
  }

  /** A request failed, or requests may fail. */
  onFailure(): void {
    this.#disturbedAt = this.#options.now()
  }

  #cause(): void {
    const now = this.#options.now()
    this.#disturbedAt = now
    this.#causes.push(now)
  }

  /**
   * The newest page of all messages is read, for all subscriptions. Reads at the same millisecond count once: without
   * latency, subscriptions cannot share a request.
   */
  onRead(): void {
    const { now, readsPerCheck, reconcileMillis } = this.#options
    if (this.#reads.at(-1) === now()) return
    const since = now() - windowMillis
    this.#reads = [...this.#reads, now()].filter((at) => at >= since)
    this.#causes = this.#causes.filter((at) => at >= since)
    const regular = readsPerCheck * (Math.ceil(windowMillis / reconcileMillis) + 1)
    const count = this.#reads.length
    if (this.#disturbedAt + disturbanceMillis < since && count > regular) {
      this.#fail(`reads history ${count} times a minute without a reason`)
    }
    if (count > regular + readBurst + failedReads + readsPerCause * readsPerCheck * this.#causes.length) {
      this.#fail(`reads history ${count} times a minute`)
    }
  }
}
