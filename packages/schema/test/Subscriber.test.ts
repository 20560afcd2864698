import * as Documented from "@effect-signalwire/schema/Documented"
import * as Subscriber from "@effect-signalwire/schema/Subscriber"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { failureOf, jsonRoundTrip, subscriber, valueOf } from "./support.ts"

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

const decode = (input: unknown): Subscriber.Subscriber => valueOf(Subscriber.decode(input))

it("decodes a subscriber with its own addresses", () => {
  const { app_settings: _, ...expected } = wire
  assert.deepStrictEqual(Documented.subscriber(decode(wire)), {
    ...expected,
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

it.each([["PST", "PST"], [-8, "-8"], [0, "0"], [null, null]])(
  "decodes the time zone %j as %j",
  (time_zone, expected) => {
    assert.strictEqual(decode({ ...wire, time_zone }).timeZone, expected)
  }
)

it("decodes a guest, who has no addresses", () => {
  assert.deepStrictEqual(decode({ id: "guest" }).addresses, [])
})

it("ignores unknown fields", () => {
  assert.deepStrictEqual(decode({ ...wire, sat_claims: { scope: [], expires_at: 1735797845 } }), decode(wire))
})

it.each([
  ["id", { email: "ada@example.test" }],
  ["fabric_addresses[1].id", { ...wire, fabric_addresses: [{ id: "a" }, { name: "ada" }] }]
])("reports the path %j of a malformed subscriber", (path, input) => {
  assert.strictEqual(failureOf(Subscriber.decode(input)).path, path)
})

it.effect.prop("round-trips through the wire format", { subscriber }, ({ subscriber }) =>
  Effect.sync(() => {
    assert.deepStrictEqual(decode(jsonRoundTrip(Subscriber.encode(subscriber))), subscriber)
  }))

it("has no time zone if the server sends none", () => {
  assert.isNull(decode({ id: "guest" }).timeZone)
})
