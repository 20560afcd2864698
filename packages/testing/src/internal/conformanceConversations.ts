/**
 * Conformance cases for joining conversations and their members.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestBackend from "../TestBackend.ts"
import { type Case, collectUntil, expectEqual, makeCase, meeting, messageTexts } from "./conformanceCase.ts"

export const cases = (options: TestBackend.ParticipantOptions): ReadonlyArray<Case> => [
  makeCase(
    "lists a joined conversation under the joined address",
    Effect.gen(function*() {
      const { ada, addressId } = yield* meeting(options)
      const page = yield* ada.getConversations()
      yield* expectEqual("addresses", page.data.map((conversation) => conversation.addressId), [addressId])
      yield* expectEqual("hasNext", page.hasNext, false)
    })
  ),
  makeCase(
    "returns the same conversation when joining twice",
    Effect.gen(function*() {
      const { ada, addressId } = yield* meeting(options)
      const first = yield* ada.join({ addressId })
      yield* expectEqual("second join", yield* ada.join({ addressId }), first)
      yield* expectEqual("addressId", first.addressId, addressId)
    })
  ),
  makeCase(
    "returns the conversation when a message is sent",
    Effect.gen(function*() {
      const { ada, addressId } = yield* meeting(options)
      const conversation = yield* ada.sendMessage({ addressId, text: "hello" })
      const { data: [listed] } = yield* ada.getConversations()
      yield* expectEqual("addressId", conversation.addressId, addressId)
      yield* expectEqual("id", conversation.id, listed?.id)
      yield* expectEqual("name", conversation.name, listed?.name)
    })
  ),
  makeCase(
    "lets two subscribers chat without a room, each under the address of the other",
    Effect.gen(function*() {
      const ada = yield* TestBackend.participant("ada", options)
      const grace = yield* TestBackend.participant("grace", options)
      const received = yield* collectUntil(yield* grace.subscription(), "psst")
      yield* ada.sendMessage({ addressId: grace.account.addressId, text: "psst" })
      const [event] = yield* Fiber.join(received)
      yield* expectEqual("sender", event?.fromAddressId, ada.account.addressId)
      const seen = yield* grace.getConversationMessages({ addressId: ada.account.addressId })
      yield* expectEqual("history", messageTexts(seen.data), ["psst"])
      yield* expectEqual("address", seen.data[0]?.addressId, ada.account.addressId)
    })
  ),
  makeCase(
    "hides conversations from subscribers who are not members",
    Effect.gen(function*() {
      const { ada, addressId } = yield* meeting(options)
      yield* ada.sendMessage({ addressId, text: "between us" })
      const stranger = yield* TestBackend.participant("mallory", options)
      yield* expectEqual("messages", messageTexts((yield* stranger.getMessages()).data), [])
      yield* expectEqual("conversations", (yield* stranger.getConversations()).data, [])
    })
  )
]
