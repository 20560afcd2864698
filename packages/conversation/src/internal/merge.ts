/**
 * The merge of history, live events and re-reads into one sequence without repetition. It does no I/O: it is told what
 * was read and says what is new. Its invariants, which hold in whatever order it is told:
 *
 * - Nothing twice: an id is let through once, as long as it is among the last `memory` ids, and so is a send of which the
 *   server stored two copies: the second counts as read, and is not let through.
 * - Nothing lost: a message that is told is let through, or was before, or was taken note of; except one that a re-read
 *   brings from before the point that it was to reach, which can't be judged.
 * - In order: what one read brings is let through by `(ts, id)`, and `late` marks exactly what stands before something
 *   that was let through already. So what is not late forms a strictly growing sequence.
 * - Progress: the frontier and the verified point never go back.
 * - Bounded: it remembers at most twice `memory` ids and those of one or two reads, however long it lives.
 */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { Stretch } from "./history.ts"
import { compare, type Position } from "./position.ts"
import * as Seen from "./seen.ts"
import type { Send } from "./send.ts"

/** A message let through; `late` when one that stands after it was let through before. */
export interface Admitted<M> {
  readonly message: M
  readonly late: boolean
}

/** Where a merge stands, and what is to be recognised when a re-read brings it again: what another goes on with. */
export interface Standing {
  readonly frontier: Position | null
  readonly verified: number | null
  /** What stands at this time or before is forgotten; `null` while nothing is. */
  readonly floor: number | null
  readonly earlier: Earlier
}

/** Where a merge stands, and all that it knows: what another's {@link Standing} is made of. */
export interface Snapshot extends Omit<Standing, "earlier"> {
  /** The messages that a re-read can bring again, in the order in which they were seen. */
  readonly ids: ReadonlyArray<readonly [id: string, epochSeconds: number]>
  /** The sends of which another copy may come, in the order in which they were seen. */
  readonly sends: ReadonlyArray<Send>
  /** What the one before knew and was not met again; `undefined` when there is no need to remember it. */
  readonly earlier: Earlier | undefined
}

/** What an earlier merge knew, by fingerprints. */
export interface Earlier {
  /** Whether it had seen the message, or another copy of the same send. A message is asked about once. */
  readonly knows: (message: ConversationMessage) => boolean
  /** The fingerprints of the messages that were not met again. */
  readonly ids: Iterable<string>
  readonly sends: Iterable<string>
}

export interface Merge {
  /** The furthest position let through or taken note of; `null` when there was none. */
  readonly frontier: () => Position | null
  /**
   * Up to where nothing is missing but what becomes visible late, unix seconds: the frontier, or a copy behind it that was
   * read and not let through; `null` when there was neither.
   */
  readonly reached: () => number | null
  /** How far back a re-read must go, in unix seconds; `null` for all the way. */
  readonly readBackTo: () => number | null
  /**
   * Takes note of a read whose messages are not to be let through: what stood before the beginning. When it was cut
   * short, a later read must not go behind it.
   */
  readonly note: (stretch: Stretch) => void
  /**
   * Something came that can't be read, and may have been a message: whatever else is trusted, live events do not count as
   * verified until history is read again.
   */
  readonly doubt: () => void
  /** Lets a live message through unless it was seen. */
  readonly admit: <M extends ConversationMessage>(message: M) => Admitted<M> | undefined
  /** Does so with one that waited while history was read, unless it stands before what can be judged. */
  readonly admitWaiting: <M extends ConversationMessage>(message: M) => Admitted<M> | undefined
  /** Lets through what of a read is new, by position. The read counts as verified up to `top` at most, unix seconds. */
  readonly admitAll: <M extends ConversationMessage>(
    messages: ReadonlyArray<M>,
    top?: number
  ) => ReadonlyArray<Admitted<M>>
  readonly standing: () => Snapshot
  /** Goes on where another stood; for a merge that was told nothing yet. */
  readonly resume: (standing: Standing) => void
}

export interface Options {
  /** How far before the verified point a re-read goes, for messages that became visible late. Seconds. */
  readonly overlapSeconds: number
  /** How many ids to remember at least. */
  readonly memory: number
  /** Whether live events count as verified; otherwise only what was read does, and each read checks what was pushed. */
  readonly trustLive: boolean
}

/** What is still compared with what an earlier merge knew. */
interface Resumed {
  readonly earlier: Earlier
  readonly frontier: Position
  /** How many messages behind that frontier it is remembered for. */
  left: number
}

class Merging implements Merge {
  private readonly options: Options
  private readonly seen: Seen.Seen
  private furthest: Position | null = null
  /** Up to here (unix seconds) history was read, or is taken to agree with what was heard. */
  private verified: number | null = null
  /** Live events are not trusted now. */
  private doubts = false
  private resumed: Resumed | undefined

  constructor(options: Options) {
    this.options = options
    this.seen = Seen.make(options.memory)
  }

  frontier(): Position | null {
    return this.furthest
  }

  reached(): number | null {
    const { furthest, verified } = this
    return furthest === null ? verified : Math.max(furthest.epochSeconds, verified ?? Number.NEGATIVE_INFINITY)
  }

  readBackTo(): number | null {
    return this.verified === null ? null : Math.max(this.verified - this.options.overlapSeconds, this.seen.floor())
  }

  standing(): Snapshot {
    const { furthest, resumed, seen, verified } = this
    return {
      frontier: furthest,
      verified,
      floor: Number.isFinite(seen.floor()) ? seen.floor() : null,
      ids: seen.after(this.readBackTo() ?? Number.NEGATIVE_INFINITY),
      sends: seen.sends(),
      earlier: resumed?.earlier
    }
  }

  resume({ earlier, floor, frontier, verified }: Standing): void {
    if (floor !== null) this.seen.raise(floor)
    if (frontier !== null) this.resumed = { earlier, frontier, left: this.options.memory }
    this.furthest = frontier
    this.verified = verified
  }

  note({ end, messages }: Stretch): void {
    // not by spreading into `Math.min`: a read can be longer than a call may have arguments
    if (end === "limit") {
      this.seen.raise(
        messages.reduce((oldest, { epochSeconds }) => Math.min(oldest, epochSeconds), messages[0].epochSeconds)
      )
    }
    for (const message of messages) {
      if (this.seen.add(message, true)) this.advance(message)
      this.verify(message.epochSeconds)
    }
  }

  doubt(): void {
    this.doubts = true
  }

  admit<M extends ConversationMessage>(message: M): Admitted<M> | undefined {
    const admitted = this.letThrough(message, false)
    if (this.options.trustLive && !this.doubts && admitted !== undefined) this.verify(message.epochSeconds)
    return admitted
  }

  admitWaiting<M extends ConversationMessage>(message: M): Admitted<M> | undefined {
    return message.epochSeconds > this.seen.floor() ? this.admit(message) : undefined
  }

  admitAll<M extends ConversationMessage>(
    messages: ReadonlyArray<M>,
    top = Number.POSITIVE_INFINITY
  ): ReadonlyArray<Admitted<M>> {
    this.seen.settle()
    this.doubts = false
    // a page brings more than it was asked for: what stood before may have been let through or passed over
    const from = this.readBackTo() ?? this.seen.floor()
    const admitted = messages
      .filter(({ epochSeconds }) => epochSeconds > from)
      .sort(compare)
      .flatMap((message) => this.letThrough(message, true) ?? [])
    for (const { epochSeconds } of messages) this.verify(Math.min(epochSeconds, top))
    return admitted
  }

  private verify(epochSeconds: number): void {
    if (this.verified === null || epochSeconds > this.verified) this.verified = epochSeconds
  }

  /** Whether the position stands after the frontier, which it then is. */
  private advance(position: Position): boolean {
    if (this.furthest !== null && compare(position, this.furthest) <= 0) return false
    this.furthest = { epochSeconds: position.epochSeconds, id: position.id }
    return true
  }

  private letThrough<M extends ConversationMessage>(message: M, keep: boolean): Admitted<M> | undefined {
    return this.isNew(message, keep) ? { message, late: !this.advance(message) } : undefined
  }

  private isNew(message: ConversationMessage, keep: boolean): boolean {
    const isNew = this.seen.add(message, keep)
    const { resumed } = this
    if (resumed === undefined || !isNew) return isNew
    if (resumed.earlier.knows(message)) return false
    // for as long as an id is remembered, counted from where the earlier one stopped: what is read again comes before
    if (compare(message, resumed.frontier) > 0 && --resumed.left === 0) this.resumed = undefined
    return true
  }
}

/** A merge that was told nothing yet. */
export const make = (options: Options): Merge => new Merging(options)
