import { assert, it } from "@effect/vitest"
import * as Option from "effect/Option"
import { limitBody } from "../src/internal/httpResponse.ts"

it("a body that was read as a whole may have 32 million characters, and no more", () => {
  const largest = "x".repeat(32 * 1024 * 1024)
  assert.isTrue(Option.isSome(limitBody(largest)))
  assert.isTrue(Option.isNone(limitBody(`${largest}x`)))
  assert.deepStrictEqual(limitBody("{}"), Option.some("{}"))
})
