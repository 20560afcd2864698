/**
 * Constructors of `SignalWireHttpError`.
 */
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { SignalWireHttpError } from "../SignalWireHttpError.ts"

export const makeError = (method: string, reason: Reason.Reason, cause?: unknown): SignalWireHttpError =>
  new SignalWireHttpError(cause === undefined ? { method, reason } : { method, reason, cause })

/** The same error for another method: a request that several callers share fails each of them by its own method. */
export const withMethod = (method: string) => (error: SignalWireHttpError): SignalWireHttpError =>
  error.method === method ? error : makeError(method, error.reason, error.cause)

/** Succeeds with the value of a result, or fails with its reason. */
export const fromResult = <A>(
  method: string,
  result: Result.Result<A, Reason.Reason>
): Effect.Effect<A, SignalWireHttpError> =>
  Result.isSuccess(result) ? Effect.succeed(result.success) : Effect.fail(makeError(method, result.failure))

/** Succeeds with a decoded response, or fails with `Malformed`. */
export const fromDecoded = <A>(
  method: string,
  decoded: Result.Result<A, MalformedValue>
): Effect.Effect<A, SignalWireHttpError> =>
  fromResult(method, Result.mapError(decoded, ({ message, path }) => new Reason.Malformed({ path, detail: message })))
