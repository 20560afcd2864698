/**
 * Conformance cases for message content and reading history.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestBackend from "../TestBackend.ts"
import { type Case, collectUntil, expectEqual, makeCase, meeting, messageTexts } from "./conformanceCase.ts"

export const cases = (options: TestBackend.ParticipantOptions): ReadonlyArray<Case> => [
  makeCase(
    "preserves metadata and details in events and history",
    Effect.gen(function*() {
      const { ada, addressId, grace } = yield* meeting(options)
      const received = yield* collectUntil(yield* ada.subscription(), "hello")
      const content = { metadata: { tone: "casual", nested: { deep: [1, null] } }, details: { widget: "card" } }
      yield* grace.sendMessage({ addressId, text: "hello", ...content })
      const [event] = yield* Fiber.join(received)
      const { data: [stored] } = yield* ada.getConversationMessages({ addressId })
      yield* expectEqual("event", { metadata: event?.metadata, details: event?.details }, content)
      yield* expectEqual("history", { metadata: stored?.metadata, details: stored?.details }, content)
    })
  ),
  makeCase(
    "P2.2: lists messages newest first, page by page, and streams each once",
    Effect.gen(function*() {
      const { ada, addressId } = yield* meeting(options)
      const sent = ["1", "2", "3", "4", "5"]
      for (const text of sent) yield* ada.sendMessage({ addressId, text })
      const first = yield* ada.getConversationMessages({ addressId, pageSize: 2 })
      yield* expectEqual("first page", messageTexts(first.data), ["5", "4"])
      const second = Option.getOrThrow(yield* first.next)
      yield* expectEqual("second page", messageTexts(second.data), ["3", "2"])
      yield* expectEqual("back", messageTexts(Option.getOrThrow(yield* second.prev).data), ["5", "4"])
      const streamed = yield* Stream.runCollect(ada.conversationMessages({ addressId, pageSize: 2 }))
      yield* expectEqual("streamed", messageTexts(streamed), sent.toReversed())
    })
  ),
  makeCase(
    "limits messages by limit, since and until",
    Effect.gen(function*() {
      const { ada, addressId } = yield* meeting(options)
      for (const text of ["1", "2", "3", "4"]) yield* ada.sendMessage({ addressId, text })
      const { data } = yield* ada.getConversationMessages({ addressId })
      const timeOf = (text: string) => data.find((message) => message.text === text)?.epochSeconds
      const limited = yield* Stream.runCollect(ada.conversationMessages({ addressId, limit: 3, pageSize: 2 }))
      yield* expectEqual("limit", messageTexts(limited), ["4", "3", "2"])
      const between = yield* ada.getConversationMessages({ addressId, since: timeOf("2"), until: timeOf("3") })
      yield* expectEqual("since and until", messageTexts(between.data), ["3", "2"])
    })
  ),
  makeCase(
    "reads the messages of all conversations together",
    Effect.gen(function*() {
      const { ada, addressId } = yield* meeting(options)
      const other = yield* TestBackend.room("lobby")
      yield* ada.sendMessage({ addressId, text: "in the office" })
      yield* ada.sendMessage({ addressId: other, text: "in the lobby" })
      const { data } = yield* ada.getMessages()
      yield* expectEqual("contents", messageTexts(data), ["in the lobby", "in the office"])
      yield* expectEqual("addresses", data.map((message) => message.addressId), [other, addressId])
    })
  )
]
