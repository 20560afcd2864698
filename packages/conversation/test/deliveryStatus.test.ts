import { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Branded from "@effect-signalwire/schema/Branded"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as DeliveryStatus from "../src/internal/deliveryStatus.ts"
import { limited, message, reached } from "./support.ts"

describe("the failure of a request", () => {
  const refused = new Reason.Transport({ detail: "the connection was refused", sent: "no" })

  it.each<{ readonly reason: Reason.Reason; readonly possible: string; readonly impossible: string }>([
    { reason: new Reason.Transport({ detail: "lost" }), possible: "unknown", impossible: "notStored" },
    { reason: refused, possible: "notStored", impossible: "notStored" },
    { reason: new Reason.Timeout({ millis: 1 }), possible: "unknown", impossible: "notStored" },
    { reason: new Reason.ServerError({ status: 503, detail: "" }), possible: "unknown", impossible: "notStored" },
    { reason: new Reason.Malformed({ path: "", detail: "" }), possible: "unknown", impossible: "notStored" },
    { reason: new Reason.RateLimited({ retryAfterMillis: 1 }), possible: "notStored", impossible: "notStored" },
    { reason: new Reason.Unauthorized({ detail: "" }), possible: "rejected", impossible: "rejected" },
    { reason: new Reason.Forbidden({ detail: "" }), possible: "rejected", impossible: "rejected" },
    { reason: Reason.invalidParameter("text", "is empty"), possible: "rejected", impossible: "rejected" },
    { reason: new Reason.NotFound({ detail: "" }), possible: "rejected", impossible: "rejected" }
  ])("P4.1: says whether the message was stored: $reason.message", ({ impossible, possible, reason }) => {
    const error = new SignalWireHttpError({ method: "sendMessage", reason })
    assert.deepStrictEqual(
      [
        DeliveryStatus.classifyFailure(error, { mayBeStored: true }),
        DeliveryStatus.classifyFailure(error, { mayBeStored: false })
      ],
      [possible, impossible]
    )
  })
})

describe("a slice of history", () => {
  const clientId = Branded.clientId("mine")
  const stored = message("stored", 10, { clientId, text: "hello", groupId: Branded.groupId("g") })
  const another = message("another", 9, { clientId: Branded.clientId("other"), text: "hello" })
  const withoutId = message("without id", 8, { text: "hello" })
  const withoutText = message("without text", 7)

  it("P4.1: has the message with its client id, whatever else it has", () => {
    for (const slice of [reached(withoutId, another, stored), limited(withoutId, stored)]) {
      assert.deepStrictEqual(DeliveryStatus.classify(slice, clientId, "hello"), {
        _tag: "Stored",
        receipt: { conversationId: stored.conversationId, groupId: stored.groupId }
      })
    }
  })

  it.each([
    { slice: reached(another, withoutText), status: "Absent" },
    { slice: reached(), status: "Absent" },
    { slice: reached(another, withoutId), status: "WithoutClientId" },
    { slice: limited(withoutId), status: "WithoutClientId" },
    { slice: limited(another, withoutText), status: "BeyondLimit" }
  ])("P4.2: does not have the message: $status", ({ slice, status }) => {
    assert.deepStrictEqual<unknown>(DeliveryStatus.classify(slice, clientId, "hello"), { _tag: status })
  })
})
