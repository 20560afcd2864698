/**
 * Building the layer's one error.
 */
import type * as Reason from "@effect-signalwire/schema/Reason"
import { SignalWireHttpError } from "../SignalWireHttpError.ts"

/** The failure of `method` for this reason. */
export const failed = (method: string, reason: Reason.Reason, cause?: unknown): SignalWireHttpError =>
  new SignalWireHttpError(cause === undefined ? { method, reason } : { method, reason, cause })

/** The same failure as another method tells it: work shared by several callers fails each of them by its own name. */
export const renamed = (method: string) => (error: SignalWireHttpError): SignalWireHttpError =>
  error.method === method ? error : failed(method, error.reason, error.cause)
