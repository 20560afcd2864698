/** Classifies what a failed request, or a search of history, says about a message that was sent. */
import type { SendAttempt } from "@effect-signalwire/http/SendAttempt"
import type { SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { ClientId } from "@effect-signalwire/schema/Ids"
import type { HistorySlice } from "./historySlice.ts"

/** What a failed request says about its message. */
export type FailureOutcome =
  /** The message was not stored, and may be sent again. */
  | "notStored"
  /** The message may have been stored. */
  | "unknown"
  /** The message was not stored, and sending it again would fail again. */
  | "rejected"

/** Classifies the failure of a request, given the state of its `SendAttempt` at that moment. */
export const classifyFailure = ({ reason }: SignalWireHttpError, { mayBeStored }: SendAttempt): FailureOutcome => {
  switch (reason._tag) {
    case "RateLimited":
      return "notStored"
    case "Transport":
      return mayBeStored && reason.sent === "unknown" ? "unknown" : "notStored"
    case "Timeout":
    case "ServerError":
    case "Malformed":
      return mayBeStored ? "unknown" : "notStored"
    default:
      return "rejected"
  }
}

/** What a search of history says about a message. */
export type DeliveryStatus =
  | { readonly _tag: "Stored"; readonly receipt: SendReceipt }
  | { readonly _tag: "Absent" }
  /**
   * There is a message of the same text without a client id: the server loses client ids, or another client sent it.
   */
  | { readonly _tag: "WithoutClientId" }
  /** The message was not found before the search reached its limit, and may be older. */
  | { readonly _tag: "BeyondLimit" }

export const absent: DeliveryStatus = { _tag: "Absent" }

/** Classifies a message by the slice of history in which it would be. */
export const classify = ({ end, messages }: HistorySlice, clientId: ClientId, text: string): DeliveryStatus => {
  const found = messages.find((message) => message.clientId === clientId)
  if (found !== undefined) {
    return { _tag: "Stored", receipt: { conversationId: found.conversationId, groupId: found.groupId } }
  }
  const isCandidate = (message: ConversationMessage) => message.clientId === null && message.text === text
  if (messages.some(isCandidate)) return { _tag: "WithoutClientId" }
  return end === "limit" ? { _tag: "BeyondLimit" } : absent
}
