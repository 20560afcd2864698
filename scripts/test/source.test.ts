import { assert, describe, it } from "vitest"
import { lineAt, tokenize } from "../source.ts"

const kinds = (source: string) => tokenize(source).map(({ text, type }) => [type, text])

describe("tokenize", () => {
  it("separates comments, strings and code", () => {
    assert.deepStrictEqual(kinds("const a = \"b\" // c\n/* d */ e"), [
      ["code", "const a = "],
      ["string", "b"],
      ["code", " "],
      ["comment", " c"],
      ["code", "\n"],
      ["comment", " d "],
      ["code", " e"]
    ])
  })

  it("reads the text of a template and the code inside of it, braces included", () => {
    assert.deepStrictEqual(kinds("`a ${b({ c: `d${e}` })} f`"), [
      ["string", "a "],
      ["code", "b({ c: "],
      ["string", "d"],
      ["code", "e"],
      ["string", ""],
      ["code", " })"],
      ["string", " f"]
    ])
  })

  it("does not mistake a regular expression for a comment or a string", () => {
    assert.deepStrictEqual(kinds("x.replace(/[\"/]\\//, y) / 2"), [["code", "x.replace(/[\"/]\\//, y) / 2"]])
  })

  it("takes escaped quotes as part of a string", () => {
    assert.deepStrictEqual(kinds("\"a \\\" b\""), [["string", "a \\\" b"]])
  })

  it("takes an apostrophe in the text of an element as code", () => {
    assert.deepStrictEqual(kinds("<p>can't</p>\n\"s\""), [["code", "<p>can't</p>\n"], ["string", "s"]])
  })
})

describe("lineAt", () => {
  it("counts from 1", () => {
    assert.deepStrictEqual([0, 1, 2, 4].map((offset) => lineAt("a\nb\nc", offset)), [1, 1, 2, 3])
  })
})
