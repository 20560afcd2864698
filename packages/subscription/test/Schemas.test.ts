import * as Schemas from "@effect-signalwire/subscription/Schemas"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"

const entries = Object.entries<Schema.Codec<unknown>>(Schemas)

describe.each(entries)("%s", (_, schema) => {
  const codec = Schema.fromJsonString(Schema.toCodecJson(schema))

  it.effect.prop(
    "is generated, and round-trips through JSON",
    // V8 (Node 24.21) can confuse keys that end with a backslash
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

it.each([
  { _tag: "Idle" },
  { _tag: "Connecting", reason: null },
  { _tag: "Connected", resumed: true, catchingUp: false },
  { _tag: "Reconnecting", attempt: 1, delayMillis: null, polling: false, reason: null },
  { _tag: "Failed", reason: null },
  { _tag: "Closed" },
  { _tag: "Other" }
])("a state of the connection has all of its fields: $_tag", (json) => {
  assert.isTrue(Exit.isFailure(Schema.decodeUnknownExit(Schema.toCodecJson(Schemas.ConnectionState))(json)))
})
