/** Remembers the conversations that were read, so that a send can return the conversation of its message. */
import type { SendReceipt, Service as SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import * as Branded from "@effect-signalwire/schema/Branded"
import { Conversation } from "@effect-signalwire/schema/Conversation"
import type { Page } from "@effect-signalwire/schema/Page"
import * as WireTime from "@effect-signalwire/schema/WireTime"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

export interface ConversationCache {
  /** Adds conversations that were read. */
  readonly addAll: (conversations: ReadonlyArray<Conversation>) => void
  /**
   * Returns the conversation of a message that was just sent; looks it up if it is not cached. It never fails, since
   * the message is stored: if the lookup fails, the conversation has only what the receipt says.
   */
  readonly afterSend: (addressId: string, receipt: SendReceipt) => Effect.Effect<Conversation>
}

/** How many conversations are remembered. */
const capacity = 1000

/** How many conversations a lookup reads. The list is sorted by activity, so the one sought is near its top. */
const maxLookedUp = 200

/** How many pages a lookup reads, for servers that return fewer conversations on a page than were asked for. */
const maxPages = 20

const lookupPageSize = 50
const lookupTimeout = 10_000

export const make = (http: SignalWireHttp, instrumentation: Instrumentation): ConversationCache => {
  const known = new Map<string, Conversation>()

  const remember = (addressId: string, conversation: Conversation): void => {
    known.delete(addressId)
    known.set(addressId, conversation)
    if (known.size <= capacity) return
    for (const oldest of known.keys()) {
      known.delete(oldest)
      return
    }
  }

  const lookUp = (addressId: string, receipt: SendReceipt): Effect.Effect<Conversation | undefined> => {
    const isMatch = (conversation: Conversation) =>
      conversation.addressId === addressId || conversation.id === receipt.conversationId ||
      (receipt.groupId !== null && conversation.groupId === receipt.groupId)
    const search = (
      page: Page<Conversation, SignalWireHttpError>,
      conversationsBefore: number,
      pages: number
    ): Effect.Effect<Conversation | undefined, SignalWireHttpError> => {
      const found = page.data.find(isMatch)
      const conversations = conversationsBefore + page.data.length
      return found !== undefined || conversations >= maxLookedUp || pages >= maxPages
        ? Effect.succeed(found)
        : Effect.flatMap(
          page.next,
          (next) => Option.isNone(next) ? Effect.undefined : search(next.value, conversations, pages + 1)
        )
    }
    return http.getConversations({ pageSize: lookupPageSize }).pipe(
      Effect.flatMap((page) => search(page, 0, 1)),
      Effect.timeoutOrElse({ duration: lookupTimeout, orElse: () => Effect.undefined }),
      Effect.catch((error) => Effect.as(instrumentation.readFailed(error), undefined))
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
        if (conversation.addressId !== null) remember(conversation.addressId, conversation)
      }
    },
    afterSend: (addressId, receipt) =>
      Effect.clockWith((clock) => {
        const now = WireTime.dateTimeFromMillis(clock.currentTimeMillisUnsafe())
        const cached = known.get(addressId)
        if (cached === undefined) {
          return Effect.map(lookUp(addressId, receipt), (found) => {
            if (found === undefined) return fromReceipt(addressId, receipt, now)
            remember(addressId, found)
            return found
          })
        }
        const conversation = cached.withMessageAt(now)
        remember(addressId, conversation)
        return Effect.succeed(conversation)
      })
  }
}
