import * as ClientKey from "@effect-signalwire/schema/ClientKey"
import { ClientId } from "@effect-signalwire/schema/Ids"
import { assert, it } from "@effect/vitest"

const id = ClientId.make("k1")

it("adds the client id to the caller's object", () => {
  assert.deepStrictEqual(ClientKey.put({ tone: "casual" }, id), { tone: "casual", effect_signalwire_id: "k1" })
})

it("adds the client id to a new object if the caller passed none", () => {
  assert.deepStrictEqual(ClientKey.put(undefined, id), { effect_signalwire_id: "k1" })
})

it("does not change the caller's object", () => {
  const given = { tone: "casual" }
  ClientKey.put(given, id)
  assert.deepStrictEqual(given, { tone: "casual" })
})

it("returns the client id that was added", () => {
  assert.strictEqual(ClientKey.get(ClientKey.put({ tone: "casual" }, id)), "k1")
})

it("returns null for an object without a client id", () => {
  assert.isNull(ClientKey.get({ tone: "casual" }))
})

it("removes the client id that was added", () => {
  assert.deepStrictEqual(ClientKey.strip(ClientKey.put({ tone: "casual" }, id)), { tone: "casual" })
})

it("returns the same object if there is no client id to remove", () => {
  const given = { tone: "casual" }
  assert.strictEqual(ClientKey.strip(given), given)
})

it("keeps a value under the reserved key that is not a client id", () => {
  const given = { effect_signalwire_id: 7 }
  assert.strictEqual(ClientKey.strip(given), given)
})
