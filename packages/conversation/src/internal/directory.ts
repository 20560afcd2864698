/** What is known of conversations, so that a send can answer with the one it belongs to. */
import type { SendReceipt, Service as SignalWireHttp } from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import * as Timeouts from "@effect-signalwire/runtime/Timeouts"
import * as Branded from "@effect-signalwire/schema/Branded"
import { Conversation } from "@effect-signalwire/schema/Conversation"
import type { Page } from "@effect-signalwire/schema/Page"
import * as WireTime from "@effect-signalwire/schema/WireTime"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

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

/** Where pages hold less than is asked for, no more of them are read. */
const searchedPages = 20

export const make = (http: SignalWireHttp, telemetry: Instrumentation): Directory => {
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

  const lookup = (addressId: string, receipt: SendReceipt): Effect.Effect<Conversation | undefined> => {
    const isIt = (conversation: Conversation) =>
      conversation.addressId === addressId || conversation.id === receipt.conversationId ||
      (receipt.groupId !== null && conversation.groupId === receipt.groupId)
    const lookFrom = (
      page: Page<Conversation, SignalWireHttpError>,
      passed: number,
      pages: number
    ): Effect.Effect<Conversation | undefined, SignalWireHttpError> => {
      const found = page.data.find(isIt)
      const seen = passed + page.data.length
      return found !== undefined || seen >= searched || pages >= searchedPages
        ? Effect.succeed(found)
        : Effect.flatMap(
          page.next,
          (next) => Option.isNone(next) ? Effect.undefined : lookFrom(next.value, seen, pages + 1)
        )
    }
    return Timeouts.timeoutAfter(
      Effect.flatMap(http.getConversations({ pageSize: 50 }), (page) => lookFrom(page, 0, 1)),
      10_000,
      Effect.undefined
    ).pipe(
      Effect.catch((error) =>
        Effect.as(telemetry.debug("the conversation could not be looked up", [error.message]), undefined)
      )
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
    note: (conversations) => {
      for (const conversation of conversations) {
        if (conversation.addressId !== null) remember(conversation.addressId, conversation)
      }
    },
    afterSend: (addressId, receipt) =>
      Effect.clockWith((clock) => {
        const now = WireTime.moment(clock.currentTimeMillisUnsafe())
        const earlier = known.get(addressId)
        if (earlier === undefined) {
          return Effect.map(lookup(addressId, receipt), (found) => {
            if (found === undefined) return fromReceipt(addressId, receipt, now)
            remember(addressId, found)
            return found
          })
        }
        const conversation = earlier.writtenAt(now)
        remember(addressId, conversation)
        return Effect.succeed(conversation)
      })
  }
}
