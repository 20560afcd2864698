/** Conversations and messages: what each member sees of them, who can join and send, and what is stored. */
import type { Change } from "@effect-signalwire/backend/Records"
import * as Storage from "@effect-signalwire/backend/Storage"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { connect, runReadyFibers, type TestBackend, type TestSubscriber, withBackend } from "./support.ts"

type In = TestBackend["Service"]

const get = ({ request }: In, { token }: TestSubscriber, path: string) =>
  request("GET", `/api/fabric${path}`, { token })
const post = ({ request }: In, { token }: TestSubscriber, path: string, body: object) =>
  request("POST", `/api/fabric${path}`, { token, body })
const send = (test: In, from: TestSubscriber, addressId: string, text: string, more: object = {}) =>
  post(test, from, "/messages", { conversation_id: addressId, text, ...more })
const errorOf = (
  { body, status }: { readonly status: number; readonly body: { readonly errors: ReadonlyArray<Error> } }
) => [
  status,
  body.errors[0]?.code,
  body.errors[0]?.attribute
]
interface Error {
  readonly code: string
  readonly attribute: string | null
}
const textsOf = (messages: ReadonlyArray<{ readonly text: string }>) => messages.map(({ text }) => text)

/** A storage whose state is an array of changes. */
const storageOf = (changes: Array<Change>, commit: Effect.Effect<void> = Effect.void) =>
  Layer.succeed(Storage.Storage, {
    load: Effect.sync(() => [...changes]),
    commit: (more) => Effect.andThen(commit, Effect.sync(() => void changes.push(...more)))
  })

describe("a member", () => {
  it.effect("sees a conversation with a room under the name and the address of the room", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      yield* TestClock.setTime(1_735_790_645_456)
      const ada = yield* test.addSubscriber("ada")
      const { body } = yield* test.request("POST", "/_sandbox/rooms", {
        body: { name: "office", displayName: "The Office" }
      })
      const office = body.addressId
      yield* post(test, ada, "/conversations/join", { conversation_id: office })
      const conversation = {
        id: office,
        address_id: office,
        group_id: `sw_${office}`,
        from_address_id: ada.addressId,
        from_fabric_address_id: ada.addressId,
        name: "The Office",
        metadata: {},
        created_at: 1_735_790_645_456,
        last_message_at: 1_735_790_645_456
      }
      const list = Effect.map(get(test, ada, "/conversations"), ({ body }) => body.data)
      assert.deepStrictEqual(yield* list, [conversation])
      yield* TestClock.adjust("1 second")
      for (const text of ["one", "two"]) yield* send(test, ada, office, text)
      assert.deepStrictEqual(yield* list, [{ ...conversation, last_message_at: 1_735_790_646_456 }])
    })))

  it.effect("sees every field of a message, in history and as an event", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      yield* TestClock.setTime(1_735_790_645_456)
      const [ada, grace] = [yield* test.addSubscriber("ada"), yield* test.addSubscriber("grace")]
      const client = yield* test.openSocket
      const { protocol } = yield* connect(client, grace.token)
      yield* send(test, ada, grace.addressId, "hi", { metadata: { a: 1 }, details: { b: 2 } })
      const [message] = (yield* get(test, grace, `/conversations/${ada.addressId}/messages`)).body.data
      const fields = {
        id: message.id,
        type: "message",
        subtype: "chat",
        kind: null,
        conversation_id: ada.addressId,
        address_id: ada.addressId,
        user_id: ada.id,
        from_address_id: ada.addressId,
        group_id: `sw_${[ada.addressId, grace.addressId].toSorted().join("_")}`,
        from_fabric_address_id: ada.addressId,
        ts: 1_735_790_645.456,
        text: "hi",
        metadata: { a: 1 },
        details: { b: 2 }
      }
      assert.deepStrictEqual(message, fields)
      const { projectId, spaceId } = test.backend.identity
      const event = yield* client.next
      assert.deepStrictEqual(event, {
        jsonrpc: "2.0",
        id: event.id,
        method: "signalwire.event",
        params: {
          event_type: "conversation.message",
          event_channel: protocol,
          timestamp: 1_735_790_645.456,
          project_id: projectId,
          node_id: `${spaceId}@sandbox`,
          is_author: false,
          params: { ...fields, hidden: false, conversation_name: "ada", user_name: "ada" }
        }
      })
    })))

  it.effect("sees the messages of all conversations in one list, also those from before it joined", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, grace] = [yield* test.addSubscriber("ada"), yield* test.addSubscriber("grace")]
      const [office, lab] = [yield* test.addRoom("office"), yield* test.addRoom("lab")]
      yield* send(test, ada, office, "office 1")
      yield* send(test, ada, lab, "lab 1")
      const inbox = Effect.map(get(test, grace, "/messages"), ({ body }) => textsOf(body.data))
      yield* post(test, grace, "/conversations/join", { conversation_id: office })
      assert.deepStrictEqual(yield* inbox, ["office 1"])
      yield* send(test, ada, office, "office 2")
      assert.deepStrictEqual(yield* inbox, ["office 2", "office 1"])
      yield* post(test, grace, "/conversations/join", { conversation_id: lab })
      assert.deepStrictEqual(yield* inbox, ["office 2", "lab 1", "office 1"])
    })))

  it.effect("has no page of another list of messages", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, office, lab] = [
        yield* test.addSubscriber("ada"),
        yield* test.addRoom("office"),
        yield* test.addRoom("lab")
      ]
      for (const text of ["a", "b"]) yield* send(test, ada, office, text)
      const first = yield* get(test, ada, `/conversations/${office}/messages?since=0&until=9&page_size=1`)
      const query = new URLSearchParams(first.body.links.next.split("?")[1])
      const page = `page_size=1&page_number=1&page_token=${query.get("page_token")}`
      const status = (path: string) => Effect.map(get(test, ada, `${path}&${page}`), ({ status }) => status)
      const path = `/conversations/${office}/messages`
      assert.strictEqual(yield* status(`${path}?since=0&until=9`), 200)
      assert.strictEqual(yield* status(`${path}?since=1&until=9`), 422)
      assert.strictEqual(yield* status(`${path}?since=0&until=8`), 422)
      assert.strictEqual(yield* status(`/conversations/${lab}/messages?since=0&until=9`), 422)
      assert.strictEqual(yield* status("/messages?since=0&until=9"), 422)
    })))

  it.effect("reads at most as many items per page as the server allows", () =>
    withBackend(
      Effect.fnUntraced(function*(test) {
        const [ada, office] = [yield* test.addSubscriber("ada"), yield* test.addRoom("office")]
        for (const text of ["1", "2", "3"]) yield* send(test, ada, office, text)
        const first = yield* get(test, ada, "/messages?page_size=100")
        assert.deepStrictEqual(textsOf(first.body.data), ["3", "2"])
        const second = yield* test.request("GET", first.body.links.next, ada)
        assert.deepStrictEqual(textsOf(second.body.data), ["1"])
        assert.notProperty(second.body.links, "next")
      }),
      { maxPageSize: 2 }
    ))

  it.effect("reads the conversations of the first page's time, although others are active since", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      const rooms = []
      for (const name of ["a", "b", "c"]) {
        const room = yield* test.addRoom(name)
        rooms.push(room)
        yield* send(test, ada, room, "hi")
      }
      const [a = "", b = "", c = ""] = rooms
      const idsOf = (response: { readonly body: { readonly data: ReadonlyArray<{ readonly id: string }> } }) =>
        response.body.data.map(({ id }) => id)
      const first = yield* get(test, ada, "/conversations?page_size=2")
      assert.deepStrictEqual(idsOf(first), [c, b])
      yield* send(test, ada, a, "again")
      assert.deepStrictEqual(idsOf(yield* test.request("GET", first.body.links.next, ada)), [a])
      assert.deepStrictEqual(idsOf(yield* get(test, ada, "/conversations")), [a, c, b])
    })))

  it.effect("reads a page that is exactly full without a next one", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, office] = [yield* test.addSubscriber("ada"), yield* test.addRoom("office")]
      for (const text of ["1", "2"]) yield* send(test, ada, office, text)
      const path = "/api/fabric/messages?page_size=2"
      const { body } = yield* test.request("GET", path, ada)
      assert.deepStrictEqual(body.links, { self: path, first: path })
    })))
})

describe("joining", () => {
  it.effect("a room or a subscriber returns the conversation in both dialects", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, grace] = [yield* test.addSubscriber("ada"), yield* test.addSubscriber("grace")]
      const office = yield* test.addRoom("office")
      const byAddress = yield* post(test, ada, "/conversations/join", { conversation_id: office })
      const byGroup = yield* post(test, ada, "/conversations/join", {
        from_fabric_address_id: ada.addressId,
        fabric_address_ids: [office, office, ada.addressId]
      })
      assert.strictEqual(byAddress.status, 200)
      assert.deepStrictEqual(byAddress.body, byGroup.body)
      yield* post(test, ada, "/conversations/join", { conversation_id: grace.addressId })
      const [conversation] = (yield* get(test, grace, "/conversations")).body.data
      assert.strictEqual(conversation.address_id, ada.addressId)
    })))

  it.effect("stores the conversation and its members once", () => {
    const changes: Array<Change> = []
    return withBackend(
      Effect.fnUntraced(function*(test) {
        yield* TestClock.setTime(5000)
        const [ada, grace] = [yield* test.addSubscriber("ada"), yield* test.addSubscriber("grace")]
        const office = yield* test.addRoom("office")
        const join = (from: TestSubscriber, conversation_id: string) =>
          Effect.map(post(test, from, "/conversations/join", { conversation_id }), () => changes.splice(0))
        changes.splice(0)
        const groupId = `sw_${office}`
        assert.deepStrictEqual<unknown>(yield* join(ada, office), [
          { _tag: "GroupAdded", group: { id: groupId, addressIds: [office], createdAt: 5000 } },
          { _tag: "MemberJoined", member: { groupId, subscriberId: ada.id } }
        ])
        assert.deepStrictEqual(yield* join(ada, office), [])
        assert.deepStrictEqual<unknown>(yield* join(grace, office), [
          { _tag: "MemberJoined", member: { groupId, subscriberId: grace.id } }
        ])
        const addressIds = [ada.addressId, grace.addressId].toSorted()
        const pairId = `sw_${addressIds.join("_")}`
        assert.deepStrictEqual<unknown>(yield* join(grace, ada.addressId), [
          { _tag: "GroupAdded", group: { id: pairId, addressIds, createdAt: 5000 } },
          { _tag: "MemberJoined", member: { groupId: pairId, subscriberId: grace.id } },
          { _tag: "MemberJoined", member: { groupId: pairId, subscriberId: ada.id } }
        ])
        assert.deepStrictEqual(yield* join(ada, grace.addressId), [])
      }),
      {},
      storageOf(changes)
    )
  })

  it.effect("is refused with the parameter that is wrong", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, grace] = [yield* test.addSubscriber("ada"), yield* test.addSubscriber("grace")]
      const office = yield* test.addRoom("office")
      const outcome = (body: object) => Effect.map(post(test, ada, "/conversations/join", body), errorOf)
      const from = { from_fabric_address_id: ada.addressId }
      const group = (...ids: ReadonlyArray<unknown>) => outcome({ ...from, fabric_address_ids: ids })
      const name = "fabric_address_ids"
      assert.deepStrictEqual(yield* group(), [422, "no_fabric_addresses", name])
      assert.deepStrictEqual(yield* group(office, "nobody"), [422, "unrecognized_fabric_addresses", name])
      assert.deepStrictEqual(yield* group(ada.addressId), [422, "invalid_group_configuration", name])
      assert.deepStrictEqual(yield* group(office, grace.addressId), [422, "invalid_group_configuration", name])
      assert.deepStrictEqual(yield* group(office, 1), [422, "invalid_parameter", name])
      assert.deepStrictEqual(yield* group(...Array(101).fill(office)), [422, "invalid_parameter", name])
      assert.deepStrictEqual(yield* outcome({ ...from, fabric_address_ids: office }), [422, "invalid_parameter", name])
      assert.deepStrictEqual(yield* outcome(from), [422, "missing_required_parameter", name])
      assert.deepStrictEqual(yield* outcome({ ...from, fabric_address_ids: null }), [
        422,
        "missing_required_parameter",
        name
      ])
      assert.deepStrictEqual(yield* outcome({ fabric_address_ids: [office] }), [
        422,
        "missing_required_parameter",
        "from_fabric_address_id"
      ])
      assert.deepStrictEqual(
        yield* outcome({ from_fabric_address_id: grace.addressId, fabric_address_ids: [office] }),
        [422, "from_fabric_address_id_does_not_match_subscriber", "from_fabric_address_id"]
      )
      assert.strictEqual(
        (yield* post(test, ada, "/conversations/join", { ...from, fabric_address_ids: Array(100).fill(office) }))
          .status,
        200
      )
    })))

  it.effect.each<["address" | "group", object, string]>([
    ["address", {}, "conversation_id"],
    ["address", { from_fabric_address_id: "a", fabric_address_ids: ["b"] }, "conversation_id"],
    ["group", {}, "fabric_address_ids"],
    ["group", { conversation_id: "a" }, "fabric_address_ids"],
    ["group", { fabric_address_ids: ["a"] }, "from_fabric_address_id"]
  ])("requires the parameters of the dialect %s: %j", ([dialect, body, attribute]) =>
    withBackend(
      Effect.fnUntraced(function*(test) {
        const ada = yield* test.addSubscriber("ada")
        assert.deepStrictEqual(errorOf(yield* post(test, ada, "/conversations/join", body)), [
          422,
          "missing_required_parameter",
          attribute
        ])
      }),
      { dialect }
    ))
})

describe("a message", () => {
  it.effect("to a group is answered with the address that its sender sees", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, grace] = [yield* test.addSubscriber("ada"), yield* test.addSubscriber("grace")]
      const { body } = yield* post(test, ada, "/conversations/join", { conversation_id: grace.addressId })
      const target = { group_id: body.group_id, text: "hi" }
      const sent = yield* post(test, grace, "/messages", { ...target, from_fabric_address_id: grace.addressId })
      assert.deepStrictEqual(sent.body, {
        table: { conversation_id: ada.addressId, text: "hi" },
        group_id: body.group_id,
        text: "hi",
        from_fabric_address_id: grace.addressId
      })
      // as older clients write it
      assert.strictEqual(
        (yield* post(test, grace, "/messages", { ...target, from_address_id: grace.addressId })).status,
        200
      )
    })))

  it.effect("is refused with the parameter that is wrong", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, grace] = [yield* test.addSubscriber("ada"), yield* test.addSubscriber("grace")]
      const outcome = (body: object) => Effect.map(post(test, ada, "/messages", { text: "hi", ...body }), errorOf)
      const from = { from_fabric_address_id: ada.addressId }
      assert.deepStrictEqual(yield* outcome({}), [422, "missing_required_parameter", "conversation_id"])
      assert.deepStrictEqual(yield* outcome({ group_id: "sw_a" }), [
        422,
        "missing_required_parameter",
        "from_fabric_address_id"
      ])
      assert.deepStrictEqual(yield* outcome({ ...from, group_id: "a" }), [
        422,
        "invalid_group_configuration",
        "group_id"
      ])
      assert.deepStrictEqual(
        yield* outcome({ from_fabric_address_id: grace.addressId, group_id: "a" }),
        [422, "from_fabric_address_id_does_not_match_subscriber", "from_fabric_address_id"]
      )
      assert.deepStrictEqual(yield* outcome({ conversation_id: ada.addressId }), [
        422,
        "invalid_group_configuration",
        "conversation_id"
      ])
      assert.deepStrictEqual(yield* outcome({ conversation_id: 1 }), [422, "not_a_string", "conversation_id"])
      assert.deepStrictEqual(yield* outcome({ group_id: 1 }), [422, "not_a_string", "group_id"])
      assert.deepStrictEqual(yield* outcome({ ...from, group_id: "sw_a", from_fabric_address_id: 1 }), [
        422,
        "not_a_string",
        "from_fabric_address_id"
      ])
    })))

  it.effect("may have as many characters as allowed, and as much metadata and details", () =>
    withBackend(
      Effect.fnUntraced(function*(test) {
        const [ada, office] = [yield* test.addSubscriber("ada"), yield* test.addRoom("office")]
        const outcome = (text: string, more: object = {}) =>
          Effect.map(send(test, ada, office, text, more), (response) =>
            response.status === 200 ? "sent" : errorOf(response))
        /** An object of this length as JSON. */
        const objectOf = (length: number) => ({ a: "x".repeat(length - 8) })
        assert.strictEqual(yield* outcome("12345"), "sent")
        assert.deepStrictEqual(yield* outcome("123456"), [422, "message_length_exceeds_limit", "text"])
        assert.deepStrictEqual(yield* outcome("a\udc00"), [422, "invalid_message_body", "text"])
        assert.strictEqual(yield* outcome("a\ud83d\ude00"), "sent")
        for (const name of ["metadata", "details"]) {
          assert.strictEqual(yield* outcome("x", { [name]: objectOf(32_768) }), "sent")
          assert.deepStrictEqual(yield* outcome("x", { [name]: objectOf(32_769) }), [
            422,
            "character_limit_exceeded",
            name
          ])
          assert.strictEqual(yield* outcome("x", { [name]: null }), "sent")
          assert.deepStrictEqual(yield* outcome("x", { [name]: 1 }), [422, "not_a_hash", name])
        }
      }),
      { maxTextLength: 5 }
    ))

  it.effect("whose text is missing, empty or no string is refused", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, office] = [yield* test.addSubscriber("ada"), yield* test.addRoom("office")]
      const outcome = (body: object) =>
        Effect.map(post(test, ada, "/messages", { conversation_id: office, ...body }), errorOf)
      for (const body of [{}, { text: null }, { text: "" }]) {
        assert.deepStrictEqual(yield* outcome(body), [422, "message_body_required", "text"])
      }
      assert.deepStrictEqual(yield* outcome({ text: ["hi"] }), [422, "invalid_message_body", "text"])
    })))

  it.effect("is later than those that were stored up to a second ahead of the clock, but not than later ones", () =>
    Effect.gen(function*() {
      const changes: Array<Change> = []
      const next = (test: In, ada: TestSubscriber, addressId: string) =>
        Effect.map(
          test.backend.seed([{ subscriberId: ada.id, addressId, content: { text: "x", metadata: {}, details: {} } }]),
          ([sent]) => sent?.ts
        )
      yield* TestClock.setTime(10_000)
      const [ada, office] = yield* withBackend(
        Effect.fnUntraced(function*(test) {
          const [ada, office] = [yield* test.addSubscriber("ada"), yield* test.addRoom("office")]
          const content = { text: "x", metadata: {}, details: {} }
          const at = (ts: number) => ({ subscriberId: ada.id, addressId: office, content: { ...content, ts } })
          yield* test.backend.seed([at(11), at(11.000001), at(3)])
          return [ada, office] as const
        }),
        {},
        storageOf(changes)
      )
      const restarted = (time: number) =>
        Effect.andThen(
          TestClock.setTime(time),
          withBackend((test) => next(test, ada, office), {}, storageOf([...changes]))
        )
      assert.strictEqual(yield* restarted(9999), 9.999)
      assert.strictEqual(yield* restarted(10_000), 11.000001)
      assert.strictEqual(yield* restarted(10_001), 11.000002)
      assert.strictEqual(yield* restarted(12_000), 12)
    }))

  it.effect("that cannot be stored is not pushed", () => {
    let commit: Effect.Effect<void, Storage.StorageError> = Effect.void
    const storage = Layer.succeed(Storage.Storage, {
      load: Effect.succeed([]),
      commit: () => Effect.suspend(() => commit)
    })
    return withBackend(
      Effect.fnUntraced(function*(test) {
        const [ada, office] = [yield* test.addSubscriber("ada"), yield* test.addRoom("office")]
        const client = yield* test.openSocket
        yield* connect(client, ada.token)
        commit = Effect.fail(new Storage.StorageError({ message: "full" }))
        assert.strictEqual((yield* send(test, ada, office, "lost")).status, 500)
        commit = Effect.void
        assert.strictEqual((yield* send(test, ada, office, "stored")).status, 200)
        assert.deepStrictEqual((yield* client.waiting).map(({ params }) => params.params.text), ["stored"])
      }),
      {},
      storage
    )
  })

  it.effect("that is being committed is stored, even if its request is cancelled", () => {
    let commit = Effect.void
    return withBackend(
      Effect.fnUntraced(function*(test) {
        const [ada, office] = [yield* test.addSubscriber("ada"), yield* test.addRoom("office")]
        commit = Effect.sleep("1 second")
        const sending = yield* Effect.forkChild(send(test, ada, office, "hi"))
        yield* runReadyFibers
        const interrupting = yield* Effect.forkChild(Fiber.interrupt(sending))
        yield* runReadyFibers
        assert.deepStrictEqual([...test.backend.stored()], [])
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(interrupting)
        assert.deepStrictEqual([...test.backend.stored()].map(({ text }) => text), ["hi"])
      }),
      {},
      storageOf([], Effect.suspend(() => commit))
    )
  })

  it.effect("is stored after the one that was sent before it, even if that takes long to be committed", () => {
    let commit = Effect.void
    return withBackend(
      Effect.fnUntraced(function*(test) {
        const [ada, office] = [yield* test.addSubscriber("ada"), yield* test.addRoom("office")]
        commit = Effect.sleep("1 second")
        const first = yield* Effect.forkChild(send(test, ada, office, "first"))
        yield* runReadyFibers
        commit = Effect.void
        const second = yield* Effect.forkChild(send(test, ada, office, "second"))
        yield* runReadyFibers
        assert.deepStrictEqual([...test.backend.stored()], [])
        yield* TestClock.adjust("1 second")
        yield* Fiber.joinAll([first, second])
        assert.deepStrictEqual([...test.backend.stored()].map(({ text }) => text), ["first", "second"])
      }),
      {},
      storageOf([], Effect.suspend(() => commit))
    )
  })
})

describe("the messages of a conversation", () => {
  it.effect.each<["address" | "group" | "all", "room" | "its group" | "unknown" | "an unknown group", number]>([
    ["all", "room", 200],
    ["all", "its group", 200],
    ["all", "unknown", 404],
    ["all", "an unknown group", 404],
    ["address", "room", 200],
    ["address", "its group", 404],
    ["group", "its group", 200],
    ["group", "room", 422],
    ["group", "an unknown group", 404]
  ])("are identified as the dialect %s does, by %s: %i", ([dialect, by, expected]) =>
    withBackend(
      Effect.fnUntraced(function*(test) {
        const ada = yield* test.addSubscriber("ada")
        const office = yield* test.addRoom("office")
        yield* test.backend.seed([{
          subscriberId: ada.id,
          addressId: office,
          content: { text: "hi", metadata: {}, details: {} }
        }])
        const id = {
          "room": office,
          "its group": `sw_${office}`,
          "unknown": "nobody",
          "an unknown group": "sw_nobody"
        }[by]
        const response = yield* get(test, ada, `/conversations/${id}/messages`)
        assert.strictEqual(response.status, expected)
        if (expected === 200) assert.deepStrictEqual(textsOf(response.body.data), ["hi"])
        if (expected === 422) {
          assert.deepStrictEqual(errorOf(response), [422, "invalid_group_configuration", "group_id"])
        }
      }),
      { dialect }
    ))

  it.effect("are within the requested times, to the microsecond", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      yield* TestClock.setTime(1_735_790_645_456)
      const [ada, office] = [yield* test.addSubscriber("ada"), yield* test.addRoom("office")]
      for (const text of ["a", "b", "c"]) yield* send(test, ada, office, text)
      const texts = (query: string) =>
        Effect.map(get(test, ada, `/messages?${query}`), ({ body }) => textsOf(body.data))
      assert.deepStrictEqual(yield* texts("since=1735790645.456001"), ["c", "b"])
      assert.deepStrictEqual(yield* texts("until=1735790645.456001"), ["b", "a"])
      assert.deepStrictEqual(yield* texts("since=-5"), ["c", "b", "a"])
    })))
})

describe("seeded messages", () => {
  const world = Effect.fnUntraced(function*(test: In) {
    const [ada, grace] = [yield* test.addSubscriber("ada"), yield* test.addSubscriber("grace")]
    const office = yield* test.addRoom("office")
    const seed = (...messages: ReadonlyArray<object>) =>
      test.request("POST", "/_sandbox/messages", { body: { messages } })
    return { ada, grace, office, seed }
  })

  it.effect("are returned as their senders see them, oldest first, of all conversations or of an address", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const { ada, grace, office, seed } = yield* world(test)
      yield* seed(
        { from: ada.id, addressId: grace.addressId, text: "b", ts: 2 },
        { from: grace.id, addressId: office, text: "c", ts: 1.5 },
        { from: grace.id, addressId: ada.addressId, text: "a", ts: 1, metadata: { a: 1 }, details: { b: 2 } }
      )
      const list = (query: string) =>
        Effect.map(test.request("GET", `/_sandbox/messages${query}`), ({ body }) => body.messages)
      assert.deepStrictEqual(textsOf(yield* list("")), ["a", "c", "b"])
      assert.deepStrictEqual(textsOf(yield* list(`?addressId=${office}`)), ["c"])
      const [first, second] = yield* list(`?addressId=${ada.addressId}`)
      assert.deepInclude(first, {
        conversation_id: ada.addressId,
        conversation_name: "ada",
        user_id: grace.id,
        user_name: "grace",
        metadata: { a: 1 },
        details: { b: 2 },
        hidden: false,
        kind: null,
        ts: 1
      })
      assert.deepInclude(second, { conversation_id: grace.addressId, text: "b", metadata: {}, details: {} })
    })))

  it.effect("are pushed to sessions unless they say otherwise", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const { ada, grace, seed } = yield* world(test)
      const client = yield* test.openSocket
      yield* connect(client, grace.token)
      const message = { from: ada.id, addressId: grace.addressId }
      yield* seed(
        { ...message, text: "1", push: false },
        { ...message, text: "2" },
        { ...message, text: "3", push: true, hidden: true }
      )
      const events = (yield* client.waiting).map(({ params }) => [params.params.text, params.params.hidden])
      assert.deepStrictEqual(events, [["2", false], ["3", true]])
    })))

  it.effect("that are invalid are refused with the path of the field", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const { ada, office, seed } = yield* world(test)
      const good = { from: ada.id, addressId: office, text: "x" }
      const outcome = (more: object) => Effect.map(seed(good, { ...good, ...more }), errorOf)
      assert.deepStrictEqual(yield* outcome({ text: "x\ud800" }), [422, "invalid_message_body", "messages[1].text"])
      assert.deepStrictEqual(yield* outcome({ details: { a: "x".repeat(32_768) } }), [
        422,
        "character_limit_exceeded",
        "messages[1].details"
      ])
      for (
        const more of [
          { ts: -1 },
          { ts: 8e9 + 1 },
          { subtype: "" },
          { subtype: "x".repeat(101) },
          { kind: "a b" },
          { hidden: 1 },
          { metadata: [] },
          { push: 1 }
        ]
      ) {
        assert.deepStrictEqual(yield* outcome(more), [422, "invalid_parameter", `messages[1].${Object.keys(more)[0]}`])
      }
      assert.deepStrictEqual([...test.backend.stored()], [])
      const kind = "Call_started-1.x"
      assert.strictEqual((yield* seed({ ...good, ts: 8e9, kind, subtype: "x".repeat(100), text: null })).status, 200)
    })))

  it.effect("from a guest are refused", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const { office, seed } = yield* world(test)
      const guest = yield* test.backend.mintGuest({ allowed: [office], attribute: "x", expiresAt: undefined })
      assert.deepStrictEqual(errorOf(yield* seed({ from: guest.subscriberId, addressId: office, text: "x" })), [
        422,
        "from_fabric_address_id_does_not_match_subscriber",
        "from_fabric_address_id"
      ])
    })))
})
