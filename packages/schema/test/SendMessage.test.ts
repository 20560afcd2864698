import * as SendMessage from "@effect-signalwire/schema/SendMessage"
import * as WireSchemas from "@effect-signalwire/schema/WireSchemas"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { failureOf, valueOf } from "./support.ts"

it.each([
  { "table": { "conversation_id": "bbbbbbbb-0000-4000-8000-000000000002", "text": "lunch?" } },
  {
    "group_id": "sw_bbbbbbbb-0000-4000-8000-000000000002",
    "text": "lunch?",
    "from_fabric_address_id": "aaaaaaaa-0000-4000-8000-000000000001"
  },
  {}
])("decodes the response to a send: %j", (response) => {
  assert.deepStrictEqual<unknown>(valueOf(SendMessage.decodeResponse(response)), response)
})

it("reports the path of a malformed response to a send", () => {
  assert.strictEqual(failureOf(SendMessage.decodeResponse({ table: { text: 1 } })).path, "table.text")
})

it.effect("round-trips the request body of the address dialect", () =>
  Effect.gen(function*() {
    const body = { "conversation_id": "bbbbbbbb-0000-4000-8000-000000000002", "text": "lunch?" }
    const request = yield* Schema.decodeUnknownEffect(WireSchemas.AddressSend)(body)
    assert.deepStrictEqual(yield* Schema.encodeEffect(WireSchemas.AddressSend)(request), body)
  }))

it.effect("round-trips the request body of the group dialect, with both keys of the sender", () =>
  Effect.gen(function*() {
    const body = {
      "group_id": "sw_bbbbbbbb-0000-4000-8000-000000000002",
      "from_address_id": "aaaaaaaa-0000-4000-8000-000000000001",
      "from_fabric_address_id": "aaaaaaaa-0000-4000-8000-000000000001",
      "text": "lunch?",
      "metadata": { "tone": "casual" },
      "details": {}
    }
    const request = yield* Schema.decodeUnknownEffect(WireSchemas.GroupSend)(body)
    assert.deepStrictEqual(yield* Schema.encodeEffect(WireSchemas.GroupSend)(request), body)
  }))

it.each([
  [{ table: { conversation_id: "c", text: "hi" } }, { conversationId: "c", groupId: null }],
  [{ group_id: "g" }, { conversationId: "g", groupId: "g" }],
  [{ table: { conversation_id: "c", group_id: "g" } }, { conversationId: "c", groupId: "g" }],
  [{ conversation_id: 1, group_id: null }, { conversationId: null, groupId: null }],
  ["stored", { conversationId: null, groupId: null }],
  [null, { conversationId: null, groupId: null }]
])("returns the conversation's ids as far as the response includes them: %j", (response, expected) => {
  assert.deepStrictEqual<unknown>(SendMessage.conversationOf(response), expected)
})
