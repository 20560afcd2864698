/** The errors of the services after structured cloning. */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Reason from "@effect-signalwire/schema/Reason"
import { SubscriptionError } from "@effect-signalwire/subscription/SubscriptionError"
import { assert, describe, it } from "@effect/vitest"
import { inspect } from "node:util"

describe("ConversationError", () => {
  const reason = new Reason.Transport({ detail: "lost" })
  const cause = new Error("the connection broke", { cause: new TypeError("fetch failed") })

  it("P9.1: reports its fields, and the names and messages of its causes", () => {
    const report = new ConversationError({ method: "sendMessage", reason, stored: "no", cause }).toJSON()
    assert.deepStrictEqual(report, {
      _tag: "ConversationError",
      method: "sendMessage",
      message: "sendMessage: connection failed: lost",
      isRetryable: true,
      stored: "no",
      remediation: reason.remediation,
      reason,
      cause: {
        name: "Error",
        message: "the connection broke",
        cause: { name: "TypeError", message: "fetch failed" }
      }
    })
    const without = new ConversationError({ method: "join", reason, cause: "not an error" }).toJSON()
    assert.doesNotHaveAnyKeys(without, ["stored", "cause"])
  })

  it("reports eight causes at most, since an error may be its own cause", () => {
    const circular = new Error("circular")
    circular.cause = circular
    const report = JSON.stringify(new ConversationError({ method: "join", reason, cause: circular }))
    assert.lengthOf(report.split("circular"), 8 + 1)
  })

  it("is formatted by Node with its stack and its causes", () => {
    const error = new ConversationError({ method: "join", reason, cause })
    const text = inspect(error, { depth: 5 })
    for (const part of ["ConversationError: join: connection failed: lost", "errors.test.ts", "fetch failed"]) {
      assert.include(text, part)
    }
  })

  it.each([undefined, cause])("keeps the cause of the failure of an underlying service: %s", (cause) => {
    const failure = new SignalWireHttpError({ method: "post", reason, ...(cause === undefined ? {} : { cause }) })
    for (const error of [ConversationError.from("join")(failure), ConversationError.fromSend("join", "no")(failure)]) {
      assert.deepStrictEqual([error.method, error.reason, "cause" in error], ["join", reason, cause !== undefined])
      assert.strictEqual(error.cause, cause)
    }
  })
})

const services = [
  ["ConversationError", ConversationError],
  ["SignalWireHttpError", SignalWireHttpError],
  ["SubscriptionError", SubscriptionError]
] as const

it.each(services)(
  "P9.1: a cloned %s, as for another thread, keeps its message",
  (_, ServiceError) => {
    const error = new ServiceError({ method: "join", reason: new Reason.NotFound({ detail: "missing" }) })
    const clone = structuredClone(error)
    assert.instanceOf(clone, Error)
    assert.match(clone.message, /join: not found: missing$/)
    assert.strictEqual(clone.message, error.message)
  }
)
