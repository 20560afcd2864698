import * as Event from "@effect-signalwire/schema/ConversationEvent"
import { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Message from "@effect-signalwire/schema/ConversationMessage"
import * as Documented from "@effect-signalwire/schema/Documented"
import { GroupId } from "@effect-signalwire/schema/Ids"
import * as Schemas from "@effect-signalwire/schema/Schemas"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { event, failureOf, jsonRoundTrip, message, valueOf } from "./support.ts"

const documented = {
  "id": "916ea1c0-3381-42a3-8ca1-1095f13b4af0",
  "type": "message",
  "subtype": "log",
  "kind": "call_started",
  "hidden": "false",
  "address_id": "9dbe9e94-c797-461e-b5a3-af6d095deaf4",
  "conversation_id": "9dbe9e94-c797-461e-b5a3-af6d095deaf4",
  "user_id": "cecbe021-ff86-4ac6-bdf3-399ca477ad6f",
  "ts": 1708621363.211084,
  "metadata": {},
  "details": {},
  "text": null,
  "conversation_name": "conversation-office",
  "user_name": "Jim Carrey"
}

const chat = {
  "id": "dddddddd-0000-4000-8000-000000000004",
  "type": "message",
  "subtype": "chat",
  "kind": null,
  "hidden": false,
  "conversation_id": "bbbbbbbb-0000-4000-8000-000000000002",
  "address_id": "bbbbbbbb-0000-4000-8000-000000000002",
  "from_address_id": "aaaaaaaa-0000-4000-8000-000000000001",
  "user_id": "c0ffee00-0000-4000-8000-000000000001",
  "user_name": "Ada",
  "conversation_name": "office-chat",
  "ts": 1735790645.4561234,
  "metadata": {},
  "details": {},
  "text": "lunch?"
}

const groupLog = {
  "id": "dddddddd-0000-4000-8000-000000000006",
  "type": "message",
  "subtype": "log",
  "kind": "call_started",
  "hidden": false,
  "group_id": "sw_bbbbbbbb-0000-4000-8000-000000000002",
  "from_fabric_address_id": "aaaaaaaa-0000-4000-8000-000000000001",
  "user_name": "Ada",
  "conversation_name": "office-chat",
  "ts": 1735790650.5,
  "metadata": {},
  "details": { "status": "started", "start_time": 1735790650.5 },
  "text": null
}

const decode = (input: unknown): Event.ConversationEvent => valueOf(Event.decode(input))

it("decodes the documented example with every documented field", () => {
  const expected = { ...documented, hidden: false, from_address_id: null, client_id: null }
  assert.deepStrictEqual(Documented.event(decode(documented)), expected)
})

it.each(
  [
    "id",
    "conversation_id",
    "user_id",
    "ts",
    "details",
    "type",
    "subtype",
    "kind",
    "address_id",
    "metadata",
    "text",
    "conversation_name",
    "user_name"
  ] as const
)("has the documented field %s", (field) => {
  const input = { ...documented, text: "hi", metadata: { tone: "casual" }, details: { status: "started" } }
  const { [field]: value } = Documented.event(decode(input))
  assert.deepStrictEqual(value, input[field])
})

it.each([[true, true], [false, false], ["true", true], ["false", false], [null, false], [undefined, false]])(
  "decodes the documented field hidden: %j as %j",
  (hidden, expected) => {
    assert.strictEqual(Documented.event(decode(jsonRoundTrip({ ...documented, hidden }))).hidden, expected)
  }
)

it("decodes a chat event of the address dialect", () => {
  assert.deepStrictEqual(Documented.event(decode(chat)), { ...chat, client_id: null })
})

it("decodes a log event of the group dialect", () => {
  const { from_fabric_address_id, group_id, ...rest } = groupLog
  assert.deepStrictEqual(Documented.event(decode(groupLog)), {
    client_id: null,
    ...rest,
    conversation_id: group_id,
    from_address_id: from_fabric_address_id,
    address_id: null,
    user_id: null
  })
})

it("is a ConversationMessage, so that one handler processes history and live messages", () => {
  assert.instanceOf(decode(chat), ConversationMessage)
})

it("keeps an unknown kind and subtype", () => {
  const { kind, subtype } = decode({ ...chat, subtype: "reaction", kind: "thumbs_up" })
  assert.deepStrictEqual([subtype, kind], ["reaction", "thumbs_up"])
})

it("reports hidden if it is neither a boolean nor its string", () => {
  assert.strictEqual(failureOf(Event.decode({ ...chat, hidden: "perhaps" })).path, "hidden")
})

it("reports a missing ts", () => {
  const { ts: _, ...rest } = chat
  assert.strictEqual(failureOf(Event.decode(rest)).path, "ts")
})

it.effect.prop(
  "round-trips through the address dialect, without its group",
  { event },
  ({ event }) =>
    Effect.sync(() => {
      const found = decode(jsonRoundTrip(Event.encode(event, "address")))
      assert.deepStrictEqual(found, new Event.ConversationEvent({ ...event, groupId: null }, event))
    })
)

it.effect.prop(
  "round-trips through the group dialect, without its user and address",
  { event },
  ({ event }) =>
    Effect.sync(() => {
      const found = decode(jsonRoundTrip(Event.encode(event, "group")))
      const conversationId = GroupId.make(event.groupId ?? "")
      assert.deepStrictEqual(
        found,
        new Event.ConversationEvent({ ...event, conversationId, userId: null, addressId: null }, event)
      )
    })
)

it.effect.prop(
  "round-trips through the form with the keys of both dialects",
  { event },
  ({ event }) =>
    Effect.sync(() => {
      assert.deepStrictEqual(decode(jsonRoundTrip(Event.encode(event, "all"))), event)
    })
)

it.effect.prop("round-trips through its schema", { event }, ({ event }) =>
  Effect.gen(function*() {
    const encoded = yield* Schema.encodeEffect(Schemas.ConversationEventFromWire)(event)
    assert.deepStrictEqual(
      yield* Schema.decodeUnknownEffect(Schemas.ConversationEventFromWire)(jsonRoundTrip(encoded)),
      event
    )
  }))

it.effect.prop(
  "converts a message from history to an event with all of its fields",
  { message },
  ({ message }) =>
    Effect.sync(() => {
      const event = Event.ConversationEvent.fromMessage(message)
      assert.deepStrictEqual(new Message.ConversationMessage(event), message)
      assert.deepStrictEqual([event.hidden, event.conversationName, event.userName], [false, null, null])
    })
)

it("returns an event unchanged when converting it to an event", () => {
  const event = decode(chat)
  assert.strictEqual(Event.ConversationEvent.fromMessage(event), event)
})
