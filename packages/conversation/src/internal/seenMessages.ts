/**
 * The messages that a sequence has seen, in bounded memory. There are two generations: when the younger is full, the
 * older is forgotten. A message is recognized by its id, or as another stored copy of the same send.
 *
 * `forgottenThrough` is the newest time of any message that was forgotten. Whether a message of that time or an earlier
 * one was seen is not known.
 */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as IdTable from "./idTable.ts"
import * as SendIdentity from "./sendIdentity.ts"

interface Generation {
  readonly ids: IdTable.IdTable
  readonly sends: IdTable.IdTable<SendIdentity.SendIdentity>
  newest: number
}

const makeGeneration = (): Generation => ({
  ids: IdTable.make(),
  sends: IdTable.makeWith(SendIdentity.isSame),
  newest: Number.NEGATIVE_INFINITY
})

/**
 * Remembers at least the last `size` messages, and at most twice as many, except for one read that is added with
 * `rotates` set to `false`.
 */
export class SeenMessages {
  private readonly size: number
  private current = makeGeneration()
  private previous: Generation | undefined
  private forgotten = Number.NEGATIVE_INFINITY

  constructor(size: number) {
    this.size = size
  }

  /**
   * Adds a message; returns `false` when it, or another copy of the same send, was seen before. With `rotates` set to
   * `false` nothing is forgotten to make room: one read is remembered as a whole, since a server may push all of it
   * again.
   */
  add(message: ConversationMessage, rotates = true): boolean {
    const { current, previous } = this
    const { epochSeconds, id } = message
    const hash = IdTable.hashOf(id)
    if (previous?.ids.has(id, hash) === true || !current.ids.add(id, hash, epochSeconds)) return false
    const isNew = this.addSend(SendIdentity.fromMessage(message))
    if (epochSeconds > current.newest) current.newest = epochSeconds
    if (rotates) this.rotateIfFull()
    return isNew
  }

  private addSend(send: SendIdentity.SendIdentity | undefined): boolean {
    if (send === undefined) return true
    const hash = IdTable.hashOf(send.clientId)
    return this.previous?.sends.has(send, hash) !== true && this.current.sends.add(send, hash, 0)
  }

  /** Forgets the older generation when the younger is full. */
  rotateIfFull(): void {
    if (this.current.ids.size() < this.size) return
    const forgotten = this.previous ?? makeGeneration()
    this.forgetThrough(forgotten.newest)
    forgotten.ids.clear()
    forgotten.sends.clear()
    forgotten.newest = Number.NEGATIVE_INFINITY
    this.previous = this.current
    this.current = forgotten
  }

  /** The newest time of any forgotten message, unix seconds; negative infinity when none was forgotten. */
  forgottenThrough(): number {
    return this.forgotten
  }

  /** Treats all messages up to a time as forgotten. */
  forgetThrough(epochSeconds: number): void {
    if (epochSeconds > this.forgotten) this.forgotten = epochSeconds
  }

  /** The ids of the messages after a time, with their times, in the order in which they were seen. */
  idsAfter(epochSeconds: number): ReadonlyArray<readonly [id: string, epochSeconds: number]> {
    return [...this.previous?.ids.entries() ?? [], ...this.current.ids.entries()]
      .filter(([, time]) => time > epochSeconds)
  }

  /** The sends of the remembered messages, in the order in which they were seen. */
  sends(): ReadonlyArray<SendIdentity.SendIdentity> {
    return [...this.previous?.sends.entries() ?? [], ...this.current.sends.entries()].map(([send]) => send)
  }
}
