import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Branded from "@effect-signalwire/schema/Branded"
import { Conversation, type Fields } from "@effect-signalwire/schema/Conversation"
import type { Page } from "@effect-signalwire/schema/Page"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as ConversationCache from "../src/internal/conversationCache.ts"
import { page } from "./support.ts"

type Conversations = Page<Conversation, SignalWireHttpError>

const time = DateTime.makeUnsafe(1000)

const conversation = (name: string, fields: Partial<Fields> = {}) =>
  new Conversation({
    id: Branded.conversationId(`conversation of ${name}`),
    addressId: Branded.addressId(name),
    groupId: null,
    fromAddressId: null,
    name,
    metadata: {},
    createdAt: time,
    lastMessageAt: time,
    ...fields
  })

const receipt = (fields: Partial<SignalWireHttp.SendReceipt> = {}): SignalWireHttp.SendReceipt => ({
  conversationId: Branded.conversationId("of the receipt"),
  groupId: null,
  ...fields
})

/** A cache over a server, and how often its list of conversations was read. */
const start = Effect.fnUntraced(function*(
  list: Effect.Effect<Conversations, SignalWireHttpError> = Effect.succeed(page([]))
) {
  const pageSizes: Array<number | undefined> = []
  const failures: Array<string> = []
  const http = yield* Effect.provide(
    SignalWireHttp.SignalWireHttp,
    Layer.mock(SignalWireHttp.SignalWireHttp, {
      addressOf: () => null,
      getConversations: (options) => {
        pageSizes.push(options?.pageSize)
        return list
      }
    })
  )
  const cache = ConversationCache.make(http, {
    ...Instrumentation.effect,
    readFailed: ({ reason }) => Effect.sync(() => failures.push(reason._tag))
  })
  return { cache, pageSizes, failures }
})

describe("ConversationCache", () => {
  it.effect("returns a conversation that was read, with the time of its new message, without a request", () =>
    Effect.gen(function*() {
      const { cache, pageSizes } = yield* start()
      cache.addAll([conversation("room"), conversation("other"), conversation("no address", { addressId: null })])
      yield* TestClock.setTime(5000)
      const first = yield* cache.afterSend("room", receipt())
      assert.deepStrictEqual([first.name, first.lastMessageAt.epochMilliseconds], ["room", 5000])
      // it remembers that time
      yield* TestClock.setTime(4000)
      assert.strictEqual((yield* cache.afterSend("room", receipt())).lastMessageAt.epochMilliseconds, 5000)
      assert.deepStrictEqual(pageSizes, [])
    }))

  const found = conversation("other", { groupId: Branded.groupId("g") })

  it.effect.each([
    { by: "its address", addressId: "other", receipt: receipt() },
    { by: "its id", addressId: "room", receipt: receipt({ conversationId: found.id }) },
    { by: "its group", addressId: "room", receipt: receipt({ groupId: found.groupId }) }
  ])(
    "finds a conversation that was not read by $by, and remembers it",
    ({ addressId, receipt }) =>
      Effect.gen(function*() {
        const second = page<Conversation, SignalWireHttpError>([conversation("second"), found])
        const { cache, pageSizes } = yield* start(
          Effect.succeed(page([conversation("first", { addressId: null })], Effect.succeedSome(second)))
        )
        assert.strictEqual(yield* cache.afterSend(addressId, receipt), found)
        assert.strictEqual((yield* cache.afterSend(addressId, receipt)).name, "other")
        assert.deepStrictEqual(pageSizes, [50])
      })
  )

  it.effect("returns what the receipt says when there is no such conversation, and looks for it again next time", () =>
    Effect.gen(function*() {
      const { cache, pageSizes } = yield* start(Effect.succeed(page([conversation("other")])))
      yield* TestClock.setTime(5000)
      const now = DateTime.makeUnsafe(5000)
      const expected = new Conversation({
        id: Branded.conversationId("of the receipt"),
        addressId: Branded.addressId("room"),
        groupId: Branded.groupId("g"),
        fromAddressId: null,
        name: "",
        metadata: {},
        createdAt: now,
        lastMessageAt: now
      })
      for (let sends = 0; sends < 2; sends++) {
        assert.deepStrictEqual(yield* cache.afterSend("room", receipt({ groupId: expected.groupId })), expected)
      }
      assert.lengthOf(pageSizes, 2)
    }))

  it.effect.each([
    { size: 50, pages: 4, last: "199" },
    { size: 60, pages: 4, last: "239" },
    { size: 1, pages: 20, last: "19" }
  ])(
    "looks for a conversation on $pages pages at most when each has $size",
    ({ last, pages, size }) =>
      Effect.gen(function*() {
        let reads = 0
        /** A page of conversations with numbers as their names, before endlessly many others. */
        const readFrom = (first: number): Effect.Effect<Conversations> =>
          Effect.sync(() => {
            reads++
            const data = Array.from({ length: size }, (_, index) => conversation(`${first + index}`))
            return page(data, Effect.asSome(readFrom(first + size)))
          })
        const { cache } = yield* start(readFrom(0))
        assert.strictEqual((yield* cache.afterSend("room", receipt())).name, "")
        assert.strictEqual(reads, pages)
        assert.strictEqual((yield* cache.afterSend(last, receipt())).name, last)
        assert.strictEqual((yield* cache.afterSend(`${Number(last) + 1}`, receipt())).name, "")
      })
  )

  const failure = new SignalWireHttpError({
    method: "getConversations",
    reason: new Reason.ServerError({ status: 503, detail: "" })
  })

  it.effect.each<readonly [string, Effect.Effect<never, SignalWireHttpError>, ReadonlyArray<string>]>([
    ["fails", Effect.fail(failure), ["ServerError"]],
    ["dies", Effect.die("broken"), []],
    ["interrupts itself", Effect.interrupt, []]
  ])("P9.1: returns what the receipt says when the lookup %s", ([, list, expected]) =>
    Effect.gen(function*() {
      const { cache, failures } = yield* start(list)
      assert.strictEqual((yield* cache.afterSend("room", receipt())).id, "of the receipt")
      assert.deepStrictEqual(failures, expected)
    }))

  it.effect("P7.2: returns what the receipt says after a lookup of ten seconds", () =>
    Effect.gen(function*() {
      const { cache } = yield* start(Effect.never)
      const sending = yield* Effect.forkChild(cache.afterSend("room", receipt()), { startImmediately: true })
      yield* TestClock.adjust(9999)
      assert.isUndefined(sending.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Fiber.join(sending)).id, "of the receipt")
    }))
})
