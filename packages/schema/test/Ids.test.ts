import * as Ids from "@effect-signalwire/schema/Ids"
import { assert, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

it.each<readonly [string, Schema.Codec<string>]>([
  ["the id of an address", Ids.AddressIdInput],
  ["the client id of a message", Ids.ClientIdInput]
])("any string is accepted as %s, and nothing else", (_, schema) => {
  assert.deepStrictEqual(["", "a1", 7, null].map(Schema.is(schema)), [true, true, false, false])
})
