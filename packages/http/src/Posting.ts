/**
 * What is known of the request that stores a message, for those who must know whether it may have been stored.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/** The request of one send. */
export interface Posting {
  /**
   * Whether the request may have been processed: it was handed to the transport, and not turned away. What comes before
   * it, such as finding out the dialect, stores nothing. `true` to begin with: where nobody says otherwise, it may have.
   */
  isUnderWay: boolean
}

/** A send of which nothing is known. */
export const make = (): Posting => ({ isUnderWay: true })

/** Where a send notes what becomes of its request; provide one of your own around `sendMessage`. */
export const Posting: Context.Reference<Posting> = Context.Reference("@effect-signalwire/http/Posting", {
  defaultValue: make
})
