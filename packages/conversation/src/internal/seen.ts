/**
 * Which messages have been seen, in bounded memory: two generations, of which the older is forgotten when the younger is
 * full. A message is known by its id, and by the send that it is a copy of. What a re-read brings from before the `floor`
 * can't be judged any more.
 */
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as IdTable from "./idTable.ts"
import * as Send from "./send.ts"

export interface Seen {
  /**
   * Remembers a message; `false` when it was remembered already, or another copy of the same send was. With `keep` nothing
   * is forgotten for it: one read is remembered as a whole, for a server may send all of it once more.
   */
  readonly add: (message: ConversationMessage, keep?: boolean) => boolean
  /** Forgets what need not be remembered, after what was kept. */
  readonly settle: () => void
  /** The newest time (unix seconds) of any id that was forgotten; negative infinity while there is none. */
  readonly floor: () => number
  /** Raises the floor: what stands at this time or before can't be judged. */
  readonly raise: (epochSeconds: number) => void
  /** The ids of messages after a time, with their times. */
  readonly after: (epochSeconds: number) => ReadonlyArray<readonly [id: string, epochSeconds: number]>
  /** The sends that are remembered, in the order in which they were seen. */
  readonly sends: () => ReadonlyArray<Send.Send>
}

interface Generation {
  readonly ids: IdTable.IdTable
  readonly sends: IdTable.IdTable<Send.Send>
  newest: number
}

const makeGeneration = (): Generation => ({
  ids: IdTable.make(),
  sends: IdTable.makeBy(Send.isSame),
  newest: Number.NEGATIVE_INFINITY
})

class Generations implements Seen {
  private readonly size: number
  private current = makeGeneration()
  private previous: Generation | undefined
  private forgotten = Number.NEGATIVE_INFINITY

  constructor(size: number) {
    this.size = size
  }

  settle(): void {
    if (this.current.ids.size() < this.size) return
    const forgotten = this.previous ?? makeGeneration()
    this.raise(forgotten.newest)
    forgotten.ids.clear()
    forgotten.sends.clear()
    forgotten.newest = Number.NEGATIVE_INFINITY
    this.previous = this.current
    this.current = forgotten
  }

  floor(): number {
    return this.forgotten
  }

  raise(epochSeconds: number): void {
    if (epochSeconds > this.forgotten) this.forgotten = epochSeconds
  }

  after(epochSeconds: number): ReadonlyArray<readonly [id: string, epochSeconds: number]> {
    return [...this.previous?.ids.entries() ?? [], ...this.current.ids.entries()]
      .filter(([, time]) => time > epochSeconds)
  }

  sends(): ReadonlyArray<Send.Send> {
    return [...this.previous?.sends.entries() ?? [], ...this.current.sends.entries()].map(([send]) => send)
  }

  add(message: ConversationMessage, keep = false): boolean {
    const { current, previous } = this
    const { clientId, epochSeconds, id } = message
    const hash = IdTable.hashOf(id)
    if (previous?.ids.has(id, hash) === true || !current.ids.add(id, hash, epochSeconds)) return false
    const isNew = clientId === null || this.addSend(Send.of(message))
    if (epochSeconds > current.newest) current.newest = epochSeconds
    if (!keep) this.settle()
    return isNew
  }

  /** Remembers a send; `false` when it was remembered already. */
  private addSend(send: Send.Send | undefined): boolean {
    if (send === undefined) return true
    const hash = IdTable.hashOf(send.clientId)
    return this.previous?.sends.has(send, hash) !== true && this.current.sends.add(send, hash, 0)
  }
}

/** Remembers the last `size` messages at least, and twice as many at most; more only while they come from one read. */
export const make = (size: number): Seen => new Generations(size)
