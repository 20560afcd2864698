/**
 * The state of the request that stores a message, for callers that must know whether a message whose send failed may be
 * stored.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/** The state of one `sendMessage` call, which the call updates. */
export interface SendAttempt {
  /**
   * Whether the message may be stored: its request was handed to the transport, and the server has not rejected it with a
   * status of 4xx other than 408. Requests that precede it, such as those that detect the dialect, store nothing.
   *
   * It is `true` until `sendMessage` begins, so that an implementation of `SignalWireHttp` that does not update it counts
   * as one whose messages may be stored.
   */
  mayBeStored: boolean
}

/**
 * The state before the call.
 *
 * @category constructors
 */
export const make = (): SendAttempt => ({ mayBeStored: true })

/**
 * The state that `sendMessage` updates. Provide one of your own around the call, and read it when the call has failed; a
 * `Transport` failure whose `sent` is `"no"` proves on its own that the message is not stored.
 */
export const SendAttempt: Context.Reference<SendAttempt> = Context.Reference("@effect-signalwire/http/SendAttempt", {
  defaultValue: make
})
