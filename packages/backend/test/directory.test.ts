/** Subscribers, rooms and their addresses: which names they can have, and who finds and sees them. */
import type { ApiError } from "@effect-signalwire/backend/ApiError"
import type { StorageError } from "@effect-signalwire/backend/Storage"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { type TestBackend, withBackend } from "./support.ts"

type In = TestBackend["Service"]
interface Named {
  readonly name: string
  readonly displayName?: string
  readonly email?: string
}

const outcomeOf = <A>(added: Effect.Effect<A, ApiError | StorageError>) =>
  Effect.match(added, {
    onFailure: (error) => error._tag === "ApiError" ? `${error.code} ${error.attribute}` : error._tag,
    onSuccess: () => "added"
  })

describe("a subscriber", () => {
  it.effect("is displayed under its name, and has an email address, even if it was added with a name only", () =>
    withBackend(Effect.fnUntraced(function*({ backend }) {
      yield* TestClock.setTime(5000)
      const { address, claims, subscriber, token } = yield* backend.addSubscriber({ name: "Ada (King), a_b.c+d-e" })
      assert.deepStrictEqual(subscriber, {
        id: subscriber.id,
        name: "Ada (King), a_b.c+d-e",
        displayName: "Ada (King), a_b.c+d-e",
        email: "Ada.King.a_b.c+d-e@sandbox.test",
        createdAt: 5000
      })
      assert.deepStrictEqual(address, {
        id: address.id,
        type: "subscriber",
        name: subscriber.name,
        displayName: subscriber.displayName,
        resourceId: subscriber.id,
        createdAt: 5000
      })
      assert.deepStrictEqual(claims, {})
      assert.deepStrictEqual(token, { token: "", kind: "SAT", jti: "", subscriberId: subscriber.id, expiresAt: 0 })
    })))

  it.effect("has the display name and the email address that it was added with", () =>
    withBackend(Effect.fnUntraced(function*({ request }) {
      const body = { name: "ada", displayName: "The Countess", email: "ada@example.test" }
      const { token } = (yield* request("POST", "/_sandbox/subscribers", { body })).body
      const info = yield* request("GET", "/api/fabric/subscriber/info", { token })
      assert.deepInclude(info.body, { display_name: "The Countess", email: "ada@example.test" })
      assert.strictEqual(info.body.fabric_addresses[0].display_name, "The Countess")
    })))

  it.effect("without a profile has none of its fields, but the time zone UTC", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
      const ada = yield* addSubscriber("ada")
      const { body } = yield* request("GET", "/api/fabric/subscriber/info", ada)
      assert.deepInclude(body, {
        first_name: null,
        last_name: null,
        job_title: null,
        time_zone: "UTC",
        country: null,
        region: null,
        company_name: null,
        push_notification_key: `pk_${ada.id}`,
        app_settings: { display_name: "sandbox", scopes: ["conversations.send_message"] }
      })
    })))

  it.effect("is found by its name or its email address", () =>
    withBackend(Effect.fnUntraced(function*({ backend }) {
      const { subscriber } = yield* backend.addSubscriber({ name: "ada", email: "ada@example.test" })
      yield* backend.addRoom({ name: "office" })
      assert.deepStrictEqual(backend.findSubscriber("ada"), subscriber)
      assert.deepStrictEqual(backend.findSubscriber("ada@example.test"), subscriber)
      assert.isUndefined(backend.findSubscriber("office"))
    })))
})

describe("a room", () => {
  it.effect("is displayed under its name unless it was added with a display name", () =>
    withBackend(Effect.fnUntraced(function*({ backend }) {
      yield* TestClock.setTime(5000)
      const office = yield* backend.addRoom({ name: "office" })
      assert.deepStrictEqual(office, {
        id: office.id,
        type: "room",
        name: "office",
        displayName: "office",
        resourceId: office.resourceId,
        createdAt: 5000
      })
      assert.strictEqual((yield* backend.addRoom({ name: "lab", displayName: "The Lab" })).displayName, "The Lab")
    })))

  it.effect("is found by its name, as no subscriber is", () =>
    withBackend(Effect.fnUntraced(function*({ backend }) {
      yield* backend.addSubscriber({ name: "ada" })
      const office = yield* backend.addRoom({ name: "office" })
      const lab = yield* backend.addRoom({ name: "lab" })
      assert.deepStrictEqual([backend.findRoom("office"), backend.findRoom("lab")], [office, lab])
      assert.deepStrictEqual([backend.findRoom("ada"), backend.findRoom("cellar")], [undefined, undefined])
    })))
})

const invalidName = "invalid_parameter name"
const missingName = "missing_required_parameter name"

describe("a name", () => {
  const loneSurrogate = "a\ud800"
  const cases: ReadonlyArray<readonly [string, Named, string]> = [
    ["of 200 characters", { name: "x".repeat(200) }, "added"],
    ["of 201 characters", { name: "x".repeat(201) }, invalidName],
    ["that is empty", { name: "" }, missingName],
    ["of spaces", { name: "  " }, missingName],
    ["that is not well-formed", { name: loneSurrogate }, invalidName],
    ["with a display name of 200 characters", { name: "a", displayName: "x".repeat(200) }, "added"],
    [
      "with a display name of 201 characters",
      { name: "a", displayName: "x".repeat(201) },
      "invalid_parameter display_name"
    ],
    ["with an empty display name", { name: "a", displayName: "" }, "invalid_parameter display_name"],
    ["with a display name of spaces", { name: "a", displayName: " " }, "invalid_parameter display_name"],
    [
      "with a display name that is not well-formed",
      { name: "a", displayName: loneSurrogate },
      "invalid_parameter display_name"
    ]
  ]

  it.effect.each(cases)(
    "%s of a subscriber is checked",
    ([, named, expected]) =>
      withBackend(({ backend }) =>
        Effect.map(outcomeOf(backend.addSubscriber(named)), (outcome) => assert.strictEqual(outcome, expected))
      )
  )

  it.effect.each(cases)(
    "%s of a room is checked",
    ([, named, expected]) =>
      withBackend(({ backend }) =>
        Effect.map(outcomeOf(backend.addRoom(named)), (outcome) => assert.strictEqual(outcome, expected))
      )
  )

  it.effect.each([
    ["of 200 characters", "x".repeat(200), "added"],
    ["of 201 characters", "x".repeat(201), "invalid_parameter email"],
    ["that is empty", "", "invalid_parameter email"],
    ["that is not well-formed", loneSurrogate, "invalid_parameter email"]
  ])(
    "may come with an email address %s, which is checked",
    ([, email, expected]) =>
      withBackend(({ backend }) =>
        Effect.map(
          outcomeOf(backend.addSubscriber({ name: "ada", email })),
          (outcome) => assert.strictEqual(outcome, expected)
        )
      )
  )

  it.effect("belongs to one subscriber and to one room", () =>
    withBackend(Effect.fnUntraced(function*({ backend }) {
      assert.strictEqual(yield* outcomeOf(backend.addSubscriber({ name: "ada", email: "a@b.test" })), "added")
      assert.strictEqual(yield* outcomeOf(backend.addSubscriber({ name: "ada" })), invalidName)
      assert.strictEqual(yield* outcomeOf(backend.addSubscriber({ name: "a@b.test" })), invalidName)
      assert.strictEqual(yield* outcomeOf(backend.addRoom({ name: "ada" })), "added")
      assert.strictEqual(yield* outcomeOf(backend.addRoom({ name: "ada" })), invalidName)
    })))

  it.effect("that is invalid adds nothing", () =>
    withBackend(Effect.fnUntraced(function*({ backend }) {
      yield* outcomeOf(backend.addSubscriber({ name: "ada", email: "" }))
      yield* outcomeOf(backend.addRoom({ name: "ada", displayName: "" }))
      assert.deepInclude(yield* backend.ready, { subscribers: [], rooms: [] })
    })))
})

describe("addresses", () => {
  const list = (test: In, token: string, query = "") =>
    Effect.map(test.request("GET", `/api/fabric/addresses${query}`, { token }), ({ body }) => body.data)
  const namesOf = (test: In, token: string, query: string) =>
    Effect.map(list(test, token, query), (data) => data.map(({ name }: { readonly name: string }) => name))

  it.effect("are returned with the channels of a room or of a subscriber", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      yield* TestClock.setTime(1_735_790_645_000)
      const ada = yield* test.addSubscriber("ada king")
      const office = yield* test.addRoom("front office")
      const [subscriber, room] = yield* list(test, ada.token)
      assert.deepStrictEqual(subscriber, {
        id: ada.addressId,
        display_name: "ada king",
        name: "ada king",
        type: "subscriber",
        resource_id: ada.id,
        preview_url: null,
        cover_url: null,
        channels: {
          audio: "/private/ada%20king?channel=audio",
          messaging: "/private/ada%20king?channel=messaging"
        },
        locked: false,
        created_at: "2025-01-02T04:04:05.000Z"
      })
      assert.deepInclude(room, {
        id: office,
        type: "room",
        channels: {
          audio: "/public/front%20office?channel=audio",
          video: "/public/front%20office?channel=video",
          messaging: "/public/front%20office?channel=messaging"
        }
      })
      assert.isNotEmpty(room.resource_id)
    })))

  it.effect("are filtered by their type", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const { token } = yield* test.addSubscriber("ada")
      yield* test.addRoom("office")
      assert.deepStrictEqual(yield* namesOf(test, token, "?type=room"), ["office"])
      assert.deepStrictEqual(yield* namesOf(test, token, "?type=subscriber"), ["ada"])
      assert.deepStrictEqual(yield* namesOf(test, token, "?type=call"), [])
    })))

  it.effect("are sorted by name or by time, in either direction, and otherwise in the order in which they were added", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const { token } = yield* test.addSubscriber("m")
      for (const name of ["z", "a"]) {
        yield* TestClock.adjust("1 second")
        yield* test.addRoom(name)
      }
      assert.deepStrictEqual(yield* namesOf(test, token, ""), ["m", "z", "a"])
      assert.deepStrictEqual(yield* namesOf(test, token, "?sort_by=name"), ["a", "m", "z"])
      assert.deepStrictEqual(yield* namesOf(test, token, "?sort_by=name&sort_order=asc"), ["a", "m", "z"])
      assert.deepStrictEqual(yield* namesOf(test, token, "?sort_by=name&sort_order=desc"), ["z", "m", "a"])
      assert.deepStrictEqual(yield* namesOf(test, token, "?sort_by=created_at"), ["m", "z", "a"])
      assert.deepStrictEqual(yield* namesOf(test, token, "?sort_by=created_at&sort_order=desc"), ["a", "z", "m"])
    })))

  it.effect("with equal keys are sorted in the order in which they were added", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const { token } = yield* test.addSubscriber("m")
      for (const name of ["z", "a"]) yield* test.addRoom(name)
      assert.deepStrictEqual(yield* namesOf(test, token, "?sort_by=created_at"), ["m", "z", "a"])
      assert.deepStrictEqual(yield* namesOf(test, token, "?sort_by=created_at&sort_order=desc"), ["m", "z", "a"])
    })))

  it.effect.each([
    "type=room&name=a",
    "type=subscriber",
    "type=room&display_name=a",
    "type=room&sort_by=name",
    "type=room&sort_by=created_at&sort_order=desc"
  ])("have no page of another list: %s", (query) =>
    withBackend(Effect.fnUntraced(function*(test) {
      const { token } = yield* test.addSubscriber("ada")
      for (const name of ["a", "b"]) yield* test.addRoom(name)
      const first = yield* test.request("GET", "/api/fabric/addresses?type=room&page_size=1", { token })
      const pageToken = new URLSearchParams(first.body.links.next.split("?")[1]).get("page_token")
      const path = (query: string) => `/api/fabric/addresses?${query}&page_number=1&page_token=${pageToken}`
      assert.strictEqual((yield* test.request("GET", path("type=room"), { token })).status, 200)
      const other = yield* test.request("GET", path(query), { token })
      assert.strictEqual(other.body.errors[0].code, "page_token_is_invalid")
    })))
})
