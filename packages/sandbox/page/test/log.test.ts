import { assert, describe, it } from "vitest"
import { capacity, merge, readFrom } from "../src/admin/log.ts"
import { decodeEntry, type Entry } from "../src/admin/models.ts"

const entry = (seq: number, time = seq): Entry =>
  decodeEntry({ seq, time, on: "opened", connection: 1, session: null, subscriberId: null, fault: null }, "entry")

const entries = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => entry(from + index))

/** What a server that has these entries returns. */
const server = (all: ReadonlyArray<Entry>) => (held: ReadonlyArray<Entry>) => ({
  enabled: true,
  entries: all.filter(({ seq }) => seq > readFrom(held))
})

const seqs = (entries: ReadonlyArray<Entry> | null) => entries?.map(({ seq }) => seq)

describe("the part of the log that is held", () => {
  it("grows by what is new, each entry once", () => {
    const held = entries(1, 3)
    assert.deepStrictEqual(seqs(merge(held, server(entries(1, 5))(held))), [1, 2, 3, 4, 5])
  })
  it("stays the same list while there is nothing new", () => {
    const held = entries(1, 3)
    assert.strictEqual(merge(held, server(held)(held)), held)
  })
  it("is the newest entries, as many as there is room for", () => {
    const all = entries(1, capacity.entries + 10)
    assert.deepStrictEqual(merge([], server(all)([])), all.slice(10))
    const held = all.slice(0, capacity.entries)
    assert.deepStrictEqual(merge(held, server(all)(held)), all.slice(10))
  })
  it("is the newest entries, as many bytes as there is room for, and at least one", () => {
    const large = (seq: number) => ({ ...entry(seq), text: "x".repeat(capacity.bytes / 2) })
    const all = [1, 2, 3].map(large)
    assert.deepStrictEqual(seqs(merge([], server(all)([]))), [2, 3])
    const wide = { ...entry(4), text: "→".repeat(capacity.bytes) }
    assert.deepStrictEqual(seqs(merge(all, server([...all, wide])(all))), [4])
  })
  it("is read anew when the server's was cleared", () => {
    assert.isNull(merge(entries(1, 3), server([])(entries(1, 3))))
    assert.isNull(merge(entries(1, 3), server(entries(7, 9))(entries(1, 3))))
  })
  it("is read anew when the server has started again, also when its log is as long by now", () => {
    const again = entries(1, 5).map(({ seq }) => entry(seq, seq + 1000))
    assert.isNull(merge(entries(1, 3), server(again)(entries(1, 3))))
  })
})
