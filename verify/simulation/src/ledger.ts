/** The messages that the server has stored: the ground truth for all checks. It survives restarts of the server. */
import type { Change, Message } from "@effect-signalwire/backend/Records"
import * as Storage from "@effect-signalwire/backend/Storage"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export interface Entry {
  readonly message: Message
  /** The number of messages that were stored before. */
  readonly index: number
  readonly epochSeconds: number
  /** When it was stored, Unix milliseconds. */
  readonly storedAt: number
  /** The newest timestamp of all messages that were stored before, Unix seconds. */
  readonly newestBefore: number
  /** The members of its conversation when it was stored. */
  readonly members: ReadonlySet<string>
  /** Whether the server pushes it to sessions. */
  readonly pushed: boolean
  /** All messages that were stored for one send, this one included: the original, then those of repeated requests. */
  readonly copies: ReadonlyArray<Entry>
}

export class Ledger {
  readonly entries: Array<Entry> = []
  readonly byId = new Map<string, Entry>()
  /** By text, without the copies that repeated requests have stored. */
  readonly byText = new Map<string, Array<Entry>>()
  readonly members = new Map<string, Set<string>>()
  /** Whether messages that are stored now are pushed. */
  isPushing = true
  /** The original of the messages that are stored now, when they are copies. */
  copyOf: Entry | undefined
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
      const copies = this.copyOf === undefined ? [] : this.#copies.get(this.copyOf) ?? []
      const entry: Entry = {
        message,
        index: this.entries.length,
        epochSeconds: message.micros / 1e6,
        storedAt: this.#now(),
        newestBefore: this.#newest,
        members: this.members.get(message.groupId) ?? new Set(),
        pushed: this.isPushing,
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
