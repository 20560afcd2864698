/** Gateways that respond with pages of their own while history is read back, over the real HTTP service. */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import * as Signal from "@effect-signalwire/subscription/Signal"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import { assert, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

const origin = "https://fabric.example.test"
const connected: ConnectionState = { _tag: "Connected", resumed: false, catchingUp: false, reason: null }

/** A client of a server that has two messages on each page, and a gateway before it that may respond in its place. */
const start = Effect.gen(function*() {
  const stored: Array<string> = []
  let requests = 0
  /** The statuses with which the gateway responds to the next requests; 0 when it lets the server respond. */
  const gateway: Array<number> = []
  const respond = (url: URL): Response => {
    requests++
    const status = gateway.shift() ?? 0
    if (status > 0) {
      return new Response("<html>gateway</html>", { status, headers: { "content-type": "text/html" } })
    }
    const from = Number(url.searchParams.get("page_token") ?? 0)
    const newestFirst = stored.map((text, index) => ({
      id: text,
      type: "message",
      subtype: "chat",
      conversation_id: "office",
      address_id: "office",
      ts: 1_700_000_000 + index,
      text
    })).toReversed()
    const next = from + 2 < stored.length ? { next: `${url.pathname}?page_token=${from + 2}` } : {}
    return Response.json({ data: newestFirst.slice(from, from + 2), links: next })
  }
  const signals = yield* Queue.unbounded<Signal.Signal>()
  const context = yield* Layer.build(
    Conversations.layerServices({ sweep: false }).pipe(Layer.provide([
      SignalWireHttp.layer({ endpoint: { http: origin, ws: origin.replace("https", "wss") }, dialect: "address" }).pipe(
        Layer.provide([
          Layer.succeed(
            HttpClient.HttpClient,
            HttpClient.make((request, url) => Effect.sync(() => HttpClientResponse.fromWeb(request, respond(url))))
          ),
          Credentials.layer({ token: Redacted.make("token") })
        ])
      ),
      Layer.mock(Subscription.Subscription, {
        subscribe: Effect.succeed({
          signals: Queue.takeAll(signals),
          requestDiscontinuity: Effect.asVoid(Queue.offer(signals, Signal.requested)),
          takeBuffered: Queue.clear(signals)
        }),
        connection: { current: Effect.succeed(connected), changes: Stream.make(connected) },
        signals: Stream.never,
        awaitWake: Effect.never,
        ready: Effect.void,
        sessionCount: Effect.succeed(1)
      })
    ]))
  )
  const received: Array<string> = []
  return {
    stored,
    gateway,
    received,
    requests: () => requests,
    receive: Context.get(context, Conversations.Conversations).subscription().pipe(
      Effect.flatMap(Stream.runForEach(({ text }) => Effect.sync(() => received.push(text ?? "")))),
      Effect.forkScoped({ startImmediately: true }),
      Effect.andThen(TestClock.adjust(0))
    ),
    interrupt: Effect.andThen(Queue.offer(signals, Signal.connected(2)), TestClock.adjust("10 seconds"))
  }
})

const statuses = [200, 408, 500, 502, 503, 504, 520]

it.effect.each(statuses.flatMap((status) => [["the first page", [status]], ["a later page", [0, status]]] as const))(
  "P1.1: reads history again when a gateway responds in place of %s: status %s",
  ([, responses]) =>
    Effect.gen(function*() {
      const { gateway, interrupt, receive, received, requests, stored } = yield* start
      stored.push("before")
      yield* receive
      const before = requests()
      stored.push("a", "b", "c")
      gateway.push(...responses)
      yield* interrupt
      assert.deepStrictEqual(received, ["a", "b", "c"])
      // two pages, one of them twice
      assert.strictEqual(requests() - before, 3)
    })
)
