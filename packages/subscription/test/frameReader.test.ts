import * as Branded from "@effect-signalwire/schema/Branded"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import { FrameReader } from "../src/internal/frameReader.ts"
import { PendingRequests } from "../src/internal/pendingRequests.ts"

const redact = (text: string): string => text.replaceAll("secret", "<redacted>")

const start = () => {
  const written: Array<string> = []
  const write = (frame: string) => Effect.sync(() => void written.push(frame))
  const requests = new PendingRequests({ write, timeoutMillis: 5000, redact })
  const reader = new FrameReader({
    connectId: "connect",
    requests,
    redact,
    addressOf: (groupId) => Branded.addressId(`address of ${groupId}`)
  })
  return { reader, requests, written }
}

const connected = JsonRpc.reply("connect", { identity: "me", protocol: "p1", authorization: {} })

const event = (id: string, eventType: string, params: unknown): string =>
  JsonRpc.request(id, JsonRpc.method.event, { event_type: eventType, timestamp: 1, params })

const message = (id: string) =>
  event(id, "conversation.message", { id, type: "message", subtype: "chat", group_id: "g1", ts: 1, text: id })

describe("the response to the connect request", () => {
  it("makes the session ready, and shows how to resume it", () => {
    const { reader } = start()
    assert.isNull(reader.resumeParams())
    const { connectResult, end } = reader.read([connected])
    assert.strictEqual(connectResult?.protocol, "p1")
    assert.isUndefined(end)
    assert.deepStrictEqual(reader.resumeParams(), { protocol: "p1", authorizationState: null })
  })

  it.each(
    [
      [JsonRpc.code.authenticationFailed, "unauthorized"],
      [JsonRpc.code.requesterValidationFailed, "rejected"],
      [JsonRpc.code.invalidParams, "rejected"],
      [JsonRpc.code.internal, "lost"],
      [JsonRpc.code.timeout, "lost"],
      [JsonRpc.code.permissionDenied, "lost"]
    ] as const
  )("with the error %i ends the session as %2$s, without the token in the reason", (code, outcome) => {
    const { reader } = start()
    const { end } = reader.read([JsonRpc.failure("connect", { code, message: "no secret" })])
    assert.strictEqual(end?.outcome, outcome)
    assert.include(end?.reason.message, "no <redacted>")
    assert.isNull(reader.resumeParams())
  })

  it("that is malformed ends the session, and the reason has its path", () => {
    const { reader } = start()
    const { end } = reader.read([JsonRpc.reply("connect", { protocol: 7 })])
    assert.strictEqual(end?.outcome, "lost")
    assert.strictEqual(end?.reason._tag === "Malformed" ? end.reason.path : "", "protocol")
    assert.isNull(reader.resumeParams())
  })
})

describe("an event", () => {
  it("before the session is ready is acknowledged and not emitted, since history has it", () => {
    const { replies, signals } = start().reader.read([message("m1"), connected, message("m2")])
    assert.deepStrictEqual(replies, [JsonRpc.acknowledge("m1"), JsonRpc.acknowledge("m2")])
    assert.deepStrictEqual(signals.map((signal) => signal._tag === "Event" ? signal.event.id : signal._tag), ["m2"])
  })

  it("of a group has the address that is known for the group", () => {
    const { signals: [signal] } = start().reader.read([connected, message("m1")])
    assert.strictEqual(signal?._tag === "Event" ? signal.event.addressId : null, "address of g1")
  })

  it.each(
    [
      ["its type", JsonRpc.request("e1", JsonRpc.method.event, { event_type: 7 }), "params.event_type"],
      ["its payload", event("e1", "conversation.message", { id: 7 }), "params.params.id"]
    ] as const
  )("of which %s is malformed is acknowledged, and reported with its path", (_, frame, path) => {
    const { malformed, replies, signals } = start().reader.read([connected, frame])
    assert.deepStrictEqual(replies, [JsonRpc.acknowledge("e1")])
    assert.deepStrictEqual(malformed.map((value) => value.path), [path])
    assert.deepStrictEqual(signals, malformed.map((value) => ({ _tag: "Malformed", malformed: value })))
  })

  it("with the authorization state changes how the session is resumed, unless it is malformed", () => {
    const { reader } = start()
    const state = (authorization_state: unknown) =>
      event("e1", "signalwire.authorization.state", { authorization_state })
    const { malformed, replies, signals } = reader.read([connected, state("new"), state(7)])
    assert.deepStrictEqual(reader.resumeParams(), { protocol: "p1", authorizationState: "new" })
    assert.deepStrictEqual([malformed, signals, replies.length], [[], [], 2])
  })

  it("of another type is acknowledged and ignored", () => {
    const { reader } = start()
    const { malformed, replies, signals } = reader.read([
      connected,
      event("e1", "video.started", { id: 7, authorization_state: "new" })
    ])
    assert.isNull(reader.resumeParams()?.authorizationState)
    assert.deepStrictEqual([malformed, signals, replies], [[], [], [JsonRpc.acknowledge("e1")]])
  })
})

describe("a request of the server", () => {
  it("is replied to in order: pings with their parameters, unknown methods with an error", () => {
    const { replies } = start().reader.read([
      JsonRpc.request("r1", JsonRpc.method.ping, { timestamp: 1 }),
      JsonRpc.request("r2", JsonRpc.method.ping, undefined),
      JsonRpc.request("r3", "webrtc.verto", {})
    ])
    assert.deepStrictEqual(replies, [
      JsonRpc.reply("r1", { timestamp: 1 }),
      JsonRpc.reply("r2", {}),
      JsonRpc.failure("r3", { code: JsonRpc.code.methodNotFound, message: "Method not found: webrtc.verto" })
    ])
  })

  it.each(
    [
      [{ restart: true }, "restart", "the server asked the client to disconnect and begin a new session"],
      [{ restart: false }, "lost", "the server asked the client to disconnect"],
      [{ restart: "yes" }, "lost", "the server asked the client to disconnect"],
      [undefined, "lost", "the server asked the client to disconnect"]
    ] as const
  )("to disconnect with %o is acknowledged, and ends the session as %s", (params, outcome, detail) => {
    const { end, replies } = start().reader.read([JsonRpc.request("d1", JsonRpc.method.disconnect, params)])
    assert.deepStrictEqual(replies, [JsonRpc.acknowledge("d1")])
    assert.deepStrictEqual(end, { outcome, reason: new Reason.Transport({ detail }) })
  })
})

describe("other frames", () => {
  it("that are malformed are reported, and the ones after them are read", () => {
    const { malformed, signals } = start().reader.read([connected, new Uint8Array(1), "{", message("m1")])
    assert.strictEqual(malformed.length, 2)
    assert.deepStrictEqual(malformed[0], { path: "", message: "a binary frame" })
    assert.deepStrictEqual(signals.map(({ _tag }) => _tag), ["Malformed", "Malformed", "Event"])
  })

  it.effect("complete the requests that they respond to", () =>
    Effect.gen(function*() {
      const { reader, requests, written } = start()
      const sent = yield* Effect.forkChild(requests.send("test.method", {}), { startImmediately: true })
      const { id } = Result.getOrThrow(JsonRpc.parse(written[0] ?? ""))
      const { connectResult } = reader.read([JsonRpc.reply(id, "done")])
      assert.strictEqual(yield* Fiber.join(sent), "done")
      assert.isUndefined(connectResult)
    }))
})
