/** Options that programs without types, or with values from elsewhere, may get wrong. */
import { Invalid } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import { ConversationError } from "../ConversationError.ts"

/** Fails, as `method`, with the `Invalid` that reading options has thrown. */
export const catchInvalid =
  (method: string) => <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | ConversationError, R> =>
    Effect.catchDefect(
      self,
      (thrown) =>
        thrown instanceof Invalid ? Effect.fail(new ConversationError({ method, reason: thrown })) : Effect.die(thrown)
    )
