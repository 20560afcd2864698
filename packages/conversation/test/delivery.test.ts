import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Branded from "@effect-signalwire/schema/Branded"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as Delivery from "../src/internal/delivery.ts"
import * as Echoes from "../src/internal/echoes.ts"
import type { PriorSend } from "../src/internal/outgoingMessage.ts"
import { Retrier } from "../src/internal/retrier.ts"
import { addressId, makeServer, type Options, others, receipt, startSeconds } from "./sendingServer.ts"
import { message } from "./support.ts"

const settleMillis = 5000

type Server = ReturnType<typeof makeServer>

const storeOthers = (...range: Parameters<typeof others>) => ({ store }: Server) =>
  Effect.sync(() => store(others(...range)))

/** A server, and the delivery of one message to it that has begun. */
const start = Effect.fnUntraced(function*(
  options: Options & { readonly prior?: PriorSend; readonly searchLimit?: number } = {},
  prepare: (server: Server) => Effect.Effect<unknown> = () => Effect.void
) {
  const server = makeServer(options)
  yield* prepare(server)
  const http = yield* Effect.provide(SignalWireHttp.SignalWireHttp, server.layer)
  const { deliver } = Delivery.make(http, new Retrier({ awaitWake: Effect.never }), Echoes.make(), {
    overlapSeconds: 30,
    searchLimit: options.searchLimit ?? 100_000,
    settleMillis
  })
  const delivery = yield* Effect.forkChild(
    deliver({ addressId, text: "hello", clientId: Branded.clientId("mine"), prior: options.prior ?? null }),
    { startImmediately: true }
  )
  return {
    ...server,
    /** Lets time pass until the delivery ends, for ten minutes at most, and returns its result. */
    result: Effect.gen(function*() {
      for (let second = 0; second < 600 && delivery.pollUnsafe() === undefined; second++) {
        yield* TestClock.adjust("1 second")
      }
      assert.isDefined(delivery.pollUnsafe())
      return yield* Fiber.join(delivery)
    })
  }
})

const lost = new Reason.Transport({ detail: "the connection broke" })

/** A message that an earlier process sent. */
const sentBefore: PriorSend = { isKnownSent: true, inFlightMillis: 0, sentAt: null, sinceSeconds: null }

describe("delivery", () => {
  it.effect.each([
    new Reason.Malformed({ path: "", detail: "status 200 with a body that is not JSON but text/html" }),
    new Reason.Timeout({ millis: 10_000 }),
    new Reason.ServerError({ status: 502, detail: "" }),
    lost
  ])(
    "P4.1: sends a stored message once after a failure that does not show whether it was stored: $_tag",
    (failure) =>
      Effect.gen(function*() {
        const { result, sent } = yield* start({ onSend: () => ({ failure }) })
        assert.deepStrictEqual(yield* result, receipt)
        assert.lengthOf(sent, 1)
      })
  )

  it.effect("P4.1: finds a stored message behind more than a page of messages that followed it", () =>
    Effect.gen(function*() {
      const { result, sent } = yield* start({ onSend: () => ({ failure: lost }) }, storeOthers(250, 1, 3))
      assert.deepStrictEqual(yield* result, receipt)
      assert.lengthOf(sent, 1)
    }))

  it.effect("P4.7: finds a stored message although the times of the server's messages differ by up to the overlap", () =>
    Effect.gen(function*() {
      const { result, sent } = yield* start({ onSend: () => ({ failure: lost }) }, storeOthers(250, 20, 28))
      assert.deepStrictEqual(yield* result, receipt)
      assert.lengthOf(sent, 1)
    }))

  it.effect("P4.1: finds a message that was stored when its request began, if the request times out long after", () =>
    Effect.gen(function*() {
      const reading = { isDown: true }
      const { result, sent, store } = yield* start({
        onSend: () => ({ failure: new Reason.Timeout({ millis: 60_000 }) }),
        onRead: () => reading.isDown ? new Reason.ServerError({ status: 503, detail: "" }) : undefined
      })
      yield* TestClock.adjust("1 minute")
      store(others(500, 20, 60))
      reading.isDown = false
      assert.deepStrictEqual(yield* result, receipt)
      assert.lengthOf(sent, 1)
    }))

  it.effect("P4.1: finds a message that is visible only at the second look, with a time before the first", () =>
    Effect.gen(function*() {
      const { result, sent, storeSent } = yield* start(
        { prior: { ...sentBefore, inFlightMillis: settleMillis } },
        storeOthers(250, -10, 0)
      )
      yield* storeSent("mine", "hello", -20)
      assert.deepStrictEqual(yield* result, receipt)
      assert.lengthOf(sent, 0)
    }))

  it.effect("P4.7: looks for a message from an earlier process back to the overlap before what that process knew", () =>
    Effect.gen(function*() {
      const { result, sent } = yield* start(
        { prior: { ...sentBefore, sinceSeconds: startSeconds } },
        (server) => Effect.andThen(storeOthers(250, -15, 60)(server), server.storeSent("mine", "hello", -20))
      )
      assert.deepStrictEqual(yield* result, receipt)
      assert.lengthOf(sent, 0)
    }))

  it.effect("P4.7: does not look further back than that, however long the history is", () =>
    Effect.gen(function*() {
      const { reads, result } = yield* start(
        { prior: { ...sentBefore, sinceSeconds: startSeconds } },
        storeOthers(1000, -1000, 0)
      )
      assert.deepStrictEqual(yield* result, receipt)
      assert.strictEqual(reads(), 1)
    }))

  it.effect("P4.7: does not look further back than the request, and the overlap before it", () =>
    Effect.gen(function*() {
      const { reads } = yield* start(
        { onSend: () => ({ storedAfter: "never", failure: "no response" }) },
        storeOthers(1000, -1000, 0)
      )
      for (let second = 0; second < 20; second++) yield* TestClock.adjust("1 second")
      // one page after 6 seconds, one after 11 and one after 16
      assert.strictEqual(reads(), 3)
    }))

  it.effect("looks again only at what may be new", () =>
    Effect.gen(function*() {
      const { reads, result, sent } = yield* start(
        { prior: { ...sentBefore, inFlightMillis: 500 } },
        storeOthers(1000, -1000, 0)
      )
      assert.deepStrictEqual(yield* result, receipt)
      assert.lengthOf(sent, 1)
      // ten pages at first, then one after 250 ms and one after 500 ms
      assert.strictEqual(reads(), 10 + 2)
    }))

  it.effect("P4.2: fails when a search reaches its limit, even if an earlier one reached it while the request was pending", () =>
    Effect.gen(function*() {
      const { result, sent, store } = yield* start({
        onSend: () => ({ storedAfter: "never", failure: new Reason.Timeout({ millis: 60_000 }) }),
        searchLimit: 200
      })
      yield* TestClock.adjust("4 seconds")
      store([...others(500, -15, -11), message("newest", startSeconds + 20)])
      assert.strictEqual((yield* Effect.flip(result))._tag, "OutcomeUnknown")
      assert.lengthOf(sent, 1)
    }))

  it.effect("P4.1: completes without a response when history has the message", () =>
    Effect.gen(function*() {
      const { result, sent } = yield* start({ onSend: () => ({ failure: "no response" }) })
      assert.deepStrictEqual(yield* result, receipt)
      assert.lengthOf(sent, 1)
    }))

  it.effect("P4.1: looks for a message as long as its request may be in flight", () =>
    Effect.gen(function*() {
      const { result, sent, storeSent } = yield* start({
        onSend: () => ({ storedAfter: "never", failure: new Reason.ServerError({ status: 502, detail: "" }) })
      })
      for (let half = 0; half < 9; half++) yield* TestClock.adjust("500 millis")
      assert.lengthOf(sent, 1)
      yield* storeSent("mine", "hello")
      assert.deepStrictEqual(yield* result, receipt)
      assert.lengthOf(sent, 1)
    }))

  it.effect("looks for a message one second only when the connection broke at once", () =>
    Effect.gen(function*() {
      const { result, sent } = yield* start({
        onSend: (request) => request === 0 ? { storedAfter: "never", failure: lost } : {}
      })
      for (let half = 0; half < 5; half++) yield* TestClock.adjust("500 millis")
      assert.lengthOf(sent, 2)
      assert.deepStrictEqual(yield* result, receipt)
    }))
})
