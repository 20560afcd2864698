import * as ConversationEvent from "@effect-signalwire/schema/ConversationEvent"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as SignalWireEvent from "@effect-signalwire/schema/SignalWireEvent"
import * as WireTime from "@effect-signalwire/schema/WireTime"
import { assert, it } from "@effect/vitest"
import { failureOf, valueOf } from "./support.ts"

/** A frame of newer servers: the time is a string and the channel an array. */
const frame = `{
  "jsonrpc": "2.0",
  "id": "33333333-cccc-4ccc-8ccc-333333333333",
  "method": "signalwire.event",
  "params": {
    "event_type": "conversation.message",
    "event_channel": ["signalwire_99999999-0000-4000-8000-000000000009_12345678-0000-4000-8000-000000000001_87654321-0000-4000-8000-000000000002"],
    "timestamp": "1735790645.789",
    "project_id": "77777777-0000-4000-8000-000000000007",
    "node_id": "55555555-0000-4000-8000-000000000005@us-east",
    "is_author": true,
    "params": {
      "id": "dddddddd-0000-4000-8000-000000000004", "type": "message", "subtype": "chat",
      "group_id": "sw_bbbbbbbb-0000-4000-8000-000000000002",
      "from_fabric_address_id": "aaaaaaaa-0000-4000-8000-000000000001",
      "hidden": "false", "ts": "1735790645.4561234", "text": "lunch?", "metadata": null, "details": {}
    }
  }
}`

const envelope = {
  "event_type": "conversation.message",
  "event_channel": "signalwire_99999999-0000-4000-8000-000000000009_12345678_87654321",
  "timestamp": 1735790645.789,
  "project_id": "77777777-0000-4000-8000-000000000007",
  "node_id": "55555555-0000-4000-8000-000000000005@us-east",
  "is_author": false,
  "params": {}
}

it("decodes a frame of newer servers, with its envelope and its message", () => {
  const request = valueOf(JsonRpc.parse(frame))
  assert.strictEqual(request._tag, "Request")
  const event = valueOf(SignalWireEvent.decode("params" in request ? request.params : undefined))
  assert.deepStrictEqual([event.event_type, event.is_author], ["conversation.message", true])
  assert.strictEqual(WireTime.toEpochSeconds(event.timestamp ?? 0), 1735790645.789)
  const message = valueOf(ConversationEvent.decode(event.params))
  assert.deepStrictEqual([message.text, message.epochSeconds, message.hidden], ["lunch?", 1735790645.4561234, false])
})

it("decodes an envelope with every field", () => {
  assert.deepStrictEqual(valueOf(SignalWireEvent.decode(envelope)), envelope)
})

it("decodes an envelope with only a type and params", () => {
  assert.deepStrictEqual(valueOf(SignalWireEvent.decode({ event_type: "x", params: {} })), {
    event_type: "x",
    params: {}
  })
})

it("accepts an unknown event type and unknown fields", () => {
  const event = { ...envelope, event_type: "presence.changed", params: { who: "ada" }, trace_id: "t" }
  const { event_type, params } = valueOf(SignalWireEvent.decode(event))
  assert.deepStrictEqual([event_type, params], ["presence.changed", { who: "ada" }])
})

it.each([
  ["conversation.message", true],
  ["conversation.message.updated", true],
  ["conversations", false],
  ["signalwire.authorization.state", false]
])("detects whether %s has a message as its payload: %j", (eventType, expected) => {
  assert.strictEqual(SignalWireEvent.isConversation(eventType), expected)
})

it("reports a missing event_type", () => {
  assert.strictEqual(failureOf(SignalWireEvent.decode({ params: {} })).path, "event_type")
})

it("reports missing params", () => {
  assert.strictEqual(failureOf(SignalWireEvent.decode({ event_type: "conversation.message" })).path, "params")
})

it("decodes the authorization state", () => {
  const authorization_state = "bm9uY2U=:Y2lwaGVydGV4dA=="
  assert.deepStrictEqual(valueOf(SignalWireEvent.decodeAuthorizationState({ authorization_state })), {
    authorization_state
  })
})

it.each<readonly [string, object]>([
  ["every field", envelope],
  ["no optional field", { event_type: "x", params: null }],
  [
    "nothing in its optional fields",
    {
      event_type: "x",
      event_channel: null,
      timestamp: null,
      project_id: null,
      node_id: null,
      is_author: null,
      params: 1
    }
  ]
])("returns an envelope as it is, without copying what arrives by the thousand: with %s", (_, input) => {
  assert.strictEqual<unknown>(valueOf(SignalWireEvent.decode(input)), input)
})
