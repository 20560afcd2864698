"use client"
/**
 * The hook that sends messages and shows them at once.
 *
 * @since 0.1.0
 */
import { useSyncExternalStore } from "react"
import type { OutgoingMessage, SendOptions } from "./internal/outgoingMessages.ts"
import { useConversationStore } from "./internal/useConversationStore.ts"

/** The result of {@link useSendMessage}. */
export interface SendMessage {
  /**
   * Sends a message, and returns its client id immediately. The message is among the messages of {@link useTimeline}
   * from then on, and it is stored exactly once, or its status becomes `failed`. Sending continues when the component
   * unmounts.
   *
   * Throws a `ConversationError` of reason `Invalid`, and shows no message, if the message can never be sent: the text
   * is empty, metadata or details can't be represented as JSON, or there is no address. White space is not trimmed.
   */
  readonly send: (text: string, options?: SendOptions) => string
  /** Messages that are being sent, and those that failed. */
  readonly outgoing: ReadonlyArray<OutgoingMessage>
}

const noMessages: ReadonlyArray<OutgoingMessage> = []
const getNoMessages = () => noMessages

/** Returns a function that sends messages to an address, and the messages that are being sent. */
export const useSendMessage = (addressId: string | null | undefined): SendMessage => {
  const { outgoing, send } = useConversationStore(addressId)
  return { send, outgoing: useSyncExternalStore(outgoing.subscribe, outgoing.get, getNoMessages) }
}
