/**
 * The HTTP response with which a server rejects a WebSocket upgrade. Browsers do not show it; where the platform does,
 * the WebSocket constructor records it here for `socket.ts` to read.
 */
import type * as RetryAfter from "@effect-signalwire/runtime/RetryAfter"

export interface RejectedUpgrade {
  readonly status: number
  /** The headers that ask clients to wait. */
  readonly headers: RetryAfter.Headers
}

const rejectedUpgrades = new WeakMap<object, RejectedUpgrade>()

/** Records the response that rejected the upgrade of a socket. */
export const setRejectedUpgrade = (webSocket: object, status: number, headers: RetryAfter.Headers): void =>
  void rejectedUpgrades.set(webSocket, { status, headers })

/** Returns the response that rejected the upgrade of a socket; `undefined` if there is none or it is not known. */
export const getRejectedUpgrade = (webSocket: object): RejectedUpgrade | undefined => rejectedUpgrades.get(webSocket)
