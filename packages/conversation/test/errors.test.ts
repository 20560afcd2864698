/** The errors of the services after structured cloning. */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Reason from "@effect-signalwire/schema/Reason"
import { SubscriptionError } from "@effect-signalwire/subscription/SubscriptionError"
import { assert, it } from "@effect/vitest"

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
