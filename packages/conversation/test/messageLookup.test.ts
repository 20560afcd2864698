import type { SendReceipt } from "@effect-signalwire/http/SignalWireHttp"
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Branded from "@effect-signalwire/schema/Branded"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as TestClock from "effect/testing/TestClock"
import type { DeliveryStatus } from "../src/internal/deliveryStatus.ts"
import { MessageLookup } from "../src/internal/messageLookup.ts"
import type { PriorSend } from "../src/internal/outgoingMessage.ts"
import { Retrier } from "../src/internal/retrier.ts"
import { addressId, makeServer, type Options, others, receipt, startSeconds } from "./sendingServer.ts"

interface StartOptions extends Options {
  readonly prior?: PriorSend | null
  readonly searchLimit?: number
}

/** Delays have no jitter. */
const withoutJitter = Effect.provideService(Random.Random, { nextDoubleUnsafe: () => 0, nextIntUnsafe: () => 0 })

/** A server, and a message to look up there. */
const start = Effect.fnUntraced(function*({ prior = null, searchLimit = 100_000, ...options }: StartOptions = {}) {
  const server = makeServer(options)
  const http = yield* Effect.provide(SignalWireHttp.SignalWireHttp, server.layer)
  const requested: Array<unknown> = []
  const echo = Deferred.makeUnsafe<SendReceipt>()
  const lookup = new MessageLookup(
    {
      http: {
        ...http,
        getConversationMessages: (options) => {
          requested.push(options)
          return http.getConversationMessages(options)
        }
      },
      retrier: new Retrier({ awaitWake: Effect.never }),
      options: { overlapSeconds: 30, searchLimit }
    },
    { addressId, text: "hello", clientId: Branded.clientId("mine"), prior },
    echo
  )
  const fork = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.forkChild(withoutJitter(effect), { startImmediately: true })
  /** Runs an effect while time passes, for at most a minute. */
  const run = Effect.fnUntraced(function*<A, E>(effect: Effect.Effect<A, E>) {
    const fiber = yield* fork(effect)
    for (let step = 0; step < 240 && fiber.pollUnsafe() === undefined; step++) yield* TestClock.adjust("250 millis")
    return yield* Fiber.join(fiber)
  })
  return { ...server, echo, fork, lookup, requested, run }
})

const stored: DeliveryStatus = { _tag: "Stored", receipt }
const sentBefore: PriorSend = { isKnownSent: true, inFlightMillis: 0, sentAt: null, sinceSeconds: null }

describe("a lookup", () => {
  it.effect("P4.1: finds a message by its client id, in the history of its conversation, on large pages", () =>
    Effect.gen(function*() {
      const { lookup, requested, storeSent } = yield* start()
      yield* storeSent("other", "hello")
      yield* storeSent("mine", "hello")
      assert.deepStrictEqual(yield* lookup.during(0), stored)
      assert.deepStrictEqual(requested, [{ addressId, pageSize: 100 }])
    }))

  it.effect("P4.1: reads no history once the echo was received, and has what the echo says", () =>
    Effect.gen(function*() {
      const { echo, lookup, reads } = yield* start()
      const ofEcho: SendReceipt = { ...receipt, groupId: Branded.groupId("g") }
      Deferred.doneUnsafe(echo, Effect.succeed(ofEcho))
      assert.deepStrictEqual(yield* lookup.during(1000), { _tag: "Stored", receipt: ofEcho })
      assert.deepStrictEqual(yield* lookup.receiveEcho, ofEcho)
      assert.strictEqual(reads(), 0)
    }))

  it.effect("P4.1: is repeated while the message is absent, after pauses that double to five seconds, and at the end", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const { lookup, readAt, run } = yield* start()
      assert.deepStrictEqual(yield* run(lookup.during(14_000)), { _tag: "Absent" })
      const first = readAt[0] ?? 0
      assert.deepStrictEqual(readAt.map((at) => at - first), [0, 250, 750, 1750, 3750, 7750, 12_750, 14_000])
    }))

  it.effect("P4.1: ends as soon as the message is found", () =>
    Effect.gen(function*() {
      const { fork, lookup, reads, storeSent } = yield* start()
      const looking = yield* fork(lookup.during(14_000))
      yield* TestClock.adjust("250 millis")
      yield* storeSent("mine", "hello")
      yield* TestClock.adjust("500 millis")
      assert.deepStrictEqual(yield* Fiber.join(looking), stored)
      assert.strictEqual(reads(), 3)
    }))

  it.effect("P4.2: ends at once when history can't show the message, since the server drops client ids", () =>
    Effect.gen(function*() {
      const { lookup, reads, storeSent } = yield* start()
      yield* storeSent(null, "hello")
      assert.deepStrictEqual(yield* lookup.during(14_000), { _tag: "WithoutClientId" })
      assert.strictEqual(reads(), 1)
    }))

  it.effect("P4.1: reads again after a failure that is recoverable, ten seconds later at most", () =>
    Effect.gen(function*() {
      const { fork, lookup, readAt, storeSent } = yield* start({
        onRead: (read) => read < 8 ? new Reason.ServerError({ status: 503, detail: "" }) : undefined
      })
      yield* storeSent("mine", "hello")
      const looking = yield* fork(lookup.during(0))
      for (let second = 0; second < 100; second++) yield* TestClock.adjust("500 millis")
      assert.deepStrictEqual(yield* Fiber.join(looking), stored)
      assert.deepStrictEqual(readAt, [0, 500, 1500, 3500, 7500, 15_500, 25_500, 35_500, 45_500])
    }))

  it.effect("P4.1: fails when history is refused", () =>
    Effect.gen(function*() {
      const reason = new Reason.Forbidden({ detail: "" })
      const { lookup, reads } = yield* start({ onRead: () => reason })
      assert.strictEqual((yield* Effect.flip(lookup.during(14_000))).reason, reason)
      assert.strictEqual(reads(), 1)
    }))
})

describe("how far back a lookup reads", () => {
  /** How many of ten pages it reads, when the messages are a second apart and the newest is at the start. */
  const pagesRead = Effect.fnUntraced(function*(options: StartOptions, sentAt?: number) {
    const { lookup, reads, store } = yield* start(options)
    store(others(1000, -999, 0))
    if (sentAt !== undefined) lookup.setSent(sentAt)
    yield* lookup.during(0)
    return reads()
  })

  it.effect("P4.7: is the overlap before the newest message, for a message that is sent now", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* pagesRead({}), 1)
    }))

  it.effect("P4.7: is the time since the send, and the overlap, before the newest message", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* pagesRead({}, 3_600_000 - 168_000), 2)
      assert.strictEqual(yield* pagesRead({}, 3_600_000 - 172_000), 3)
      assert.strictEqual(yield* pagesRead({ prior: { ...sentBefore, sentAt: 3_600_000 - 168_000 } }), 2)
      assert.strictEqual(yield* pagesRead({ prior: { ...sentBefore, sentAt: 3_600_000 - 172_000 } }), 3)
    }))

  it.effect("P4.7: is the overlap before the time that the message is not older than", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* pagesRead({ prior: { ...sentBefore, sinceSeconds: startSeconds - 168 } }), 2)
      assert.strictEqual(yield* pagesRead({ prior: { ...sentBefore, sinceSeconds: startSeconds - 172 } }), 3)
    }))

  it.effect("P4.7: is the whole history when nothing is known of the message", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* pagesRead({ prior: sentBefore }), 10)
    }))

  it.effect("is limited to the newest messages, for each message or for all", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* pagesRead({ prior: sentBefore, searchLimit: 400 }), 4)
      assert.strictEqual(yield* pagesRead({ prior: { ...sentBefore, searchLimit: 300 }, searchLimit: 400 }), 3)
    }))

  it.effect.each([sentBefore, { ...sentBefore, sentAt: -1_000_000 }, {
    ...sentBefore,
    sinceSeconds: startSeconds - 900
  }])(
    "is the overlap before what an earlier lookup has read: %o",
    (prior) =>
      Effect.gen(function*() {
        const { lookup, reads, store } = yield* start({ prior })
        store(others(1000, -999, 0))
        yield* lookup.during(0)
        const before = reads()
        assert.isAtLeast(before, 10)
        yield* lookup.during(0)
        assert.strictEqual(reads() - before, 1)
      })
  )

  it.effect("P4.2: is the same again after a lookup that reached its limit", () =>
    Effect.gen(function*() {
      const { lookup, reads, store } = yield* start({ prior: sentBefore, searchLimit: 400 })
      store(others(1000, -999, 0))
      for (const expected of [4, 8]) {
        assert.deepStrictEqual(yield* lookup.during(0), { _tag: "BeyondLimit" })
        assert.strictEqual(reads(), expected)
      }
    }))
})

describe("a lookup without an end", () => {
  it.effect("P4.1: looks for the message at an interval until it is stored, whatever fails", () =>
    Effect.gen(function*() {
      const { fork, lookup, readAt, storeSent } = yield* start({
        onRead: (read) => read === 1 ? new Reason.Forbidden({ detail: "" }) : undefined
      })
      const looking = yield* fork(lookup.untilStored(5000))
      for (let second = 0; second < 17; second++) yield* TestClock.adjust("1 second")
      yield* storeSent("mine", "hello")
      assert.isUndefined(looking.pollUnsafe())
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(yield* Fiber.join(looking), receipt)
      assert.deepStrictEqual(readAt, [5000, 10_000, 15_000, 20_000])
    }))

  it.effect("knows whether this client has sent the message", () =>
    Effect.gen(function*() {
      const { lookup } = yield* start()
      assert.isFalse(lookup.isSent)
      lookup.setSent(0)
      assert.isTrue(lookup.isSent)
    }))
})
