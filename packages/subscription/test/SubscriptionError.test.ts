import * as Reason from "@effect-signalwire/schema/Reason"
import { SubscriptionError } from "@effect-signalwire/subscription/SubscriptionError"
import { assert, it } from "@effect/vitest"

it.each([
  new Reason.Transport({ detail: "gone" }),
  new Reason.Closed()
])("the error of the subscription layer is retryable if its reason is, with the same remedy: $_tag", (reason) => {
  const error = new SubscriptionError({ method: "ready", reason })
  assert.strictEqual(error.isRetryable, reason.isRetryable)
  assert.strictEqual(error.remediation, reason.remediation)
  assert.strictEqual(error.message, `Subscription.ready: ${reason.message}`)
})
