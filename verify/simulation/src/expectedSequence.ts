/**
 * The messages that a subscription or timeline must deliver, across all processes that continue it with its cursor. Each
 * event is checked against the ledger when it is delivered.
 */
import type { Cursor } from "@effect-signalwire/conversation/Cursor"
import type { TimelineEvent } from "@effect-signalwire/conversation/TimelineEvent"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as DateTime from "effect/DateTime"
import type { Account } from "./device.ts"
import type { Entry, Ledger } from "./ledger.ts"
import { Violation } from "./Violation.ts"

/** What determines which messages a sequence must contain. */
export interface Guarantees {
  readonly account: Account
  /** The group of a timeline; `undefined` for all conversations. */
  readonly groupId: string | undefined
  /** Where a timeline begins, Unix seconds; `undefined` for the newest page. */
  readonly since: number | undefined
  /** How long after its timestamp a message may become visible and must still be delivered, seconds. */
  readonly overlapSeconds: number
  /** Whether the client looks for messages that were not pushed. */
  readonly reconciles: boolean
  /** Whether its policy may drop messages. */
  readonly isLossy: boolean
  /** Whether it reads history in small parts, between which many messages may be stored. */
  readonly readsInParts: boolean
  /** How many messages a timeline begins with: one page. */
  readonly pageSize: number
  /** Whether it remembers so few ids that late messages may be missed. */
  readonly hasSmallMemory: boolean
}

interface Position {
  readonly epochSeconds: number
  readonly id: string
}

const isAfter = (a: Position, b: Position): boolean =>
  a.epochSeconds > b.epochSeconds || (a.epochSeconds === b.epochSeconds && a.id > b.id)

/** The longest time that reading history takes without faults, milliseconds. */
const readMillis = 120_000

export class ExpectedSequence {
  readonly name: string
  readonly guarantees: Guarantees
  readonly cursor: Cursor | undefined
  readonly ledger: Ledger
  /** How many messages had been stored when the client began to subscribe. */
  readonly storedBeforeAttach: number
  /** How many messages had been stored when it had started; later ones must all be delivered. `undefined` before. */
  storedBeforeStart: number | undefined
  readonly #attachedAt: number
  /** All messages that were delivered; those that a cursor has saved must not be delivered again by another process. */
  readonly delivered = new Map<string, { isSaved: boolean }>()
  /** The messages that the current process has delivered. */
  readonly #deliveredHere = new Set<string>()
  /** The last message that came from history, without having been pushed to this process. */
  lastRead: Entry | undefined
  #newest: Position | undefined
  #savedNewest: Position | undefined
  #through = Number.NEGATIVE_INFINITY
  #initial: ReadonlySet<string> = new Set()
  /** Messages before the page that it began with are not part of it, also when they are stored later. Unix seconds. */
  #horizon = Number.NEGATIVE_INFINITY
  /** How many entries of the ledger `awaited` has examined, and which of them were missing. */
  #examined = 0
  #awaited: Array<Entry> = []

  constructor(name: string, guarantees: Guarantees, ledger: Ledger, cursor: Cursor | undefined, now: number) {
    this.#attachedAt = now
    this.name = name
    this.guarantees = guarantees
    this.ledger = ledger
    this.cursor = cursor
    this.storedBeforeAttach = ledger.length
  }

  #fail(problem: string): never {
    throw new Violation(`${this.name}: ${problem}`)
  }

  includes(entry: Entry): boolean {
    const { account, groupId } = this.guarantees
    return groupId === undefined
      ? this.ledger.isMember(entry.message.groupId, account.id)
      : entry.message.groupId === groupId
  }

  /** The subscription has started. */
  start(): void {
    if (this.storedBeforeStart !== undefined) return
    this.storedBeforeStart = this.ledger.length
    const { groupId, since } = this.guarantees
    if (groupId === undefined) return
    const before = this.ledger.entries
      .filter((entry) => this.includes(entry))
      .toSorted((a, b) => a.epochSeconds - b.epochSeconds || (a.message.id < b.message.id ? -1 : 1))
    const first = since === undefined
      ? before.slice(-this.guarantees.pageSize)
      : before.filter((entry) => entry.epochSeconds >= since)
    this.#initial = new Set(first.map((entry) => entry.message.id))
    if (since === undefined && first.length < before.length) this.#horizon = first[0]?.epochSeconds ?? this.#horizon
  }

  /** Another process continues it. */
  resume(): void {
    this.#deliveredHere.clear()
    this.lastRead = undefined
    this.#newest = this.#savedNewest
    this.#through = Number.NEGATIVE_INFINITY
  }

  /**
   * The cursor was saved: what this process has delivered must not be delivered again. What an earlier process delivered
   * without saving it may still be delivered again.
   */
  cursorSaved(): void {
    for (const id of this.#deliveredHere) this.delivered.set(id, { isSaved: true })
    this.#savedNewest = this.#newest
  }

  /** Checks a message that is delivered; `pushedAt` is when the server last pushed it. */
  receiveMessage(message: ConversationMessage, late: boolean | undefined, pushedAt = Number.NEGATIVE_INFINITY): void {
    const { hasSmallMemory, groupId, readsInParts, isLossy, since } = this.guarantees
    const entry = this.ledger.byId.get(message.id)
    if (entry === undefined) return this.#fail(`a message that is not stored: ${message.id}`)
    const text = entry.message.text ?? ""
    if (!this.includes(entry)) this.#fail(`${text} belongs to another conversation`)
    if (message.text !== entry.message.text || message.epochSeconds !== entry.epochSeconds) {
      this.#fail(`${text} differs from what is stored`)
    }
    if (this.#deliveredHere.has(message.id)) this.#fail(`${text} is delivered twice (P2.1)`)
    if (this.delivered.get(message.id)?.isSaved === true) {
      this.#fail(`${text} is delivered again after a restart (P1.5)`)
    }
    const isRepeated = ({ message: { id } }: Entry) =>
      id !== message.id && (this.#deliveredHere.has(id) || this.delivered.get(id)?.isSaved === true)
    if (!hasSmallMemory && entry.copies.some(isRepeated)) this.#fail(`${text} is delivered as two copies (P2.3)`)
    // older messages may be delivered if their conversation was joined later, or if they were pushed since the client
    // began to subscribe
    const isOld = !readsInParts && entry.index < this.storedBeforeAttach &&
      entry.members.has(this.guarantees.account.id) &&
      pushedAt < this.#attachedAt
    if (groupId === undefined && isOld) this.#fail(`${text} is older than the beginning`)
    if (since !== undefined && entry.epochSeconds < since) this.#fail(`${text} is older than the beginning`)
    const position: Position = { epochSeconds: entry.epochSeconds, id: message.id }
    const advances = this.#newest === undefined || isAfter(position, this.#newest)
    if (late !== undefined && !isLossy && late === advances) {
      this.#fail(
        late ? `${text} is marked as late, but is not (P3.2)` : `${text} is out of order, but not marked as late (P3.1)`
      )
    }
    // messages that were only read from history are in order, unless the earlier one was stored later, or during the read
    const isRead = !Number.isFinite(pushedAt)
    const { lastRead } = this
    const wasMember = entry.members.has(this.guarantees.account.id)
    if (
      isRead && wasMember && !advances && !isLossy && !readsInParts && lastRead !== undefined &&
      lastRead.index > entry.index
    ) {
      if (isAfter({ epochSeconds: lastRead.epochSeconds, id: lastRead.message.id }, position)) {
        this.#fail(`${text} comes after ${lastRead.message.text ?? ""}, though both were read from history (P3.1)`)
      }
    }
    if (isRead) this.lastRead = entry
    if (advances) this.#newest = position
    this.#deliveredHere.add(message.id)
    this.delivered.set(message.id, { isSaved: false })
  }

  receive(event: TimelineEvent, at: number, pushedAt: ReadonlyMap<string, number>): void {
    switch (event._tag) {
      case "Message":
        return this.receiveMessage(event.message, event.late, pushedAt.get(event.message.id))
      case "CaughtUp": {
        if (event.through === null) return
        const through = DateTime.toEpochMillis(event.through) / 1000
        if (through < this.#through) this.#fail("`through` decreases")
        this.#through = through
        for (const entry of this.ledger.entries) {
          if (entry.epochSeconds > through || entry.storedAt > at - readMillis) continue
          if (this.#isMissing(entry)) this.#fail(`caught up, but ${entry.message.text} is missing (P1.2)`)
        }
        return
      }
      case "Gap":
        this.#fail(`a gap without a reason (P3.3)`)
    }
  }

  /** Whether an entry must be delivered, and has not been. */
  #isMissing(entry: Entry): boolean {
    const { account, hasSmallMemory, isLossy, overlapSeconds, reconciles } = this.guarantees
    if (isLossy || this.storedBeforeStart === undefined || !this.includes(entry)) return false
    if (entry.copies.some(({ message: { id } }) => this.delivered.has(id))) return false
    const [first = entry] = entry.copies
    // the copy of a message before the beginning may be recognized as one
    if (first !== entry && first.index < this.storedBeforeStart) return false
    if (!entry.members.has(account.id)) return false
    if (entry.index >= this.storedBeforeAttach) {
      // a message that becomes visible long after its timestamp cannot be found
      if (entry.epochSeconds <= entry.newestBefore - (hasSmallMemory ? 0 : overlapSeconds - 1)) return false
      if (!entry.pushed && !reconciles) return false
    }
    if (entry.index < this.storedBeforeStart) return this.#initial.has(entry.message.id)
    // it is only delivered if it is pushed while there is a session
    if (entry.epochSeconds <= this.#horizon) return false
    return this.guarantees.since === undefined || entry.epochSeconds >= this.guarantees.since
  }

  /** The same as {@link missing} once the sequence has started, but cheap to call repeatedly. */
  awaited(): ReadonlyArray<Entry> {
    if (this.storedBeforeStart === undefined) return []
    for (; this.#examined < this.ledger.length; this.#examined++) {
      const entry = this.ledger.entries[this.#examined]
      if (entry !== undefined) this.#awaited.push(entry)
    }
    return this.#awaited = this.#awaited.filter((entry) => this.#isMissing(entry))
  }

  /** The messages that must be delivered, and have not been. */
  missing(): ReadonlyArray<Entry> {
    return this.ledger.entries.filter((entry) => this.#isMissing(entry))
  }
}
