import { TaggedError } from "@effect-signalwire/schema/TaggedError"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

class Full extends TaggedError("Full")<{ readonly limit: number }> {
  override get message() {
    return `more than ${this.limit}`
  }
}

describe("an error class whose message is a getter", () => {
  it("makes errors that keep their message when they are cloned", () => {
    const clone = structuredClone(new Full({ limit: 3 }))
    assert.instanceOf(clone, Error)
    assert.strictEqual(clone.message, "more than 3")
  })

  it("makes instances that are named after the tag and whose message is not enumerable", () => {
    const error = new Full({ limit: 3 })
    assert.instanceOf(error, Full)
    assert.deepStrictEqual([error._tag, error.name, String(error)], ["Full", "Full", "Full: more than 3"])
    assert.deepStrictEqual(Object.keys(error).toSorted(), ["_tag", "limit"])
  })

  it.effect("makes errors that can be yielded, and caught by their tag", () =>
    Effect.gen(function*() {
      const failing = Effect.gen(function*() {
        return yield* new Full({ limit: 3 })
      })
      const limit = yield* Effect.catchTag(failing, "Full", ({ limit }) => Effect.succeed(limit))
      assert.strictEqual(limit, 3)
    }))
})
