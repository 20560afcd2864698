import { assert, it } from "@effect/vitest"
import { inspect } from "node:util"
import { redactCause } from "../src/internal/redactedCause.ts"

it("P6.1: redacts a part of the token in the cause of an error", () => {
  const secret = "eyJhbGciOiJkaXIifQ..iviviviv.ciphertextciphertext.tagtagtag"
  const error = new TypeError("failed", { cause: new Error(`proxy: ${secret.slice(0, 40)}`) })
  const output = inspect(redactCause(error, secret), { depth: 8, showHidden: true })
  assert.include(output, "proxy: <redacted>")
  assert.notInclude(output, secret.slice(0, 40))
})
