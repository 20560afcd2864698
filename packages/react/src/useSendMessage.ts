"use client"
/**
 * Sending messages that are shown at once.
 *
 * @since 0.1.0
 */
import { useSyncExternalStore } from "react"
import type { OutgoingMessage, SendOptions } from "./internal/outgoing.ts"
import { useConversation } from "./internal/useConversation.ts"

/** What {@link useSendMessage} returns. */
export interface SendMessage {
  /**
   * Sends a message, which is stored once, or not at all, and returns its client id at once. It is among the messages
   * of {@link useTimeline} from then on; sending continues when the component unmounts.
   *
   * Throws a `ConversationError` of reason `Invalid`, and shows nothing, for a message that can never be sent: an empty
   * text, metadata or details that can't be written as JSON, or no address. A text of spaces is sent as it is.
   */
  readonly send: (text: string, options?: SendOptions) => string
  /** Messages that are being sent, and those that failed. */
  readonly outgoing: ReadonlyArray<OutgoingMessage>
}

const none: ReadonlyArray<OutgoingMessage> = []
const getNone = () => none

/** Returns what sends messages to the conversation with an address. */
export const useSendMessage = (addressId: string | null | undefined): SendMessage => {
  const { outgoing, send } = useConversation(addressId)
  return { send, outgoing: useSyncExternalStore(outgoing.subscribe, outgoing.get, getNone) }
}
