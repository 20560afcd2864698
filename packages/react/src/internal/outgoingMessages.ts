/**
 * Outgoing messages of one conversation: shown from when they are sent until the timeline yields them as stored. A
 * stored message is matched to an outgoing one by client id, or by text if the server does not keep client ids.
 */
import { checkMessage, type SendMessageOptions, type SignalWireClient } from "@effect-signalwire/promise"
import * as Json from "@effect-signalwire/runtime/Json"
import { toError } from "./errors.ts"
import type { Message } from "./messageWindow.ts"

/** The options of `send`: metadata and details of the message. */
export type SendOptions = Pick<SendMessageOptions, "metadata" | "details">

/** A message that is being sent, or whose send failed. */
export interface OutgoingMessage {
  /**
   * - `sending`: the send is in progress.
   * - `sent`: the server has stored it, and the timeline will yield it shortly.
   * - `failed`: the send failed; see `error`.
   */
  readonly status: "sending" | "sent" | "failed"
  /** The `key` for React. The stored message that replaces this one has the same key. */
  readonly key: string
  /** The client id that it is sent with. */
  readonly clientId: string
  /** The text of the message. */
  readonly text: string
  /** The metadata of the message. */
  readonly metadata: SendMessageOptions["metadata"]
  /** The details of the message. */
  readonly details: SendMessageOptions["details"]
  /** Why it failed: a `ConversationError`, unless the client could not be created; otherwise `null`. */
  readonly error: Error | null
  /** Sends it again with the same client id, so that it is stored once. Does nothing unless it failed. */
  readonly retry: () => void
  /** Removes it from the list. Does nothing unless it failed. */
  readonly discard: () => void
}

export interface OutgoingMessages {
  readonly messages: () => ReadonlyArray<OutgoingMessage>
  /** Sends a message and returns its client id. Throws if it can never be sent. */
  readonly send: (text: string, options?: SendOptions) => string
  /**
   * Replaces the outgoing message that a timeline message is the stored copy of, and returns the key to show it with.
   */
  readonly reconcile: (message: Message, clientId: string | null) => string
  /** Records that a timeline shows stored messages, until the returned function is called. */
  readonly attachTimeline: () => () => void
}

/** How many client ids of stored messages are remembered: more than a timeline reads again after an interruption. */
const maxRemembered = 1000

/** A random id. Not `randomUUID`, which is missing on pages without TLS. */
const makeClientId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("")

/** The methods of a client that sending needs. */
interface SendingClient {
  readonly conversation: Pick<SignalWireClient["conversation"], "sendMessage">
}

/** Whether two messages have the same sender, as far as the server includes it. */
const haveSameSender = (a: Message, b: Message): boolean =>
  a.user_id !== null && b.user_id !== null
    ? a.user_id === b.user_id
    : a.from_address_id === null || b.from_address_id === null || a.from_address_id === b.from_address_id

/** `onChange` is called when the messages change. */
export const make = (
  addressId: string,
  client: () => Promise<SendingClient>,
  onChange: () => void
): OutgoingMessages => {
  const outgoing = new Map<string, OutgoingMessage>()
  /**
   * By client id of an outgoing message whose send is not confirmed: the id of a stored message with the same text and
   * without a client id, which is its stored copy if the send turns out to be successful.
   */
  const possibleCopies = new Map<string, string>()
  /** By client id of an outgoing message: the id of its stored copy. */
  const storedIds = new Map<string, string>()
  /** A stored message of this sender, once one was matched by client id. */
  let ownMessage: Message | undefined
  let timelines = 0

  const markStored = (clientId: string, messageId: string) => {
    outgoing.delete(clientId)
    possibleCopies.delete(clientId)
    storedIds.set(clientId, messageId)
    for (const oldest of storedIds.keys()) {
      if (storedIds.size <= maxRemembered) break
      storedIds.delete(oldest)
    }
  }

  /** Removes a message. Its possible copy counts as its stored copy, so that it is not that of another message. */
  const remove = (clientId: string) => {
    outgoing.delete(clientId)
    const copy = possibleCopies.get(clientId)
    if (copy !== undefined) markStored(clientId, copy)
  }

  const update = (clientId: string, change: Pick<OutgoingMessage, "status" | "error">) => {
    const message = outgoing.get(clientId)
    // the timeline has already yielded its stored copy
    if (message === undefined) return
    outgoing.set(clientId, { ...message, ...change })
    onChange()
  }

  const markSent = (clientId: string) => {
    if (timelines > 0 && !possibleCopies.has(clientId)) return update(clientId, { status: "sent", error: null })
    remove(clientId)
    onChange()
  }

  const deliver = async ({ clientId, details, metadata, text }: OutgoingMessage, isNew: boolean): Promise<void> => {
    try {
      const { conversation } = await client()
      await conversation.sendMessage({ addressId, clientId, isNew, text, metadata, details })
      markSent(clientId)
    } catch (error) {
      update(clientId, { status: "failed", error: toError(error) })
    }
  }

  const retry = (clientId: string) => {
    const message = outgoing.get(clientId)
    if (message?.status !== "failed") return
    update(clientId, { status: "sending", error: null })
    // not new, because the failed send may have stored it
    void deliver(message, false)
  }

  const discard = (clientId: string) => {
    if (outgoing.get(clientId)?.status !== "failed") return
    remove(clientId)
    onChange()
  }

  /** The outgoing message with the text of a stored one: the first that was sent, or else the first without a copy. */
  const findByText = (stored: Message): OutgoingMessage | undefined => {
    if (ownMessage !== undefined && !haveSameSender(ownMessage, stored)) return undefined
    const matches = [...outgoing.values()].filter((message) =>
      message.text === stored.text && !possibleCopies.has(message.clientId)
    )
    return matches.find(({ status }) => status === "sent") ?? matches[0]
  }

  return {
    messages: () => [...outgoing.values()],
    send: (text, options) => {
      checkMessage({ addressId, text, metadata: options?.metadata, details: options?.details })
      const clientId = makeClientId()
      // a copy, because it is shown, and may be sent again later
      const { details, metadata } = Json.snapshotMessage(options ?? {})
      const message: OutgoingMessage = {
        status: "sending",
        key: clientId,
        clientId,
        text,
        metadata,
        details,
        error: null,
        retry: () => retry(clientId),
        discard: () => discard(clientId)
      }
      outgoing.set(clientId, message)
      onChange()
      void deliver(message, true)
      return clientId
    },
    reconcile: (message, clientId) => {
      if (clientId !== null) {
        if (outgoing.has(clientId)) {
          ownMessage = message
          markStored(clientId, message.id)
        }
        // another sender may have used the same client id, and keys must be unique
        return storedIds.get(clientId) === message.id ? clientId : message.id
      }
      for (const [clientId, id] of storedIds) if (id === message.id) return clientId
      // a timeline that starts again yields the possible copy of one message again
      for (const id of possibleCopies.values()) if (id === message.id) return id
      const match = findByText(message)
      if (match === undefined) return message.id
      if (match.status !== "sent") {
        possibleCopies.set(match.clientId, message.id)
        return message.id
      }
      markStored(match.clientId, message.id)
      return match.clientId
    },
    attachTimeline: () => {
      timelines++
      return () => {
        timelines--
        if (timelines > 0) return
        // no timeline will yield their stored copies
        for (const { clientId, status } of outgoing.values()) if (status === "sent") outgoing.delete(clientId)
        onChange()
      }
    }
  }
}
