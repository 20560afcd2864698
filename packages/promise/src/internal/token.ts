/** The tokens of a client: the first one, and those that `onRefreshToken` returns. */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import * as Token from "@effect-signalwire/runtime/Token"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { SignalWireOptions } from "../SignalWireOptions.ts"

/** Returns a well-formed token, and throws otherwise. `source` is the environment variable that it came from. */
export const requireToken = (token: unknown, source?: string): string =>
  Result.getOrThrowWith(Token.check(token, source), (reason) => new ConversationError({ method: "options", reason }))

/** Returns the token among the options, or else the environment's. */
export const resolveToken = (token: unknown, environment: string | undefined): string =>
  token === undefined && environment !== undefined ? requireToken(environment, "SIGNALWIRE_TOKEN") : requireToken(token)

const noOtherToken = () =>
  new Credentials.CredentialsError({ detail: "no other token is available", isRetryable: false })

/** Wraps `onRefreshToken` as an Effect that fails when it returns no valid token. */
export const fromRefresh = (
  onRefreshToken: NonNullable<SignalWireOptions["onRefreshToken"]>
): Effect.Effect<Redacted.Redacted, unknown> => {
  const refresh = async () => {
    const token = await onRefreshToken()
    if (token === null) throw noOtherToken()
    const checked = Token.check(token)
    if (Result.isSuccess(checked)) return Redacted.make(checked.success)
    // retryable, because a failed request of the function may be why
    throw new Credentials.CredentialsError({ detail: checked.failure.message, isRetryable: true })
  }
  return Effect.callback<Redacted.Redacted, unknown>((resume) => {
    refresh().then((token) => resume(Effect.succeed(token)), (error: unknown) => resume(Effect.fail(error)))
  })
}
