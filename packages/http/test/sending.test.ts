import * as SendAttempt from "@effect-signalwire/http/SendAttempt"
import { ClientId } from "@effect-signalwire/schema/Ids"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { json, reasonOf, type ScriptedResponse, start, subscriber } from "./support.ts"

const hello = { addressId: "office", text: "hello" }

it.effect("sends text, metadata and details in the address dialect", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => json({ table: {} }), { dialect: "address" })
    yield* http.sendMessage({ ...hello, metadata: { tone: "casual" }, details: { n: 1 } })
    assert.deepStrictEqual(log[0]?.body, {
      conversation_id: "office",
      text: "hello",
      metadata: { tone: "casual" },
      details: { n: 1 }
    })
  }))

it.effect("sends the sender's address with both keys in the group dialect", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(({ path }) => {
      if (path === "subscriber/info") return json(subscriber("ada"))
      return path === "conversations/join" ? json({ group_id: "sw_office" }) : json({})
    }, { dialect: "group" })
    const receipt = yield* http.sendMessage(hello)
    assert.deepStrictEqual(log[2]?.body, {
      group_id: "sw_office",
      from_address_id: "ada",
      from_fabric_address_id: "ada",
      text: "hello"
    })
    assert.deepStrictEqual([String(receipt.conversationId), String(receipt.groupId)], ["sw_office", "sw_office"])
  }))

it.effect("adds the client id to the metadata of the message", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => json({ table: {} }), { dialect: "address" })
    yield* http.sendMessage({ ...hello, metadata: { tone: "casual" }, clientId: ClientId.make("k1") })
    assert.deepStrictEqual(log[0]?.body, {
      conversation_id: "office",
      text: "hello",
      metadata: { tone: "casual", effect_signalwire_id: "k1" }
    })
  }))

it.effect("adds the client id to metadata and details on request", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => json({ table: {} }), { dialect: "address" })
    const clientId = ClientId.make("k1")
    yield* http.sendMessage({ ...hello, details: { n: 1 }, clientId, clientIdIn: "both" })
    yield* http.sendMessage({ ...hello, details: { n: 1 }, clientId, clientIdIn: "metadata" })
    const withId = { effect_signalwire_id: "k1" }
    assert.deepStrictEqual(log.map(({ body }) => body), [
      { conversation_id: "office", text: "hello", metadata: withId, details: { n: 1, ...withId } },
      { conversation_id: "office", text: "hello", metadata: withId, details: { n: 1 } }
    ])
  }))

it.effect.each<readonly [boolean, string, ScriptedResponse]>([
  ...[400, 401, 403, 404, 409, 422, 429, 499].map((status) => [false, `${status}`, json({}, status)] as const),
  ...[408, 500, 502, 503, 504].map((status) => [true, `${status}`, json({}, status)] as const),
  [true, "a redirect", new Response(null, { status: 302 })],
  [true, "no JSON", new Response("<html>")],
  [true, "a broken connection", "drop"]
])("the message may be stored: %s after %s", ([expected, , response]) =>
  Effect.gen(function*() {
    const { http } = yield* start(() => response, { dialect: "address" })
    const attempt = SendAttempt.make()
    assert.isTrue(attempt.mayBeStored)
    yield* reasonOf(Effect.provideService(http.sendMessage(hello), SendAttempt.SendAttempt, attempt))
    assert.strictEqual(attempt.mayBeStored, expected)
  }))

it.effect("the message is not stored by the requests before the send, nor if it is invalid", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => json({}, 500), { retry: Schedule.recurs(0) })
    for (const message of [hello, { ...hello, text: "" }]) {
      const attempt = SendAttempt.make()
      yield* reasonOf(Effect.provideService(http.sendMessage(message), SendAttempt.SendAttempt, attempt))
      assert.isFalse(attempt.mayBeStored)
    }
  }))

it.effect.each(
  [
    ["an empty table", { table: {} }, "office", null],
    ["a table", { table: { conversation_id: "c1", text: "hello" } }, "c1", null],
    ["the group form", { group_id: "sw_1", text: "hello" }, "sw_1", "sw_1"],
    [
      "a whole conversation",
      { id: "c2", conversation_id: "c2", address_id: "c2", name: "x", created_at: 1 },
      "c2",
      null
    ],
    ["an empty object", {}, "office", null],
    ["a string", "ok", "office", null],
    ["an object of another shape", { conversation_id: 7 }, "office", null]
  ] as const
)("a send succeeds when the server responds with %s", ([, body, conversationId, groupId]) =>
  Effect.gen(function*() {
    const { http } = yield* start(() => json(body, 201), { dialect: "address" })
    const receipt = yield* http.sendMessage(hello)
    assert.deepStrictEqual<unknown>(receipt, { conversationId, groupId })
  }))

it.effect("a send fails with Malformed when the response is not JSON", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => new Response("<html>"), { dialect: "address" })
    assert.strictEqual((yield* reasonOf(http.sendMessage(hello)))._tag, "Malformed")
    assert.strictEqual(log.length, 1)
  }))

it.effect("a send fails with Malformed when the server redirects it", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => new Response(null, { status: 302, headers: { location: "/login" } }), {
      dialect: "address"
    })
    assert.strictEqual((yield* reasonOf(http.sendMessage(hello)))._tag, "Malformed")
  }))
