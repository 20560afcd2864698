/** What carries requests: Effect's `HttpClient`, or `fetch`. */
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import type { HttpResponse } from "./httpResponse.ts"

/** A request without its authorization. */
export interface Request {
  readonly url: string
  /** JSON to post; without it the request is a GET. */
  readonly body?: string
}

export interface ExchangeOptions {
  readonly token: Redacted.Redacted
  /** How long the exchange may take, the response's body included. At 0 or less, no request is made. */
  readonly timeoutMillis: number
  /** Fails with the error for an exchange that took longer. */
  readonly onTimeout: Effect.Effect<never, SignalWireHttpError>
  /** Maps an error of the transport. */
  readonly onError: (error: unknown) => SignalWireHttpError
}

/** Makes a request and reads the whole response. */
export type Transport = (
  request: Request,
  options: ExchangeOptions
) => Effect.Effect<HttpResponse, SignalWireHttpError>
