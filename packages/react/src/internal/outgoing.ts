/**
 * Messages on their way: shown from the moment they are sent, until the timeline shows them as stored. A message is
 * recognised by the client id it was sent with; where the server does not keep that, by its text, once it was accepted.
 */
import { checkMessage, type SendMessageOptions, type SignalWireClient } from "@effect-signalwire/promise"
import * as Json from "@effect-signalwire/runtime/Json"
import { toError } from "./failure.ts"
import type { Message } from "./window.ts"

/** What goes along with the text of a message. */
export type SendOptions = Pick<SendMessageOptions, "metadata" | "details">

/** A message on its way. */
export interface OutgoingMessage {
  /** `sent`: the server has it, and it will be seen any moment. */
  readonly status: "sending" | "sent" | "failed"
  /** For React's `key`: the same as that of the stored message it becomes. */
  readonly key: string
  /** The id that it is sent with, by which the stored message is recognised. */
  readonly clientId: string
  /** What it says. */
  readonly text: string
  /** The metadata it was given. */
  readonly metadata: SendMessageOptions["metadata"]
  /** The details it was given. */
  readonly details: SendMessageOptions["details"]
  /** Why it failed: a `ConversationError`, unless the client could not be made. */
  readonly error: Error | null
  /** Sends it again, under the same client id; does nothing unless it failed. */
  readonly retry: () => void
  /** Lets go of it; does nothing unless it failed. */
  readonly discard: () => void
}

export interface Outgoing {
  readonly messages: () => ReadonlyArray<OutgoingMessage>
  /** Throws for what can never be sent. */
  readonly send: (text: string, options?: SendOptions) => string
  /** A timeline yields a message: answers the key it is shown under. */
  readonly heard: (message: Message, clientId: string | null) => string
  /** A timeline shows what is stored from now on; answers how to end that. */
  readonly follow: () => () => void
}

/** How many client ids of messages that have arrived are remembered: more than a timeline goes over again. */
const memory = 1000

/** Not `randomUUID`, which pages without TLS lack. */
const newClientId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("")

export const make = (
  addressId: string,
  client: () => Promise<SignalWireClient>,
  changed: () => void
): Outgoing => {
  const drafts = new Map<string, OutgoingMessage>()
  /** Drafts whose text a message without a client id has: that message, should the draft turn out to be stored. */
  const twins = new Map<string, string>()
  /** Which message became of a draft. */
  const stored = new Map<string, string>()
  let followers = 0

  const settle = (clientId: string, messageId: string) => {
    drafts.delete(clientId)
    twins.delete(clientId)
    stored.set(clientId, messageId)
    for (const oldest of stored.keys()) {
      if (stored.size <= memory) break
      stored.delete(oldest)
    }
  }

  const update = (clientId: string, change: Pick<OutgoingMessage, "status" | "error">) => {
    const draft = drafts.get(clientId)
    // it was seen already, whatever became of the request
    if (draft === undefined) return
    drafts.set(clientId, { ...draft, ...change })
    changed()
  }

  const accepted = (clientId: string) => {
    const twin = twins.get(clientId)
    if (twin !== undefined) settle(clientId, twin)
    else if (followers === 0) drafts.delete(clientId)
    else return update(clientId, { status: "sent", error: null })
    changed()
  }

  const deliver = async ({ clientId, details, metadata, text }: OutgoingMessage, isNew: boolean): Promise<void> => {
    try {
      const { conversation } = await client()
      await conversation.sendMessage({ addressId, clientId, isNew, text, metadata, details })
      accepted(clientId)
    } catch (error) {
      update(clientId, { status: "failed", error: toError(error) })
    }
  }

  const retry = (clientId: string) => {
    const draft = drafts.get(clientId)
    if (draft?.status !== "failed") return
    update(clientId, { status: "sending", error: null })
    // it may be stored already
    void deliver(draft, false)
  }

  const discard = (clientId: string) => {
    if (drafts.get(clientId)?.status !== "failed") return
    drafts.delete(clientId)
    twins.delete(clientId)
    changed()
  }

  /** The accepted draft, or else the oldest one without a twin, that a message without a client id may be. */
  const draftLike = ({ text }: Message): OutgoingMessage | undefined => {
    const alike = [...drafts.values()].filter((draft) => draft.text === text && !twins.has(draft.clientId))
    return alike.find(({ status }) => status === "sent") ?? alike[0]
  }

  return {
    messages: () => [...drafts.values()],
    send: (text, options) => {
      checkMessage({ addressId, text, metadata: options?.metadata, details: options?.details })
      const clientId = newClientId()
      // as they are now: it is shown with them, and may be sent again later
      const { details, metadata } = Json.snapshotMessage(options ?? {})
      const draft: OutgoingMessage = {
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
      drafts.set(clientId, draft)
      changed()
      void deliver(draft, true)
      return clientId
    },
    heard: (message, clientId) => {
      if (clientId !== null) {
        if (drafts.has(clientId)) settle(clientId, message.id)
        // a timeline yields one copy of a send, yet another sender may use the same id: no two share a key
        return stored.get(clientId) === message.id ? clientId : message.id
      }
      for (const [clientId, id] of stored) if (id === message.id) return clientId
      const draft = draftLike(message)
      if (draft === undefined) return message.id
      if (draft.status !== "sent") {
        twins.set(draft.clientId, message.id)
        return message.id
      }
      settle(draft.clientId, message.id)
      return draft.clientId
    },
    follow: () => {
      followers++
      return () => {
        followers--
        if (followers > 0) return
        // nobody is left to see them arrive
        for (const { clientId, status } of drafts.values()) if (status === "sent") drafts.delete(clientId)
        changed()
      }
    }
  }
}
