/**
 * Building the layer's one error.
 */
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { SignalWireHttpError } from "../SignalWireHttpError.ts"

/** The failure of `method` for this reason. */
export const failed = (method: string, reason: Reason.Reason, cause?: unknown): SignalWireHttpError =>
  new SignalWireHttpError(cause === undefined ? { method, reason } : { method, reason, cause })

/** The same failure as another method tells it: work shared by several callers fails each of them by its own name. */
export const renamed = (method: string) => (error: SignalWireHttpError): SignalWireHttpError =>
  error.method === method ? error : failed(method, error.reason, error.cause)

/** What was found to be good, or the failure of `method` for the reason that it is not. */
export const lift = <A>(
  method: string,
  checked: Result.Result<A, Reason.Reason>
): Effect.Effect<A, SignalWireHttpError> =>
  Result.isSuccess(checked) ? Effect.succeed(checked.success) : Effect.fail(failed(method, checked.failure))

/** What was read of an answer, or the failure of `method` that it can't be. */
export const readable = <A>(
  method: string,
  read: Result.Result<A, MalformedValue>
): Effect.Effect<A, SignalWireHttpError> =>
  lift(method, Result.mapError(read, ({ message, path }) => new Reason.Malformed({ path, detail: message })))
