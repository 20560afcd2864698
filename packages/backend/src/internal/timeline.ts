/**
 * Messages ordered by time.
 */
import type { Message } from "../Records.ts"

/** Limits which messages are read. Times are in unix microseconds and inclusive. */
export interface Bounds {
  /** Messages with a greater `seq` are left out, so that pages do not shift while they are being read. */
  readonly seq: number
  readonly since: number
  readonly until: number
}

const isBefore = (a: Message, b: Message): boolean => a.micros < b.micros || (a.micros === b.micros && a.id < b.id)

/** Messages, oldest first. */
export class Timeline {
  readonly #messages: Array<Message> = []

  get messages(): ReadonlyArray<Message> {
    return this.#messages
  }

  get newest(): Message | undefined {
    return this.#messages.at(-1)
  }

  /** Inserts a message at its position, which nearly always is the end. */
  add(message: Message): void {
    let low = 0
    let high = this.#messages.length
    const last = this.newest
    if (last === undefined || isBefore(last, message)) low = high
    while (low < high) {
      const middle = (low + high) >>> 1
      const at = this.#messages[middle]
      if (at !== undefined && isBefore(at, message)) low = middle + 1
      else high = middle
    }
    this.#messages.splice(low, 0, message)
  }

  /** Returns up to `count` messages within the bounds, newest first, skipping the first `offset` of them. */
  read(bounds: Bounds, offset: number, count: number): ReadonlyArray<Message> {
    const found: Array<Message> = []
    let skipped = 0
    for (let index = this.#messages.length - 1; found.length < count; index--) {
      const message = this.#messages[index]
      if (message === undefined || message.micros < bounds.since) break
      if (message.seq > bounds.seq || message.micros > bounds.until) continue
      if (skipped < offset) skipped++
      else found.push(message)
    }
    return found
  }
}
