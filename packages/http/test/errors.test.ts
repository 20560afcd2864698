import { Transport } from "@effect-signalwire/schema/Reason"
import { assert, it } from "@effect/vitest"
import { makeError, withMethod } from "../src/internal/errors.ts"

it("an error for another method has the same reason and cause", () => {
  const error = makeError("getConversations", new Transport({ detail: "gone" }), new Error("reset"))
  const other = withMethod("join")(error)
  assert.strictEqual(other.method, "join")
  assert.strictEqual(other.reason, error.reason)
  assert.strictEqual(other.cause, error.cause)
})
