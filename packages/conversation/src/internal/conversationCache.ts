/** Remembers the conversations that were read, so that a send can return the conversation of its message. */
import type { SendReceipt, Service as SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import { BoundedMap } from "@effect-signalwire/runtime/BoundedMap"
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import * as Branded from "@effect-signalwire/schema/Branded"
import { Conversation } from "@effect-signalwire/schema/Conversation"
import * as WireTime from "@effect-signalwire/schema/WireTime"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { readPages } from "./pageReader.ts"

export interface ConversationCache {
  /** Adds conversations that were read. */
  readonly addAll: (conversations: ReadonlyArray<Conversation>) => void
  /**
   * Returns the conversation of a message that was just sent; looks it up if it is not cached. It never fails, since
   * the message is stored: if the lookup fails, the conversation has only what the receipt says.
   */
  readonly afterSend: (addressId: string, receipt: SendReceipt) => Effect.Effect<Conversation>
}

/** How many conversations are remembered, at least. */
const capacity = 1000

/** How many conversations a lookup reads. The list is sorted by activity, so the one sought is near its top. */
const maxLookedUp = 200

/** How many pages a lookup reads, for servers that return fewer conversations on a page than were asked for. */
const maxPages = 20

const lookupPageSize = 50
const lookupTimeout = 10_000

export const make = (http: SignalWireHttp, instrumentation: Instrumentation): ConversationCache => {
  const known = new BoundedMap<string, Conversation>(capacity)

  const lookUp = (addressId: string, receipt: SendReceipt): Effect.Effect<Conversation | undefined> => {
    const isMatch = (conversation: Conversation) =>
      conversation.addressId === addressId || conversation.id === receipt.conversationId ||
      (receipt.groupId !== null && conversation.groupId === receipt.groupId)
    return readPages<Conversation, Conversation | undefined, SignalWireHttpError>(() => {
      let conversations = 0
      return {
        from: { first: http.getConversations({ pageSize: lookupPageSize }) },
        maxPages,
        onPage: ({ data }) => {
          const found = data.find(isMatch)
          conversations += data.length
          return found !== undefined || conversations >= maxLookedUp ? Effect.succeed(found) : undefined
        },
        onEnd: () => Effect.undefined
      }
    }).pipe(
      Effect.timeoutOrElse({ duration: lookupTimeout, orElse: () => Effect.undefined }),
      Effect.catch((error) => Effect.as(instrumentation.readFailed(error), undefined)),
      // not even for an HttpClient that dies or interrupts itself
      Effect.catchCause(() => Effect.undefined)
    )
  }

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
    addAll: (conversations) => {
      for (const conversation of conversations) {
        if (conversation.addressId !== null) known.set(conversation.addressId, conversation)
      }
    },
    afterSend: (addressId, receipt) =>
      Effect.clockWith((clock) => {
        const now = WireTime.dateTimeFromMillis(clock.currentTimeMillisUnsafe())
        const cached = known.get(addressId)
        if (cached === undefined) {
          return Effect.map(lookUp(addressId, receipt), (found) => {
            if (found === undefined) return fromReceipt(addressId, receipt, now)
            known.set(addressId, found)
            return found
          })
        }
        const conversation = cached.withMessageAt(now)
        known.set(addressId, conversation)
        return Effect.succeed(conversation)
      })
  }
}
