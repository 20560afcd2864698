import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as Branded from "@effect-signalwire/schema/Branded"
import { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Signal from "@effect-signalwire/subscription/Signal"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
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

interface DeliveryOptions extends Options {
  readonly prior?: PriorSend
  readonly searchLimit?: number
  readonly settleMillis?: number
  /** How long it may take, milliseconds. @default any time */
  readonly deadline?: number
}

/** Delays have no jitter. */
const withoutJitter = Effect.provideService(Random.Random, { nextDoubleUnsafe: () => 0, nextIntUnsafe: () => 0 })

/** A server, and the delivery of one message to it that has begun. */
const start = Effect.fnUntraced(function*(
  options: DeliveryOptions = {},
  prepare: (server: Server) => Effect.Effect<unknown> = () => Effect.void
) {
  const server = makeServer(options)
  yield* prepare(server)
  const http = yield* Effect.provide(SignalWireHttp.SignalWireHttp, server.layer)
  const echoes = Echoes.make()
  const { deliver } = Delivery.make(http, new Retrier({ awaitWake: Effect.never }), echoes, {
    overlapSeconds: 30,
    searchLimit: options.searchLimit ?? 100_000,
    settleMillis: options.settleMillis ?? settleMillis
  })
  /** When messages were first sent, as their senders are notified. */
  const sendTimes: Array<number> = []
  const begin = (clientId: string, deadline?: number) =>
    Effect.forkChild(
      withoutJitter(
        deliver({
          addressId,
          text: "hello",
          clientId: Branded.clientId(clientId),
          prior: options.prior ?? null,
          onSend: (at) => sendTimes.push(at)
        }, deadline)
      ),
      { startImmediately: true }
    )
  const startedAt = yield* Monotonic.millis
  const delivery = yield* begin("mine", options.deadline && startedAt + options.deadline)
  return {
    ...server,
    sendTimes,
    /** Begins the delivery of another message with the same text. */
    begin,
    /** The session pushes the message back, as one of a group. */
    pushEcho: Effect.sync(() => {
      const echo = message("stored", startSeconds, {
        clientId: Branded.clientId("mine"),
        groupId: receiptOfEcho.groupId
      })
      echoes.onSignals([Signal.event(ConversationEvent.fromMessage(echo))])
    }),
    isDone: () => delivery.pollUnsafe() !== undefined,
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

const receiptOfEcho: SignalWireHttp.SendReceipt = { ...receipt, groupId: Branded.groupId("g") }

const lost = new Reason.Transport({ detail: "the connection broke" })
const unreachable = new Reason.Transport({ detail: "the connection was refused", sent: "no" })
const unavailable = new Reason.ServerError({ status: 503, detail: "" })
const forbidden = new Reason.Forbidden({ detail: "" })
const rateLimited = new Reason.RateLimited({ retryAfterMillis: null })
const rateLimitedFor = (retryAfterMillis: number) => new Reason.RateLimited({ retryAfterMillis })

/** A message that an earlier process sent. */
const sentBefore: PriorSend = { isKnownSent: true, inFlightMillis: 0, sentAt: null, sinceSeconds: null }
/** A message that another client may have sent. */
const perhapsSent: PriorSend = { ...sentBefore, isKnownSent: false }

/** The failures of a delivery, compared by what callers decide on. */
const summarize = (error: Effect.Error<ReturnType<Delivery.Delivery["deliver"]>>) => {
  switch (error._tag) {
    case "OutcomeUnknown": {
      const { cause, historyRefused, inFlightMillis } = error
      return { historyRefused, inFlightMillis, cause: cause instanceof SignalWireHttpError ? cause.reason : cause }
    }
    case "DeadlineExceeded":
      return { last: error.last?.reason }
    default:
      return error.reason
  }
}

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
      yield* TestClock.adjust("1000 seconds")
      const reading = { isDown: true }
      const { result, sent, store } = yield* start({
        onSend: () => ({ failure: new Reason.Timeout({ millis: 60_000 }) }),
        onRead: () => reading.isDown ? new Reason.ServerError({ status: 503, detail: "" }) : undefined
      })
      yield* TestClock.adjust("1 minute")
      store(others(500, 1020, 1060))
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

  it.effect("P4.7: reads no further than the page with the message", () =>
    Effect.gen(function*() {
      const { reads, result } = yield* start(
        { prior: sentBefore },
        (server) => Effect.andThen(storeOthers(1000, -1000, 0)(server), server.storeSent("mine", "hello", -150))
      )
      assert.deepStrictEqual(yield* result, receipt)
      assert.strictEqual(reads(), 2)
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
      yield* TestClock.adjust("1000 seconds")
      const { reads } = yield* start(
        { onSend: () => ({ storedAfter: "never", failure: "no response" }) },
        storeOthers(1000, 0, 1000)
      )
      for (let second = 0; second < 20; second++) yield* TestClock.adjust("1 second")
      // one page after 6 seconds, one after 11 and one after 16
      assert.strictEqual(reads(), 3)
    }))

  it.effect.each([null, startSeconds - 2000])(
    "looks again only at what may be new: since %s",
    (sinceSeconds) =>
      Effect.gen(function*() {
        const { reads, result, sent } = yield* start(
          { prior: { ...sentBefore, inFlightMillis: 500, sinceSeconds } },
          storeOthers(1000, -1000, 0)
        )
        assert.deepStrictEqual(yield* result, receipt)
        assert.lengthOf(sent, 1)
        // ten pages at first, then one after 250 ms and one after 500 ms
        assert.strictEqual(reads(), 10 + 2)
      })
  )

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

  it.effect("looks for a message one second only when the connection broke at once, however long the client has run", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const { result, sent } = yield* start({
        onSend: (request) => request === 0 ? { storedAfter: "never", failure: lost } : {}
      })
      const sentAfter: Array<number> = []
      for (let half = 0; half < 5; half++) {
        yield* TestClock.adjust("500 millis")
        sentAfter.push(sent.length)
      }
      assert.deepStrictEqual(sentAfter, [1, 1, 2, 2, 2])
      assert.deepStrictEqual(yield* result, receipt)
    }))

  it.effect("delivers a message with its response, and says once when it was first sent", () =>
    Effect.gen(function*() {
      const { requests, result, sendTimes } = yield* start({
        prior: perhapsSent,
        onSend: (request) => request === 0 ? { storedAfter: "never", failure: unreachable } : {}
      })
      assert.deepStrictEqual(yield* result, receipt)
      assert.deepStrictEqual([requests.map(({ at }) => at), sendTimes], [[0, 500], [0]])
    }))

  it.effect("P4.4: waits twice as long after each failure, ten seconds at most, and counts the time of the request", () =>
    Effect.gen(function*() {
      const { requests, result } = yield* start({
        onSend: (request) =>
          request < 7 ? { storedAfter: "never", failure: unreachable, takesMillis: request === 1 ? 300 : 0 } : {}
      })
      yield* result
      assert.deepStrictEqual(requests.map(({ at }) => at), [0, 500, 1500, 3500, 7500, 15_500, 25_500, 35_500])
    }))

  it.effect.each(
    [
      { failure: new Reason.Timeout({ millis: 3000 }), inFlight: 4 * settleMillis },
      { failure: lost, takesMillis: 999, inFlight: 1000 },
      { failure: lost, takesMillis: 999, settleMillis: 400, inFlight: 400 },
      { failure: lost, takesMillis: 1000, inFlight: settleMillis },
      { failure: unavailable, takesMillis: 500, inFlight: settleMillis },
      { failure: new Reason.Malformed({ path: "", detail: "" }), inFlight: settleMillis }
    ]
  )(
    "P4.1: looks for a message as long as the request may be in flight before it sends it again: $failure._tag $takesMillis $settleMillis",
    ({ failure, inFlight, settleMillis, takesMillis }) =>
      Effect.gen(function*() {
        const { requests, result } = yield* start({
          onSend: (request) =>
            request === 0
              ? { storedAfter: "never", failure, ...(takesMillis === undefined ? {} : { takesMillis }) }
              : {},
          ...(settleMillis === undefined ? {} : { settleMillis })
        })
        yield* result
        const took = takesMillis ?? (failure._tag === "Timeout" ? failure.millis : 0)
        assert.deepStrictEqual(requests.map(({ at }) => at), [0, took + inFlight + 100])
      })
  )

  it.effect("looks for a message at intervals that double, five seconds at most, and at the end", () =>
    Effect.gen(function*() {
      const { readAt, result } = yield* start({ prior: { ...sentBefore, inFlightMillis: 14_000 } })
      yield* result
      assert.deepStrictEqual(readAt, [0, 250, 750, 1750, 3750, 7750, 12_750, 14_000])
    }))

  it.effect.each([[8, receipt], [9, unavailable]] as const)(
    "P4.1: tries a message again after eight server errors, and fails with the ninth: %s",
    ([count, outcome]) =>
      Effect.gen(function*() {
        const { result, sent } = yield* start({
          onSend: (request) => request < count ? { storedAfter: "never", failure: unavailable } : {}
        })
        assert.deepStrictEqual(yield* Effect.catch(result, (error) => Effect.succeed(summarize(error))), outcome)
        assert.lengthOf(sent, 9)
      })
  )

  it.effect("P4.1: tries a message again however often the connection breaks", () =>
    Effect.gen(function*() {
      const { result, sent } = yield* start({
        onSend: (request) => request < 20 ? { storedAfter: "never", failure: lost } : {}
      })
      assert.deepStrictEqual(yield* result, receipt)
      assert.lengthOf(sent, 21)
    }))

  it.effect("P4.6: fails at once when the server rejects the message", () =>
    Effect.gen(function*() {
      const { isDone, reads, result, sent } = yield* start({ onSend: () => ({ failure: forbidden }) })
      assert.isTrue(isDone())
      assert.strictEqual(summarize(yield* Effect.flip(result)), forbidden)
      assert.deepStrictEqual([sent.length, reads()], [1, 0])
    }))

  it.effect("P4.2: fails when history can't be read to find out whether the message was stored", () =>
    Effect.gen(function*() {
      const { result, sent } = yield* start({ onSend: () => ({ failure: lost }), onRead: () => forbidden })
      assert.deepStrictEqual(summarize(yield* Effect.flip(result)), {
        historyRefused: true,
        inFlightMillis: 1000,
        cause: forbidden
      })
      assert.lengthOf(sent, 1)
    }))

  it.effect("P4.2: does not send a message again when history has its text without a client id, and sends the next with another format", () =>
    Effect.gen(function*() {
      const { begin, requests, result, storeSent } = yield* start(
        { onSend: (request) => request === 0 ? { storedAfter: "never", failure: lost } : {} },
        storeOthers(2, -1000, -999)
      )
      yield* storeSent(null, "hello")
      const error = summarize(yield* Effect.flip(result))
      assert.deepStrictEqual(error, { historyRefused: false, inFlightMillis: 1000, cause: lost })
      yield* Fiber.join(yield* begin("next"))
      assert.deepStrictEqual(requests.map(({ clientIdIn }) => clientIdIn), ["metadata", "both"])
    }))

  it.effect("keeps the format of its requests when a search reaches its limit", () =>
    Effect.gen(function*() {
      const { begin, requests, result } = yield* start(
        { onSend: (request) => request === 0 ? { storedAfter: "never", failure: lost } : {}, searchLimit: 100 },
        storeOthers(200, -10, 0)
      )
      yield* Effect.flip(result)
      yield* Fiber.join(yield* begin("next"))
      assert.deepStrictEqual(requests.map(({ clientIdIn }) => clientIdIn), ["metadata", "metadata"])
    }))

  describe("of a message that another client may have sent", () => {
    it.effect.each(
      [
        ["beyond the messages that are searched", storeOthers(200, -10, 0)],
        ["sent without a client id", ({ storeSent }: Server) => storeSent(null, "hello")]
      ] as const
    )("P4.5: sends it when it may be %s", ([, prepare]) =>
      Effect.gen(function*() {
        const { reads, result, sent } = yield* start({ prior: { ...perhapsSent, searchLimit: 100 } }, prepare)
        assert.deepStrictEqual(yield* result, receipt)
        assert.deepStrictEqual([sent.length, reads()], [1, 1])
      }))

    it.effect("P4.2: does not send it again when it may be there after this client has sent it", () =>
      Effect.gen(function*() {
        const { result, sent } = yield* start(
          { prior: perhapsSent, onSend: () => ({ storedAfter: "never", failure: lost }) },
          ({ storeSent }) => storeSent(null, "hello")
        )
        assert.strictEqual((yield* Effect.flip(result))._tag, "OutcomeUnknown")
        assert.lengthOf(sent, 1)
      }))

    it.effect("P4.2: does not send it when it was sent for certain and may be there", () =>
      Effect.gen(function*() {
        const { result, sent } = yield* start({ prior: sentBefore }, ({ storeSent }) => storeSent(null, "hello"))
        assert.strictEqual((yield* Effect.flip(result))._tag, "OutcomeUnknown")
        assert.lengthOf(sent, 0)
      }))
  })

  describe("with a deadline", () => {
    it.effect.each([[100, 1], [750, 1], [751, 2]] as const)(
      "P7.2: begins no second request within a quarter of a second of the deadline: %s",
      ([deadline, requests]) =>
        Effect.gen(function*() {
          const { result, sent } = yield* start({
            deadline,
            onSend: (request) => request === 0 && deadline > 100 ? { storedAfter: "never", failure: unreachable } : {}
          })
          const outcome = yield* Effect.catch(result, (error) => Effect.succeed(summarize(error)))
          assert.deepStrictEqual(outcome, deadline === 750 ? { last: unreachable } : receipt)
          assert.lengthOf(sent, requests)
        })
    )

    it.effect("P7.2: fails at once when the server asks for more time than is left", () =>
      Effect.gen(function*() {
        const failure = rateLimitedFor(30_000)
        const { isDone, result } = yield* start({ deadline: 30_000, onSend: () => ({ failure }) })
        assert.isTrue(isDone())
        assert.deepStrictEqual(summarize(yield* Effect.flip(result)), { last: failure })
      }))

    it.effect("P8.5: waits as long as the server asks when there is time", () =>
      Effect.gen(function*() {
        const { requests, result } = yield* start({
          deadline: 30_000,
          onSend: (request) => request === 0 ? { storedAfter: "never", failure: rateLimitedFor(29_000) } : {}
        })
        assert.deepStrictEqual(yield* result, receipt)
        assert.deepStrictEqual(requests.map(({ at }) => at), [0, 29_000])
      }))

    it.effect("P4.6: fails with the last failure when the message was certainly not stored", () =>
      Effect.gen(function*() {
        const { result, sent } = yield* start({ deadline: 1000, onSend: () => ({ failure: rateLimited }) })
        assert.deepStrictEqual(summarize(yield* Effect.flip(result)), { last: rateLimited })
        assert.lengthOf(sent, 2)
      }))

    it.effect.each([
      {
        name: "a request is pending that may have stored it",
        options: { onSend: () => ({ storedAfter: "never", failure: "no response" } as const) },
        expected: { historyRefused: false, inFlightMillis: 4 * settleMillis, cause: undefined }
      },
      {
        name: "a second request is pending that may have stored it",
        options: {
          onSend: (
            request: number
          ) => ({ storedAfter: "never", failure: request === 0 ? unreachable : "no response" } as const)
        },
        expected: { historyRefused: false, inFlightMillis: 4 * settleMillis, cause: unreachable }
      },
      {
        name: "a request is pending that has stored nothing",
        options: { onSend: () => ({ storedAfter: "never", failure: "no response", mayBeStored: false } as const) },
        expected: { last: undefined }
      },
      {
        name: "it is looked for after a request failed",
        options: { onSend: () => ({ storedAfter: "never", failure: unavailable } as const) },
        expected: { historyRefused: false, inFlightMillis: settleMillis, cause: unavailable }
      },
      {
        name: "it was looked for, and a later request was rejected",
        options: {
          deadline: 9000,
          onSend: (
            request: number
          ) => ({ storedAfter: "never", failure: request === 0 ? unavailable : rateLimited } as const)
        },
        expected: { last: rateLimited }
      },
      {
        name: "it is looked for since it was sent before",
        options: { prior: { ...sentBefore, inFlightMillis: 10_000 } },
        expected: { historyRefused: false, inFlightMillis: 10_000, cause: undefined }
      },
      {
        name: "it is looked for since another client may have sent it",
        options: { prior: { ...perhapsSent, inFlightMillis: 10_000 } },
        expected: { last: undefined }
      }
    ])("P4.6: says whether the message may be stored when $name", ({ expected, options }) =>
      Effect.gen(function*() {
        yield* TestClock.adjust("1000 seconds")
        const { result } = yield* start({ deadline: 3000, ...options })
        assert.deepStrictEqual(summarize(yield* Effect.flip(result)), expected)
      }))
  })

  describe("with an echo", () => {
    it.effect.each([[1900, receipt], [2100, receiptOfEcho]] as const)(
      "P4.1: waits for the response a second after the second that it has anyway: %s",
      ([takesMillis, expected]) =>
        Effect.gen(function*() {
          const { pushEcho, result } = yield* start({ onSend: () => ({ storedAfter: "never", takesMillis }) })
          yield* TestClock.adjust("500 millis")
          yield* pushEcho
          assert.deepStrictEqual(yield* result, expected)
        })
    )

    it.effect("P4.1: does not read history for a message whose echo came before its request failed", () =>
      Effect.gen(function*() {
        const { pushEcho, reads, result, sent } = yield* start({
          onSend: () => ({ storedAfter: "never", failure: lost, takesMillis: 500 })
        })
        yield* TestClock.adjust("400 millis")
        yield* pushEcho
        assert.deepStrictEqual(yield* result, receiptOfEcho)
        assert.deepStrictEqual([sent.length, reads()], [1, 0])
      }))
  })
})
