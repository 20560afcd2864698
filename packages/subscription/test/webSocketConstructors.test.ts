/** Tests of how sockets are constructed: which class, with which arguments, and what is done with the connection below. */
import { Invalid } from "@effect-signalwire/schema/Reason"
import * as NodeWebSockets from "@effect-signalwire/subscription/NodeWebSockets"
import * as WebSockets from "@effect-signalwire/subscription/WebSockets"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { WebSocketConstructor, type WebSocketLike } from "effect/socket/Socket"
import { afterEach, vi } from "vitest"
import * as BrowserWebSocket from "../src/internal/browserWebSocket.ts"
import { getRejectedUpgrade } from "../src/internal/rejectedUpgrade.ts"

/** Records how it is constructed and used. */
class RecordingWebSocket implements WebSocketLike {
  static readonly constructed: Array<RecordingWebSocket> = []
  readonly readyState = 0
  readonly log: Array<string> = []
  private readonly listeners = new Map<string, (...args: Array<never>) => void>()
  readonly args: ReadonlyArray<unknown>

  constructor(...args: ReadonlyArray<unknown>) {
    this.args = args
    RecordingWebSocket.constructed.push(this)
  }
  addEventListener() {}
  removeEventListener() {}
  close() {
    this.log.push("close")
  }
  send(data: string | Uint8Array<ArrayBuffer>) {
    this.log.push(`send ${String(data)}`)
  }
  on(event: string, listener: (...args: Array<never>) => void) {
    this.listeners.set(event, listener)
  }
  emit(event: string, ...args: ReadonlyArray<unknown>) {
    Reflect.apply(this.listeners.get(event) ?? assert.fail(`${event} is not listened to`), undefined, args)
  }
}

const newest = () => RecordingWebSocket.constructed.at(-1) ?? assert.fail("no socket was constructed")

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe("sockets of the package ws", () => {
  const layer = NodeWebSockets.layer(RecordingWebSocket)

  it.effect.each<readonly [string, Parameters<WebSocketConstructor["Service"]>[1], ReadonlyArray<unknown>]>([
    ["nothing", undefined, [undefined, { perMessageDeflate: false }]],
    ["a protocol", "a", ["a", { perMessageDeflate: false }]],
    ["several protocols", ["a", "b"], [["a", "b"], { perMessageDeflate: false }]],
    [
      "protocols and headers",
      { protocols: "a", headers: { cookie: "c" } },
      ["a", { perMessageDeflate: false, headers: { cookie: "c" } }]
    ],
    ["options without headers", { protocols: "a" }, ["a", { perMessageDeflate: false }]]
  ])(
    "are not compressed, and constructed with what they are given: %s",
    ([, options, expected]) =>
      Effect.gen(function*() {
        const open = yield* WebSocketConstructor
        open("ws://a.test", options)
        assert.deepStrictEqual(newest().args, ["ws://a.test", ...expected])
      }).pipe(Effect.provide(layer))
  )

  it.effect("combine what is sent in one tick, once the connection below them is known", () =>
    Effect.gen(function*() {
      const webSocket = (yield* WebSocketConstructor)("ws://a.test")
      const recording = newest()
      const { log } = recording
      webSocket.send("1")
      const stream = { cork: () => void log.push("cork"), uncork: () => void log.push("uncork") }
      recording.emit("upgrade", { socket: stream })
      webSocket.send("2")
      webSocket.send("3")
      yield* Effect.promise(() => Promise.resolve())
      assert.deepStrictEqual(log, ["send 1", "cork", "send 2", "send 3", "uncork"])
    }).pipe(Effect.provide(layer)))

  it.effect.each<readonly [string, object, object]>([
    [
      "its status and headers",
      { statusCode: 503, headers: { "retry-after": "7", date: "today", server: "s" } },
      { status: 503, headers: { retryAfter: "7", date: "today" } }
    ],
    ["neither", { headers: {} }, { status: 0, headers: { retryAfter: undefined, date: undefined } }]
  ])(
    "close, and keep the response that rejects the upgrade, with %s",
    ([, response, expected]) =>
      Effect.gen(function*() {
        const webSocket = (yield* WebSocketConstructor)("ws://a.test")
        const recording = newest()
        recording.emit("unexpected-response", {}, response)
        assert.deepStrictEqual(getRejectedUpgrade(webSocket), expected)
        assert.deepStrictEqual(recording.log, ["close"])
      }).pipe(Effect.provide(layer))
  )
})

describe("sockets of the platform", () => {
  it.effect.each<readonly [string, string | Array<string> | undefined]>([
    ["no protocol", undefined],
    ["a protocol", "a"],
    ["several protocols", ["a", "b"]]
  ])("are constructed with %s", ([, protocols]) =>
    Effect.gen(function*() {
      // a platform that does not show its connections
      vi.stubGlobal("process", Object.create(process, { getBuiltinModule: { value: undefined } }))
      vi.stubGlobal("WebSocket", RecordingWebSocket)
      const open = yield* WebSocketConstructor
      open("ws://a.test", protocols)
      assert.deepStrictEqual(newest().args, ["ws://a.test", protocols])
    }).pipe(Effect.provide(WebSockets.layer)))

  it.effect("cannot be constructed where there is no WebSocket, and the option to pass is named", () =>
    Effect.gen(function*() {
      vi.stubGlobal("WebSocket", undefined)
      const open = yield* WebSocketConstructor
      assert.throws(() => open("ws://a.test"), Invalid, "WebSocket: this platform has none")
    }).pipe(Effect.provide(WebSockets.layer)))

  it.effect("are closed without more, where the platform does not show the connection", () =>
    Effect.gen(function*() {
      vi.stubGlobal("process", Object.create(process, { getBuiltinModule: { value: undefined } }))
      vi.stubGlobal("WebSocket", RecordingWebSocket)
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
      const webSocket = (yield* WebSocketConstructor)("ws://a.test")
      webSocket.close(1000)
      assert.doesNotThrow(() => vi.advanceTimersByTime(2000))
      assert.deepStrictEqual(newest().log, ["close"])
    }).pipe(Effect.provide(WebSockets.layer)))

  it.effect("accept no other options, such as headers", () =>
    Effect.gen(function*() {
      const open = yield* WebSocketConstructor
      assert.throws(() => open("ws://a.test", { headers: {} }), TypeError, "no options other than protocols")
    }).pipe(Effect.provide(WebSockets.layer)))

  it("are used as they are in browsers", () => {
    const webSocket = new WebSocket("ws://127.0.0.1:9")
    assert.strictEqual(BrowserWebSocket.open("ws://127.0.0.1:9", () => webSocket), webSocket)
    webSocket.close()
  })
})

it.effect("sockets of another class are constructed with the URL alone", () =>
  Effect.gen(function*() {
    const open = yield* WebSocketConstructor
    const webSocket = open("ws://a.test", "a")
    assert.strictEqual(webSocket, newest())
    assert.deepStrictEqual(newest().args, ["ws://a.test"])
  }).pipe(Effect.provide(WebSockets.layerOf(RecordingWebSocket))))
