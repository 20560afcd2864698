/**
 * A hash table of ids with their times, which is searched for every message of every subscriber. It uses open
 * addressing with linear probing over arrays: a lookup reads one small array of numbers and insertions are sequential
 * writes, where a `Map` of strings would scatter its entries over memory.
 *
 * The caller passes the hash of an id, so that a value that is identified by several strings can be hashed by the one
 * that all equal values share.
 */
export interface IdTable<Id = string> {
  readonly size: () => number
  readonly has: (id: Id, hash: number) => boolean
  /** Adds an id; returns `false` when the table has it already. */
  readonly add: (id: Id, hash: number, epochSeconds: number) => boolean
  /** The ids with their times, in the order in which they were added. */
  readonly entries: () => ReadonlyArray<readonly [id: Id, epochSeconds: number]>
  /** Removes all ids. The arrays are kept and overwritten, so that there is no garbage to collect. */
  readonly clear: () => void
}

/** How many characters at either end of an id are hashed. Counters, timestamps and random ids all differ there. */
const hashedLength = 8

/** FNV-1a over UTF-16 code units. */
export const hashOf = (id: string): number => {
  const { length } = id
  let hash = 0x811c9dc5 ^ length
  for (let index = 0; index < length; index++) {
    if (index === hashedLength && length > 2 * hashedLength) index = length - hashedLength
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193)
  }
  return hash
}

const emptySlots = new Int32Array(1)

class Table<Id> implements IdTable<Id> {
  private readonly isSame: (a: Id, b: Id) => boolean
  private count = 0
  private readonly ids: Array<Id> = []
  private readonly hashes: Array<number> = []
  private readonly times: Array<number> = []
  /**
   * The index of an id plus one; zero for a free slot. At least half of the slots are free, which keeps probes short.
   */
  private slots = emptySlots

  constructor(isSame: (a: Id, b: Id) => boolean) {
    this.isSame = isSame
  }

  size(): number {
    return this.count
  }

  has(id: Id, hash: number): boolean {
    return this.slots[this.slotOf(id, hash)] !== 0
  }

  add(id: Id, hash: number, epochSeconds: number): boolean {
    const slot = this.slotOf(id, hash)
    if (this.slots[slot] !== 0) return false
    const index = this.count++
    this.ids[index] = id
    this.hashes[index] = hash
    this.times[index] = epochSeconds
    if (this.count * 2 > this.slots.length) this.grow()
    else this.slots[slot] = this.count
    return true
  }

  entries(): ReadonlyArray<readonly [id: Id, epochSeconds: number]> {
    return this.ids.slice(0, this.count).map((id, index) => [id, this.times[index] ?? Number.NaN])
  }

  clear(): void {
    this.count = 0
    if (this.slots !== emptySlots) this.slots.fill(0)
  }

  /** The slot of an id, or the free slot where it belongs. */
  private slotOf(id: Id, hash: number): number {
    const { hashes, ids, slots } = this
    const mask = slots.length - 1
    let slot = hash & mask
    for (let entry = slots[slot]; entry !== undefined && entry !== 0; entry = slots[slot]) {
      if (hashes[entry - 1] === hash) {
        const other = ids[entry - 1]
        if (other !== undefined && this.isSame(other, id)) return slot
      }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private grow(): void {
    const { count, hashes } = this
    const slots = new Int32Array(Math.max(this.slots.length * 2, 16))
    const mask = slots.length - 1
    for (let index = 0; index < count; index++) {
      let slot = (hashes[index] ?? 0) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = index + 1
    }
    this.slots = slots
  }
}

const isSameString = (a: string, b: string): boolean => a === b

/** An empty table of strings. */
export const make = (): IdTable => new Table(isSameString)

/** An empty table of values that are compared with `isSame`; values that are the same must have the same hash. */
export const makeWith = <Id>(isSame: (a: Id, b: Id) => boolean): IdTable<Id> => new Table(isSame)
