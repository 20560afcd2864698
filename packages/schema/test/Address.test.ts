import * as Address from "@effect-signalwire/schema/Address"
import * as Documented from "@effect-signalwire/schema/Documented"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { address, failureOf, jsonRoundTrip, valueOf } from "./support.ts"

const wire = {
  "id": "aaaaaaaa-0000-4000-8000-000000000001",
  "display_name": "Ada",
  "name": "ada",
  "resource_id": "c0ffee00-0000-4000-8000-000000000001",
  "type": "subscriber",
  "preview_url": null,
  "cover_url": null,
  "locked": false,
  "channels": { "audio": "/private/ada?channel=audio", "messaging": "/private/ada?channel=messaging" },
  "created_at": "2025-01-02T03:04:05Z"
}

const decode = (input: unknown): Address.Address => valueOf(Address.decode(input))

it("decodes all fields of an address unchanged, except that its time gets milliseconds", () => {
  assert.deepStrictEqual(Documented.address(decode(wire)), { ...wire, created_at: "2025-01-02T03:04:05.000Z" })
})

it("decodes an address that has only an id", () => {
  assert.deepStrictEqual(Documented.address(decode({ id: "a" })), {
    id: "a",
    display_name: "",
    name: "",
    type: "",
    resource_id: null,
    preview_url: null,
    cover_url: null,
    channels: {},
    locked: false,
    created_at: null
  })
})

it("uses the name as the display name of an address without one", () => {
  assert.strictEqual(decode({ id: "a", name: "ada" }).displayName, "ada")
})

it("omits channels without a URI", () => {
  assert.deepStrictEqual(decode({ id: "a", channels: { audio: null, messaging: "/m" } }).channels, { messaging: "/m" })
})

it("keeps an unknown type", () => {
  assert.strictEqual(decode({ id: "a", type: "bot" }).type, "bot")
})

it("decodes an unreadable time as null", () => {
  assert.isNull(decode({ id: "a", created_at: "last week" }).createdAt)
})

it.each([["id", {}], ["channels.audio", { id: "a", channels: { audio: 1 } }], ["", null]])(
  "reports the path %j of a malformed address",
  (path, input) => {
    assert.strictEqual(failureOf(Address.decode(input)).path, path)
  }
)

it.effect.prop("round-trips through the wire format", { address }, ({ address }) =>
  Effect.sync(() => {
    assert.deepStrictEqual(decode(jsonRoundTrip(Address.encode(address))), address)
  }))
