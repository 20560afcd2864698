/**
 * One sequence as its consumer sees it, over all processes that went on with it, and what was promised about it. Every
 * event is held against the ledger as it comes.
 */
import type { Cursor } from "@effect-signalwire/conversation/Cursor"
import type { TimelineEvent } from "@effect-signalwire/conversation/TimelineEvent"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as DateTime from "effect/DateTime"
import type { Account } from "./device.ts"
import type { Entry, Ledger } from "./ledger.ts"
import { Violation } from "./Violation.ts"

/** What decides which messages a sequence must bring. */
export interface Terms {
  readonly account: Account
  /** The group of a timeline; `undefined` for all conversations. */
  readonly groupId: string | undefined
  /** Where a timeline begins, unix seconds; `undefined` for the newest page. */
  readonly since: number | undefined
  /** How late a message may become visible and still be seen, seconds. */
  readonly overlapSeconds: number
  /** Whether it looks for what was never pushed. */
  readonly sweeps: boolean
  /** It may drop messages of its own choice. */
  readonly lossy: boolean
  /** It reads little of history at once, so much may be said between the first part and the last. */
  readonly inParts: boolean
  /** How many messages a timeline begins with: a page. */
  readonly pageSize: number
  /** It remembers few ids, so what is late is not promised. */
  readonly forgetful: boolean
}

interface Position {
  readonly epochSeconds: number
  readonly id: string
}

const isAfter = (a: Position, b: Position): boolean =>
  a.epochSeconds > b.epochSeconds || (a.epochSeconds === b.epochSeconds && a.id > b.id)

/** How long reading history may take at the worst when nothing stands in its way, milliseconds. */
const readingTime = 120_000

export class Lineage {
  readonly name: string
  readonly terms: Terms
  readonly cursor: Cursor | undefined
  readonly ledger: Ledger
  /** How many messages were stored when its opening began. */
  readonly begun: number
  /** How many were stored when it was open: from here on none may be missing. */
  opened: number | undefined
  readonly #begunAt: number
  /** Everything that was handed out, and whether it may come again after a restart. */
  readonly handed = new Map<string, { settled: boolean }>()
  /** What this process was handed. */
  readonly #current = new Set<string>()
  /** What was handed out with the batch at hand, or never written to the cursor. */
  /** The last message that was never pushed to this process. */
  lastRead: Entry | undefined
  #frontier: Position | undefined
  #settledFrontier: Position | undefined
  #through = Number.NEGATIVE_INFINITY
  #initial: ReadonlySet<string> = new Set()
  /** What stands before the page that it began with, unix seconds, is not part of it, were it said later. */
  #horizon = Number.NEGATIVE_INFINITY
  /** How many entries were looked at, and which of them had not come then. */
  #looked = 0
  #awaited: Array<Entry> = []

  constructor(name: string, terms: Terms, ledger: Ledger, cursor: Cursor | undefined, now: number) {
    this.#begunAt = now
    this.name = name
    this.terms = terms
    this.ledger = ledger
    this.cursor = cursor
    this.begun = ledger.length
  }

  #fail(text: string): never {
    throw new Violation(`${this.name}: ${text}`)
  }

  isOurs(entry: Entry): boolean {
    const { account, groupId } = this.terms
    return groupId === undefined
      ? this.ledger.isMember(entry.message.groupId, account.id)
      : entry.message.groupId === groupId
  }

  /** It is open. */
  open(): void {
    if (this.opened !== undefined) return
    this.opened = this.ledger.length
    const { groupId, since } = this.terms
    if (groupId === undefined) return
    const before = this.ledger.entries
      .filter((entry) => this.isOurs(entry))
      .toSorted((a, b) => a.epochSeconds - b.epochSeconds || (a.message.id < b.message.id ? -1 : 1))
    const first = since === undefined
      ? before.slice(-this.terms.pageSize)
      : before.filter((entry) => entry.epochSeconds >= since)
    this.#initial = new Set(first.map((entry) => entry.message.id))
    if (since === undefined && first.length < before.length) this.#horizon = first[0]?.epochSeconds ?? this.#horizon
  }

  /** Another process goes on with it. */
  resume(): void {
    this.#current.clear()
    this.lastRead = undefined
    this.#frontier = this.#settledFrontier
    this.#through = Number.NEGATIVE_INFINITY
  }

  /**
   * The cursor was written: what this process dealt with does not come again. What one before it was handed and did not
   * live to write may still be ahead.
   */
  saved(): void {
    for (const id of this.#current) this.handed.set(id, { settled: true })
    this.#settledFrontier = this.#frontier
  }

  /** A message is handed out; `pushedAt` is when the server last pushed it. */
  message(message: ConversationMessage, late: boolean | undefined, pushedAt = Number.NEGATIVE_INFINITY): void {
    const { forgetful, groupId, inParts, lossy, since } = this.terms
    const entry = this.ledger.byId.get(message.id)
    if (entry === undefined) return this.#fail(`a message that nobody sent: ${message.id}`)
    const text = entry.message.text ?? ""
    if (!this.isOurs(entry)) this.#fail(`${text} belongs to somebody else`)
    if (message.text !== entry.message.text || message.epochSeconds !== entry.epochSeconds) {
      this.#fail(`${text} is not as it was stored`)
    }
    if (this.#current.has(message.id)) this.#fail(`${text} comes twice (P2.1)`)
    if (this.handed.get(message.id)?.settled === true) this.#fail(`${text} comes again after a restart (P1.5)`)
    const isRepeated = ({ message: { id } }: Entry) =>
      id !== message.id && (this.#current.has(id) || this.handed.get(id)?.settled === true)
    if (!forgetful && entry.copies.some(isRepeated)) this.#fail(`${text} comes as each of two copies (P2.3)`)
    // what was said in a conversation before it was joined comes as it can, and so does what was pushed, perhaps again,
    // since the opening began, and stands further back than the page that was read
    const isOld = !inParts && entry.index < this.begun && entry.members.has(this.terms.account.id) &&
      pushedAt < this.#begunAt
    if (groupId === undefined && isOld) this.#fail(`${text} is from before the beginning`)
    if (since !== undefined && entry.epochSeconds < since) this.#fail(`${text} is from before the beginning`)
    const position: Position = { epochSeconds: entry.epochSeconds, id: message.id }
    const advances = this.#frontier === undefined || isAfter(position, this.#frontier)
    if (late !== undefined && !lossy && late === advances) {
      this.#fail(late ? `${text} is marked late, and is not (P3.2)` : `${text} is out of order and not marked (P3.1)`)
    }
    // two that only history told come in order, unless the one that stands before was stored after, or while it was read
    const isRead = !Number.isFinite(pushedAt)
    const { lastRead } = this
    const wasThere = entry.members.has(this.terms.account.id)
    if (
      isRead && wasThere && !advances && !lossy && !inParts && lastRead !== undefined && lastRead.index > entry.index
    ) {
      if (isAfter({ epochSeconds: lastRead.epochSeconds, id: lastRead.message.id }, position)) {
        this.#fail(`${text} comes after ${lastRead.message.text ?? ""}, and history told both (P3.1)`)
      }
    }
    if (isRead) this.lastRead = entry
    if (advances) this.#frontier = position
    this.#current.add(message.id)
    this.handed.set(message.id, { settled: false })
  }

  event(event: TimelineEvent, at: number, pushedAt: ReadonlyMap<string, number>): void {
    switch (event._tag) {
      case "Message":
        return this.message(event.message, event.late, pushedAt.get(event.message.id))
      case "CaughtUp": {
        if (event.through === null) return
        const through = DateTime.toEpochMillis(event.through) / 1000
        if (through < this.#through) this.#fail("`through` goes back")
        this.#through = through
        for (const entry of this.ledger.entries) {
          if (entry.epochSeconds > through || entry.storedAt > at - readingTime) continue
          if (this.#isMissing(entry)) this.#fail(`caught up, but ${entry.message.text} is missing (P1.2)`)
        }
        return
      }
      case "Gap":
        this.#fail(`a gap without need (P3.3)`)
    }
  }

  /** Whether it was promised, and has not come. */
  #isMissing(entry: Entry): boolean {
    const { account, forgetful, lossy, overlapSeconds, sweeps } = this.terms
    if (lossy || this.opened === undefined || !this.isOurs(entry)) return false
    if (entry.copies.some(({ message: { id } }) => this.handed.has(id))) return false
    const [first = entry] = entry.copies
    // the copy of what stood before the beginning may be recognised as such
    if (first !== entry && first.index < this.opened) return false
    if (!entry.members.has(account.id)) return false
    if (entry.index >= this.begun) {
      // what becomes visible long after its time can't be found
      if (entry.epochSeconds <= entry.newestBefore - (forgetful ? 0 : overlapSeconds - 1)) return false
      if (!entry.pushed && !sweeps) return false
    }
    if (entry.index < this.opened) return this.#initial.has(entry.message.id)
    // one that is pushed comes all the same, to whoever has a session then
    if (entry.epochSeconds <= this.#horizon) return false
    return this.terms.since === undefined || entry.epochSeconds >= this.terms.since
  }

  /**
   * {@link missing}, to be asked again and again: what is not missing once the sequence is open never will be.
   */
  awaited(): ReadonlyArray<Entry> {
    if (this.opened === undefined) return []
    for (; this.#looked < this.ledger.length; this.#looked++) {
      const entry = this.ledger.entries[this.#looked]
      if (entry !== undefined) this.#awaited.push(entry)
    }
    return this.#awaited = this.#awaited.filter((entry) => this.#isMissing(entry))
  }

  /** What was promised, and has not come. */
  missing(): ReadonlyArray<Entry> {
    return this.ledger.entries.filter((entry) => this.#isMissing(entry))
  }
}
