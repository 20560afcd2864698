"use client"
/**
 * Sending messages that are seen at once.
 *
 * @since 0.1.0
 */
import { useSyncExternalStore } from "react"
import type { OutgoingMessage, SendOptions } from "./internal/outgoing.ts"
import { useConversation } from "./internal/useConversation.ts"

/** What {@link useSendMessage} answers. */
export interface SendMessage {
  /**
   * Sends a message, stored once or not at all, and answers its client id. It is among the messages of
   * {@link useTimeline} from then on; sending goes on when the component goes away.
   *
   * Throws a `ConversationError` of reason `Invalid` for what can never be sent, which is not among the messages: an empty
   * text, metadata or details that can't be written as JSON, or no address. A text of spaces only is sent as it is.
   */
  readonly send: (text: string, options?: SendOptions) => string
  /** Messages on their way, and those that failed. */
  readonly outgoing: ReadonlyArray<OutgoingMessage>
}

const none: ReadonlyArray<OutgoingMessage> = []
const getNone = () => none

/** Sends messages to the conversation with an address. */
export const useSendMessage = (addressId: string | null | undefined): SendMessage => {
  const { outgoing, send } = useConversation(addressId)
  return { send, outgoing: useSyncExternalStore(outgoing.subscribe, outgoing.get, getNone) }
}
