import * as Branded from "@effect-signalwire/schema/Branded"
import { assert, describe, it } from "@effect/vitest"
import * as SendIdentity from "../src/internal/sendIdentity.ts"
import { copy, message } from "./support.ts"

const identity: SendIdentity.SendIdentity = {
  clientId: Branded.clientId("mine"),
  conversationId: Branded.conversationId("c"),
  userId: Branded.subscriberId("ada"),
  fromAddressId: Branded.addressId("address of ada")
}
const grace = { userId: Branded.subscriberId("grace"), fromAddressId: Branded.addressId("address of grace") }
const unknown = { userId: null, fromAddressId: null }

const pairs: ReadonlyArray<readonly [string, Partial<typeof identity>, Partial<typeof identity>, boolean]> = [
  ["with the same sender", {}, {}, true],
  ["with another client id", {}, { clientId: Branded.clientId("other") }, false],
  ["in another conversation", {}, { conversationId: Branded.conversationId("other") }, false],
  ["of another sender", {}, grace, false],
  ["with the subscriber only", {}, { fromAddressId: null }, true],
  ["with the address only", {}, { userId: null }, true],
  ["with another subscriber at the same address", {}, { userId: grace.userId }, true],
  ["with the same subscriber at another address", {}, { fromAddressId: grace.fromAddressId }, true],
  ["one with the subscriber only, the other with the address only", { userId: null }, { fromAddressId: null }, false],
  ["without a sender", unknown, unknown, false],
  ["of one subscriber, both without an address", { fromAddressId: null }, { fromAddressId: null }, true],
  ["of two subscribers, both without an address", { fromAddressId: null }, { ...grace, fromAddressId: null }, false],
  ["at one address, both without a subscriber", { userId: null }, { userId: null }, true],
  ["at two addresses, both without a subscriber", { userId: null }, { ...grace, userId: null }, false]
]

describe("the identity of a send", () => {
  it.each(pairs)("P2.3: tells whether two copies are of one send: %s", (_, one, other, expected) => {
    const [a, b] = [{ ...identity, ...one }, { ...identity, ...other }]
    assert.deepStrictEqual([SendIdentity.isSame(a, b), SendIdentity.isSame(b, a)], [expected, expected])
  })

  it.each(pairs)(
    "P2.3: has a key in common with that of another copy of the same send only: %s",
    (_, one, other, expected) => {
      const keys = new Set(SendIdentity.keys({ ...identity, ...one }))
      assert.strictEqual(SendIdentity.keys({ ...identity, ...other }).some((key) => keys.has(key)), expected)
    }
  )

  it("P2.3: does not take a subscriber for an address that is spelled the same", () => {
    const name = "ada"
    const subscriber = SendIdentity.keys({ ...identity, userId: Branded.subscriberId(name), fromAddressId: null })
    const address = SendIdentity.keys({ ...identity, userId: null, fromAddressId: Branded.addressId(name) })
    assert.notDeepEqual(subscriber, address)
  })

  it("P1.5: has the keys of earlier versions, whose fingerprints are in saved cursors", () => {
    assert.deepStrictEqual(SendIdentity.keys(identity), [
      `["mine","c","user","ada"]`,
      `["mine","c","from","address of ada"]`
    ])
  })

  it("is that of the message's client id, conversation and sender", () => {
    const fields = { userId: identity.userId, fromAddressId: identity.fromAddressId }
    assert.deepStrictEqual(SendIdentity.fromMessage(copy("stored", 1, "mine", fields)), identity)
  })

  it("is missing for a message without a client id", () => {
    assert.isUndefined(SendIdentity.fromMessage(message("stored", 1)))
  })
})
