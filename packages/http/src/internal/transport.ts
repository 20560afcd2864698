/** What carries requests: an `HttpClient` of Effect's, or `fetch` itself. */
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import type { Reply } from "./reply.ts"

/** A request before it is authorised. */
export interface Request {
  readonly url: string
  /** JSON to post; without it the request is a GET. */
  readonly body?: string
}

/** How a request is exchanged for an answer. */
export interface Terms {
  readonly token: Redacted.Redacted
  /** How long that may take. */
  readonly millis: number
  /** The failure when it took longer. */
  readonly late: Effect.Effect<never, SignalWireHttpError>
  /** The failure when there is no answer, by what the transport says. */
  readonly lost: (said: unknown) => SignalWireHttpError
}

/** Exchanges a request for the answer. */
export type Transport = (request: Request, terms: Terms) => Effect.Effect<Reply, SignalWireHttpError>
