/**
 * How a device behaves towards the server, whatever that does: how often it dials, refreshes its token and reads history,
 * against what was promised (P8.5).
 */

/** As many dials at once, and one more each so many milliseconds. */
const dialBurst = 10
const dialInterval = 6000

/** Refreshes follow each other after 1, 2, 4, 8, 16 and then 30 seconds, and begin anew after twice that. */
const refreshBurst = 6
const refreshInterval = 15_000

/** What is looked at: the last minute. */
const span = 60_000

/** The longest that something which makes a client read more often goes on doing so, milliseconds. */
const aftermath = 15_000

/** While history can't be read it is tried again twice in 4 seconds at most, or when something says that it may work. */
const readBurst = 20
const readsInVain = 30
/** How many reads something may cause that is not repeated by itself, where some of them fail. */
const readsOfCause = 4

/** A limit of so many at once, and one more each interval: what goes beyond is over it. */
class Limit {
  readonly #capacity: number
  readonly #interval: number
  #fullAt = Number.NEGATIVE_INFINITY

  constructor(capacity: number, interval: number) {
    this.#capacity = capacity
    this.#interval = interval
  }

  /** Whether one more now is too many; timers are a millisecond late at most. */
  isOver(now: number): boolean {
    this.#fullAt = Math.max(this.#fullAt, now) + this.#interval
    return this.#fullAt - now > this.#capacity * this.#interval + 5
  }
}

export interface ConductOptions {
  readonly name: string
  readonly now: () => number
  readonly fail: (failure: string) => void
  /** The shortest interval at which history is read, milliseconds. */
  readonly sweepMillis: number
  /** How often its newest page is read for one look: more than once where it is read in parts. */
  readonly readsAtOnce: number
}

export class Conduct {
  get name() {
    return this.#options.name
  }
  dialled = 0
  refreshed = 0
  readonly #options: ConductOptions
  readonly #dials = new Limit(dialBurst, dialInterval)
  readonly #refreshes = new Limit(refreshBurst, refreshInterval)
  /** When history was read, and when something happened that causes a read, in the last minute. */
  #reads: Array<number> = []
  #causes: Array<number> = []
  /** When something happened last that makes it read more often. */
  #disturbedAt = Number.NEGATIVE_INFINITY
  /** Until when the server has asked to be left alone. */
  #awayUntil = Number.NEGATIVE_INFINITY

  constructor(options: ConductOptions) {
    this.#options = options
  }

  #fail(text: string): void {
    this.#options.fail(`${this.#options.name} ${text} (P8.5)`)
  }

  dials(): void {
    const now = this.#options.now()
    this.dialled++
    if (this.#dials.isOver(now)) this.#fail("dials more often than ten times a minute")
    if (now < this.#awayUntil) this.#fail("dials although the server has asked to be left alone")
    this.#awayUntil = Number.NEGATIVE_INFINITY
  }

  refreshes(): void {
    this.refreshed++
    if (this.#refreshes.isOver(this.#options.now())) this.#fail("refreshes its token too often")
  }

  /** The server asks to be left alone. */
  sentAway(millis: number): void {
    this.#awayUntil = this.#options.now() + millis
  }

  /** Something says that now is a good moment to dial. */
  nudged(): void {
    this.#awayUntil = Number.NEGATIVE_INFINITY
    this.#cause()
  }

  /** A session is ready, somebody attaches, or reads on. */
  begins(): void {
    this.#cause()
  }

  /** A message was pushed: one that does not fit into a mailbox is read from history. */
  pushed(): void {
    this.#cause()
  }

  /** A request failed, or something may make one fail. */
  fails(): void {
    this.#disturbedAt = this.#options.now()
  }

  #cause(): void {
    const now = this.#options.now()
    this.#disturbedAt = now
    this.#causes.push(now)
  }

  /** The newest page of all messages is read, for all who follow them. Where that takes no time they can't share it. */
  reads(): void {
    const { now, readsAtOnce, sweepMillis } = this.#options
    if (this.#reads.at(-1) === now()) return
    const since = now() - span
    this.#reads = [...this.#reads, now()].filter((at) => at >= since)
    this.#causes = this.#causes.filter((at) => at >= since)
    const regular = readsAtOnce * (Math.ceil(span / sweepMillis) + 1)
    const count = this.#reads.length
    if (this.#disturbedAt + aftermath < since && count > regular) {
      this.#fail(`reads history ${count} times a minute without need`)
    }
    if (count > regular + readBurst + readsInVain + readsOfCause * readsAtOnce * this.#causes.length) {
      this.#fail(`reads history ${count} times a minute`)
    }
  }
}
