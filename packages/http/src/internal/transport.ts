/** What carries requests: an `HttpClient` of Effect's, or `fetch` itself. */
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { Reply } from "./reply.ts"

/** A request before it is authorised. */
export interface Request {
  readonly url: string
  /** JSON to post; without it the request is a GET. */
  readonly body?: string
}

/** Exchanges a request, authorised by a token, for the answer; fails with what the transport says. */
export type Transport = (request: Request, token: Redacted.Redacted) => Effect.Effect<Reply, unknown>
