import * as Message from "@effect-signalwire/schema/ConversationMessage"
import * as Documented from "@effect-signalwire/schema/Documented"
import { AddressId, GroupId } from "@effect-signalwire/schema/Ids"
import * as Schemas from "@effect-signalwire/schema/Schemas"
import { assert, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { failureOf, jsonRoundTrip, message, valueOf } from "./support.ts"

const documented = {
  "id": "3c114417-5cc0-4d03-a30f-c90659028d73",
  "conversation_id": "9dbe9e94-c797-461e-b5a3-af6d095deaf4",
  "user_id": "cecbe021-ff86-4ac6-bdf3-399ca477ad6f",
  "ts": 1708192187.6779745,
  "details": {},
  "type": "message",
  "subtype": "log",
  "kind": "call_started"
}

const chat = {
  "id": "dddddddd-0000-4000-8000-000000000004",
  "type": "message",
  "subtype": "chat",
  "kind": null,
  "conversation_id": "bbbbbbbb-0000-4000-8000-000000000002",
  "address_id": "bbbbbbbb-0000-4000-8000-000000000002",
  "from_address_id": "aaaaaaaa-0000-4000-8000-000000000001",
  "user_id": "c0ffee00-0000-4000-8000-000000000001",
  "ts": 1735790645.4561234,
  "text": "lunch?",
  "metadata": {},
  "details": {}
}

const groupLog = {
  "id": "eeeeeeee-0000-4000-8000-000000000005",
  "type": "message",
  "subtype": "log",
  "kind": "call_ended",
  "group_id": "sw_bbbbbbbb-0000-4000-8000-000000000002",
  "from_fabric_address_id": "aaaaaaaa-0000-4000-8000-000000000001",
  "ts": 1735790700.25,
  "details": { "status": "ended", "start_time": 1735790600.5, "end_time": 1735790700.25 }
}

const decode = (input: unknown): Message.ConversationMessage => valueOf(Message.decode(input))

it("decodes the documented example with every documented field unchanged", () => {
  assert.deepStrictEqual(Documented.message(decode(documented)), {
    client_id: null,
    ...documented,
    address_id: "9dbe9e94-c797-461e-b5a3-af6d095deaf4",
    from_address_id: null,
    text: null,
    metadata: {}
  })
})

it.each(["id", "conversation_id", "user_id", "ts", "details", "type", "subtype", "kind"] as const)(
  "has the documented field %s",
  (field) => {
    const { [field]: value } = Documented.message(decode({ ...documented, details: { status: "started" } }))
    assert.deepStrictEqual(value, { ...documented, details: { status: "started" } }[field])
  }
)

it("decodes a chat message of the address dialect", () => {
  assert.deepStrictEqual(Documented.message(decode(chat)), { ...chat, client_id: null })
})

it("decodes a log entry of the group dialect", () => {
  const log = decode(groupLog)
  assert.deepStrictEqual(Documented.message(log), {
    client_id: null,
    id: "eeeeeeee-0000-4000-8000-000000000005",
    conversation_id: "sw_bbbbbbbb-0000-4000-8000-000000000002",
    user_id: null,
    address_id: null,
    from_address_id: "aaaaaaaa-0000-4000-8000-000000000001",
    ts: 1735790700.25,
    type: "message",
    subtype: "log",
    kind: "call_ended",
    text: null,
    metadata: {},
    details: { status: "ended", start_time: 1735790600.5, end_time: 1735790700.25 }
  })
  assert.strictEqual(log.groupId, "sw_bbbbbbbb-0000-4000-8000-000000000002")
})

it("gets the address of a group from the caller's addressOf", () => {
  const addressOf: Message.AddressOf = (group) =>
    group === "sw_bbbbbbbb-0000-4000-8000-000000000002"
      ? AddressId.make("bbbbbbbb-0000-4000-8000-000000000002")
      : null
  assert.strictEqual(
    valueOf(Message.decode(groupLog, addressOf)).addressId,
    "bbbbbbbb-0000-4000-8000-000000000002"
  )
})

it("prefers the address in the message over the caller's addressOf", () => {
  const both = { ...chat, group_id: "sw_other" }
  const found = valueOf(Message.decode(both, () => AddressId.make("from the cache")))
  assert.strictEqual(found.addressId, "bbbbbbbb-0000-4000-8000-000000000002")
  assert.strictEqual(found.conversationId, "bbbbbbbb-0000-4000-8000-000000000002")
  assert.strictEqual(found.groupId, "sw_other")
})

it("decodes the sender's address from either of its keys", () => {
  const { from_address_id, ...rest } = chat
  assert.strictEqual(decode({ ...rest, from_fabric_address_id: from_address_id }).fromAddressId, from_address_id)
})

it("keeps the full precision of a time", () => {
  assert.strictEqual(decode(documented).epochSeconds, 1708192187.6779745)
})

it("decodes a time that is a string", () => {
  assert.strictEqual(decode({ ...chat, ts: "1735790645.4561234" }).epochSeconds, 1735790645.4561234)
})

it("decodes a time in milliseconds as seconds", () => {
  assert.strictEqual(decode({ ...chat, ts: 1735790645456 }).epochSeconds, 1735790645.456)
})

it("has its time as a DateTime to the millisecond", () => {
  assert.strictEqual(DateTime.formatIso(decode({ ...chat, ts: 1735790645.279 }).ts), "2025-01-02T04:04:05.279Z")
})

it("decodes missing and null metadata and details as empty objects", () => {
  const { details: _, metadata: __, ...rest } = chat
  for (const input of [rest, { ...rest, metadata: null, details: null }]) {
    const { details, metadata } = decode(input)
    assert.deepStrictEqual({ details, metadata }, { details: {}, metadata: {} })
  }
})

it("keeps an unknown kind and subtype", () => {
  const { kind, subtype } = decode({ ...chat, subtype: "reaction", kind: "thumbs_up" })
  assert.deepStrictEqual([subtype, kind], ["reaction", "thumbs_up"])
})

it("ignores unknown fields", () => {
  assert.deepStrictEqual(decode({ ...chat, edited_at: 1, reactions: [{}] }), decode(chat))
})

it("keeps a __proto__ key of metadata as an ordinary key", () => {
  const found = decode(JSON.parse(`{
    "id": "m", "conversation_id": "c", "ts": 1735790645.5,
    "metadata": { "__proto__": { "polluted": true }, "tone": "casual" }
  }`))
  assert.strictEqual(JSON.stringify(found.metadata), `{"__proto__":{"polluted":true},"tone":"casual"}`)
  assert.isFalse("polluted" in found.metadata)
  assert.isFalse("polluted" in {})
})

it("keeps a __proto__ key when a client id is removed and added", () => {
  const metadata = JSON.parse(`{"__proto__":{"polluted":true},"effect_signalwire_id":"k1"}`)
  const found = decode({ ...chat, metadata })
  assert.strictEqual(JSON.stringify(found.metadata), `{"__proto__":{"polluted":true}}`)
  assert.strictEqual(
    JSON.stringify(Message.encode(found, "all").metadata),
    `{"__proto__":{"polluted":true},"effect_signalwire_id":"k1"}`
  )
})

it("removes the client id from metadata", () => {
  const found = decode({ ...chat, metadata: { tone: "casual", effect_signalwire_id: "k1" } })
  assert.strictEqual(found.clientId, "k1")
  assert.deepStrictEqual(found.metadata, { tone: "casual" })
})

it("removes the client id from details if the server does not return metadata", () => {
  const found = decode({ ...chat, details: { effect_signalwire_id: "k1" } })
  assert.strictEqual(found.clientId, "k1")
  assert.deepStrictEqual(found.details, {})
})

it.each([
  ["ts", { ...chat, ts: "yesterday" }],
  ["ts", { ...chat, ts: null }],
  ["ts", { ...chat, ts: 1e300 }],
  ["id", { ...chat, id: 7 }],
  ["text", { ...chat, text: ["lunch?"] }],
  ["metadata", { ...chat, metadata: "{}" }],
  ["conversation_id", { id: "m", ts: 1735790645.5 }],
  ["", "lunch?"]
])("reports the path %j of a malformed message", (path, input) => {
  assert.strictEqual(failureOf(Message.decode(input)).path, path)
})

it("does not include the malformed value in the report", () => {
  assert.notInclude(failureOf(Message.decode({ ...chat, ts: "s3cret" })).message, "s3cret")
})

it.effect.prop(
  "round-trips through the address dialect, without its group",
  { message },
  ({ message }) =>
    Effect.sync(() => {
      const found = decode(jsonRoundTrip(Message.encode(message, "address")))
      assert.deepStrictEqual(found, new Message.ConversationMessage({ ...message, groupId: null }))
    })
)

it.effect.prop(
  "round-trips through the group dialect, without its user and address",
  { message },
  ({ message }) =>
    Effect.sync(() => {
      const found = decode(jsonRoundTrip(Message.encode(message, "group")))
      assert.deepStrictEqual(
        found,
        new Message.ConversationMessage({
          ...message,
          conversationId: GroupId.make(message.groupId ?? ""),
          userId: null,
          addressId: null
        })
      )
    })
)

it.effect.prop(
  "round-trips through the form with the keys of both dialects",
  { message },
  ({ message }) =>
    Effect.sync(() => {
      assert.deepStrictEqual(decode(jsonRoundTrip(Message.encode(message, "all"))), message)
    })
)

it.effect.prop("round-trips through its schema", { message }, ({ message }) =>
  Effect.gen(function*() {
    const encoded = yield* Schema.encodeEffect(Schemas.ConversationMessageFromWire)(message)
    assert.deepStrictEqual(
      yield* Schema.decodeUnknownEffect(Schemas.ConversationMessageFromWire)(jsonRoundTrip(encoded)),
      message
    )
  }))

it.each([chat, documented, groupLog, { id: "m", ts: 0, metadata: null, details: null, text: null, type: null }])(
  "recognises a message without decoding it: $id",
  (input) => {
    assert.isTrue(Message.isWire(input))
  }
)

it.each<readonly [string, unknown]>([
  ["id", 7],
  ["id", undefined],
  ["ts", "1735790645.5"],
  ["ts", undefined],
  ["type", 7],
  ["subtype", 7],
  ["kind", 7],
  ["conversation_id", 7],
  ["group_id", 7],
  ["user_id", 7],
  ["address_id", 7],
  ["from_address_id", 7],
  ["from_fabric_address_id", 7],
  ["text", 7],
  ["metadata", []],
  ["details", "{}"]
])("leaves a message to be decoded whose %s is %j", (key, value) => {
  assert.isFalse(Message.isWire({ ...chat, [key]: value }))
})
