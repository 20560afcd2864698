/**
 * Conformance cases for failures of requests and tokens.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestBackend from "../TestBackend.ts"
import { type Case, expectEqual, makeCase, meeting, messageTexts, storedMessages } from "./conformanceCase.ts"

export const cases = (options: TestBackend.ParticipantOptions): ReadonlyArray<Case> => [
  makeCase(
    "P4.1: stores a message once, and reports it as sent, when the response is lost",
    Effect.gen(function*() {
      const { ada, addressId } = yield* meeting(options)
      const { admin } = yield* TestBackend.TestBackend
      yield* admin.setFaults([{
        match: { on: "http", method: "POST", path: "/api/fabric/messages", subscriberId: ada.account.id },
        action: { type: "loseAnswer" },
        times: 1
      }])
      const conversation = yield* ada.sendMessage({ addressId, text: "once" })
      yield* expectEqual("conversation", conversation.addressId, addressId)
      yield* expectEqual("stored", messageTexts(yield* storedMessages(addressId)), ["once"])
    })
  ),
  makeCase(
    "sends a message again, and stores it once, when the server responds with 503",
    Effect.gen(function*() {
      const { ada, addressId } = yield* meeting(options)
      const { admin } = yield* TestBackend.TestBackend
      yield* admin.setFaults([{
        match: { on: "http", method: "POST", path: "/api/fabric/messages", subscriberId: ada.account.id },
        action: { type: "answer", status: 503 },
        times: 1
      }])
      yield* ada.sendMessage({ addressId, text: "once" })
      yield* expectEqual("stored", messageTexts(yield* storedMessages(addressId)), ["once"])
    })
  ),
  makeCase(
    "fails with a typed error for an address that does not exist",
    Effect.gen(function*() {
      const { ada } = yield* meeting(options)
      const error = yield* Effect.flip(
        ada.sendMessage({ addressId: "00000000-0000-4000-8000-00000000dead", text: "anyone?" })
      )
      yield* expectEqual("reason", ["Invalid", "NotFound"].includes(error.reason._tag), true)
    })
  ),
  makeCase(
    "rejects an expired token, and continues with a refreshed one",
    Effect.gen(function*() {
      const { account } = yield* TestBackend.participant("ada", options)
      const { admin } = yield* TestBackend.TestBackend
      yield* admin.expireToken(account.token)
      const expired = yield* TestBackend.client(account.token, options)
      yield* expectEqual("reason", (yield* Effect.flip(expired.getConversations())).reason._tag, "Unauthorized")
      const refreshed = yield* TestBackend.client(account.token, {
        ...options,
        refresh: Effect.map(admin.mintToken({ subscriberId: account.id }), ({ token }) => Redacted.make(token))
      })
      yield* expectEqual("conversations", (yield* refreshed.getConversations()).data, [])
    })
  )
]
