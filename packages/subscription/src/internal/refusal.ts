/**
 * What a server answers to an upgrade that it refuses. Browsers keep it to themselves; where a platform tells, what makes
 * its sockets notes it here.
 */

export interface Refusal {
  readonly status: number
  /** How long the server asked to be left alone; 0 where it did not. */
  readonly retryAfterMillis: number
}

/** No server is left alone for longer, whatever it asks for. Milliseconds. */
const longest = 10 * 60_000

const refusals = new WeakMap<object, Refusal>()

/** The delay that a `Retry-After` header in seconds asks for, in milliseconds; 0 for anything else. */
const delayOf = (retryAfter: string | undefined): number => {
  const millis = Number(retryAfter) * 1000
  return millis > 0 ? Math.min(millis, longest) : 0
}

/** Notes how the upgrade of a socket was answered. */
export const noteRefusal = (webSocket: object, status: number, retryAfter: string | undefined): void =>
  void refusals.set(webSocket, { status, retryAfterMillis: delayOf(retryAfter) })

/** How the upgrade of a socket was refused, as far as the platform tells. */
export const refusalOf = (webSocket: object): Refusal | undefined => refusals.get(webSocket)
