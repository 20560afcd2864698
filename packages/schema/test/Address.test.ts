import * as Address from "@effect-signalwire/schema/Address"
import * as Documented from "@effect-signalwire/schema/Documented"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { address, overTheWire, problemOf, valueOf } from "./support.ts"

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

const read = (input: unknown): Address.Address => valueOf(Address.decode(input))

it("reads an address, every field unchanged but for the milliseconds of its time", () => {
  assert.deepStrictEqual(Documented.address(read(wire)), { ...wire, created_at: "2025-01-02T03:04:05.000Z" })
})

it("reads an address of which only the id is told", () => {
  assert.deepStrictEqual(Documented.address(read({ id: "a" })), {
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

it("shows the name of an address without a display name", () => {
  assert.strictEqual(read({ id: "a", name: "ada" }).displayName, "ada")
})

it("leaves out channels without a URI", () => {
  assert.deepStrictEqual(read({ id: "a", channels: { audio: null, messaging: "/m" } }).channels, { messaging: "/m" })
})

it("keeps a type that it does not know", () => {
  assert.strictEqual(read({ id: "a", type: "bot" }).type, "bot")
})

it("does without a time that it can't read", () => {
  assert.isNull(read({ id: "a", created_at: "last week" }).createdAt)
})

it.each([["id", {}], ["channels.audio", { id: "a", channels: { audio: 1 } }], ["", null]])(
  "names %s when it is what makes an address malformed",
  (path, input) => {
    assert.strictEqual(problemOf(Address.decode(input)).path, path)
  }
)

it.effect.prop("comes back from the wire unchanged", { address }, ({ address }) =>
  Effect.sync(() => {
    assert.deepStrictEqual(read(overTheWire(Address.encode(address))), address)
  }))
