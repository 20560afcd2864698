import { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, it } from "@effect/vitest"

it.each([
  new Reason.Transport({ detail: "gone" }),
  new Reason.Closed()
])("the error of the HTTP service is retryable if its reason is, with the same remedy: $_tag", (reason) => {
  const error = new SignalWireHttpError({ method: "join", reason })
  assert.strictEqual(error.isRetryable, reason.isRetryable)
  assert.strictEqual(error.remediation, reason.remediation)
  assert.strictEqual(error.message, `SignalWireHttp.join: ${reason.message}`)
})
