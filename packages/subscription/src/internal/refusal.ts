/**
 * What a server answers to an upgrade that it refuses. Browsers keep it to themselves; where a platform tells, what makes
 * its sockets notes it here.
 */
import type * as RetryAfter from "@effect-signalwire/runtime/RetryAfter"

export interface Refusal {
  readonly status: number
  /** The headers that say how long the server asks to be left alone. */
  readonly headers: RetryAfter.Headers
}

const refusals = new WeakMap<object, Refusal>()

/** Notes how the upgrade of a socket was answered. */
export const noteRefusal = (webSocket: object, status: number, headers: RetryAfter.Headers): void =>
  void refusals.set(webSocket, { status, headers })

/** How the upgrade of a socket was refused, as far as the platform tells. */
export const refusalOf = (webSocket: object): Refusal | undefined => refusals.get(webSocket)
