import * as Conversation from "@effect-signalwire/schema/Conversation"
import * as Documented from "@effect-signalwire/schema/Documented"
import { AddressId, ConversationId } from "@effect-signalwire/schema/Ids"
import { assert, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { conversation, overTheWire, problemOf, valueOf } from "./support.ts"

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

const read = (input: unknown): Conversation.Conversation => valueOf(Conversation.decode(input))

it("reads the documented conversation, every documented field unchanged", () => {
  assert.deepStrictEqual(Documented.conversation(read(documented)), {
    ...documented,
    address_id: "9dbe9e94-c797-461e-b5a3-af6d095deaf4"
  })
})

it.each(["id", "name", "metadata", "created_at", "last_message_at"] as const)(
  "offers the documented field %s of a conversation",
  (field) => {
    const { [field]: value } = Documented.conversation(read({ ...documented, metadata: { topic: "rent" } }))
    assert.deepStrictEqual(value, { ...documented, metadata: { topic: "rent" } }[field])
  }
)

it("takes integer milliseconds for the times of a conversation", () => {
  const { createdAt, lastMessageAt } = read(documented)
  assert.strictEqual(DateTime.formatIso(createdAt), "2024-02-17T17:49:47.729Z")
  assert.strictEqual(DateTime.formatIso(lastMessageAt), "2024-02-17T17:49:47.823Z")
})

it("takes small numbers for seconds", () => {
  const { createdAt } = read({ ...documented, created_at: 1708192187.729 })
  assert.strictEqual(DateTime.formatIso(createdAt), "2024-02-17T17:49:47.729Z")
})

it("reads times that are written as text", () => {
  const { createdAt } = read({ ...documented, created_at: "1708192187729" })
  assert.strictEqual(DateTime.formatIso(createdAt), "2024-02-17T17:49:47.729Z")
})

it("says a conversation without messages was last active when it was created", () => {
  const { createdAt, lastMessageAt } = read({ ...documented, last_message_at: null })
  assert.deepStrictEqual(lastMessageAt, createdAt)
})

it("names a conversation of the group dialect by its group", () => {
  const found = read(group)
  assert.deepStrictEqual([found.id, found.groupId, found.addressId, found.fromAddressId], [
    "sw_bbbbbbbb-0000-4000-8000-000000000002",
    "sw_bbbbbbbb-0000-4000-8000-000000000002",
    null,
    "aaaaaaaa-0000-4000-8000-000000000001"
  ])
})

it("learns the address of a group from the caller", () => {
  const found = valueOf(Conversation.decode(group, (id) => AddressId.make(`address of ${id}`)))
  assert.strictEqual(found.addressId, "address of sw_bbbbbbbb-0000-4000-8000-000000000002")
})

it("is not disturbed by fields that it does not know", () => {
  assert.deepStrictEqual(read({ ...documented, unread: 3 }), read(documented))
})

it("takes a missing or null metadata for an empty object", () => {
  const { metadata: _, ...rest } = documented
  assert.deepStrictEqual([read(rest).metadata, read({ ...rest, metadata: null }).metadata], [{}, {}])
})

it("keeps a __proto__ key of metadata as a key like any other", () => {
  const { metadata } = read({ ...documented, metadata: JSON.parse(`{"__proto__":{"polluted":true}}`) })
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
  ["", []]
])("names %s when it is what makes a conversation malformed", (path, input) => {
  assert.strictEqual(problemOf(Conversation.decode(input)).path, path)
})

it.effect.prop(
  "comes back from the address dialect, but for its group",
  { conversation },
  ({ conversation }) =>
    Effect.sync(() => {
      const found = read(overTheWire(Conversation.encode(conversation, "address")))
      assert.deepStrictEqual(found, new Conversation.Conversation({ ...conversation, groupId: null }))
    })
)

it.effect.prop(
  "comes back from the group dialect, but for its address",
  { conversation },
  ({ conversation }) =>
    Effect.sync(() => {
      const found = read(overTheWire(Conversation.encode(conversation, "group")))
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
  "comes back from the group dialect whole where the address is known",
  { conversation },
  (given) =>
    Effect.sync(() => {
      const { conversation } = given
      const found = valueOf(
        Conversation.decode(overTheWire(Conversation.encode(conversation, "group")), () => conversation.addressId)
      )
      assert.strictEqual(found.addressId, conversation.addressId)
    })
)

it.effect.prop(
  "comes back from the keys of both dialects unchanged",
  { conversation },
  ({ conversation }) =>
    Effect.sync(() => {
      assert.deepStrictEqual(read(overTheWire(Conversation.encode(conversation, "all"))), conversation)
    })
)
