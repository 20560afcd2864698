import type { Service } from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import { assert, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { json, list, reasonOf, start } from "./support.ts"

/** A value as untyped callers pass it. */
const untyped = (value: unknown) => JSON.parse(JSON.stringify(value))

const cyclic: Record<string, unknown> = {}
cyclic["self"] = cyclic

const calls: ReadonlyArray<
  readonly [string, string, (http: Service) => Effect.Effect<unknown, SignalWireHttpError>]
> = [
  ["an empty text", "text", (http) => http.sendMessage({ addressId: "a", text: "" })],
  ["a text that is a number", "text", (http) => http.sendMessage(untyped({ addressId: "a", text: 1 }))],
  ["an empty addressId", "addressId", (http) => http.sendMessage({ addressId: "", text: "x" })],
  ["no addressId", "addressId", (http) => http.join(untyped({}))],
  ["no options", "addressId", (http) => http.getConversationMessages(untyped(null))],
  [
    "an addressId that leads out of its path",
    "addressId",
    (http) => http.getConversationMessages({ addressId: ".." })
  ],
  ["an addressId that can't be encoded", "addressId", (http) => http.join({ addressId: "\uD800" })],
  [
    "metadata that is an array",
    "metadata",
    (http) => http.sendMessage(untyped({ addressId: "a", text: "x", metadata: [] }))
  ],
  [
    "cyclic metadata",
    "metadata.self",
    (http) => http.sendMessage({ addressId: "a", text: "x", metadata: cyclic })
  ],
  ["details with a bigint", "details.n", (http) => http.sendMessage({ addressId: "a", text: "x", details: { n: 1n } })],
  ["an empty id", "id", (http) => http.getAddress({ id: "" })],
  ["an empty name", "name", (http) => http.getAddressByName({ name: "" })],
  ["limit 0", "limit", (http) => http.getMessages({ limit: 0 })],
  ["a fractional limit", "limit", (http) => http.getMessages({ limit: 1.5 })],
  ["a limit that is a string", "limit", (http) => http.getMessages(untyped({ limit: "10" }))],
  ["pageSize 0", "pageSize", (http) => http.getConversations({ pageSize: 0 })],
  ["pageSize 1001", "pageSize", (http) => http.getMessages({ pageSize: 1001 })],
  ["pageSize 1001 of addresses", "pageSize", (http) => http.getAddresses({ pageSize: 1001 })],
  ["since that is not finite", "since", (http) => http.getMessages({ since: Number.NaN })],
  ["until that is a string", "until", (http) => http.getMessages(untyped({ until: "today" }))],
  ["since after until", "since", (http) => http.getMessages({ since: 2, until: 1 })],
  ["since in milliseconds", "since", (http) => http.getMessages({ since: 1e11 })],
  ["until in milliseconds before 1970", "until", (http) => http.getMessages({ until: -1e11 })],
  ["an infinite until", "until", (http) => http.getMessages({ until: Number.POSITIVE_INFINITY })],
  ["an unknown field to sort by", "sortBy", (http) => http.getAddresses(untyped({ sortBy: "age" }))],
  ["an unknown order", "sortOrder", (http) => http.getAddresses(untyped({ sortOrder: "up" }))],
  ["an order that is a number", "sortOrder", (http) => http.getAddresses(untyped({ sortOrder: 1 }))],
  ["an empty type", "type", (http) => http.getAddresses({ type: "" })],
  ["an empty display name", "displayName", (http) => http.getAddresses({ displayName: "" })],
  ["an empty clientId", "clientId", (http) => http.sendMessage(untyped({ addressId: "a", text: "x", clientId: "" }))],
  ["an id of one dot", "addressId", (http) => http.join({ addressId: "." })],
  ["options that are an array", "addressId", (http) => http.join(untyped([{ addressId: "a" }]))],
  ["a stream's limit 0", "limit", (http) => Stream.runDrain(http.messages({ limit: 0 }))],
  ["a stream's pageSize 0", "pageSize", (http) => Stream.runDrain(http.conversations({ pageSize: 0 }))]
]

it.effect.each(calls)(
  "P9.2: refuses %s before anything is sent, and names the parameter %s",
  ([, attribute, call]) =>
    Effect.gen(function*() {
      const { http, log } = yield* start(() => json({ data: [], links: {} }))
      const reason = yield* reasonOf(call(http))
      assert.deepStrictEqual(reason._tag === "Invalid" ? reason.errors.map(({ attribute }) => attribute) : [], [
        attribute
      ])
      assert.strictEqual(log.length, 0)
    })
)

it.effect("copies options when a method is called, not when it runs", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => list([]), { dialect: "address" })
    const message = { addressId: "a", text: "x", metadata: { tags: ["before"] } }
    const page = { pageSize: 7 }
    const calls = [http.sendMessage(message), http.getMessages(page), Stream.runDrain(http.conversations(page))]
    message.text = "changed"
    message.metadata.tags[0] = "after"
    page.pageSize = 0
    yield* Effect.all(calls)
    assert.deepStrictEqual(log[0]?.body, { conversation_id: "a", text: "x", metadata: { tags: ["before"] } })
    assert.deepStrictEqual(log.slice(1).map(({ query }) => query), [{ page_size: "7" }, { page_size: "7" }])
  }))

it.effect("sends limit, since and until, and requests pages as large as the limit", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => list([]))
    yield* http.getMessages({ limit: 20, since: 1.5, until: DateTime.makeUnsafe(2500) })
    assert.deepStrictEqual(log[0]?.query, { page_size: "20", limit: "20", since: "1.5", until: "2.5" })
  }))

it.effect("requests pages of a thousand items when the limit is larger", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => list([]))
    yield* http.getMessages({ limit: 5000 })
    assert.strictEqual(log[0]?.query["page_size"], "1000")
  }))

it.effect("requests the given page size, and none by default", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => list([]))
    yield* http.getConversations({ pageSize: 7 })
    yield* http.getConversations()
    assert.deepStrictEqual(log.map(({ query }) => query), [{ page_size: "7" }, {}])
  }))

it.effect.each<readonly [string, (http: Service) => Effect.Effect<unknown, SignalWireHttpError>, string]>([
  ["a page", (http) => http.getMessages({ pageSize: 0 }), "must be an integer from 1 to 1000"],
  ["a limit", (http) => http.getMessages({ limit: -1 }), "must be a positive integer"],
  [
    "a Date",
    (http) => http.getMessages({ since: JSON.parse("0", () => new Date(0)) }),
    "must be unix seconds, not a Date: give date.getTime() / 1000"
  ],
  [
    "a text",
    (http) => http.getMessages(untyped({ since: "1" })),
    "must be unix seconds as a number (or an Effect DateTime)"
  ],
  [
    "milliseconds",
    (http) => http.getMessages({ since: 1e12 }),
    "must be unix seconds, and these look like milliseconds: divide them by 1000"
  ],
  ["the order of times", (http) => http.getMessages({ since: 2, until: 1 }), "must not be after until"],
  ["a choice", (http) => http.getAddresses(untyped({ sortBy: "age" })), "must be one of name, created_at"],
  ["an id", (http) => http.join({ addressId: ".." }), "is not a valid id"],
  ["a name", (http) => http.getAddressByName({ name: "" }), "must be a non-empty string"]
])("P9.2: says what is wrong with %s", ([, call, message]) =>
  Effect.gen(function*() {
    const { http } = yield* start(() => list([]))
    const reason = yield* reasonOf(call(http))
    assert.deepStrictEqual(reason._tag === "Invalid" ? reason.errors.map((error) => error.message) : [], [message])
  }))

it.effect("accepts the bounds of its options, and null for what is not given", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => list([]))
    yield* http.getMessages({ pageSize: 1000, limit: 1, since: -99_999_999_999, until: 99_999_999_999 })
    yield* http.getMessages({ pageSize: 1, since: 5, until: 5 })
    yield* http.getMessages(untyped({ pageSize: null, limit: null, since: null, until: null }))
    yield* http.getAddresses({ sortBy: "created_at", sortOrder: "desc" })
    assert.deepStrictEqual(log.map(({ query }) => query), [
      { page_size: "1000", limit: "1", since: "-99999999999", until: "99999999999" },
      { page_size: "1", since: "5", until: "5" },
      {},
      { sort_by: "created_at", sort_order: "desc" }
    ])
  }))
