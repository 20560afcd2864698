import * as Address from "@effect-signalwire/schema/Address"
import * as ClassSchema from "@effect-signalwire/schema/ClassSchema"
import * as Conversation from "@effect-signalwire/schema/Conversation"
import * as Event from "@effect-signalwire/schema/ConversationEvent"
import * as Message from "@effect-signalwire/schema/ConversationMessage"
import { AddressId } from "@effect-signalwire/schema/Ids"
import * as Join from "@effect-signalwire/schema/JoinConversationResponse"
import type { Decoder } from "@effect-signalwire/schema/Malformed"
import type { Page } from "@effect-signalwire/schema/Page"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Schemas from "@effect-signalwire/schema/Schemas"
import * as Subscriber from "@effect-signalwire/schema/Subscriber"
import { TaggedError } from "@effect-signalwire/schema/TaggedError"
import * as WireSchemas from "@effect-signalwire/schema/WireSchemas"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { address, conversation, event, jsonRoundTrip, message, subscriber, valueOf } from "./support.ts"

const sample = valueOf(Message.decode({ id: "m1", conversation_id: "a1", ts: 1735790645.5, text: "hello" }))

const roundTrip = <A, W>(schema: Schema.Codec<A, W>, value: A) =>
  Effect.gen(function*() {
    const encoded = yield* Schema.encodeEffect(schema)(value)
    return yield* Schema.decodeUnknownEffect(schema)(jsonRoundTrip(encoded))
  })

class Failed extends TaggedError("Failed")<Reason.ErrorFields> {}

const FailedSchema = ClassSchema.makeTagged(Failed, { _tag: Schema.tag("Failed"), ...Schemas.errorFields })

const models = {
  Address: Schemas.Address,
  Conversation: Schemas.Conversation,
  ConversationEvent: Schemas.ConversationEvent,
  ConversationMessage: Schemas.ConversationMessage,
  JoinConversationResponse: Schemas.JoinConversationResponse,
  Subscriber: Schemas.Subscriber
}

const reasons = {
  Unauthorized: Schemas.Unauthorized,
  Forbidden: Schemas.Forbidden,
  NotFound: Schemas.NotFound,
  Invalid: Schemas.Invalid,
  RateLimited: Schemas.RateLimited,
  ServerError: Schemas.ServerError,
  Transport: Schemas.Transport,
  Timeout: Schemas.Timeout,
  Malformed: Schemas.Malformed,
  ForeignLink: Schemas.ForeignLink,
  Unconfirmed: Schemas.Unconfirmed,
  Refused: Schemas.Refused,
  Overloaded: Schemas.Overloaded,
  Defect: Schemas.Defect,
  StorageUnavailable: Schemas.StorageUnavailable,
  UnreadableCursor: Schemas.UnreadableCursor,
  Closed: Schemas.Closed
}

const all = { ...models, ...reasons, Reason: Schemas.Reason, Failed: FailedSchema }

const entries = Object.entries<Schema.Codec<unknown>>(all)

describe.each(entries)("%s", (_, schema) => {
  const codec = Schema.fromJsonString(Schema.toCodecJson(schema))

  it.effect.prop(
    "is generated, and round-trips through JSON",
    // a backslash at the end of a key can break `JSON.parse`, see `support.ts`
    { value: Arbitrary.filter(Arbitrary.schema(schema), (value) => !JSON.stringify(value).includes("\\\\")) },
    ({ value }) =>
      Effect.gen(function*() {
        const json = yield* Schema.encodeEffect(codec)(value)
        const decoded = yield* Schema.decodeEffect(codec)(json)
        assert.isTrue(Schema.is(schema)(decoded))
        assert.strictEqual(yield* Schema.encodeEffect(codec)(decoded), json)
      })
  )
})

describe.each(Object.entries<Schema.Codec<unknown>>(models))("%s", (_, schema) => {
  it.effect.prop(
    "is equivalent to its decoded encoding",
    { value: Arbitrary.schema(schema) },
    ({ value }) =>
      Effect.gen(function*() {
        const codec = Schema.toCodecJson(schema)
        const decoded = yield* Schema.decodeEffect(codec)(yield* Schema.encodeEffect(codec)(value))
        assert.isTrue(Schema.toEquivalence(schema)(value, decoded))
      })
  )
})

/** A model, its decoder and the schema of its wire format. */
const decoders: ReadonlyArray<[string, Schema.Codec<unknown>, Decoder<unknown>, Schema.Codec<unknown>]> = [
  ["Address", Schemas.Address, Address.decode, WireSchemas.Address],
  ["Conversation", Schemas.Conversation, Conversation.decode, WireSchemas.Conversation],
  ["ConversationEvent", Schemas.ConversationEvent, Event.decode, WireSchemas.ConversationEvent],
  ["ConversationMessage", Schemas.ConversationMessage, Message.decode, WireSchemas.ConversationMessage],
  [
    "JoinConversationResponse",
    Schemas.JoinConversationResponse,
    (input) => Join.decode(input, AddressId.make("a1")),
    WireSchemas.JoinResponse
  ],
  ["Subscriber", Schemas.Subscriber, Subscriber.decode, WireSchemas.Subscriber]
]

describe.each(decoders)("%s", (_, schema, decode, wire) => {
  it.effect.prop(
    "has every field of the models that its decoder returns",
    { fields: Arbitrary.schema(wire) },
    ({ fields }) =>
      Effect.gen(function*() {
        const model = valueOf(
          decode(jsonRoundTrip({ ...Object(fields), id: "i1", group_id: "sw_a1", fabric_addresses: [] }))
        )
        const encoded = yield* Schema.encodeEffect(Schema.toCodecJson(schema))(model)
        assert.sameMembers(Object.keys(Object(encoded)), Object.keys(Object(model)))
      })
  )
})

it.effect.prop("models round-trip through the wire format", {
  address,
  conversation,
  event,
  message,
  subscriber,
  join: Arbitrary.schema(Schemas.JoinConversationResponse)
}, ({ join, ...models }) =>
  Effect.gen(function*() {
    assert.deepStrictEqual(yield* roundTrip(Schemas.AddressFromWire, models.address), models.address)
    assert.deepStrictEqual(yield* roundTrip(Schemas.ConversationFromWire, models.conversation), models.conversation)
    assert.deepStrictEqual(yield* roundTrip(Schemas.ConversationEventFromWire, models.event), models.event)
    assert.deepStrictEqual(yield* roundTrip(Schemas.ConversationMessageFromWire, models.message), models.message)
    assert.deepStrictEqual(yield* roundTrip(Schemas.SubscriberFromWire, models.subscriber), models.subscriber)
    const schema = Schemas.joinConversationResponseFromWire(join.addressId)
    assert.deepStrictEqual(yield* roundTrip(schema, join), join)
  }))

const fromWire: ReadonlyArray<readonly [identifier: string, Schema.Codec<unknown, unknown>]> = [
  ["AddressFromWire", Schemas.AddressFromWire],
  ["ConversationEventFromWire", Schemas.ConversationEventFromWire],
  ["ConversationFromWire", Schemas.ConversationFromWire],
  ["ConversationMessageFromWire", Schemas.ConversationMessageFromWire],
  ["JoinConversationResponseFromWire", Schemas.joinConversationResponseFromWire(AddressId.make("a1"))],
  ["SubscriberFromWire", Schemas.SubscriberFromWire]
]

it.effect.each(fromWire)("%s round-trips every value of its own Arbitrary", ([, schema]) =>
  Effect.gen(function*() {
    const isEquivalent = Schema.toEquivalence(schema)
    for (const value of yield* Arbitrary.sampleEffect(Arbitrary.schema(schema), { count: 500, seed: 1 })) {
      const decoded = yield* Schema.decodeEffect(schema)(yield* Schema.encodeEffect(schema)(value))
      assert.isTrue(isEquivalent(value, decoded), JSON.stringify([value, decoded]))
    }
  }))

it.effect("a schema reports malformed values with the path and the message of the decoder", () =>
  Effect.gen(function*() {
    const { message } = yield* Effect.flip(
      Schema.decodeUnknownEffect(Schemas.ConversationMessageFromWire)({ id: "m", ts: 1 })
    )
    assert.include(message, "Missing key, and group_id is missing too")
    assert.include(message, "conversation_id")
  }))

it.effect("a service's error round-trips with its reason and its cause", () =>
  Effect.gen(function*() {
    const reason = new Reason.RateLimited({ retryAfterMillis: 1500 })
    const error = new Failed({ method: "join", reason, cause: new Error("underneath") })
    const decoded = yield* roundTrip(Schema.toCodecJson(FailedSchema), error)
    assert.instanceOf(decoded, Failed)
    assert.instanceOf(decoded.reason, Reason.RateLimited)
    assert.strictEqual(decoded.reason.message, reason.message)
    assert.instanceOf(decoded.cause, Error)
    assert.include(String(decoded.cause), "underneath")
  }))

it("an HttpApi with models and reasons has an OpenAPI component for each", () => {
  const endpoints = entries.flatMap(([name, schema]) => [
    HttpApiEndpoint.get(`get${name}`, `/${name}`, { success: schema }),
    HttpApiEndpoint.get(`fail${name}`, `/${name}/failure`, { error: schema })
  ])
  const group = HttpApiGroup.make("all").add(
    HttpApiEndpoint.get("getPage", "/page", { success: Schemas.page(Schemas.ConversationMessage) }),
    ...fromWire.map(([name, schema]) => HttpApiEndpoint.get(`getWire${name}`, `/wire/${name}`, { success: schema })),
    ...endpoints
  )
  const { schemas } = OpenApi.fromApi(HttpApi.make("test").add(group)).components
  assert.sameMembers(
    Object.keys(schemas),
    [...Object.keys(all), "FieldError", "MalformedValue", ...fromWire.map(([name]) => name)]
  )
  assert.sameMembers(Object.keys(Object(schemas["ConversationMessage"]?.["properties"])), Object.keys(sample))
})

it.effect("a model within a struct, as in a message of a cluster, survives JSON", () =>
  Effect.gen(function*() {
    const Forward = Schema.Struct({ to: AddressId, message: Schemas.ConversationMessage })
    const value = { to: AddressId.make("a2"), message: sample }
    const decoded = yield* roundTrip(Schema.toCodecJson(Forward), value)
    assert.deepStrictEqual(decoded, value)
    assert.instanceOf(decoded.message, Message.ConversationMessage)
  }))

it.effect("the data of a page is encoded from a page, without its effects", () =>
  Effect.gen(function*() {
    const page: Page<Message.ConversationMessage, never> = {
      data: [sample],
      hasNext: true,
      hasPrev: false,
      malformed: [{ path: "data[1]", message: "Missing key" }],
      next: Effect.die("not read"),
      prev: Effect.die("not read"),
      first: Effect.die("not read"),
      self: Effect.die("not read")
    }
    const { data, hasNext, hasPrev, malformed } = page
    const decoded = yield* roundTrip(Schema.toCodecJson(Schemas.page(Schemas.ConversationMessage)), page)
    assert.deepStrictEqual(decoded, { data, hasNext, hasPrev, malformed })
  }))

it.effect.each<readonly [string, Schema.Codec<unknown>, object]>([
  ["a reason without its detail", Schemas.Forbidden, { _tag: "Forbidden" }],
  ["an error without its message", Schemas.Invalid, { _tag: "Invalid", errors: [{ code: "c", attribute: null }] }],
  ["an unknown certainty", Schemas.Transport, { _tag: "Transport", detail: "gone", sent: "maybe" }],
  ["another reason", Schemas.Closed, { _tag: "Forbidden" }],
  [
    "a report without its path",
    Schemas.page(Schema.String),
    { data: [], hasNext: false, hasPrev: false, malformed: [{ message: "Missing key" }] }
  ],
  [
    "a message later than any Date",
    Schemas.ConversationMessage,
    { ...sample, epochSeconds: 8.65e12 }
  ],
  [
    "a message earlier than any Date",
    Schemas.ConversationMessage,
    { ...sample, epochSeconds: -8.65e12 }
  ]
])("JSON is refused that is %s", ([, schema, json]) =>
  Effect.gen(function*() {
    yield* Effect.flip(Schema.decodeUnknownEffect(Schema.toCodecJson(schema))(json))
  }))

it.effect.each(["no", "unknown"])("Transport is decoded whose request was sent: %s", (sent) =>
  Effect.gen(function*() {
    const json = { _tag: "Transport", detail: "gone", sent }
    const decoded = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(Schemas.Transport))(json)
    assert.strictEqual<string>(decoded.sent, sent)
  }))

it.effect("generated conversations of a group may have no known address, and others have their id as theirs", () =>
  Effect.gen(function*() {
    const samples = yield* Arbitrary.sampleEffect(Arbitrary.schema(Schemas.ConversationFromWire), {
      count: 200,
      seed: 1
    })
    assert.isTrue(samples.some(({ addressId, groupId }) => groupId !== null && addressId === null))
    assert.isTrue(samples.every(({ addressId, groupId }) => groupId !== null || addressId !== null))
  }))
