import * as Conversation from "@effect-signalwire/schema/Conversation"
import * as Documented from "@effect-signalwire/schema/Documented"
import { AddressId, ConversationId } from "@effect-signalwire/schema/Ids"
import { assert, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { conversation, failureOf, jsonRoundTrip, valueOf } from "./support.ts"

const documented = {
  "id": "9dbe9e94-c797-461e-b5a3-af6d095deaf4",
  "name": "conversation-office",
  "metadata": {},
  "created_at": 1708192187729,
  "last_message_at": 1708192187823
}

const group = {
  "group_id": "sw_bbbbbbbb-0000-4000-8000-000000000002",
  "from_fabric_address_id": "aaaaaaaa-0000-4000-8000-000000000001",
  "name": "office-chat",
  "metadata": {},
  "created_at": 1735787045123,
  "last_message_at": 1735790645456
}

const decode = (input: unknown): Conversation.Conversation => valueOf(Conversation.decode(input))

it("decodes the documented example with every documented field unchanged", () => {
  assert.deepStrictEqual(Documented.conversation(decode(documented)), {
    ...documented,
    address_id: "9dbe9e94-c797-461e-b5a3-af6d095deaf4"
  })
})

it.each(["id", "name", "metadata", "created_at", "last_message_at"] as const)(
  "has the documented field %s",
  (field) => {
    const { [field]: value } = Documented.conversation(decode({ ...documented, metadata: { topic: "rent" } }))
    assert.deepStrictEqual(value, { ...documented, metadata: { topic: "rent" } }[field])
  }
)

it("decodes integer milliseconds as times", () => {
  const { createdAt, lastMessageAt } = decode(documented)
  assert.strictEqual(DateTime.formatIso(createdAt), "2024-02-17T17:49:47.729Z")
  assert.strictEqual(DateTime.formatIso(lastMessageAt), "2024-02-17T17:49:47.823Z")
})

it("decodes small numbers as seconds", () => {
  const { createdAt } = decode({ ...documented, created_at: 1708192187.729 })
  assert.strictEqual(DateTime.formatIso(createdAt), "2024-02-17T17:49:47.729Z")
})

it("decodes times that are strings", () => {
  const { createdAt } = decode({ ...documented, created_at: "1708192187729" })
  assert.strictEqual(DateTime.formatIso(createdAt), "2024-02-17T17:49:47.729Z")
})

it("uses the time of creation as lastMessageAt of a conversation without messages", () => {
  const { createdAt, lastMessageAt } = decode({ ...documented, last_message_at: null })
  assert.deepStrictEqual(lastMessageAt, createdAt)
})

it("identifies a conversation of the group dialect by its group", () => {
  const found = decode(group)
  assert.deepStrictEqual([found.id, found.groupId, found.addressId, found.fromAddressId], [
    "sw_bbbbbbbb-0000-4000-8000-000000000002",
    "sw_bbbbbbbb-0000-4000-8000-000000000002",
    null,
    "aaaaaaaa-0000-4000-8000-000000000001"
  ])
})

it("gets the address of a group from the caller's addressOf", () => {
  const found = valueOf(Conversation.decode(group, (id) => AddressId.make(`address of ${id}`)))
  assert.strictEqual(found.addressId, "address of sw_bbbbbbbb-0000-4000-8000-000000000002")
})

it("ignores unknown fields", () => {
  assert.deepStrictEqual(decode({ ...documented, unread: 3 }), decode(documented))
})

it("decodes missing and null metadata as an empty object", () => {
  const { metadata: _, ...rest } = documented
  assert.deepStrictEqual([decode(rest).metadata, decode({ ...rest, metadata: null }).metadata], [{}, {}])
})

it("keeps a __proto__ key of metadata as an ordinary key", () => {
  const { metadata } = decode({ ...documented, metadata: JSON.parse(`{"__proto__":{"polluted":true}}`) })
  assert.strictEqual(JSON.stringify(metadata), `{"__proto__":{"polluted":true}}`)
  assert.isFalse("polluted" in metadata)
  assert.isFalse("polluted" in {})
})

it.each([
  ["created_at", { ...documented, created_at: undefined }],
  ["created_at", { ...documented, created_at: 1e300 }],
  ["created_at", { ...documented, created_at: "9".repeat(400) }],
  ["last_message_at", { ...documented, last_message_at: -1e17 }],
  ["name", { ...documented, name: 5 }],
  ["id", { name: "office-chat", created_at: 1735787045123 }],
  ["id", { id: null, group_id: null, created_at: 1735787045123 }],
  ["", []]
])("reports the path %j of a malformed conversation", (path, input) => {
  assert.strictEqual(failureOf(Conversation.decode(input)).path, path)
})

it.effect.prop(
  "round-trips through the address dialect, without its group",
  { conversation },
  ({ conversation }) =>
    Effect.sync(() => {
      const found = decode(jsonRoundTrip(Conversation.encode(conversation, "address")))
      assert.deepStrictEqual(found, new Conversation.Conversation({ ...conversation, groupId: null }))
    })
)

it.effect.prop(
  "round-trips through the group dialect, without its address",
  { conversation },
  ({ conversation }) =>
    Effect.sync(() => {
      const found = decode(jsonRoundTrip(Conversation.encode(conversation, "group")))
      assert.deepStrictEqual(
        found,
        new Conversation.Conversation({
          ...conversation,
          id: ConversationId.make(conversation.groupId ?? ""),
          addressId: null
        })
      )
    })
)

it.effect.prop(
  "round-trips through the group dialect completely if its address is known",
  { conversation },
  (given) =>
    Effect.sync(() => {
      const { conversation } = given
      const found = valueOf(
        Conversation.decode(jsonRoundTrip(Conversation.encode(conversation, "group")), () => conversation.addressId)
      )
      assert.strictEqual(found.addressId, conversation.addressId)
    })
)

it.effect.prop(
  "round-trips through the form with the keys of both dialects",
  { conversation },
  ({ conversation }) =>
    Effect.sync(() => {
      assert.deepStrictEqual(decode(jsonRoundTrip(Conversation.encode(conversation, "all"))), conversation)
    })
)

it("uses an empty string as the name of a conversation without one", () => {
  const { name: _, ...rest } = documented
  assert.deepStrictEqual([decode(rest).name, decode({ ...rest, name: null }).name], ["", ""])
})

it.each([
  [1735790645457, 1735790645457],
  [1735790645456, 1735790645456],
  [1735790645455, 1735790645456]
])("advances the time of its last message, and never sets it back: %d", (millis, expected) => {
  const conversation = decode({ ...group, metadata: { topic: "rent" } })
  const changed = conversation.withMessageAt(DateTime.makeUnsafe(millis))
  assert.deepStrictEqual(
    changed,
    new Conversation.Conversation({ ...conversation, lastMessageAt: DateTime.makeUnsafe(expected) })
  )
})
