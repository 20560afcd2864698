import type { SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Branded from "@effect-signalwire/schema/Branded"
import { Conversation } from "@effect-signalwire/schema/Conversation"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as Latch from "effect/Latch"
import * as Struct from "effect/Struct"
import { ConversationError } from "../src/ConversationError.ts"
import type { SendOptions } from "../src/internal/conversationsOptions.ts"
import * as MetricsRecorder from "../src/internal/metricsRecorder.ts"
import type { OutgoingMessage } from "../src/internal/outgoingMessage.ts"
import * as Sending from "../src/internal/sending.ts"

const receipt: SendReceipt = { conversationId: Branded.conversationId("c"), groupId: null }
const time = DateTime.makeUnsafe(0)

/** The conversation with an address, as the cache returns it after a send. */
const conversationOf = (addressId: string, { conversationId, groupId }: SendReceipt) =>
  new Conversation({
    id: conversationId,
    addressId: Branded.addressId(addressId),
    groupId,
    fromAddressId: null,
    name: addressId,
    metadata: {},
    createdAt: time,
    lastMessageAt: time
  })

interface StartOptions {
  /** What the queue makes of a message. @default it is sent */
  readonly send?: (message: OutgoingMessage) => Effect.Effect<SendReceipt, ConversationError>
  readonly traceMessages?: boolean
}

/** What sends pass on to the queue, and what they report. */
const start = ({ send = () => Effect.succeed(receipt), traceMessages = false }: StartOptions = {}) => {
  const queued: Array<OutgoingMessage> = []
  const annotated: Array<string> = []
  let tracked = 0
  const dependencies: Sending.Dependencies = {
    queue: { send: (message) => Effect.suspend(() => (queued.push(message), send(message))) },
    cache: {
      addAll: constVoid,
      afterSend: (addressId, receipt) => Effect.succeed(conversationOf(addressId, receipt))
    },
    metrics: {
      ...MetricsRecorder.noop,
      trackSend: (self) => Effect.suspend(() => (tracked++, self))
    },
    instrumentation: {
      ...Instrumentation.warningsOnly(constVoid),
      annotateSend: (clientId) => (self) => Effect.suspend(() => (annotated.push(clientId), self)),
      traceMetadata: (metadata) => Effect.succeed({ ...metadata, traceparent: "00-1-2-01" })
    },
    traceMessages,
    inFlightMillis: 20_000,
    idempotency: undefined
  }
  return {
    send: (options: Partial<SendOptions> = {}) =>
      Sending.sendMessage(dependencies, { addressId: Branded.addressId("room"), text: "hello", ...options }),
    queued,
    annotated,
    tracked: () => tracked
  }
}

describe("sendMessage", () => {
  it.effect("returns the conversation of its message", () =>
    Effect.gen(function*() {
      const { name, id } = yield* start().send()
      assert.deepStrictEqual([name, id], ["room", receipt.conversationId])
    }))

  it.effect("P4.8: passes on what the caller gives, with a client id that no other message has", () =>
    Effect.gen(function*() {
      const { queued, send } = start()
      const given = { text: "hi", metadata: { color: "red" }, details: { size: 1 } }
      yield* send(given)
      yield* send(given)
      const expected = { addressId: "room", ...given, prior: null }
      assert.deepStrictEqual(queued.map(Struct.omit(["clientId"])), [expected, expected])
      const [one, other] = queued.map(({ clientId }) => clientId)
      assert.match(one ?? "", /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
      assert.notStrictEqual(one, other)
    }))

  it.effect("P4.5: is looked up before it is sent under a client id of the caller's own", () =>
    Effect.gen(function*() {
      const { queued, send } = start()
      yield* send({ clientId: Branded.clientId("order-7") })
      assert.deepInclude(queued[0], { clientId: Branded.clientId("order-7") })
      assert.deepInclude(queued[0]?.prior, { isKnownSent: false })
    }))

  it.effect("P4.5: is sent at once under a client id that was just created", () =>
    Effect.gen(function*() {
      const { queued, send } = start()
      yield* send({ clientId: Branded.clientId("order-7"), isNew: true })
      assert.isNull(queued[0]?.prior)
    }))

  it.effect("P4.5: is sent once for concurrent calls with one client id, which all return its conversation", () =>
    Effect.gen(function*() {
      const response = Latch.makeUnsafe(false)
      const { queued, send } = start({ send: () => Effect.as(response.await, receipt) })
      const call = Effect.forkChild(send({ clientId: Branded.clientId("order-7") }), { startImmediately: true })
      const calls = [yield* call, yield* call]
      yield* response.open
      const names = yield* Effect.forEach(calls, (fiber) => Effect.map(Fiber.join(fiber), ({ name }) => name))
      assert.deepStrictEqual([names, queued.length], [["room", "room"], 1])
    }))

  it.effect("fails as its message fails", () =>
    Effect.gen(function*() {
      const reason = new Reason.Forbidden({ detail: "" })
      const error = new ConversationError({ method: "sendMessage", reason, stored: "no" })
      const { send } = start({ send: () => Effect.fail(error) })
      assert.strictEqual(yield* Effect.flip(send()), error)
    }))

  it.effect("is measured, and its span has its client id", () =>
    Effect.gen(function*() {
      const { annotated, queued, send, tracked } = start()
      yield* send()
      yield* send({ clientId: Branded.clientId("order-7") })
      assert.deepStrictEqual(annotated, queued.map(({ clientId }) => clientId))
      assert.strictEqual(tracked(), 2)
    }))

  it.effect.each([
    { traceMessages: true, metadata: { color: "red", traceparent: "00-1-2-01" } },
    { traceMessages: false, metadata: { color: "red" } }
  ])(
    "carries the trace context in its metadata only with the option: $traceMessages",
    ({ metadata, traceMessages }) =>
      Effect.gen(function*() {
        const { queued, send } = start({ traceMessages })
        yield* send({ metadata: { color: "red" } })
        yield* send({ metadata: { color: "red" }, clientId: Branded.clientId("order-7") })
        assert.deepStrictEqual(queued.map((message) => message.metadata), [metadata, metadata])
      })
  )
})
