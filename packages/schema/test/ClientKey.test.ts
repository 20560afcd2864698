import * as ClientKey from "@effect-signalwire/schema/ClientKey"
import { ClientId } from "@effect-signalwire/schema/Ids"
import { assert, it } from "@effect/vitest"

const id = ClientId.make("k1")

it("puts the client id beside what the caller gave", () => {
  assert.deepStrictEqual(ClientKey.put({ tone: "casual" }, id), { tone: "casual", effect_signalwire_id: "k1" })
})

it("puts the client id where the caller gave nothing", () => {
  assert.deepStrictEqual(ClientKey.put(undefined, id), { effect_signalwire_id: "k1" })
})

it("does not change the object that the caller gave", () => {
  const given = { tone: "casual" }
  ClientKey.put(given, id)
  assert.deepStrictEqual(given, { tone: "casual" })
})

it("gets the client id that it put", () => {
  assert.strictEqual(ClientKey.get(ClientKey.put({ tone: "casual" }, id)), "k1")
})

it("gets nothing where there is no client id", () => {
  assert.isNull(ClientKey.get({ tone: "casual" }))
})

it("strips the object back to what the caller gave", () => {
  assert.deepStrictEqual(ClientKey.strip(ClientKey.put({ tone: "casual" }, id)), { tone: "casual" })
})

it("answers the same object where there is nothing to strip", () => {
  const given = { tone: "casual" }
  assert.strictEqual(ClientKey.strip(given), given)
})

it("leaves a caller's own value under the key where it can't be a client id", () => {
  const given = { effect_signalwire_id: 7 }
  assert.strictEqual(ClientKey.strip(given), given)
})
