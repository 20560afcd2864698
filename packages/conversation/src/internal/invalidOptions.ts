/** Options that programs without types, or with values from elsewhere, may get wrong. */
import { Invalid } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import { ConversationError } from "../ConversationError.ts"

/** Fails, as `method`, with the `Invalid` that reading options has thrown. `path` precedes the names of the options. */
export const catchInvalid =
  (method: string, path = "") => <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | ConversationError, R> =>
    Effect.catchDefect(self, (thrown) => {
      if (!(thrown instanceof Invalid)) return Effect.die(thrown)
      const errors = thrown.errors.map((error) => ({ ...error, attribute: error.attribute && path + error.attribute }))
      return Effect.fail(new ConversationError({ method, reason: new Invalid({ errors }) }))
    })
