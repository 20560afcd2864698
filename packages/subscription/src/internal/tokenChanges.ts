/** Listens to the tokens that replace a given one. */
import type { Credentials } from "@effect-signalwire/runtime/Credentials"
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import * as Streams from "@effect-signalwire/runtime/Streams"
import { stackOf } from "@effect-signalwire/runtime/Thrown"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"

/**
 * Calls `callback` with each token that replaces `token`, until the scope closes; at once if it was replaced already.
 * Logs an exception of the stream of tokens, which belongs to the application.
 */
export const onNewToken = (
  credentials: Credentials["Service"],
  token: Redacted.Redacted,
  instrumentation: Instrumentation,
  callback: (token: Redacted.Redacted) => void
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.suspend(() => {
    let current = token
    return Streams.listen(credentials.changes, (next) => {
      if (Equal.equals(next, current)) return
      current = next
      callback(next)
    }, (thrown) => instrumentation.warn("cannot listen to new tokens", [stackOf(thrown)]))
  })
