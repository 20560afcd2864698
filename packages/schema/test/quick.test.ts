/** What is checked by hand, because it comes in thousands, is accepted and refused as its schema says. */
import * as Event from "@effect-signalwire/schema/ConversationEvent"
import * as Message from "@effect-signalwire/schema/ConversationMessage"
import { type Decoder, decoder } from "@effect-signalwire/schema/Malformed"
import * as Page from "@effect-signalwire/schema/Page"
import * as SendMessage from "@effect-signalwire/schema/SendMessage"
import * as Envelope from "@effect-signalwire/schema/SignalWireEvent"
import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"

const message = {
  id: "m1",
  type: "message",
  subtype: "chat",
  kind: "call_started",
  conversation_id: "c1",
  group_id: "g1",
  user_id: "u1",
  address_id: "a1",
  from_address_id: "a2",
  from_fabric_address_id: "a3",
  ts: 1735790645.5,
  text: "hello",
  metadata: { tone: "casual" },
  details: {}
}

const event = { ...message, hidden: false, conversation_name: "lobby", user_name: "Ada" }

const envelope = {
  event_type: "conversation.message",
  event_channel: "channel",
  timestamp: 1735790645.5,
  project_id: "p1",
  node_id: "n1",
  is_author: true,
  params: event
}

const links = { self: "/a", first: "/b", next: "/c", prev: "/d" }

const fields = { conversation_id: "c1", group_id: "g1", from_fabric_address_id: "a1", text: "hello" }

/** A value of every kind that JSON has, among them what only some keys allow. */
const values = [
  null,
  true,
  false,
  "",
  "x",
  "true",
  "1735790645.5",
  0,
  -1.5,
  1735790645.5,
  8.65e15,
  -8.65e15,
  [],
  ["x"],
  [1],
  {},
  { a: 1 },
  { text: 1 }
]

interface Subject {
  readonly name: string
  readonly whole: object
  readonly decode: Decoder<unknown>
  readonly schema: Decoder<unknown>
}

const subjects: ReadonlyArray<Subject> = [
  { name: "a message", whole: message, decode: Message.decode, schema: decoder(Message.Wire) },
  { name: "an event", whole: event, decode: Event.decode, schema: decoder(Event.Wire) },
  { name: "an envelope", whole: envelope, decode: Envelope.decode, schema: decoder(Envelope.Wire) },
  {
    name: "a page",
    whole: { data: [1], links },
    decode: (input) => Page.decode(input, Result.succeed),
    schema: decoder(Page.Wire)
  },
  {
    name: "the links of a page",
    whole: links,
    decode: (input) => Page.decode({ data: [], links: input }, Result.succeed),
    schema: (input) => decoder(Page.Wire)({ data: [], links: input })
  },
  {
    name: "the answer to a send",
    whole: { ...fields, table: fields },
    decode: SendMessage.decodeResponse,
    schema: decoder(SendMessage.Response)
  }
]

// one of the two that name a conversation must be there, which the schema does not say
const without = (whole: object, key: string) =>
  Object.fromEntries(Object.entries(whole).filter(([name]) => name !== key))

it.each(subjects)(
  "reads or refuses $name with any value under any key, as its schema does",
  ({ decode, schema, whole }) => {
    const inputs = Object.keys(whole).flatMap((key) => [
      without(whole, key),
      ...values.map((value) => ({ ...whole, [key]: value }))
    ])
    for (const input of [...inputs, ...values, whole]) {
      const [read, expected] = [decode(input), schema(input)]
      assert.strictEqual(Result.isSuccess(read), Result.isSuccess(expected), JSON.stringify(input))
      if (Result.isFailure(expected)) assert.deepStrictEqual(read, expected)
    }
  }
)

// an envelope is taken apart at once, and stays as it came
it.each(subjects.slice(0, 2))("passes over keys of $name that nobody knows", ({ decode, whole }) => {
  assert.deepStrictEqual(decode({ ...whole, later: { any: "thing" } }), decode(whole))
})
