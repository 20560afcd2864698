/**
 * Conformance cases for live delivery.
 */
import type { TimelineEvent } from "@effect-signalwire/conversation/TimelineEvent"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestBackend from "../TestBackend.ts"
import { type Case, collectUntil, expectEqual, makeCase, meeting, messageTexts } from "./conformanceCase.ts"

const messagesOf = (events: ReadonlyArray<TimelineEvent>) =>
  events.flatMap((event) => event._tag === "Message" ? [event.message.text] : [])

export const cases = (options: TestBackend.ParticipantOptions): ReadonlyArray<Case> => [
  makeCase(
    "delivers a message to the subscriptions of all members, including the author",
    Effect.gen(function*() {
      const { ada, addressId, grace } = yield* meeting(options)
      const received = yield* Effect.forEach(
        [ada, grace],
        (member) => Effect.flatMap(member.subscription(), (events) => collectUntil(events, "hello"))
      )
      yield* grace.sendMessage({ addressId, text: "hello" })
      for (const fiber of received) yield* expectEqual("received", messageTexts(yield* Fiber.join(fiber)), ["hello"])
    })
  ),
  makeCase(
    "delivers call logs alongside chat, with their kind and without text",
    Effect.gen(function*() {
      const { ada, addressId, grace } = yield* meeting(options)
      const { admin } = yield* TestBackend.TestBackend
      const received = yield* collectUntil(yield* ada.subscription(), "end")
      yield* admin.seed([
        { from: grace.account.id, addressId, subtype: "log", kind: "call_started", details: { status: "started" } },
        { from: grace.account.id, addressId, text: "end" }
      ])
      const [log] = yield* Fiber.join(received)
      yield* expectEqual("log", [log?.subtype, log?.kind, log?.text], ["log", "call_started", null])
    })
  ),
  makeCase(
    "P1.1: delivers messages that were stored while the socket was down once, in order",
    Effect.gen(function*() {
      const { ada, addressId, grace } = yield* meeting(options)
      const { admin } = yield* TestBackend.TestBackend
      const received = yield* collectUntil(yield* ada.subscription(), "5")
      yield* grace.sendMessage({ addressId, text: "1" })
      yield* admin.drop({ subscriberId: ada.account.id })
      for (const text of ["2", "3", "4"]) yield* grace.sendMessage({ addressId, text })
      yield* ada.connection.changes.pipe(
        Stream.takeUntil((state) => state._tag === "Connected"),
        Stream.runDrain
      )
      yield* grace.sendMessage({ addressId, text: "5" })
      yield* expectEqual("received", messageTexts(yield* Fiber.join(received)), ["1", "2", "3", "4", "5"])
    })
  ),
  makeCase(
    "P1.2: yields history and live messages as one timeline across a lost connection",
    Effect.gen(function*() {
      const { ada, addressId, grace } = yield* meeting(options)
      const { admin } = yield* TestBackend.TestBackend
      for (const text of ["1", "2"]) yield* grace.sendMessage({ addressId, text })
      const collected = yield* ada.timeline({ addressId }).pipe(
        Stream.takeUntil((event) => event._tag === "Message" && event.message.text === "4"),
        Stream.runCollect,
        Effect.forkScoped({ startImmediately: true })
      )
      yield* ada.connection.changes.pipe(
        Stream.takeUntil((state) => state._tag === "Connected"),
        Stream.runDrain
      )
      yield* admin.drop({ subscriberId: ada.account.id })
      for (const text of ["3", "4"]) yield* grace.sendMessage({ addressId, text })
      const events = yield* Fiber.join(collected)
      yield* expectEqual("messages", messagesOf(events), ["1", "2", "3", "4"])
      yield* expectEqual("caught up after history", events[2]?._tag, "CaughtUp")
    })
  )
]
