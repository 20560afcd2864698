/**
 * What is known of the request that stores a message, for callers that must know whether it may have been stored.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/** The state of the request of one send. */
export interface Posting {
  /**
   * Whether the request may have been processed: it was handed to the transport, and not answered with 4xx (408
   * excepted). Requests before it, such as those that detect the dialect, store nothing. It is `true` at first, for a
   * `SignalWireHttp` that does not note it, and `false` as soon as `sendMessage` begins.
   */
  isUnderWay: boolean
}

/** A send of which nothing is known: it may have been processed. */
export const make = (): Posting => ({ isUnderWay: true })

/**
 * Where `sendMessage` notes the state of its request; provide one around the call, and read it when the call has
 * failed.
 */
export const Posting: Context.Reference<Posting> = Context.Reference("@effect-signalwire/http/Posting", {
  defaultValue: make
})
