import { GroupId } from "@effect-signalwire/schema/Ids"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import {
  type Answer,
  conversation,
  groupMessage,
  json,
  list,
  message,
  reasonOf,
  type Seen,
  start,
  subscriber,
  validation
} from "./support.ts"

const slowly = (response: Response): Answer => Effect.delay(Effect.succeed(response), "1 second")

const joined = (groupId: string) => json({ group_id: groupId, from_fabric_address_id: "ada" })

const asksWithGroup = ({ body }: Seen): boolean =>
  typeof body === "object" && body !== null && "fabric_address_ids" in body

/** A server that speaks only the group dialect and knows no conversations yet. */
const groupServer = (request: Seen): Answer => {
  switch (`${request.method} ${request.path}`) {
    case "GET subscriber/info":
      return slowly(json(subscriber("ada")))
    case "GET conversations":
      return slowly(list([]))
    case "POST conversations/join":
      return asksWithGroup(request)
        ? slowly(joined("sw_office"))
        : slowly(validation(422, "fabric_address_ids", "missing_required_parameter"))
    case "POST messages":
      return slowly(json({ group_id: "sw_office", text: "hello" }))
    default:
      return slowly(list([groupMessage(1, "sw_office")]))
  }
}

/** A server that speaks only the address dialect and knows no conversations yet. */
const addressServer = (request: Seen): Answer => {
  switch (`${request.method} ${request.path}`) {
    case "GET subscriber/info":
      return slowly(json(subscriber("ada")))
    case "GET conversations":
      return slowly(list([]))
    case "POST conversations/join":
      return asksWithGroup(request)
        ? slowly(validation(422, "conversation_id", "missing_required_parameter"))
        : slowly(json({ table: { conversation_id: "office" } }))
    case "POST messages":
      return slowly(json({ table: { conversation_id: "office", text: "hello" } }))
    default:
      return slowly(list([message(1)]))
  }
}

/** Runs an effect while simulated time passes. */
const passing = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    for (let second = 0; second < 30; second++) yield* TestClock.adjust("1 second")
    return yield* Fiber.join(fiber)
  })

const paths = (log: ReadonlyArray<Seen>): ReadonlyArray<string> => log.map(({ method, path }) => `${method} ${path}`)

const count = (log: ReadonlyArray<Seen>, line: string): number => paths(log).filter((path) => path === line).length

it.effect("the dialect is unknown until something tells", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => list([]))
    yield* http.getConversations()
    assert.isUndefined(yield* http.dialect)
  }))

it.effect("conversations tell the address dialect", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => list([{}, conversation("office")]))
    yield* http.getConversations()
    assert.strictEqual(yield* http.dialect, "address")
  }))

it.effect("messages tell the group dialect", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => list([groupMessage(1, "sw_office")]))
    yield* http.getMessages()
    assert.strictEqual(yield* http.dialect, "group")
  }))

it.effect("addresses tell nothing", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => list([{ id: "a", address_id: "a" }]))
    yield* http.getAddresses()
    assert.isUndefined(yield* http.dialect)
  }))

it.effect("the first answer that tells is remembered", () =>
  Effect.gen(function*() {
    const { http } = yield* start((_, index) => list([index === 0 ? conversation("a") : groupMessage(1, "sw_a")]))
    yield* http.getConversations()
    yield* http.getMessages()
    assert.strictEqual(yield* http.dialect, "address")
  }))

it.effect("a configured dialect is not learned anew", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => list([conversation("office")]), { dialect: "group" })
    yield* http.getConversations()
    assert.strictEqual(yield* http.dialect, "group")
  }))

it.effect("objects with the keys of both dialects need no join", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(({ path }) =>
      path === "messages" ? json({ table: {} }) : list([{ ...conversation("office"), group_id: "sw_office" }])
    )
    yield* http.sendMessage({ addressId: "office", text: "hello" })
    assert.deepStrictEqual(paths(log), ["GET conversations", "POST messages"])
  }))

it.effect("one conversation is looked at when nothing has told the dialect", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(({ path }) =>
      path === "conversations" ? list([conversation("office")]) : list([message(1)])
    )
    yield* http.getConversationMessages({ addressId: "office" })
    assert.deepStrictEqual(paths(log), ["GET conversations", "GET conversations/office/messages"])
    assert.deepStrictEqual(log[0]?.query, { page_size: "1" })
  }))

it.effect("a join in the address form tells when conversations don't", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(addressServer)
    yield* passing(http.sendMessage({ addressId: "office", text: "hello" }))
    assert.deepStrictEqual(paths(log), ["GET conversations", "POST conversations/join", "POST messages"])
    assert.deepStrictEqual(log[2]?.body, { conversation_id: "office", text: "hello" })
    assert.strictEqual(yield* http.dialect, "address")
  }))

it.effect("a refused join in the address form is tried in the group form", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(groupServer)
    yield* passing(http.sendMessage({ addressId: "office", text: "hello" }))
    assert.deepStrictEqual(paths(log), [
      "GET conversations",
      "POST conversations/join",
      "GET subscriber/info",
      "POST conversations/join",
      "POST messages"
    ])
    assert.strictEqual(yield* http.dialect, "group")
  }))

it.effect("an answer in the group form to a join in the address form tells the group dialect", () =>
  Effect.gen(function*() {
    const { http } = yield* start(({ path }) => path === "conversations" ? list([]) : joined("sw_office"))
    const response = yield* http.join({ addressId: "office" })
    assert.strictEqual(response.groupId, GroupId.make("sw_office"))
    assert.strictEqual(yield* http.dialect, "group")
    assert.strictEqual(http.addressOf(GroupId.make("sw_office")), response.addressId)
  }))

it.effect("conversations that can't be listed don't keep the dialect from being learned", () =>
  Effect.gen(function*() {
    const { http } = yield* start(({ path }) =>
      path === "conversations" ? json({ error: "Forbidden" }, 403) : json({ table: { conversation_id: "office" } })
    )
    yield* http.join({ addressId: "office" })
    assert.strictEqual(yield* http.dialect, "address")
  }))

it.effect("a server that is down is not taken for one of the other dialect", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(({ path }) => path === "conversations" ? list([]) : "drop")
    const reason = yield* passing(reasonOf(http.join({ addressId: "office" })))
    assert.strictEqual(reason._tag, "Transport")
    assert.isFalse(log.some(asksWithGroup))
    assert.isUndefined(yield* http.dialect)
  }))

it.effect("50 concurrent operations learn the dialect with one look and one join", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(groupServer)
    yield* passing(
      Effect.all(Array.from({ length: 50 }, () => http.sendMessage({ addressId: "office", text: "hello" })), {
        concurrency: "unbounded",
        discard: true
      })
    )
    assert.strictEqual(count(log, "GET conversations"), 1)
    assert.strictEqual(count(log, "POST conversations/join"), 2)
    assert.strictEqual(count(log, "POST messages"), 50)
  }))

it.effect("operations with different addresses learn the dialect once", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(addressServer)
    yield* passing(
      Effect.forEach(["a", "b", "c"], (addressId) => http.sendMessage({ addressId, text: "hello" }), {
        concurrency: "unbounded",
        discard: true
      })
    )
    assert.strictEqual(count(log, "POST conversations/join"), 1)
  }))

it.effect("one whose own address is good is not failed by another's that is not", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request) => {
      const isBad = JSON.stringify(request.body ?? "").includes("nobody")
      return isBad ? slowly(validation(422, "conversation_id", "does_not_exist")) : addressServer(request)
    })
    const outcomes = yield* passing(
      Effect.forEach(["nobody", "office"], (addressId) => Effect.result(http.join({ addressId })), {
        concurrency: "unbounded"
      })
    )
    assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["Failure", "Success"])
  }))

it.effect("of two refusals the one about the address is reported: address dialect", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request) =>
      request.path === "conversations/join" && !asksWithGroup(request) ? json({}, 404) : addressServer(request)
    )
    assert.strictEqual((yield* passing(reasonOf(http.join({ addressId: "nobody" }))))._tag, "NotFound")
  }))

it.effect("a refusal is reported although the group form could not even be tried", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request) =>
      request.path === "subscriber/info" || request.path === "conversations/join"
        ? json({}, request.path === "subscriber/info" ? 403 : 404)
        : addressServer(request)
    )
    assert.strictEqual((yield* passing(reasonOf(http.join({ addressId: "nobody" }))))._tag, "NotFound")
  }))

it.effect("of two refusals the one about the address is reported: group dialect", () =>
  Effect.gen(function*() {
    const { http } = yield* start((request) =>
      asksWithGroup(request)
        ? validation(422, null, "unrecognized_fabric_addresses")
        : groupServer(request)
    )
    const reason = yield* passing(reasonOf(http.join({ addressId: "nobody" })))
    assert.deepStrictEqual(reason._tag === "Invalid" ? reason.errors.map(({ code }) => code) : [], [
      "unrecognized_fabric_addresses"
    ])
  }))

it.effect("joins with the target first and the own address second", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(groupServer, { dialect: "group" })
    const response = yield* passing(http.join({ addressId: "office" }))
    assert.deepStrictEqual(log[1]?.body, { from_fabric_address_id: "ada", fabric_address_ids: ["office", "ada"] })
    assert.deepStrictEqual(
      [String(response.addressId), String(response.groupId), String(response.fromAddressId)],
      ["office", "sw_office", "ada"]
    )
  }))

it.effect("50 concurrent sends to one new address in the group dialect join once", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(groupServer, { dialect: "group" })
    yield* passing(
      Effect.all(Array.from({ length: 50 }, () => http.sendMessage({ addressId: "office", text: "hello" })), {
        concurrency: "unbounded",
        discard: true
      })
    )
    assert.strictEqual(count(log, "GET subscriber/info"), 1)
    assert.strictEqual(count(log, "POST conversations/join"), 1)
    assert.strictEqual(count(log, "POST messages"), 50)
  }))

it.effect("the group of an address is joined once and remembered", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(groupServer, { dialect: "group" })
    yield* passing(http.sendMessage({ addressId: "office", text: "hello" }))
    yield* passing(http.getConversationMessages({ addressId: "office" }))
    assert.strictEqual(count(log, "POST conversations/join"), 1)
    assert.strictEqual(paths(log).at(-1), "GET conversations/sw_office/messages")
  }))

it.effect("the one who does the shared join may be interrupted without failing the others", () =>
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

it.effect("a shared failure is told by each caller's own method", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(
      (request) => request.path === "conversations/join" ? slowly(json({}, 403)) : groupServer(request),
      { dialect: "group" }
    )
    const errors = yield* passing(
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

it.effect("a join that failed is not remembered", () =>
  Effect.gen(function*() {
    let refusals = 1
    const { http } = yield* start(
      (request) => request.path === "conversations/join" && refusals-- > 0 ? json({}, 403) : groupServer(request),
      { dialect: "group" }
    )
    assert.strictEqual((yield* passing(reasonOf(http.join({ addressId: "office" }))))._tag, "Forbidden")
    assert.strictEqual(String((yield* passing(http.join({ addressId: "office" }))).groupId), "sw_office")
  }))

it.effect.each([404, 422])(
  "a remembered group that answers %i is joined once more, and the send repeated",
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

it.effect("history of a remembered group that is gone is read after joining once more", () =>
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

it.effect("a group that is refused right after it was joined is not joined again", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(
      (request) => request.path === "messages" ? json({}, 404) : groupServer(request),
      { dialect: "group" }
    )
    assert.strictEqual(
      (yield* passing(reasonOf(http.sendMessage({ addressId: "office", text: "hello" }))))._tag,
      "NotFound"
    )
    assert.strictEqual(count(log, "POST conversations/join"), 1)
    assert.strictEqual(count(log, "POST messages"), 1)
  }))

it.effect("a refused text is not sent again to a group joined anew", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(
      (request) =>
        request.path === "messages" ? validation(422, "text", "message_length_exceeds_limit") : groupServer(request),
      { dialect: "group" }
    )
    yield* passing(http.join({ addressId: "office" }))
    yield* passing(reasonOf(http.sendMessage({ addressId: "office", text: "too long" })))
    assert.strictEqual(count(log, "POST messages"), 1)
  }))

it.effect("a guest without an address is told so", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => json(subscriber()), { dialect: "group" })
    const reason = yield* reasonOf(http.sendMessage({ addressId: "office", text: "hello" }))
    assert.strictEqual(reason._tag, "Invalid")
    assert.include(reason.message, "guest")
    assert.deepStrictEqual(paths(log), ["GET subscriber/info"])
  }))

it.effect("a join that does not tell its group is Malformed", () =>
  Effect.gen(function*() {
    const { http } = yield* start(({ path }) => path === "subscriber/info" ? json(subscriber("ada")) : json({}), {
      dialect: "group"
    })
    assert.strictEqual((yield* reasonOf(http.join({ addressId: "office" })))._tag, "Malformed")
  }))

it.effect("a room's address is read from its group", () =>
  Effect.gen(function*() {
    const { http } = yield* start(() => list([groupMessage(1, "sw_office")]))
    assert.deepStrictEqual((yield* http.getMessages()).data.map(({ addressId }) => String(addressId)), ["office"])
  }))

it.effect("the other side of a pair is read from its group, whichever side that is", () =>
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

it.effect("messages are read although their client can't find out who it is", () =>
  Effect.gen(function*() {
    const { http } = yield* start(({ path }) =>
      path === "subscriber/info" ? json({}, 500) : list([groupMessage(1, "sw_ada_grace")])
    )
    assert.isNull((yield* http.getMessages()).data[0]?.addressId)
  }))

it.effect("a client that can't find out who it is stops asking before it reads", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(({ path }) =>
      path === "subscriber/info" ? json({}, 500) : list([groupMessage(1, "sw_ada_grace")])
    )
    for (let reads = 0; reads < 10; reads++) yield* http.getMessages()
    assert.strictEqual(count(log, "GET subscriber/info"), 3)
  }))

it.effect("a joined address goes before what its group's name suggests", () =>
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
    const found = yield* passing(Stream.runCollect(http.conversationMessages({ addressId: "office" })))
    assert.strictEqual(found.length, 1)
    assert.strictEqual(paths(log).at(-1), "GET conversations/sw_office/messages")
  }))
