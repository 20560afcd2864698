import * as Documented from "@effect-signalwire/schema/Documented"
import { AddressId, ConversationId, GroupId } from "@effect-signalwire/schema/Ids"
import * as Join from "@effect-signalwire/schema/JoinConversationResponse"
import { assert, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { failureOf, jsonRoundTrip, valueOf } from "./support.ts"

const room = AddressId.make("bbbbbbbb-0000-4000-8000-000000000002")

const response = Arbitrary.map(
  Arbitrary.all({
    conversationId: Arbitrary.schema(ConversationId),
    addressId: Arbitrary.schema(AddressId),
    fromAddressId: Arbitrary.schema(Schema.NullOr(AddressId)),
    groupId: Arbitrary.schema(GroupId)
  }),
  (fields) => new Join.JoinConversationResponse(fields)
)

const roundTrip = (response: Join.JoinConversationResponse, form: Parameters<typeof Join.encode>[1]) =>
  valueOf(Join.decode(jsonRoundTrip(Join.encode(response, form)), response.addressId))

it("decodes the response of the address dialect, which is wrapped in `table`", () => {
  const found = valueOf(Join.decode({ table: { conversation_id: room } }, room))
  assert.deepStrictEqual(Documented.join(found), { conversation_id: room, address_id: room, from_address_id: null })
})

it("decodes the response of the group dialect", () => {
  const found = valueOf(Join.decode({
    group_id: "sw_bbbbbbbb-0000-4000-8000-000000000002",
    fabric_address_ids: [room, "aaaaaaaa-0000-4000-8000-000000000001"],
    from_fabric_address_id: "aaaaaaaa-0000-4000-8000-000000000001"
  }, room))
  assert.deepStrictEqual(Documented.join(found), {
    conversation_id: "sw_bbbbbbbb-0000-4000-8000-000000000002",
    address_id: room,
    from_address_id: "aaaaaaaa-0000-4000-8000-000000000001"
  })
})

it("decodes the group in `table`, whose id is that of the conversation if there is no other", () => {
  const groupId = "sw_bbbbbbbb-0000-4000-8000-000000000002"
  const { conversationId, groupId: found } = valueOf(Join.decode({ table: { group_id: groupId } }, room))
  assert.deepStrictEqual<unknown>([conversationId, found], [groupId, groupId])
})

it("reports a missing conversation_id if there is no group_id either", () => {
  assert.strictEqual(failureOf(Join.decode({ table: {} }, room)).path, "conversation_id")
})

it.effect.prop(
  "round-trips through the address dialect, without its group and sender",
  { response },
  ({ response }) =>
    Effect.sync(() => {
      assert.deepStrictEqual(
        roundTrip(response, "address"),
        new Join.JoinConversationResponse({ ...response, groupId: null, fromAddressId: null })
      )
    })
)

it.effect.prop(
  "round-trips through the group dialect, identified by its group",
  { response },
  ({ response }) =>
    Effect.sync(() => {
      assert.deepStrictEqual(
        roundTrip(response, "group"),
        new Join.JoinConversationResponse({
          ...response,
          conversationId: ConversationId.make(response.groupId ?? "")
        })
      )
    })
)

it.effect.prop(
  "round-trips through the form with the keys of both dialects",
  { response },
  ({ response }) =>
    Effect.sync(() => {
      assert.deepStrictEqual(roundTrip(response, "all"), response)
    })
)

it.each([
  ["the address that was joined, then the sender's", AddressId.make("a2"), [room, "a2"]],
  ["only the address that was joined if it has no sender", null, [room]]
])("writes in the group dialect %s", (_, fromAddressId, expected) => {
  const groupId = GroupId.make("sw_1")
  const joined = new Join.JoinConversationResponse({ conversationId: groupId, addressId: room, fromAddressId, groupId })
  assert.deepStrictEqual<unknown>(Join.encode(joined, "group"), {
    group_id: "sw_1",
    fabric_address_ids: expected,
    from_fabric_address_id: fromAddressId
  })
})
