import { assert, describe, it } from "vitest"
import { commonRange, lowestAndNewest } from "../effectVersions.ts"

describe("commonRange", () => {
  it("is the range of all packages", () => {
    assert.strictEqual(commonRange(["^4.1.0", "^4.1.0"]), "^4.1.0")
  })

  it("throws if packages differ, and if the range has no lowest version", () => {
    assert.throws(() => commonRange(["^4.1.0", "^4.2.0"]), "different versions of effect: ^4.1.0, ^4.2.0")
    assert.throws(() => commonRange([]), "not of the form")
    assert.throws(() => commonRange(["*"]), "not of the form")
  })
})

describe("lowestAndNewest", () => {
  it("are two versions, compared as numbers", () => {
    assert.deepStrictEqual(lowestAndNewest("^4.1.0", ["4.1.0", "4.10.0", "4.9.12", "4.11.0-beta.1"]), [
      "4.1.0",
      "4.10.0"
    ])
  })

  it("are one version if the lowest is the newest", () => {
    assert.deepStrictEqual(lowestAndNewest("^4.1.0", "4.1.0"), ["4.1.0"])
    assert.deepStrictEqual(lowestAndNewest("^4.1.0", ["4.1.0"]), ["4.1.0"])
  })

  it("throw if the lowest is not published", () => {
    assert.throws(() => lowestAndNewest("^4.1.0", ["4.1.1"]), "effect 4.1.0, the lowest version")
  })
})
