/** A message to deliver, and what is known about earlier sends of it. */
import type { SendOptions } from "@effect-signalwire/http/SignalWireHttp"
import type { ClientId } from "@effect-signalwire/schema/Ids"

/** What is known about earlier sends of a message. */
export interface PriorSend {
  /** Whether the message was sent for certain; otherwise another client may have sent it. */
  readonly isKnownSent: boolean
  /**
   * How long a request may still be in flight: the message is looked up for as long before it is sent. Milliseconds.
   */
  readonly inFlightMillis: number
  /** When the message was first sent, on the monotonic clock in milliseconds; `null` when that is not known. */
  readonly sentAt: number | null
  /** The message is not older than this time by the server's clock, unix seconds; `null` when that is not known. */
  readonly sinceSeconds: number | null
  /** How many messages of history to search. @default the limit of every search */
  readonly searchLimit?: number
}

export interface OutgoingMessage extends SendOptions {
  readonly clientId: ClientId
  /** What is known about earlier sends; `null` when there were none. */
  readonly prior: PriorSend | null
  /** Called when the message is first sent, with the time on the monotonic clock in milliseconds. */
  readonly onSend?: (at: number) => void
}
