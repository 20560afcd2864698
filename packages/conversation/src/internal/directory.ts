/** What is known of conversations, so that a send can answer with the one it belongs to. */
import type { SendReceipt, Service as SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import * as Branded from "@effect-signalwire/schema/Branded"
import { Conversation } from "@effect-signalwire/schema/Conversation"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

export interface Directory {
  /** Takes note of conversations that were read. */
  readonly note: (conversations: ReadonlyArray<Conversation>) => void
  /**
   * The conversation a message was just sent to. It never fails: the message is stored, whatever becomes of looking up
   * what it was stored in.
   */
  readonly afterSend: (addressId: string, receipt: SendReceipt) => Effect.Effect<Conversation>
}

/** How many conversations are remembered. */
const capacity = 1000

/** The list is ordered by activity: one that was just written to stands near its top. */
const searched = 200

export const make = (http: SignalWireHttp): Directory => {
  const known = new Map<string, Conversation>()

  const remember = (key: string, conversation: Conversation): void => {
    known.delete(key)
    known.set(key, conversation)
    if (known.size <= capacity) return
    for (const eldest of known.keys()) {
      known.delete(eldest)
      return
    }
  }

  const lookup = (addressId: string, receipt: SendReceipt) =>
    http.conversations({ pageSize: 50 }).pipe(
      Stream.take(searched),
      Stream.filter((conversation) =>
        conversation.addressId === addressId || conversation.id === receipt.conversationId ||
        (receipt.groupId !== null && conversation.groupId === receipt.groupId)
      ),
      Stream.runHead,
      Effect.timeout("10 seconds"),
      Effect.catch((error) =>
        Effect.as(Effect.logDebug("the conversation could not be looked up", error.message), Option.none())
      )
    )

  const fromReceipt = (addressId: string, receipt: SendReceipt, now: DateTime.Utc): Conversation =>
    new Conversation({
      id: receipt.conversationId,
      addressId: Branded.addressId(addressId),
      groupId: receipt.groupId,
      fromAddressId: null,
      name: "",
      metadata: {},
      createdAt: now,
      lastMessageAt: now
    })

  return {
    note: (conversations) => {
      for (const conversation of conversations) {
        if (conversation.addressId !== null) remember(conversation.addressId, conversation)
      }
    },
    afterSend: Effect.fnUntraced(function*(addressId, receipt) {
      const now = yield* DateTime.now
      const earlier = known.get(addressId)
      if (earlier === undefined) {
        const found = yield* lookup(addressId, receipt)
        if (Option.isNone(found)) return fromReceipt(addressId, receipt, now)
        remember(addressId, found.value)
        return found.value
      }
      const conversation = earlier.writtenAt(now)
      remember(addressId, conversation)
      return conversation
    })
  }
}
