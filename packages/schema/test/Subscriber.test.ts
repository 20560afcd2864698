import * as Documented from "@effect-signalwire/schema/Documented"
import * as Subscriber from "@effect-signalwire/schema/Subscriber"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { overTheWire, problemOf, subscriber, valueOf } from "./support.ts"

const wire = {
  "id": "c0ffee00-0000-4000-8000-000000000001",
  "email": "ada@example.test",
  "first_name": "Ada",
  "last_name": null,
  "display_name": "Ada",
  "time_zone": "UTC",
  "push_notification_key": "pk_test",
  "app_settings": { "display_name": "demo", "scopes": ["conversations.send_message"] },
  "fabric_addresses": [{ "id": "aaaaaaaa-0000-4000-8000-000000000001", "display_name": "Ada", "name": "ada" }]
}

const read = (input: unknown): Subscriber.Subscriber => valueOf(Subscriber.decode(input))

it("reads a subscriber with its own addresses", () => {
  const { app_settings: _, ...told } = wire
  assert.deepStrictEqual(Documented.subscriber(read(wire)), {
    ...told,
    job_title: null,
    country: null,
    region: null,
    company_name: null,
    fabric_addresses: [{
      id: "aaaaaaaa-0000-4000-8000-000000000001",
      display_name: "Ada",
      name: "ada",
      type: "",
      resource_id: null,
      preview_url: null,
      cover_url: null,
      channels: {},
      locked: false,
      created_at: null
    }]
  })
})

it.each([["PST", "PST"], [-8, "-8"], [0, "0"], [null, null]])("reads the time zone %j as %j", (time_zone, expected) => {
  assert.strictEqual(read({ ...wire, time_zone }).timeZone, expected)
})

it("reads a guest, who has no address", () => {
  assert.deepStrictEqual(read({ id: "guest" }).addresses, [])
})

it("is not disturbed by fields that it does not know", () => {
  assert.deepStrictEqual(read({ ...wire, sat_claims: { scope: [], expires_at: 1735797845 } }), read(wire))
})

it.each([
  ["id", { email: "ada@example.test" }],
  ["fabric_addresses[1].id", { ...wire, fabric_addresses: [{ id: "a" }, { name: "ada" }] }]
])("names %s when it is what makes a subscriber malformed", (path, input) => {
  assert.strictEqual(problemOf(Subscriber.decode(input)).path, path)
})

it.effect.prop("comes back from the wire unchanged", { subscriber }, ({ subscriber }) =>
  Effect.sync(() => {
    assert.deepStrictEqual(read(overTheWire(Subscriber.encode(subscriber))), subscriber)
  }))
