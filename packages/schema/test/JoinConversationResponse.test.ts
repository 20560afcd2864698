import * as Documented from "@effect-signalwire/schema/Documented"
import { AddressId, ConversationId, GroupId } from "@effect-signalwire/schema/Ids"
import * as Join from "@effect-signalwire/schema/JoinConversationResponse"
import { assert, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { overTheWire, problemOf, valueOf } from "./support.ts"

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

const trip = (response: Join.JoinConversationResponse, form: Parameters<typeof Join.encode>[1]) =>
  valueOf(Join.decode(overTheWire(Join.encode(response, form)), response.addressId))

it("reads the answer of the address dialect out of its table", () => {
  const found = valueOf(Join.decode({ table: { conversation_id: room } }, room))
  assert.deepStrictEqual(Documented.join(found), { conversation_id: room, address_id: room, from_address_id: null })
})

it("reads the answer of the group dialect", () => {
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

it("names conversation_id when neither dialect's name is told", () => {
  assert.strictEqual(problemOf(Join.decode({ table: {} }, room)).path, "conversation_id")
})

it.effect.prop(
  "comes back from the address dialect, but for group and sender",
  { response },
  ({ response }) =>
    Effect.sync(() => {
      assert.deepStrictEqual(
        trip(response, "address"),
        new Join.JoinConversationResponse({ ...response, groupId: null, fromAddressId: null })
      )
    })
)

it.effect.prop(
  "comes back from the group dialect, named by its group",
  { response },
  ({ response }) =>
    Effect.sync(() => {
      assert.deepStrictEqual(
        trip(response, "group"),
        new Join.JoinConversationResponse({
          ...response,
          conversationId: ConversationId.make(response.groupId ?? "")
        })
      )
    })
)

it.effect.prop(
  "comes back from the keys of both dialects unchanged",
  { response },
  ({ response }) =>
    Effect.sync(() => {
      assert.deepStrictEqual(trip(response, "all"), response)
    })
)
