import { assert, describe, it } from "vitest"
import { capacity, merge, readFrom } from "../src/admin/log.ts"
import { decodeEntry, type Entry } from "../src/admin/models.ts"

const entry = (seq: number, time = seq): Entry =>
  decodeEntry({ seq, time, on: "opened", connection: 1, session: null, subscriberId: null, fault: null }, "entry")

const entries = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => entry(from + index))

/** Returns the response of a server with these entries. */
const server = (all: ReadonlyArray<Entry>) => (held: ReadonlyArray<Entry>) => ({
  enabled: true,
  entries: all.filter(({ seq }) => seq > readFrom(held))
})

const seqs = (entries: ReadonlyArray<Entry> | null) => entries?.map(({ seq }) => seq)

describe("the log that the page keeps", () => {
  it("grows by new entries, each once", () => {
    const held = entries(1, 3)
    assert.deepStrictEqual(seqs(merge(held, server(entries(1, 5))(held))), [1, 2, 3, 4, 5])
  })
  it("is the same array while there are no new entries", () => {
    const held = entries(1, 3)
    assert.strictEqual(merge(held, server(held)(held)), held)
  })
  it("is limited to a number of entries, the newest ones", () => {
    const all = entries(1, capacity.entries + 10)
    assert.deepStrictEqual(merge([], server(all)([])), all.slice(10))
    const held = all.slice(0, capacity.entries)
    assert.deepStrictEqual(merge(held, server(all)(held)), all.slice(10))
  })
  it("is limited to a number of bytes, but has at least one entry", () => {
    const large = (seq: number) => ({ ...entry(seq), text: "x".repeat(capacity.bytes / 2) })
    const all = [1, 2, 3].map(large)
    assert.deepStrictEqual(seqs(merge([], server(all)([]))), [2, 3])
    const wide = { ...entry(4), text: "→".repeat(capacity.bytes) }
    assert.deepStrictEqual(seqs(merge(all, server([...all, wide])(all))), [4])
  })
  it("is read again completely if the server's log was cleared", () => {
    assert.isNull(merge(entries(1, 3), server([])(entries(1, 3))))
    assert.isNull(merge(entries(1, 3), server(entries(7, 9))(entries(1, 3))))
  })
  it("is read again completely if the server was restarted, even if its log is as long", () => {
    const again = entries(1, 5).map(({ seq }) => entry(seq, seq + 1000))
    assert.isNull(merge(entries(1, 3), server(again)(entries(1, 3))))
  })
})
