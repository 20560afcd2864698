import * as Reason from "@effect-signalwire/schema/Reason"
import * as Schemas from "@effect-signalwire/schema/Schemas"
import { assert, it } from "@effect/vitest"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { address, conversation, event, message, overTheWire, subscriber } from "./support.ts"

const comesBack = <A, W>(schema: Schema.Codec<A, W>, value: A) =>
  Effect.gen(function*() {
    const written = yield* Schema.encodeEffect(schema)(value)
    return yield* Schema.decodeUnknownEffect(schema)(overTheWire(written))
  })

it.effect.prop("models come back through their schemas unchanged", {
  address,
  conversation,
  event,
  message,
  subscriber
}, (models) =>
  Effect.gen(function*() {
    assert.deepStrictEqual(yield* comesBack(Schemas.Address, models.address), models.address)
    assert.deepStrictEqual(yield* comesBack(Schemas.Conversation, models.conversation), models.conversation)
    assert.deepStrictEqual(yield* comesBack(Schemas.ConversationEvent, models.event), models.event)
    assert.deepStrictEqual(yield* comesBack(Schemas.ConversationMessage, models.message), models.message)
    assert.deepStrictEqual(yield* comesBack(Schemas.Subscriber, models.subscriber), models.subscriber)
  }))

it.effect("what a schema refuses has the decoder's path and words", () =>
  Effect.gen(function*() {
    const { message } = yield* Effect.flip(Schema.decodeUnknownEffect(Schemas.ConversationMessage)({ id: "m", ts: 1 }))
    assert.include(message, "Missing key, and no group_id either")
    assert.include(message, "conversation_id")
  }))

class Failed extends Data.TaggedError("Failed")<Reason.ErrorFields> {}

it.effect("an error of a service comes back with its reason and its cause", () =>
  Effect.gen(function*() {
    const reason = new Reason.RateLimited({ retryAfterMillis: 1500 })
    const error = new Failed({ method: "join", reason, cause: new Error("underneath") })
    const read = yield* comesBack(Schemas.serviceError("Failed", Failed), error)
    assert.instanceOf(read, Failed)
    assert.instanceOf(read.reason, Reason.RateLimited)
    assert.strictEqual(read.reason.message, reason.message)
    assert.instanceOf(read.cause, Error)
    assert.include(String(read.cause), "underneath")
  }))
