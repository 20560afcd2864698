import { assert, describe, it } from "vitest"
import { decodeEntry } from "../src/admin/models.ts"
import { defaultFilter, filterRows, toRows } from "../src/logRows.ts"

const request = decodeEntry({ seq: 1, time: 1, on: "request", exchange: 1, method: "GET", path: "/Api" }, "entry")
const response = decodeEntry({ seq: 2, time: 2, on: "response", exchange: 1, status: 200, body: "Hello" }, "entry")

describe("rows of the log", () => {
  it("are the same objects for the same entries when the log grows", () => {
    const [before] = toRows([request])
    const [after, added] = toRows([request, response])
    assert.strictEqual(after, before)
    assert.strictEqual(added?.summary, "200 GET /Api")
  })
  it("are found by text in the entry or in the summary, case-insensitively", () => {
    const found = (text: string) =>
      filterRows(toRows([request, response]), { ...defaultFilter, text }).map(({ seq }) => seq)
    assert.deepStrictEqual(found("HELLO"), [2])
    assert.deepStrictEqual(found("200 get"), [2])
    assert.deepStrictEqual(found("/api"), [1, 2])
  })
})
