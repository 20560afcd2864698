/**
 * What every backend must do and every client rely on, as cases that run against any {@link World}: the backend in
 * memory, a sandbox, or the real service.
 *
 * ```ts
 * import * as Conformance from "@effect-signalwire/testing/Conformance"
 * import * as MemoryBackend from "@effect-signalwire/testing/MemoryBackend"
 * import { it } from "@effect/vitest"
 * import * as Effect from "effect/Effect"
 *
 * for (const { name, run } of Conformance.cases("address")) {
 *   it.live(name, () => Effect.provide(run, MemoryBackend.layerWorld()))
 * }
 * ```
 *
 * @since 0.1.0
 */
import type { TimelineEvent } from "@effect-signalwire/conversation/TimelineEvent"
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { Dialect } from "@effect-signalwire/schema/Dialect"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Fiber from "effect/Fiber"
import * as Formatter from "effect/Formatter"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as World from "./World.ts"

/** A case that does not hold. */
export class ConformanceError extends Schema.TaggedError<ConformanceError>(
  "@effect-signalwire/testing/ConformanceError"
)("ConformanceError", { message: Schema.String }) {}

/** One thing that every backend must do. */
export interface Case {
  /** What is promised, as a sentence. */
  readonly name: string
  /** Fails with a {@link ConformanceError} when it does not hold. */
  readonly run: Effect.Effect<void, unknown, World.World>
}

const expectEqual = (what: string, actual: unknown, expected: unknown): Effect.Effect<void, ConformanceError> =>
  Equal.equals(actual, expected)
    ? Effect.void
    : Effect.fail(
      new ConformanceError({
        message: `${what}: expected ${Formatter.format(expected)}, got ${Formatter.format(actual)}`
      })
    )

const makeCase = (
  name: string,
  run: Effect.Effect<void, unknown, World.World | Scope.Scope>
): Case => ({ name, run: Effect.scoped(run).pipe(Effect.timeout("90 seconds")) })

const texts = (messages: Iterable<{ readonly text?: string | null }>) => Array.from(messages, ({ text }) => text)

/** Collects what happens, up to and including the event with this text. */
const collectUntil = (events: Stream.Stream<ConversationEvent, unknown>, last: string) =>
  events.pipe(
    Stream.takeUntil(({ text }) => text === last),
    Stream.runCollect,
    Effect.forkScoped({ startImmediately: true })
  )

const messagesOf = (events: ReadonlyArray<TimelineEvent>) =>
  events.flatMap((event) => event._tag === "Message" ? [event.message.text] : [])

/** Two subscribers who have joined one room. */
const meeting = Effect.fnUntraced(function*(options: World.ParticipantOptions) {
  const ada = yield* World.participant("ada", options)
  const grace = yield* World.participant("grace", options)
  const addressId = yield* World.room("office")
  yield* ada.join({ addressId })
  yield* grace.join({ addressId })
  return { ada, grace, addressId }
})

/** The cases, for clients that speak this dialect. */
export const cases = (dialect: "auto" | Dialect): ReadonlyArray<Case> => {
  const options: World.ParticipantOptions = {
    dialect,
    settle: "300 millis",
    subscription: { backoff: { base: "20 millis", cap: "200 millis" } }
  }

  return [
    makeCase(
      "a conversation that was joined is listed, under the address that was joined",
      Effect.gen(function*() {
        const { ada, addressId } = yield* meeting(options)
        const page = yield* ada.getConversations()
        yield* expectEqual("addresses", page.data.map((conversation) => conversation.addressId), [addressId])
        yield* expectEqual("hasNext", page.hasNext, false)
      })
    ),
    makeCase(
      "joining twice answers the same conversation",
      Effect.gen(function*() {
        const { ada, addressId } = yield* meeting(options)
        const first = yield* ada.join({ addressId })
        yield* expectEqual("second join", yield* ada.join({ addressId }), first)
        yield* expectEqual("addressId", first.addressId, addressId)
      })
    ),
    makeCase(
      "a message reaches every member's subscription, the author's own too",
      Effect.gen(function*() {
        const { ada, addressId, grace } = yield* meeting(options)
        const heard = yield* Effect.forEach(
          [ada, grace],
          (member) => Effect.flatMap(member.subscription(), (events) => collectUntil(events, "hello"))
        )
        yield* grace.sendMessage({ addressId, text: "hello" })
        for (const fiber of heard) yield* expectEqual("heard", texts(yield* Fiber.join(fiber)), ["hello"])
      })
    ),
    makeCase(
      "metadata and details survive from send to event and history",
      Effect.gen(function*() {
        const { ada, addressId, grace } = yield* meeting(options)
        const heard = yield* collectUntil(yield* ada.subscription(), "hello")
        const content = { metadata: { tone: "casual", nested: { deep: [1, null] } }, details: { widget: "card" } }
        yield* grace.sendMessage({ addressId, text: "hello", ...content })
        const [event] = yield* Fiber.join(heard)
        const { data: [stored] } = yield* ada.getConversationMessages({ addressId })
        yield* expectEqual("event", { metadata: event?.metadata, details: event?.details }, content)
        yield* expectEqual("history", { metadata: stored?.metadata, details: stored?.details }, content)
      })
    ),
    makeCase(
      "sending answers the conversation",
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
      "P2.2: messages are listed newest first, page after page, and streamed each once",
      Effect.gen(function*() {
        const { ada, addressId } = yield* meeting(options)
        const sent = ["1", "2", "3", "4", "5"]
        for (const text of sent) yield* ada.sendMessage({ addressId, text })
        const first = yield* ada.getConversationMessages({ addressId, pageSize: 2 })
        yield* expectEqual("first page", texts(first.data), ["5", "4"])
        const second = Option.getOrThrow(yield* first.next)
        yield* expectEqual("second page", texts(second.data), ["3", "2"])
        yield* expectEqual("back", texts(Option.getOrThrow(yield* second.prev).data), ["5", "4"])
        const streamed = yield* Stream.runCollect(ada.conversationMessages({ addressId, pageSize: 2 }))
        yield* expectEqual("streamed", texts(streamed), sent.toReversed())
      })
    ),
    makeCase(
      "limit, since and until bound what is read",
      Effect.gen(function*() {
        const { ada, addressId } = yield* meeting(options)
        for (const text of ["1", "2", "3", "4"]) yield* ada.sendMessage({ addressId, text })
        const { data } = yield* ada.getConversationMessages({ addressId })
        const timeOf = (text: string) => data.find((message) => message.text === text)?.epochSeconds
        const limited = yield* Stream.runCollect(ada.conversationMessages({ addressId, limit: 3, pageSize: 2 }))
        yield* expectEqual("limit", texts(limited), ["4", "3", "2"])
        const between = yield* ada.getConversationMessages({ addressId, since: timeOf("2"), until: timeOf("3") })
        yield* expectEqual("since and until", texts(between.data), ["3", "2"])
      })
    ),
    makeCase(
      "messages of all conversations are read together",
      Effect.gen(function*() {
        const { ada, addressId } = yield* meeting(options)
        const other = yield* World.room("lobby")
        yield* ada.sendMessage({ addressId, text: "in the office" })
        yield* ada.sendMessage({ addressId: other, text: "in the lobby" })
        const { data } = yield* ada.getMessages()
        yield* expectEqual("texts", texts(data), ["in the lobby", "in the office"])
        yield* expectEqual("addresses", data.map((message) => message.addressId), [other, addressId])
      })
    ),
    makeCase(
      "two subscribers chat without a room, each under the address of the other",
      Effect.gen(function*() {
        const ada = yield* World.participant("ada", options)
        const grace = yield* World.participant("grace", options)
        const heard = yield* collectUntil(yield* grace.subscription(), "psst")
        yield* ada.sendMessage({ addressId: grace.account.addressId, text: "psst" })
        const [event] = yield* Fiber.join(heard)
        yield* expectEqual("sender", event?.fromAddressId, ada.account.addressId)
        const seen = yield* grace.getConversationMessages({ addressId: ada.account.addressId })
        yield* expectEqual("history", texts(seen.data), ["psst"])
        yield* expectEqual("address", seen.data[0]?.addressId, ada.account.addressId)
      })
    ),
    makeCase(
      "a subscriber reads only conversations that it is a member of",
      Effect.gen(function*() {
        const { ada, addressId } = yield* meeting(options)
        yield* ada.sendMessage({ addressId, text: "between us" })
        const stranger = yield* World.participant("mallory", options)
        yield* expectEqual("messages", texts((yield* stranger.getMessages()).data), [])
        yield* expectEqual("conversations", (yield* stranger.getConversations()).data, [])
      })
    ),
    makeCase(
      "call logs arrive beside chat, with their kind and without text",
      Effect.gen(function*() {
        const { ada, addressId, grace } = yield* meeting(options)
        const { admin } = yield* World.World
        const heard = yield* collectUntil(yield* ada.subscription(), "end")
        yield* admin.seed([
          { from: grace.account.id, addressId, subtype: "log", kind: "call_started", details: { status: "started" } },
          { from: grace.account.id, addressId, text: "end" }
        ])
        const [log] = yield* Fiber.join(heard)
        yield* expectEqual("log", [log?.subtype, log?.kind, log?.text], ["log", "call_started", null])
      })
    ),
    makeCase(
      "P1.1: messages stored while the socket is down arrive once, in order",
      Effect.gen(function*() {
        const { ada, addressId, grace } = yield* meeting(options)
        const { admin } = yield* World.World
        const heard = yield* collectUntil(yield* ada.subscription(), "5")
        yield* grace.sendMessage({ addressId, text: "1" })
        yield* admin.drop({ subscriberId: ada.account.id })
        for (const text of ["2", "3", "4"]) yield* grace.sendMessage({ addressId, text })
        yield* ada.connection.changes.pipe(
          Stream.takeUntil((state) => state._tag === "Connected"),
          Stream.runDrain
        )
        yield* grace.sendMessage({ addressId, text: "5" })
        yield* expectEqual("heard", texts(yield* Fiber.join(heard)), ["1", "2", "3", "4", "5"])
      })
    ),
    makeCase(
      "P1.2: a timeline is history and live messages as one sequence, through a cut",
      Effect.gen(function*() {
        const { ada, addressId, grace } = yield* meeting(options)
        const { admin } = yield* World.World
        for (const text of ["1", "2"]) yield* grace.sendMessage({ addressId, text })
        const watched = yield* ada.timeline({ addressId }).pipe(
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
        const events = yield* Fiber.join(watched)
        yield* expectEqual("messages", messagesOf(events), ["1", "2", "3", "4"])
        yield* expectEqual("caught up after history", events[2]?._tag, "CaughtUp")
      })
    ),
    makeCase(
      "P4.1: a message whose answer is lost is stored once, and reported as sent",
      Effect.gen(function*() {
        const { ada, addressId } = yield* meeting(options)
        const { admin } = yield* World.World
        yield* admin.setFaults([{
          match: { on: "http", method: "POST", path: "/api/fabric/messages", subscriberId: ada.account.id },
          action: { type: "loseAnswer" },
          times: 1
        }])
        const conversation = yield* ada.sendMessage({ addressId, text: "once" })
        yield* expectEqual("conversation", conversation.addressId, addressId)
        yield* expectEqual("stored", texts(yield* storedOf(addressId)), ["once"])
      })
    ),
    makeCase(
      "a message whose request was refused by a failing server is sent again, and stored once",
      Effect.gen(function*() {
        const { ada, addressId } = yield* meeting(options)
        const { admin } = yield* World.World
        yield* admin.setFaults([{
          match: { on: "http", method: "POST", path: "/api/fabric/messages", subscriberId: ada.account.id },
          action: { type: "answer", status: 503 },
          times: 1
        }])
        yield* ada.sendMessage({ addressId, text: "once" })
        yield* expectEqual("stored", texts(yield* storedOf(addressId)), ["once"])
      })
    ),
    makeCase(
      "an address that does not exist is a typed error",
      Effect.gen(function*() {
        const { ada } = yield* meeting(options)
        const error = yield* Effect.flip(
          ada.sendMessage({ addressId: "00000000-0000-4000-8000-00000000dead", text: "anyone?" })
        )
        yield* expectEqual("reason", ["Invalid", "NotFound"].includes(error.reason._tag), true)
      })
    ),
    makeCase(
      "an expired token is refused, and a refreshed one goes on",
      Effect.gen(function*() {
        const { account } = yield* World.participant("ada", options)
        const { admin } = yield* World.World
        yield* admin.expireToken(account.token)
        const stuck = yield* World.client(account.token, options)
        yield* expectEqual("reason", (yield* Effect.flip(stuck.getConversations())).reason._tag, "Unauthorized")
        const refreshing = yield* World.client(account.token, {
          ...options,
          refresh: Effect.map(admin.mintToken({ subscriberId: account.id }), ({ token }) => Redacted.make(token))
        })
        yield* expectEqual("conversations", (yield* refreshing.getConversations()).data, [])
      })
    )
  ]
}

const storedOf = (addressId: string) => Effect.flatMap(World.World, ({ admin }) => admin.stored(addressId))
