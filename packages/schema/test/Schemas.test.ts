import * as Reason from "@effect-signalwire/schema/Reason"
import * as Schemas from "@effect-signalwire/schema/Schemas"
import { assert, it } from "@effect/vitest"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { address, conversation, event, jsonRoundTrip, message, subscriber } from "./support.ts"

const roundTrip = <A, W>(schema: Schema.Codec<A, W>, value: A) =>
  Effect.gen(function*() {
    const encoded = yield* Schema.encodeEffect(schema)(value)
    return yield* Schema.decodeUnknownEffect(schema)(jsonRoundTrip(encoded))
  })

it.effect.prop("models round-trip through their schemas", {
  address,
  conversation,
  event,
  message,
  subscriber
}, (models) =>
  Effect.gen(function*() {
    assert.deepStrictEqual(yield* roundTrip(Schemas.Address, models.address), models.address)
    assert.deepStrictEqual(yield* roundTrip(Schemas.Conversation, models.conversation), models.conversation)
    assert.deepStrictEqual(yield* roundTrip(Schemas.ConversationEvent, models.event), models.event)
    assert.deepStrictEqual(yield* roundTrip(Schemas.ConversationMessage, models.message), models.message)
    assert.deepStrictEqual(yield* roundTrip(Schemas.Subscriber, models.subscriber), models.subscriber)
  }))

it.effect("a schema reports malformed values with the path and the message of the decoder", () =>
  Effect.gen(function*() {
    const { message } = yield* Effect.flip(Schema.decodeUnknownEffect(Schemas.ConversationMessage)({ id: "m", ts: 1 }))
    assert.include(message, "Missing key, and group_id is missing too")
    assert.include(message, "conversation_id")
  }))

class Failed extends Data.TaggedError("Failed")<Reason.ErrorFields> {}

it.effect("a service's error round-trips with its reason and its cause", () =>
  Effect.gen(function*() {
    const reason = new Reason.RateLimited({ retryAfterMillis: 1500 })
    const error = new Failed({ method: "join", reason, cause: new Error("underneath") })
    const decoded = yield* roundTrip(Schemas.serviceError("Failed", Failed), error)
    assert.instanceOf(decoded, Failed)
    assert.instanceOf(decoded.reason, Reason.RateLimited)
    assert.strictEqual(decoded.reason.message, reason.message)
    assert.instanceOf(decoded.cause, Error)
    assert.include(String(decoded.cause), "underneath")
  }))
