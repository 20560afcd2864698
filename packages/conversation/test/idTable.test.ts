import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as IdTable from "../src/internal/idTable.ts"

/** Ids of every length, many of which have the same hash, because they differ only between their ends. */
const Id = Schema.Union([
  Schema.String.check(Schema.isMaxLength(20)),
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 }))
])
const idOf = (id: typeof Id.Type): string => typeof id === "string" ? id : `00000000-${id % 10}${id}-00000000`

describe("IdTable", () => {
  it.effect.prop(
    "P2.1: contains exactly the ids that were added, in that order, with their times",
    { given: Schema.Array(Id) },
    ({ given }) =>
      Effect.sync(() => {
        const table = IdTable.make()
        const known = new Map<string, number>()
        given.map(idOf).forEach((id, time) => {
          const hash = IdTable.hashOf(id)
          assert.strictEqual(table.has(id, hash), known.has(id), id)
          if (known.has(id)) return
          table.add(id, hash, time)
          known.set(id, time)
        })
        assert.strictEqual(table.size(), known.size)
        assert.deepStrictEqual(table.entries(), [...known])
      })
  )

  it("distinguishes ids with the same hash", () => {
    const [one, other] = ["00000000-one-00000000", "00000000-two-00000000"]
    assert.strictEqual(IdTable.hashOf(one), IdTable.hashOf(other))
    const table = IdTable.make()
    table.add(one, IdTable.hashOf(one), 1)
    assert.isFalse(table.has(other, IdTable.hashOf(other)))
    table.add(other, IdTable.hashOf(other), 2)
    assert.isTrue(table.has(one, IdTable.hashOf(one)) && table.has(other, IdTable.hashOf(other)))
  })

  it("finds each of 20,000 ids", () => {
    const table = IdTable.make()
    const ids = Array.from({ length: 20_000 }, (_, n) => `dddddddd-0000-4000-8000-${n.toString(16).padStart(12, "0")}`)
    for (const id of ids) table.add(id, IdTable.hashOf(id), 0)
    assert.isTrue(ids.every((id) => table.has(id, IdTable.hashOf(id))))
    assert.isFalse(
      table.has("dddddddd-0000-4000-8000-ffffffffffff", IdTable.hashOf("dddddddd-0000-4000-8000-ffffffffffff"))
    )
  })

  it("is empty after it is cleared, and accepts new ids", () => {
    const table = IdTable.make()
    const ids = Array.from({ length: 100 }, (_, n) => `id-${n}`)
    for (const id of ids) table.add(id, IdTable.hashOf(id), 1)
    table.clear()
    assert.strictEqual(table.size(), 0)
    assert.isFalse(ids.some((id) => table.has(id, IdTable.hashOf(id))))
    for (const id of ids.slice(50)) assert.isTrue(table.add(id, IdTable.hashOf(id), 2))
    assert.deepStrictEqual(table.entries(), ids.slice(50).map((id) => [id, 2]))
  })
})
