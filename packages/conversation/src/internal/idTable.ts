/**
 * Ids with their times, for looking one up with every message and every subscriber. A `Map` of strings scatters what it
 * holds over memory; here a look-up reads one small array of numbers, and what is added is written in sequence. What
 * names something in more than one string is looked up by the hash of one of them.
 */
export interface IdTable<Id = string> {
  readonly size: () => number
  readonly has: (id: Id, hash: number) => boolean
  /** Adds one, unless it is there; answers whether it was not. */
  readonly add: (id: Id, hash: number, epochSeconds: number) => boolean
  /** In the order in which they were added. */
  readonly entries: () => ReadonlyArray<readonly [id: Id, epochSeconds: number]>
  /** Forgets all, and keeps its room for as many again: what is written over need not be collected. */
  readonly clear: () => void
}

/** How much of an id is hashed at either end: it is there that ids differ, whether they count, tell a time or are random. */
const end = 8

/** FNV-1a over UTF-16 code units. */
export const hashOf = (id: string): number => {
  const { length } = id
  let hash = 0x811c9dc5 ^ length
  for (let index = 0; index < length; index++) {
    if (index === end && length > 2 * end) index = length - end
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193)
  }
  return hash
}

const nowhere = new Int32Array(1)

class Table<Id> implements IdTable<Id> {
  private readonly isSame: (a: Id, b: Id) => boolean
  private count = 0
  private readonly ids: Array<Id> = []
  private readonly hashes: Array<number> = []
  private readonly times: Array<number> = []
  /** Where an id stands, and one more; zero for nowhere. At least half of them are free, so a look-up ends soon. */
  private places = nowhere

  constructor(isSame: (a: Id, b: Id) => boolean) {
    this.isSame = isSame
  }

  size(): number {
    return this.count
  }

  has(id: Id, hash: number): boolean {
    return this.places[this.slotOf(id, hash)] !== 0
  }

  add(id: Id, hash: number, epochSeconds: number): boolean {
    const slot = this.slotOf(id, hash)
    if (this.places[slot] !== 0) return false
    const index = this.count++
    this.ids[index] = id
    this.hashes[index] = hash
    this.times[index] = epochSeconds
    if (this.count * 2 > this.places.length) this.grow()
    else this.places[slot] = this.count
    return true
  }

  entries(): ReadonlyArray<readonly [id: Id, epochSeconds: number]> {
    return this.ids.slice(0, this.count).map((id, index) => [id, this.times[index] ?? Number.NaN])
  }

  clear(): void {
    this.count = 0
    if (this.places !== nowhere) this.places.fill(0)
  }

  /** Where it stands, or would. */
  private slotOf(id: Id, hash: number): number {
    const { hashes, ids, places } = this
    const mask = places.length - 1
    let slot = hash & mask
    for (let place = places[slot]; place !== undefined && place !== 0; place = places[slot]) {
      if (hashes[place - 1] === hash) {
        const other = ids[place - 1]
        if (other !== undefined && this.isSame(other, id)) return slot
      }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private grow(): void {
    const { count, hashes } = this
    const places = new Int32Array(Math.max(this.places.length * 2, 16))
    const mask = places.length - 1
    for (let index = 0; index < count; index++) {
      let slot = (hashes[index] ?? 0) & mask
      while (places[slot] !== 0) slot = (slot + 1) & mask
      places[slot] = index + 1
    }
    this.places = places
  }
}

const isSameString = (a: string, b: string): boolean => a === b

/** A table without any. */
export const make = (): IdTable => new Table(isSameString)

/** A table without any, of what is the same when `isSame` says so; those that are the same have the same hash. */
export const makeBy = <Id>(isSame: (a: Id, b: Id) => boolean): IdTable<Id> => new Table(isSame)
