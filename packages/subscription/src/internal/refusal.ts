/**
 * What a server answers to an upgrade that it refuses. Browsers keep it to themselves; where a platform tells, what makes
 * its sockets notes it here.
 */
import * as RetryAfter from "@effect-signalwire/schema/RetryAfter"

export interface Refusal {
  readonly status: number
  /** How long the server asked to be left alone; 0 where it did not. */
  readonly retryAfterMillis: number
}

const refusals = new WeakMap<object, Refusal>()

/** Notes how the upgrade of a socket was answered. */
export const noteRefusal = (webSocket: object, status: number, headers: RetryAfter.Headers): void => {
  const asked = RetryAfter.millisOf(headers, Date.now()) ?? 0
  refusals.set(webSocket, { status, retryAfterMillis: RetryAfter.honoured(asked) })
}

/** How the upgrade of a socket was refused, as far as the platform tells. */
export const refusalOf = (webSocket: object): Refusal | undefined => refusals.get(webSocket)
