/**
 * Merges history, live events and re-reads of history into one sequence without duplicates. It performs no I/O: callers
 * pass in what was read or received, and get back what is new. These invariants hold in whatever order messages come:
 *
 * - No duplicates: an id is accepted once, as long as it is among the last `memory` ids. So is a send of which the
 *   server stored two copies: the second copy counts as read, and is not accepted.
 * - No loss: every message that is passed in is accepted, was accepted before, or was marked as seen. The exception is
 *   a re-read that returns messages older than it was asked for: whether those were seen may be forgotten, so they are
 *   ignored.
 * - Order: the messages of one read are accepted in the order of `(ts, id)`, and `late` marks exactly those that
 *   precede a message that was accepted before. So the messages that are not late form a strictly increasing sequence.
 * - Progress: the newest position and the verified time never decrease.
 * - Bounded memory: at most twice `memory` ids, and those of one or two reads, are remembered.
 */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { HistorySlice } from "./historySlice.ts"
import { compare, type Position } from "./position.ts"
import { SeenMessages } from "./seenMessages.ts"
import type { SendIdentity } from "./sendIdentity.ts"

/** An accepted message; `late` when a message that follows it was accepted before. */
export interface Accepted<M> {
  readonly message: M
  readonly late: boolean
}

/** Where a merge resumes, and how it recognizes the messages of the merge before it. */
export interface ResumePoint {
  /** The newest position that was accepted or marked as seen; `null` when there was none. */
  readonly newest: Position | null
  /** Up to here live events were checked against history, unix seconds; `null` when nothing was read. */
  readonly verified: number | null
  /** Messages up to this time, in unix seconds, are forgotten; `null` when none are. */
  readonly forgottenThrough: number | null
  readonly previous: PreviousMessages
}

/** All that a merge remembers: the source of a later merge's {@link ResumePoint}. */
export interface MergeState extends Omit<ResumePoint, "previous"> {
  /** The messages that a re-read can return again, in the order in which they were seen. */
  readonly ids: ReadonlyArray<readonly [id: string, epochSeconds: number]>
  /** The sends of which another copy may come, in the order in which they were seen. */
  readonly sends: ReadonlyArray<SendIdentity>
  /** The messages of the previous merge that did not come again; `undefined` when they can be forgotten. */
  readonly previous: PreviousMessages | undefined
}

/** The messages and sends of a previous merge, as fingerprints. */
export interface PreviousMessages {
  /**
   * Whether the previous merge had seen the message, or another copy of the same send. Call it once for a message: a
   * fingerprint is removed when it matches.
   */
  readonly recognize: (message: ConversationMessage) => boolean
  /** The fingerprints of the messages that were not recognized yet. */
  readonly ids: Iterable<string>
  /** The fingerprints of the sends that were not recognized yet. */
  readonly sends: Iterable<string>
}

export interface Options {
  /** How far before the verified time a re-read begins, for messages that became visible late. Seconds. */
  readonly overlapSeconds: number
  /** How many ids to remember at least. */
  readonly memory: number
  /**
   * Whether live events count as verified. Otherwise only reads do, and every read also covers the time since the read
   * before it.
   */
  readonly countsLiveAsVerified: boolean
}

interface Resumed {
  readonly previous: PreviousMessages
  readonly newest: Position
  /** After how many more messages beyond that position the previous messages are forgotten. */
  remaining: number
}

export class Merge {
  private readonly options: Options
  private readonly seen: SeenMessages
  private newestPosition: Position | null = null
  private verified: number | null = null
  private isUnverifiable = false
  private resumed: Resumed | undefined

  constructor(options: Options) {
    this.options = options
    this.seen = new SeenMessages(options.memory)
  }

  /** The newest position that was accepted or marked as seen; `null` when there was none. */
  newest(): Position | null {
    return this.newestPosition
  }

  /**
   * The time up to which only messages that become visible late can be missing, unix seconds: the newest position, or
   * a later copy that was read and not accepted; `null` when there was neither.
   */
  knownThrough(): number | null {
    const { newestPosition, verified } = this
    return newestPosition === null
      ? verified
      : Math.max(newestPosition.epochSeconds, verified ?? Number.NEGATIVE_INFINITY)
  }

  /** How far back history must be read again, unix seconds; `null` for all of it. */
  readBackTo(): number | null {
    return this.verified === null
      ? null
      : Math.max(this.verified - this.options.overlapSeconds, this.seen.forgottenThrough())
  }

  state(): MergeState {
    const { newestPosition, resumed, seen, verified } = this
    return {
      newest: newestPosition,
      verified,
      forgottenThrough: Number.isFinite(seen.forgottenThrough()) ? seen.forgottenThrough() : null,
      ids: seen.idsAfter(this.readBackTo() ?? Number.NEGATIVE_INFINITY),
      sends: seen.sends(),
      previous: resumed?.previous
    }
  }

  /** Resumes where a previous merge stopped. Call it before any other method. */
  resume({ forgottenThrough, newest, previous, verified }: ResumePoint): void {
    if (forgottenThrough !== null) this.seen.forgetThrough(forgottenThrough)
    if (newest !== null) this.resumed = { previous, newest, remaining: this.options.memory }
    this.newestPosition = newest
    this.verified = verified
  }

  /**
   * Marks the messages of a read as seen without accepting them: those before the start of the sequence. After a read
   * that reached its limit, later reads do not go back further.
   */
  markSeen({ end, messages }: HistorySlice): void {
    // not by spreading into `Math.min`: a read can have more messages than a call may have arguments
    if (end === "limit") {
      this.seen.forgetThrough(
        messages.reduce((oldest, { epochSeconds }) => Math.min(oldest, epochSeconds), messages[0].epochSeconds)
      )
    }
    for (const message of messages) {
      if (this.seen.add(message, false)) this.advance(message)
      this.verify(message.epochSeconds)
    }
  }

  /**
   * Reports that something was received that could not be decoded, and may have been a message: even with
   * `countsLiveAsVerified`, live events do not count as verified until history was read again.
   */
  markUnverifiable(): void {
    this.isUnverifiable = true
  }

  /** Accepts a live message; returns `undefined` when it was seen before. */
  accept<M extends ConversationMessage>(message: M): Accepted<M> | undefined {
    const accepted = this.acceptIfNew(message, true)
    if (this.options.countsLiveAsVerified && !this.isUnverifiable && accepted !== undefined) {
      this.verify(message.epochSeconds)
    }
    return accepted
  }

  /** Accepts a live message that was pending while history was read, unless it may be a forgotten one. */
  acceptPending<M extends ConversationMessage>(message: M): Accepted<M> | undefined {
    return message.epochSeconds > this.seen.forgottenThrough() ? this.accept(message) : undefined
  }

  /**
   * Accepts the new messages of a read, in order. The read counts as verified up to its newest message, but not beyond
   * `newestSeconds`, unix seconds.
   */
  acceptAll<M extends ConversationMessage>(
    messages: ReadonlyArray<M>,
    newestSeconds = Number.POSITIVE_INFINITY
  ): ReadonlyArray<Accepted<M>> {
    this.seen.rotateIfFull()
    this.isUnverifiable = false
    // a page has more than was asked for: older messages may have been accepted or skipped, and then forgotten
    const from = this.readBackTo() ?? this.seen.forgottenThrough()
    const accepted = messages
      .filter(({ epochSeconds }) => epochSeconds > from)
      .sort(compare)
      .flatMap((message) => this.acceptIfNew(message, false) ?? [])
    for (const { epochSeconds } of messages) this.verify(Math.min(epochSeconds, newestSeconds))
    return accepted
  }

  private verify(epochSeconds: number): void {
    if (this.verified === null || epochSeconds > this.verified) this.verified = epochSeconds
  }

  /** Moves the newest position to a position beyond it; returns `false` for any other. */
  private advance(position: Position): boolean {
    if (this.newestPosition !== null && compare(position, this.newestPosition) <= 0) return false
    this.newestPosition = { epochSeconds: position.epochSeconds, id: position.id }
    return true
  }

  private acceptIfNew<M extends ConversationMessage>(message: M, rotates: boolean): Accepted<M> | undefined {
    return this.isNew(message, rotates) ? { message, late: !this.advance(message) } : undefined
  }

  private isNew(message: ConversationMessage, rotates: boolean): boolean {
    const isNew = this.seen.add(message, rotates)
    const { resumed } = this
    if (resumed === undefined || !isNew) return isNew
    if (resumed.previous.recognize(message)) return false
    // what is read again precedes the previous newest position: only messages beyond it count
    if (compare(message, resumed.newest) > 0 && --resumed.remaining === 0) this.resumed = undefined
    return true
  }
}
