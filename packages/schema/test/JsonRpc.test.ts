import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import { assert, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { failureOf, jsonRoundTrip, valueOf } from "./support.ts"

const Id = Schema.Union([Schema.String, Schema.Int.check(Schema.isGreaterThan(0))])
/** Values that round-trip through JSON. Without objects, because of the bug in V8 that `support.ts` describes. */
const json = Arbitrary.map(Arbitrary.schema(Schema.Array(Schema.Union([Schema.String, Schema.Finite]))), jsonRoundTrip)
const error = Arbitrary.map(
  Arbitrary.all({
    code: Arbitrary.schema(Schema.Union([Schema.String, Schema.Int.check(Schema.isLessThan(0))])),
    message: Arbitrary.schema(Schema.String),
    data: json
  }),
  (error) => error
)

it.effect.prop(
  "round-trips a request",
  { id: Id, method: Schema.String, params: json },
  (given) =>
    Effect.sync(() => {
      const { id, method, params } = given
      assert.deepStrictEqual(valueOf(JsonRpc.parse(JsonRpc.request(id, method, params))), {
        _tag: "Request",
        id,
        method,
        params
      })
    })
)

it.effect.prop("round-trips a response with a result", { id: Id, result: json }, ({ id, result }) =>
  Effect.sync(() => {
    assert.deepStrictEqual(valueOf(JsonRpc.parse(JsonRpc.reply(id, result))), { _tag: "Reply", id, result })
  }))

it.effect.prop("round-trips a response with an error", { id: Id, error }, ({ error, id }) =>
  Effect.sync(() => {
    assert.deepStrictEqual(valueOf(JsonRpc.parse(JsonRpc.failure(id, error))), { _tag: "Failure", id, error })
  }))

it.effect.prop("acknowledges with the same id and an empty result", { id: Id }, ({ id }) =>
  Effect.sync(() => {
    assert.deepStrictEqual(JSON.parse(JsonRpc.acknowledge(id)), { jsonrpc: "2.0", id, result: {} })
  }))

it("formats frames as JSON-RPC 2.0", () => {
  assert.deepStrictEqual(
    [
      JsonRpc.request("1", "signalwire.ping", { timestamp: 1735790645.456 }),
      JsonRpc.reply("1", { timestamp: 1735790645.456 }),
      JsonRpc.failure(null, { code: JsonRpc.code.parseError, message: "not JSON" })
    ],
    [
      `{"jsonrpc":"2.0","id":"1","method":"signalwire.ping","params":{"timestamp":1735790645.456}}`,
      `{"jsonrpc":"2.0","id":"1","result":{"timestamp":1735790645.456}}`,
      `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"not JSON"}}`
    ]
  )
})

it("parses a response with a result and a null error as a reply", () => {
  assert.deepStrictEqual(valueOf(JsonRpc.parse(`{"jsonrpc":"2.0","id":"1","result":{},"error":null}`)), {
    _tag: "Reply",
    id: "1",
    result: {}
  })
})

it("parses an error whose code is a string", () => {
  assert.deepStrictEqual(valueOf(JsonRpc.parse(`{"id":"1","error":{"code":"403","message":"no"}}`)), {
    _tag: "Failure",
    id: "1",
    error: { code: "403", message: "no" }
  })
})

it.each([
  ["", "{"],
  ["", "[]"],
  ["", "null"],
  ["", `{"jsonrpc":"2.0","id":"1"}`],
  ["id", `{"jsonrpc":"2.0","result":{}}`],
  ["id", `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"not JSON"}}`],
  ["message", `{"jsonrpc":"2.0","id":"1","error":{"code":-32603}}`],
  ["code", `{"jsonrpc":"2.0","id":"1","error":{"code":{},"message":"?"}}`]
])("reports the path %j of a malformed frame: %s", (path, text) => {
  assert.strictEqual(failureOf(JsonRpc.parse(text)).path, path)
})

it("unwraps a coded result", () => {
  assert.deepStrictEqual(unwrapped({ code: "200", message: "OK", result: { a: 1 } }), { a: 1 })
})

it("returns a flat result unchanged", () => {
  assert.deepStrictEqual(unwrapped({ protocol: "signalwire_x" }), { protocol: "signalwire_x" })
})

it("fails for a coded result with a code other than 2xx", () => {
  assert.deepStrictEqual(failureOf(JsonRpc.unwrap({ code: "403", message: "Forbidden", result: {} })), {
    code: "403",
    message: "Forbidden"
  })
})

const unwrapped = (result: unknown): unknown => Result.getOrThrow(JsonRpc.unwrap(result))

it("fails for a coded result without a message", () => {
  assert.deepStrictEqual(failureOf(JsonRpc.unwrap({ code: "500" })), { code: "500", message: "" })
})

it.each([
  ["{", "not JSON"],
  ["[]", "not an object"],
  ["{\"id\":true}", "neither a string nor a number"],
  ["{\"id\":1}", "has neither method, result nor error"]
])("reports what is wrong with a frame: %s", (text, message) => {
  assert.strictEqual(failureOf(JsonRpc.parse(text)).message, message)
})
