import * as Schemas from "@effect-signalwire/http/Schemas"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Validation from "../src/internal/validation.ts"

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

/** Values for every option of a send. `null` is left out: it counts as absent for callers without types. */
const values = ["", "a1", 0, true, {}, { tags: ["x", null] }, [], "metadata", undefined]

describe.each(["addressId", "text", "metadata", "details", "clientId"])("SendOptions.%s", (key) => {
  it.each(values.map((value) => [JSON.stringify(value), value]))(
    "is accepted or refused as by sendMessage: %s",
    (_, value) => {
      const options: Record<string, unknown> = { addressId: "a1", text: "hello", [key]: value }
      const refusal = Result.getFailure(Validation.message(options))
      const decoded = Schema.decodeUnknownResult(Schemas.SendOptions)(options)
      assert.strictEqual(Result.isFailure(decoded), Option.isSome(refusal))
      if (Result.isFailure(decoded) && Option.isSome(refusal)) {
        assert.deepStrictEqual(refusal.value.errors.map(({ attribute }) => attribute), [key])
        assert.include(String(decoded.failure), key)
      }
    }
  )
})
