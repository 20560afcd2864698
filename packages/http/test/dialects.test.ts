import { GroupId } from "@effect-signalwire/schema/Ids"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import {
  conversation,
  groupMessage,
  json,
  list,
  message,
  reasonOf,
  type ReceivedRequest,
  type ScriptedResponse,
  start,
  subscriber,
  validation
} from "./support.ts"

const slowly = (response: Response): ScriptedResponse => Effect.delay(Effect.succeed(response), "1 second")

const joined = (groupId: string) => json({ group_id: groupId, from_fabric_address_id: "ada" })

const validations = (...attributes: ReadonlyArray<string>) => {
  const errors = attributes.map((attribute) => ({
    type: "validation_error",
    code: "invalid_parameter",
    message: "is wrong",
    attribute
  }))
  return json({ errors }, 422)
}

const noAddresses = () => validation(422, null, "no_fabric_addresses")

const isGroupJoin = ({ body }: ReceivedRequest): boolean =>
  typeof body === "object" && body !== null && "fabric_address_ids" in body

/** A server that speaks only the group dialect and knows no conversations yet. */
const groupServer = (request: ReceivedRequest): ScriptedResponse => {
  switch (`${request.method} ${request.path}`) {
    case "GET subscriber/info":
      return slowly(json(subscriber("ada")))
    case "GET conversations":
      return slowly(list([]))
    case "POST conversations/join":
      return isGroupJoin(request)
        ? slowly(joined("sw_office"))
        : slowly(validation(422, "fabric_address_ids", "missing_required_parameter"))
    case "POST messages":
      return slowly(json({ group_id: "sw_office", text: "hello" }))
    default:
      return slowly(list([groupMessage(1, "sw_office")]))
  }
}

/** A server that speaks only the address dialect and knows no conversations yet. */
const addressServer = (request: ReceivedRequest): ScriptedResponse => {
  switch (`${request.method} ${request.path}`) {
    case "GET subscriber/info":
      return slowly(json(subscriber("ada")))
    case "GET conversations":
      return slowly(list([]))
    case "POST conversations/join":
      return isGroupJoin(request)
        ? slowly(validation(422, "conversation_id", "missing_required_parameter"))
        : slowly(json({ table: { conversation_id: "office" } }))
    case "POST messages":
      return slowly(json({ table: { conversation_id: "office", text: "hello" } }))
    default:
      return slowly(list([message(1)]))
  }
}

/** Runs an effect while simulated time passes. */
const withTime = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    for (let second = 0; second < 30; second++) yield* TestClock.adjust("1 second")
    return yield* Fiber.join(fiber)
  })

const paths = (log: ReadonlyArray<ReceivedRequest>): ReadonlyArray<string> =>
  log.map(({ method, path }) => `${method} ${path}`)

const count = (log: ReadonlyArray<ReceivedRequest>, line: string): number =>
  paths(log).filter((path) => path === line).length

it.effect("the dialect is undefined until a response shows it", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => list([]))
    yield* http.getConversations()
    assert.deepStrictEqual(yield* http.dialect, Option.none())
  }))

it.effect("conversations show the address dialect", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => list([{}, conversation("office")]))
    yield* http.getConversations()
    assert.deepStrictEqual(yield* http.dialect, Option.some("address"))
  }))

it.effect("messages show the group dialect", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => list([groupMessage(1, "sw_office")]))
    yield* http.getMessages()
    assert.deepStrictEqual(yield* http.dialect, Option.some("group"))
  }))

it.effect("addresses do not show the dialect", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => list([{ id: "a", address_id: "a" }]))
    yield* http.getAddresses()
    assert.deepStrictEqual(yield* http.dialect, Option.none())
  }))

it.effect("remembers the dialect of the first response that shows it", () =>
  Effect.gen(function*() {
    const { http } = yield* start((_, index) => list([index === 0 ? conversation("a") : groupMessage(1, "sw_a")]))
    yield* http.getConversations()
    yield* http.getMessages()
    assert.deepStrictEqual(yield* http.dialect, Option.some("address"))
  }))

it.effect("does not detect the dialect when it is configured", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => list([conversation("office")]), { dialect: "group" })
    yield* http.getConversations()
    assert.deepStrictEqual(yield* http.dialect, Option.some("group"))
  }))

it.effect("uses the address dialect without a join when objects have the keys of both dialects", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(({ path }) =>
      path === "messages" ? json({ table: {} }) : list([{ ...conversation("office"), group_id: "sw_office" }])
    )
    yield* http.sendMessage({ addressId: "office", text: "hello" })
    assert.deepStrictEqual(paths(log), ["GET conversations", "POST messages"])
  }))

it.effect("requests one conversation to detect the dialect", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(({ path }) =>
      path === "conversations" ? list([conversation("office")]) : list([message(1)])
    )
    yield* http.getConversationMessages({ addressId: "office" })
    assert.deepStrictEqual(paths(log), ["GET conversations", "GET conversations/office/messages"])
    assert.deepStrictEqual(log[0]?.query, { page_size: "1" })
  }))

it.effect("joins in the address dialect when there is no conversation to detect it", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(addressServer)
    yield* withTime(http.sendMessage({ addressId: "office", text: "hello" }))
    assert.deepStrictEqual(paths(log), ["GET conversations", "POST conversations/join", "POST messages"])
    assert.deepStrictEqual(log[2]?.body, { conversation_id: "office", text: "hello" })
    assert.deepStrictEqual(yield* http.dialect, Option.some("address"))
  }))

it.effect("joins in the group dialect when the join in the address dialect is refused", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(groupServer)
    yield* withTime(http.sendMessage({ addressId: "office", text: "hello" }))
    assert.deepStrictEqual(paths(log), [
      "GET conversations",
      "POST conversations/join",
      "GET subscriber/info",
      "POST conversations/join",
      "POST messages"
    ])
    assert.deepStrictEqual(yield* http.dialect, Option.some("group"))
  }))

it.effect("detects the group dialect by the response to a join in the address dialect", () =>
  Effect.gen(function*() {
    const { http } = yield* start(({ path }) => path === "conversations" ? list([]) : joined("sw_office"))
    const response = yield* http.join({ addressId: "office" })
    assert.strictEqual(response.groupId, GroupId.make("sw_office"))
    assert.deepStrictEqual(yield* http.dialect, Option.some("group"))
    assert.strictEqual(http.addressOf(GroupId.make("sw_office")), response.addressId)
  }))

it.effect("detects the dialect although conversations can't be listed", () =>
  Effect.gen(function*() {
    const { http } = yield* start(({ path }) =>
      path === "conversations" ? json({ error: "Forbidden" }, 403) : json({ table: { conversation_id: "office" } })
    )
    yield* http.join({ addressId: "office" })
    assert.deepStrictEqual(yield* http.dialect, Option.some("address"))
  }))

it.effect("does not try the other dialect while the server is down", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(({ path }) => path === "conversations" ? list([]) : "drop")
    const reason = yield* withTime(reasonOf(http.join({ addressId: "office" })))
    assert.strictEqual(reason._tag, "Transport")
    assert.isFalse(log.some(isGroupJoin))
    assert.deepStrictEqual(yield* http.dialect, Option.none())
  }))

it.effect("50 concurrent operations detect the dialect with one list request and one join", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(groupServer)
    yield* withTime(
      Effect.all(Array.from({ length: 50 }, () => http.sendMessage({ addressId: "office", text: "hello" })), {
        concurrency: "unbounded",
        discard: true
      })
    )
    assert.strictEqual(count(log, "GET conversations"), 1)
    assert.strictEqual(count(log, "POST conversations/join"), 2)
    assert.strictEqual(count(log, "POST messages"), 50)
  }))

it.effect("operations with different addresses detect the dialect once", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(addressServer)
    yield* withTime(
      Effect.forEach(["a", "b", "c"], (addressId) => http.sendMessage({ addressId, text: "hello" }), {
        concurrency: "unbounded",
        discard: true
      })
    )
    assert.strictEqual(count(log, "POST conversations/join"), 1)
  }))

it.effect("a join does not fail because a concurrent one has an invalid address", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request) => {
      const isBad = JSON.stringify(request.body ?? "").includes("unknown")
      return isBad ? slowly(validation(422, "conversation_id", "does_not_exist")) : addressServer(request)
    })
    const outcomes = yield* withTime(
      Effect.forEach(["unknown", "office"], (addressId) => Effect.result(http.join({ addressId })), {
        concurrency: "unbounded"
      })
    )
    assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["Failure", "Success"])
  }))

it.effect("reports the refusal that is about the address: address dialect", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request) =>
      request.path === "conversations/join" && !isGroupJoin(request) ? json({}, 404) : addressServer(request)
    )
    assert.strictEqual((yield* withTime(reasonOf(http.join({ addressId: "unknown" }))))._tag, "NotFound")
  }))

it.effect("reports a refusal although the group dialect can't be tried", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request) =>
      request.path === "subscriber/info" || request.path === "conversations/join"
        ? json({}, request.path === "subscriber/info" ? 403 : 404)
        : addressServer(request)
    )
    assert.strictEqual((yield* withTime(reasonOf(http.join({ addressId: "unknown" }))))._tag, "NotFound")
  }))

/** What the two joins respond with that detect the dialect, and which of the two is about the caller's request. */
const refusals: ReadonlyArray<readonly [string, () => Response, () => Response, "address" | "group"]> = [
  ["both not found", () => json({}, 404), () => json({}, 404), "address"],
  ["both without an attribute", () => validation(422, null, "a"), () => validation(422, null, "b"), "address"],
  ["no attribute, a wrong one", () => validation(422, null), () => validation(422, "text"), "group"],
  ["a wrong attribute, none", () => validation(422, "text"), () => validation(422, null), "address"],
  ["the other dialect, forbidden", () => validation(422, "from_address_id"), () => json({}, 403), "group"],
  ["the other dialect, not JSON", () => validation(422, "group_id"), () => new Response("<html>"), "group"],
  ["forbidden after not found", () => json({}, 404), () => json({}, 403), "address"],
  ["no attribute, forbidden", () => validation(422, null), () => json({}, 403), "address"],
  ["no addresses, none", noAddresses, () => validation(422, null), "group"],
  ["none, no addresses", () => validation(422, null), noAddresses, "address"],
  ["the other dialect, both", () => validation(422, "from_fabric_address_id"), () => json({}, 404), "group"],
  ["not JSON after not found", () => json({}, 404), () => new Response("<html>"), "address"],
  ["the other dialect, no addresses", () => validation(422, "group_id"), noAddresses, "group"],
  ["no attribute, not found", () => validation(422, null), () => json({}, 404), "group"],
  ["the other dialect and more, none", () => validations("group_id", "text"), () => validation(422, null), "address"],
  ["another server error", () => json({}, 404), () => json({}, 501), "group"]
]

it.effect.each(refusals)(
  "reports the refusal that is about the caller's request: %s",
  ([, asAddress, asGroup, expected]) =>
    Effect.gen(function*() {
      const { http } = yield* start((request) =>
        request.path !== "conversations/join"
          ? groupServer(request)
          : isGroupJoin(request)
          ? asGroup()
          : asAddress()
      )
      const alone = yield* start(
        (request) =>
          request.path === "subscriber/info"
            ? json(subscriber("ada"))
            : expected === "group"
            ? asGroup()
            : asAddress(),
        { dialect: expected }
      )
      const reason = yield* withTime(reasonOf(http.join({ addressId: "unknown" })))
      assert.deepStrictEqual({ ...reason }, { ...yield* withTime(reasonOf(alone.http.join({ addressId: "unknown" }))) })
    })
)

it.effect("reports the refusal that is about the address: group dialect", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request) =>
      isGroupJoin(request)
        ? validation(422, null, "unrecognized_fabric_addresses")
        : groupServer(request)
    )
    const reason = yield* withTime(reasonOf(http.join({ addressId: "unknown" })))
    assert.deepStrictEqual(reason._tag === "Invalid" ? reason.errors.map(({ code }) => code) : [], [
      "unrecognized_fabric_addresses"
    ])
  }))

it.effect("a join in the group dialect has the target address first and the own address second", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(groupServer, { dialect: "group" })
    const response = yield* withTime(http.join({ addressId: "office" }))
    assert.deepStrictEqual(log[1]?.body, { from_fabric_address_id: "ada", fabric_address_ids: ["office", "ada"] })
    assert.deepStrictEqual(
      [String(response.addressId), String(response.groupId), String(response.fromAddressId)],
      ["office", "sw_office", "ada"]
    )
  }))

it.effect("50 concurrent sends to one new address in the group dialect join once", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(groupServer, { dialect: "group" })
    yield* withTime(
      Effect.all(Array.from({ length: 50 }, () => http.sendMessage({ addressId: "office", text: "hello" })), {
        concurrency: "unbounded",
        discard: true
      })
    )
    assert.strictEqual(count(log, "GET subscriber/info"), 1)
    assert.strictEqual(count(log, "POST conversations/join"), 1)
    assert.strictEqual(count(log, "POST messages"), 50)
  }))

it.effect("joins the group of an address once, and remembers it", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(groupServer, { dialect: "group" })
    yield* withTime(http.sendMessage({ addressId: "office", text: "hello" }))
    yield* withTime(http.getConversationMessages({ addressId: "office" }))
    assert.strictEqual(count(log, "POST conversations/join"), 1)
    assert.strictEqual(paths(log).at(-1), "GET conversations/sw_office/messages")
  }))

it.effect("a shared join does not fail when the caller that runs it is interrupted", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(groupServer, { dialect: "group" })
    const first = yield* Effect.forkChild(http.join({ addressId: "office" }))
    yield* TestClock.adjust("1500 millis")
    const second = yield* Effect.forkChild(http.join({ addressId: "office" }))
    yield* TestClock.adjust("100 millis")
    yield* Fiber.interrupt(first)
    for (let second = 0; second < 5; second++) yield* TestClock.adjust("1 second")
    assert.strictEqual(String((yield* Fiber.join(second)).groupId), "sw_office")
    assert.strictEqual(count(log, "POST conversations/join"), 2)
  }))

it.effect("a shared failure names the method of each caller", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(
      (request) => request.path === "conversations/join" ? slowly(json({}, 403)) : groupServer(request),
      { dialect: "group" }
    )
    const errors = yield* withTime(
      Effect.all([
        Effect.flip(http.join({ addressId: "office" })),
        Effect.flip(http.sendMessage({ addressId: "office", text: "hello" }))
      ], { concurrency: "unbounded" })
    )
    assert.deepStrictEqual(errors.map(({ method, reason }) => [method, reason._tag]), [
      ["join", "Forbidden"],
      ["sendMessage", "Forbidden"]
    ])
    assert.strictEqual(count(log, "POST conversations/join"), 1)
  }))

it.effect("does not remember a join that failed", () =>
  Effect.gen(function*() {
    let refusals = 1
    const { http } = yield* start(
      (request) => request.path === "conversations/join" && refusals-- > 0 ? json({}, 403) : groupServer(request),
      { dialect: "group" }
    )
    assert.strictEqual((yield* withTime(reasonOf(http.join({ addressId: "office" }))))._tag, "Forbidden")
    assert.strictEqual(String((yield* withTime(http.join({ addressId: "office" }))).groupId), "sw_office")
  }))

it.effect.each([404, 422])(
  "joins again and repeats the send when a remembered group fails with %i",
  (status) =>
    Effect.gen(function*() {
      let groups = 0
      const { http, log } = yield* start((request, index) => {
        if (request.path === "subscriber/info") return json(subscriber("ada"))
        if (request.path === "conversations/join") return joined(`sw_office${++groups}`)
        return JSON.stringify(request.body).includes("sw_office1") && index > 2
          ? status === 404 ? json({}, 404) : validation(422, "group_id")
          : json({})
      }, { dialect: "group" })
      yield* http.sendMessage({ addressId: "office", text: "one" })
      const receipt = yield* http.sendMessage({ addressId: "office", text: "two" })
      assert.strictEqual(receipt.groupId, GroupId.make("sw_office2"))
      assert.deepStrictEqual(paths(log).slice(3), ["POST messages", "POST conversations/join", "POST messages"])
    })
)

it.effect("joins again and repeats the read when a remembered group is gone", () =>
  Effect.gen(function*() {
    let groups = 0
    const { http } = yield* start(({ path }) => {
      if (path === "subscriber/info") return json(subscriber("ada"))
      if (path === "conversations/join") return joined(`sw_office${++groups}`)
      return path.includes("sw_office1") ? json({}, 404) : list([groupMessage(1, "sw_office2")])
    }, { dialect: "group" })
    yield* http.join({ addressId: "office" })
    assert.strictEqual((yield* http.getConversationMessages({ addressId: "office" })).data.length, 1)
  }))

it.effect("does not join a group again that is refused right after it was joined", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(
      (request) => request.path === "messages" ? json({}, 404) : groupServer(request),
      { dialect: "group" }
    )
    assert.strictEqual(
      (yield* withTime(reasonOf(http.sendMessage({ addressId: "office", text: "hello" }))))._tag,
      "NotFound"
    )
    assert.strictEqual(count(log, "POST conversations/join"), 1)
    assert.strictEqual(count(log, "POST messages"), 1)
  }))

it.effect.each(["text", "metadata", "details"])(
  "does not join again when the %s of a message is refused",
  (attribute) =>
    Effect.gen(function*() {
      const { http, log } = yield* start(
        (request) => request.path === "messages" ? validations("group_id", attribute) : groupServer(request),
        { dialect: "group" }
      )
      yield* withTime(http.join({ addressId: "office" }))
      yield* withTime(reasonOf(http.sendMessage({ addressId: "office", text: "too long" })))
      assert.strictEqual(count(log, "POST messages"), 1)
    })
)

it.effect("does not join again when a send fails for another reason", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(
      (request) => request.path === "messages" ? json({}, 403) : groupServer(request),
      { dialect: "group" }
    )
    yield* withTime(http.join({ addressId: "office" }))
    assert.strictEqual((yield* reasonOf(http.sendMessage({ addressId: "office", text: "hello" })))._tag, "Forbidden")
    assert.strictEqual(count(log, "POST conversations/join"), 1)
  }))

it.effect("20 concurrent sends to a group that is gone join again once", () =>
  Effect.gen(function*() {
    let groups = 0
    const { http, log } = yield* start((request, index) => {
      if (request.path === "subscriber/info") return json(subscriber("ada"))
      if (request.path === "conversations/join") return slowly(joined(`sw_office${++groups}`))
      const isGone = JSON.stringify(request.body).includes("sw_office1")
      // each is refused at another moment: some before the join, some during it, and some after it
      return Effect.delay(Effect.succeed(isGone ? json({}, 404) : json({})), index * 100)
    }, { dialect: "group" })
    yield* withTime(http.join({ addressId: "office" }))
    yield* withTime(
      Effect.all(Array.from({ length: 20 }, () => http.sendMessage({ addressId: "office", text: "hello" })), {
        concurrency: "unbounded",
        discard: true
      })
    )
    assert.strictEqual(count(log, "POST conversations/join"), 2)
    assert.strictEqual(count(log, "POST messages"), 40)
  }))

it.effect("retries the lookup of the subscriber that a join needs", () =>
  Effect.gen(function*() {
    let failures = 2
    const { http } = yield* start(
      (request) => request.path === "subscriber/info" && failures-- > 0 ? json({}, 503) : groupServer(request),
      { dialect: "group" }
    )
    assert.strictEqual(String((yield* withTime(http.join({ addressId: "office" }))).groupId), "sw_office")
  }))

it.effect("uses the addresses of a subscriber that was requested before", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(groupServer, { dialect: "group" })
    yield* withTime(http.getSubscriber)
    yield* withTime(http.join({ addressId: "office" }))
    yield* withTime(http.join({ addressId: "office" }))
    assert.strictEqual(count(log, "GET subscriber/info"), 1)
  }))

it.effect.each([["grace", "grace"], [undefined, "ada"]] as const)(
  "a join from the address %s, as the response says, is from %s",
  ([given, expected]) =>
    Effect.gen(function*() {
      const { http } = yield* start(
        (request) =>
          isGroupJoin(request) ? json({ group_id: "sw_office", from_fabric_address_id: given }) : groupServer(request),
        { dialect: "group" }
      )
      assert.strictEqual(String((yield* withTime(http.join({ addressId: "office" }))).fromAddressId), expected)
    })
)

it.effect("does not look up the subscriber for a group whose address a join has shown", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(({ path }) => {
      if (path === "conversations") return list([])
      return path === "conversations/join" ? joined("sw_ada_grace") : list([groupMessage(1, "sw_ada_grace")])
    })
    yield* http.join({ addressId: "grace" })
    const { data } = yield* http.getMessages()
    assert.strictEqual(String(data[0]?.addressId), "grace")
    assert.strictEqual(count(log, "GET subscriber/info"), 0)
  }))

it.effect("does not look up the subscriber for items that show their address", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => list([{ ...message(1), group_id: "sw_ada_grace" }]))
    assert.strictEqual(String((yield* http.getMessages()).data[0]?.addressId), "office")
    assert.strictEqual(count(log, "GET subscriber/info"), 0)
  }))

it.effect("refuses a send of a guest, who has no address", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => json(subscriber()), { dialect: "group" })
    const reason = yield* reasonOf(http.sendMessage({ addressId: "office", text: "hello" }))
    assert.strictEqual(reason._tag, "Invalid")
    assert.include(reason.message, "guest")
    assert.deepStrictEqual(paths(log), ["GET subscriber/info"])
  }))

it.effect("a join fails with Malformed when the response has no group", () =>
  Effect.gen(function*() {
    const { http } = yield* start(({ path }) => path === "subscriber/info" ? json(subscriber("ada")) : json({}), {
      dialect: "group"
    })
    const reason = yield* reasonOf(http.join({ addressId: "office" }))
    assert.strictEqual(reason._tag === "Malformed" ? reason.path : "", "conversation_id")
  }))

it.effect("a join in the group dialect fails with Malformed when the response has a conversation, but no group", () =>
  Effect.gen(function*() {
    const { http } = yield* start(
      ({ path }) => json(path === "subscriber/info" ? subscriber("ada") : { conversation_id: "office" }),
      { dialect: "group" }
    )
    assert.deepInclude({ ...(yield* reasonOf(http.join({ addressId: "office" }))) }, {
      _tag: "Malformed",
      path: "group_id",
      detail: "Missing key"
    })
  }))

it.effect("parses the address of a room from its group", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => list([groupMessage(1, "sw_office")]))
    assert.deepStrictEqual((yield* http.getMessages()).data.map(({ addressId }) => String(addressId)), ["office"])
  }))

it.effect("parses the address of the other side from a group of two, on either side", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(({ path }) =>
      path === "subscriber/info"
        ? json(subscriber("ada"))
        : list([groupMessage(1, "sw_ada_grace"), groupMessage(2, "sw_bob_ada"), groupMessage(3, "sw_x_y")])
    )
    const page = yield* http.getMessages()
    assert.deepStrictEqual(page.data.map(({ addressId }) => addressId === null ? null : String(addressId)), [
      "grace",
      "bob",
      null
    ])
    assert.strictEqual(count(log, "GET subscriber/info"), 1)
  }))

it.effect("reads messages although the lookup of the subscriber fails", () =>
  Effect.gen(function*() {
    const { http } = yield* start(({ path }) =>
      path === "subscriber/info" ? json({}, 500) : list([groupMessage(1, "sw_ada_grace")])
    )
    assert.isNull((yield* http.getMessages()).data[0]?.addressId)
  }))

it.effect("stops looking up the subscriber after three failures", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(({ path }) =>
      path === "subscriber/info" ? json({}, 500) : list([groupMessage(1, "sw_ada_grace")])
    )
    for (let reads = 0; reads < 10; reads++) yield* http.getMessages()
    assert.strictEqual(count(log, "GET subscriber/info"), 3)
  }))

it.effect("prefers the address of a join to the one in the id of its group", () =>
  Effect.gen(function*() {
    const { http } = yield* start(({ path }) => {
      if (path === "subscriber/info") return json(subscriber("ada"))
      return path === "conversations/join" ? joined("sw_17") : list([groupMessage(1, "sw_17")])
    }, { dialect: "group" })
    yield* http.join({ addressId: "office" })
    assert.strictEqual(String((yield* http.getMessages()).data[0]?.addressId), "office")
    assert.strictEqual(String(http.addressOf(GroupId.make("sw_17"))), "office")
    assert.isNull(http.addressOf(GroupId.make("other")))
  }))

it.effect("a stream of one conversation joins its group first", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(groupServer, { dialect: "group" })
    const found = yield* withTime(Stream.runCollect(http.conversationMessages({ addressId: "office" })))
    assert.strictEqual(found.length, 1)
    assert.strictEqual(paths(log).at(-1), "GET conversations/sw_office/messages")
  }))
