/** What the server has really stored: the truth that clients are held against. It survives the server. */
import type { Change, Message } from "@effect-signalwire/backend/Records"
import * as Storage from "@effect-signalwire/backend/Storage"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export interface Entry {
  readonly message: Message
  /** How many were stored before it. */
  readonly index: number
  readonly epochSeconds: number
  /** When it was stored, unix milliseconds. */
  readonly storedAt: number
  /** The newest time of any message stored before it, unix seconds. */
  readonly newestBefore: number
  /** Who was in its conversation when it was stored. */
  readonly members: ReadonlySet<string>
  /** Whether the server was to tell sessions of it. */
  readonly pushed: boolean
  /** The messages that one send was stored as, this one among them: what the network delivered again comes after. */
  readonly copies: ReadonlyArray<Entry>
}

export class Ledger {
  readonly entries: Array<Entry> = []
  readonly byId = new Map<string, Entry>()
  /** Without what the network delivered again. */
  readonly byText = new Map<string, Array<Entry>>()
  readonly members = new Map<string, Set<string>>()
  /** Whether what is stored now is pushed. */
  pushing = true
  /** What is stored now was stored before, as this. */
  copying: Entry | undefined
  readonly #changes: Array<Change> = []
  readonly #copies = new Map<Entry, Array<Entry>>()
  readonly #now: () => number
  #newest = Number.NEGATIVE_INFINITY

  constructor(now: () => number) {
    this.#now = now
  }

  readonly layer: Layer.Layer<Storage.Storage> = Layer.succeed(Storage.Storage, {
    load: Effect.sync(() => [...this.#changes]),
    commit: (changes) =>
      Effect.sync(() => {
        for (const change of changes) this.#commit(change)
      })
  })

  get length(): number {
    return this.entries.length
  }

  get newest(): number {
    return this.#newest
  }

  isMember(groupId: string, subscriberId: string): boolean {
    return this.members.get(groupId)?.has(subscriberId) === true
  }

  #commit(change: Change): void {
    this.#changes.push(change)
    if (change._tag === "MemberJoined") {
      const { groupId, subscriberId } = change.member
      this.members.set(groupId, new Set([...this.members.get(groupId) ?? [], subscriberId]))
    } else if (change._tag === "MessageStored") {
      const { message } = change
      const copies = this.copying === undefined ? [] : this.#copies.get(this.copying) ?? []
      const entry: Entry = {
        message,
        index: this.entries.length,
        epochSeconds: message.micros / 1e6,
        storedAt: this.#now(),
        newestBefore: this.#newest,
        members: this.members.get(message.groupId) ?? new Set(),
        pushed: this.pushing,
        copies
      }
      copies.push(entry)
      this.#copies.set(entry, copies)
      this.#newest = Math.max(this.#newest, entry.epochSeconds)
      this.entries.push(entry)
      this.byId.set(message.id, entry)
      if (copies.length > 1) return
      const text = message.text ?? ""
      this.byText.set(text, [...this.byText.get(text) ?? [], entry])
    }
  }
}
