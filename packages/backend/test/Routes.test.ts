import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { ConnectionBroken, type TestResponse, withBackend } from "./support.ts"

const joinBody = (addressId: string) => ({ conversation_id: addressId })
const messageBody = (addressId: string, text: string) => ({ conversation_id: addressId, text })

describe("authentication", () => {
  it.effect("requests without a token fail with 401", () =>
    withBackend(Effect.fnUntraced(function*({ request }) {
      for (const path of ["subscriber/info", "addresses", "conversations", "messages"]) {
        const { body, status } = yield* request("GET", `/api/fabric/${path}`)
        assert.deepStrictEqual([status, body], [401, { error: "Unauthorized" }])
      }
    })))
  it.effect("requests with an expired token fail with 401", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
      const ada = yield* addSubscriber("ada")
      assert.strictEqual((yield* request("GET", "/api/fabric/messages", ada)).status, 200)
      yield* TestClock.adjust("2 hours")
      assert.strictEqual((yield* request("GET", "/api/fabric/messages", ada)).status, 401)
    })))
  it.effect("a refresh token is not accepted as an access token", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
      const { refreshToken } = yield* addSubscriber("ada")
      assert.strictEqual((yield* request("GET", "/api/fabric/messages", { token: refreshToken })).status, 401)
    })))
  it.effect("a subscriber can read its own addresses", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
      const ada = yield* addSubscriber("ada")
      const { body } = yield* request("GET", "/api/fabric/subscriber/info", ada)
      assert.strictEqual(body.id, ada.id)
      assert.strictEqual(body.fabric_addresses[0].id, ada.addressId)
    })))
})

describe("tokens", () => {
  const basic = (text: string) => ({ headers: { authorization: `Basic ${btoa(text)}` } })
  it.effect("the project mints tokens, and creates subscribers for them", () =>
    withBackend(Effect.fnUntraced(function*({ backend, request }) {
      const { apiToken, projectId } = backend.identity
      const mint = request("POST", "/api/fabric/subscribers/tokens", {
        ...basic(`${projectId}:${apiToken}`),
        body: { reference: "ada@example.test" }
      })
      const first = yield* mint
      const again = yield* mint
      assert.strictEqual(first.status, 200)
      assert.strictEqual(first.body.subscriber_id, again.body.subscriber_id)
      assert.strictEqual(
        (yield* request("GET", "/api/fabric/subscriber/info", { token: first.body.token })).body.email,
        "ada@example.test"
      )
    })))
  it.effect("minting requires the project's API token", () =>
    withBackend(Effect.fnUntraced(function*({ backend, request }) {
      for (const secret of ["", "a:b", `${backend.identity.projectId}:`]) {
        const options = { ...basic(secret), body: { reference: "ada" } }
        assert.strictEqual((yield* request("POST", "/api/fabric/subscribers/tokens", options)).status, 401)
      }
    })))
  it.effect("a refresh token is exchanged for a new pair until it expires", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
      const ada = yield* addSubscriber("ada")
      const refresh = (refresh_token: string) =>
        request("POST", "/api/fabric/subscribers/tokens/refresh", { body: { refresh_token } })
      const { body, status } = yield* refresh(ada.refreshToken)
      assert.strictEqual(status, 201)
      assert.strictEqual((yield* request("GET", "/api/fabric/messages", body)).status, 200)
      assert.strictEqual((yield* refresh(ada.token)).body.errors[0].code, "not_a_refresh_token")
      assert.strictEqual((yield* refresh("x")).body.errors[0].code, "token_invalid")
      yield* TestClock.adjust("126 minutes")
      const late = yield* refresh(ada.refreshToken)
      assert.deepStrictEqual([late.status, late.body.errors[0].code], [422, "token_expired"])
    })))
})

describe("joining", () => {
  it.effect("joining again has no effect", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
      const ada = yield* addSubscriber("ada")
      const office = yield* addRoom("office")
      const first = yield* request("POST", "/api/fabric/conversations/join", { ...ada, body: joinBody(office) })
      const again = yield* request("POST", "/api/fabric/conversations/join", { ...ada, body: joinBody(office) })
      assert.deepStrictEqual(first.body, again.body)
      assert.strictEqual(first.body.group_id, `sw_${office}`)
      assert.strictEqual(first.body.table.conversation_id, office)
      assert.strictEqual((yield* request("GET", "/api/fabric/conversations", ada)).body.data.length, 1)
    })))
  it.effect("two subscribers share one group, in whichever order they join", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
      const ada = yield* addSubscriber("ada")
      const grace = yield* addSubscriber("grace")
      const group = (from: string, other: string) => ({
        from_fabric_address_id: from,
        fabric_address_ids: [other, from]
      })
      const one = yield* request("POST", "/api/fabric/conversations/join", {
        ...ada,
        body: group(ada.addressId, grace.addressId)
      })
      const two = yield* request("POST", "/api/fabric/conversations/join", {
        ...grace,
        body: group(grace.addressId, ada.addressId)
      })
      assert.strictEqual(one.body.group_id, two.body.group_id)
      assert.strictEqual(one.body.group_id, `sw_${[ada.addressId, grace.addressId].toSorted().join("_")}`)
    })))
  it.effect("an invalid conversation is rejected with an error code", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
      const ada = yield* addSubscriber("ada")
      const grace = yield* addSubscriber("grace")
      const office = yield* addRoom("office")
      const code = (body: unknown) =>
        Effect.map(
          request("POST", "/api/fabric/conversations/join", { ...ada, body }),
          ({ body, status }) => [status, body.errors[0].code, body.errors[0].attribute]
        )
      const from = ada.addressId
      assert.deepStrictEqual(yield* code(joinBody(ada.addressId)), [
        422,
        "invalid_group_configuration",
        "conversation_id"
      ])
      assert.deepStrictEqual(yield* code(joinBody("nobody")), [422, "unrecognized_fabric_addresses", "conversation_id"])
      assert.deepStrictEqual(yield* code({}), [422, "missing_required_parameter", "conversation_id"])
      assert.strictEqual(
        (yield* code({ from_fabric_address_id: from, fabric_address_ids: [office, grace.addressId, from] }))[1],
        "invalid_group_configuration"
      )
      assert.strictEqual(
        (yield* code({ from_fabric_address_id: from, fabric_address_ids: [] }))[1],
        "no_fabric_addresses"
      )
      assert.strictEqual(
        (yield* code({ from_fabric_address_id: grace.addressId, fabric_address_ids: [office] }))[1],
        "from_fabric_address_id_does_not_match_subscriber"
      )
    })))
})

describe("sending", () => {
  it.effect("the first message joins both subscribers to the conversation", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
      const ada = yield* addSubscriber("ada")
      const grace = yield* addSubscriber("grace")
      const sent = yield* request("POST", "/api/fabric/messages", {
        ...ada,
        body: messageBody(grace.addressId, "lunch?")
      })
      assert.strictEqual(sent.status, 200)
      assert.deepStrictEqual(sent.body.table, { conversation_id: grace.addressId, text: "lunch?" })
      const seenByAda = yield* request("GET", `/api/fabric/conversations/${grace.addressId}/messages`, ada)
      const seenByGrace = yield* request("GET", `/api/fabric/conversations/${ada.addressId}/messages`, grace)
      assert.strictEqual(seenByAda.body.data[0].conversation_id, grace.addressId)
      assert.strictEqual(seenByGrace.body.data[0].conversation_id, ada.addressId)
      assert.strictEqual(seenByAda.body.data[0].id, seenByGrace.body.data[0].id)
      assert.strictEqual(seenByGrace.body.data[0].from_fabric_address_id, ada.addressId)
      const [conversation] = (yield* request("GET", "/api/fabric/conversations", grace)).body.data
      assert.strictEqual(conversation.address_id, ada.addressId)
      assert.strictEqual(conversation.name, "ada")
    })))
  it.effect("a subscriber who is not a member cannot see a conversation", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
      const ada = yield* addSubscriber("ada")
      const eve = yield* addSubscriber("eve")
      const office = yield* addRoom("office")
      yield* request("POST", "/api/fabric/messages", { ...ada, body: messageBody(office, "secret") })
      assert.deepStrictEqual((yield* request("GET", "/api/fabric/messages", eve)).body.data, [])
      assert.deepStrictEqual((yield* request("GET", "/api/fabric/conversations", eve)).body.data, [])
      assert.deepStrictEqual(
        (yield* request("GET", `/api/fabric/conversations/${office}/messages`, eve)).body.data,
        []
      )
      assert.strictEqual((yield* request("GET", `/api/fabric/conversations/sw_${office}/messages`, eve)).status, 404)
      const sent = yield* request("POST", "/api/fabric/messages", {
        ...eve,
        body: { group_id: `sw_${office}`, from_fabric_address_id: eve.addressId, text: "hi" }
      })
      assert.strictEqual(sent.status, 404)
    })))
  it.effect("text, metadata and details are validated", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
      const ada = yield* addSubscriber("ada")
      const office = yield* addRoom("office")
      const code = (more: object) =>
        Effect.map(
          request("POST", "/api/fabric/messages", { ...ada, body: { conversation_id: office, ...more } }),
          ({ body, status }) => [status, body.errors[0].code]
        )
      assert.deepStrictEqual(yield* code({}), [422, "message_body_required"])
      assert.deepStrictEqual(yield* code({ text: "" }), [422, "message_body_required"])
      assert.deepStrictEqual(yield* code({ text: 1 }), [422, "invalid_message_body"])
      assert.deepStrictEqual(yield* code({ text: "x".repeat(10_001) }), [422, "message_length_exceeds_limit"])
      assert.deepStrictEqual(yield* code({ text: "x", metadata: [] }), [422, "not_a_hash"])
      assert.deepStrictEqual(yield* code({ text: "x", details: "y" }), [422, "not_a_hash"])
      assert.deepStrictEqual((yield* request("GET", "/api/fabric/messages", ada)).body.data, [])
    })))
  it.effect("malformed and malicious bodies are handled safely", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
      const ada = yield* addSubscriber("ada")
      const office = yield* addRoom("office")
      const post = (body: string) => request("POST", "/api/fabric/messages", { ...ada, body })
      for (const body of ["", "{", "[]", "null", "1", `{"a":${"[".repeat(100_000)}`]) {
        assert.strictEqual((yield* post(body)).status, 400, body.slice(0, 10))
      }
      const deep = `{"conversation_id":"${office}","text":"x","metadata":{"a":${"[".repeat(90)}${"]".repeat(90)}}}`
      assert.strictEqual((yield* post(deep)).status, 400)
      const proto = `{"__proto__":{"text":"x"},"conversation_id":"${office}"}`
      assert.strictEqual((yield* post(proto)).body.errors[0].code, "message_body_required")
      const kept = `{"conversation_id":"${office}","text":"x","metadata":{"__proto__":{"polluted":true}}}`
      assert.strictEqual((yield* post(kept)).status, 200)
      assert.strictEqual(Reflect.get({}, "polluted"), undefined)
    })))
  it.effect("a message to an unknown address or to the own address is rejected", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
      const ada = yield* addSubscriber("ada")
      assert.strictEqual(
        (yield* request("POST", "/api/fabric/messages", { ...ada, body: messageBody("x", "hi") })).status,
        404
      )
      const own = yield* request("POST", "/api/fabric/messages", { ...ada, body: messageBody(ada.addressId, "hi") })
      assert.deepStrictEqual([own.status, own.body.errors[0].code], [422, "invalid_group_configuration"])
    })))
})

describe("dialects", () => {
  it.effect("a server of the group dialect neither accepts nor returns addresses of conversations", () =>
    withBackend(
      Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
        const ada = yield* addSubscriber("ada")
        const office = yield* addRoom("office")
        const refused = yield* request("POST", "/api/fabric/messages", { ...ada, body: messageBody(office, "hi") })
        assert.deepStrictEqual(
          [refused.status, refused.body.errors[0].code, refused.body.errors[0].attribute],
          [422, "missing_required_parameter", "group_id"]
        )
        const from_fabric_address_id = ada.addressId
        yield* request("POST", "/api/fabric/conversations/join", {
          ...ada,
          body: { from_fabric_address_id, fabric_address_ids: [office, ada.addressId] }
        })
        const sent = yield* request("POST", "/api/fabric/messages", {
          ...ada,
          body: { group_id: `sw_${office}`, from_fabric_address_id, text: "hi" }
        })
        assert.deepStrictEqual(sent.body, { group_id: `sw_${office}`, text: "hi", from_fabric_address_id })
        const { body } = yield* request("GET", `/api/fabric/conversations/sw_${office}/messages`, ada)
        assert.isFalse("conversation_id" in body.data[0])
        assert.strictEqual(body.data[0].group_id, `sw_${office}`)
      }),
      { dialect: "group" }
    ))
  it.effect("a server of the address dialect neither accepts nor returns groups", () =>
    withBackend(
      Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
        const ada = yield* addSubscriber("ada")
        const office = yield* addRoom("office")
        const refused = yield* request("POST", "/api/fabric/messages", {
          ...ada,
          body: { group_id: `sw_${office}`, from_fabric_address_id: ada.addressId, text: "hi" }
        })
        assert.strictEqual(refused.body.errors[0].attribute, "conversation_id")
        const sent = yield* request("POST", "/api/fabric/messages", { ...ada, body: messageBody(office, "hi") })
        assert.deepStrictEqual(sent.body, { table: { conversation_id: office, text: "hi" } })
        const { body } = yield* request("GET", "/api/fabric/messages", ada)
        assert.isFalse("group_id" in body.data[0])
      }),
      { dialect: "address" }
    ))
})

describe("pages", () => {
  it.effect("messages that are stored later do not shift the next pages", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
      const ada = yield* addSubscriber("ada")
      const office = yield* addRoom("office")
      const send = (text: string) =>
        request("POST", "/api/fabric/messages", { ...ada, body: messageBody(office, text) })
      for (let n = 0; n < 7; n++) yield* send(`m${n}`)
      const texts: Array<string> = []
      const paths: Array<string> = []
      let path: string | undefined = "/api/fabric/messages?page_size=3"
      while (path !== undefined) {
        paths.push(path)
        const { body }: TestResponse = yield* request("GET", path, ada)
        texts.push(...body.data.map((message: { readonly text: string }) => message.text))
        assert.strictEqual(body.links.first, "/api/fabric/messages?page_size=3")
        assert.strictEqual("prev" in body.links, paths.length > 1)
        path = body.links.next
        yield* send("meanwhile")
      }
      assert.deepStrictEqual(texts, ["m6", "m5", "m4", "m3", "m2", "m1", "m0"])
      assert.strictEqual(paths.length, 3)
      const { body } = yield* request("GET", paths[1] ?? "", ada)
      assert.strictEqual((yield* request("GET", body.links.prev, ada)).body.data[0].text, "m6")
    })))
  it.effect("since and until are inclusive, in fractional seconds", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
      const ada = yield* addSubscriber("ada")
      const office = yield* addRoom("office")
      for (let n = 0; n < 4; n++) {
        yield* request("POST", "/api/fabric/messages", { ...ada, body: messageBody(office, `m${n}`) })
        yield* TestClock.adjust("1500 millis")
      }
      const texts = (query: string) =>
        Effect.map(
          request("GET", `/api/fabric/conversations/${office}/messages?${query}`, ada),
          ({ body }) => body.data.map((message: { readonly text: string }) => message.text)
        )
      assert.deepStrictEqual(yield* texts("since=1.5"), ["m3", "m2", "m1"])
      assert.deepStrictEqual(yield* texts("since=1.5&until=3.0"), ["m2", "m1"])
      assert.deepStrictEqual(yield* texts("until=1.4"), ["m0"])
      assert.deepStrictEqual(yield* texts("limit=2"), ["m3", "m2"])
    })))
  it.effect("parameters that are out of range are rejected with their name", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
      const ada = yield* addSubscriber("ada")
      const errorOf = (query: string) =>
        Effect.map(
          request("GET", `/api/fabric/messages?${query}`, ada),
          ({ body, status }) => [status, body.errors[0].code, body.errors[0].attribute]
        )
      for (const size of ["0", "1001", "-1", "x", "1.5", ""]) {
        assert.deepStrictEqual(yield* errorOf(`page_size=${size}`), [422, "invalid_parameter", "page_size"])
      }
      assert.deepStrictEqual(yield* errorOf("limit=0"), [422, "invalid_parameter", "limit"])
      assert.deepStrictEqual(yield* errorOf("since=soon"), [422, "invalid_parameter", "since"])
      assert.deepStrictEqual(yield* errorOf("page_number=1"), [422, "page_token_required", "page_token"])
      assert.deepStrictEqual(yield* errorOf("page_token=PA1"), [422, "page_token_is_invalid", "page_token"])
    })))
  it.effect("a page token is not valid for the list of another subscriber", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
      const ada = yield* addSubscriber("ada")
      const eve = yield* addSubscriber("eve")
      const office = yield* addRoom("office")
      for (const text of ["a", "b"]) {
        yield* request("POST", "/api/fabric/messages", { ...ada, body: messageBody(office, text) })
      }
      const { body } = yield* request("GET", "/api/fabric/messages?page_size=1", ada)
      assert.strictEqual((yield* request("GET", body.links.next, eve)).status, 422)
    })))
  it.effect("conversations are sorted by latest activity, with times in milliseconds", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
      yield* TestClock.setTime(1_735_790_645_456)
      const ada = yield* addSubscriber("ada")
      const office = yield* addRoom("office")
      const lab = yield* addRoom("lab")
      yield* request("POST", "/api/fabric/conversations/join", { ...ada, body: joinBody(office) })
      yield* TestClock.adjust("1 second")
      yield* request("POST", "/api/fabric/conversations/join", { ...ada, body: joinBody(lab) })
      const before = (yield* request("GET", "/api/fabric/conversations", ada)).body.data
      assert.deepStrictEqual(before.map(({ id }: { readonly id: string }) => id), [lab, office])
      assert.strictEqual(before[1].last_message_at, 1_735_790_645_456)
      yield* TestClock.adjust("1 second")
      yield* request("POST", "/api/fabric/messages", { ...ada, body: messageBody(office, "x") })
      const after = (yield* request("GET", "/api/fabric/conversations", ada)).body.data
      assert.deepStrictEqual(after.map(({ id }: { readonly id: string }) => id), [office, lab])
      assert.strictEqual(after[0].created_at, 1_735_790_645_456)
      assert.strictEqual(after[0].last_message_at, 1_735_790_647_456)
    })))
  it.effect("every message is later than the one before, even within the same millisecond", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
      yield* TestClock.setTime(1_735_790_645_456)
      const ada = yield* addSubscriber("ada")
      const office = yield* addRoom("office")
      for (const text of ["a", "b", "c"]) {
        yield* request("POST", "/api/fabric/messages", { ...ada, body: messageBody(office, text) })
      }
      const { body } = yield* request("GET", "/api/fabric/messages", ada)
      assert.deepStrictEqual(
        body.data.map(({ ts }: { readonly ts: number }) => ts),
        [1735790645.456002, 1735790645.456001, 1735790645.456]
      )
    })))
})

describe("addresses", () => {
  it.effect("are found by id and by name, and sorted as requested", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request, addRoom }) {
      const ada = yield* addSubscriber("ada")
      const office = yield* addRoom("office")
      assert.strictEqual((yield* request("GET", `/api/fabric/addresses/${office}`, ada)).body.type, "room")
      assert.strictEqual((yield* request("GET", "/api/fabric/addresses/x", ada)).status, 404)
      assert.strictEqual((yield* request("GET", "/api/fabric/addresses?name=office", ada)).body.data[0].id, office)
      assert.deepStrictEqual((yield* request("GET", "/api/fabric/addresses?name=x", ada)).body.data, [])
      const sorted = yield* request("GET", "/api/fabric/addresses?sort_by=name&sort_order=desc&page_size=1", ada)
      assert.strictEqual(sorted.body.data[0].name, "office")
      assert.strictEqual((yield* request("GET", sorted.body.links.next, ada)).body.data[0].name, "ada")
      const unsorted = yield* request("GET", "/api/fabric/addresses?sort_order=desc", ada)
      assert.strictEqual(unsorted.body.errors[0].code, "sort_order_validations")
    })))
})

describe("faults", () => {
  it.effect("a lost response is lost after the message was stored", () =>
    withBackend(Effect.fnUntraced(function*({ faults, addSubscriber, request, addRoom }) {
      const ada = yield* addSubscriber("ada")
      const office = yield* addRoom("office")
      faults.set({
        rules: [{
          match: { on: "http", method: "POST", path: "*/messages" },
          action: { type: "loseAnswer" },
          times: 1
        }]
      })
      const lost = yield* Effect.flip(
        request("POST", "/api/fabric/messages", { ...ada, body: messageBody(office, "once") })
      )
      assert.instanceOf(lost, ConnectionBroken)
      assert.strictEqual((yield* request("GET", "/api/fabric/messages", ada)).body.data.length, 1)
      assert.strictEqual(
        (yield* request("POST", "/api/fabric/messages", { ...ada, body: messageBody(office, "again") })).status,
        200
      )
    })))
  it.effect("a refused request is not handled", () =>
    withBackend(Effect.fnUntraced(function*({ faults, addSubscriber, request, addRoom }) {
      const ada = yield* addSubscriber("ada")
      const office = yield* addRoom("office")
      faults.set({ rules: [{ match: { on: "http", method: "POST" }, action: { type: "refuse" }, times: 1 }] })
      yield* Effect.flip(request("POST", "/api/fabric/messages", { ...ada, body: messageBody(office, "never") }))
      assert.deepStrictEqual((yield* request("GET", "/api/fabric/messages", ada)).body.data, [])
    })))
  it.effect("responses can be replaced, in order and a given number of times", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
      const ada = yield* addSubscriber("ada")
      const rules = [
        { match: { on: "http", path: "/api/*" }, action: { type: "answer", status: 503, text: "<html>" }, times: 1 },
        { match: { on: "http" }, action: { type: "answer", status: 429, headers: { "retry-after": "1" } }, times: 1 }
      ]
      assert.strictEqual((yield* request("PUT", "/_sandbox/faults", { body: { rules } })).status, 200)
      const statuses: Array<number> = []
      for (let n = 0; n < 3; n++) statuses.push((yield* request("GET", "/api/fabric/messages", ada)).status)
      assert.deepStrictEqual(statuses, [503, 429, 200])
    })))
  const readEndlessPages = (pages: "itself" | "empty" | "again") =>
    withBackend(Effect.fnUntraced(function*({ faults, addSubscriber, request, addRoom }) {
      const ada = yield* addSubscriber("ada")
      yield* request("POST", "/api/fabric/messages", { ...ada, body: messageBody(yield* addRoom("office"), "one") })
      faults.set({
        rules: [{ match: { on: "http", path: "*/messages" }, action: { type: "endless", pages }, times: 3 }]
      })
      const links: Array<string> = ["/api/fabric/messages?page_size=5"]
      const texts: Array<ReadonlyArray<string>> = []
      for (let link = links[0]; typeof link === "string";) {
        const { body } = yield* request("GET", link, ada)
        texts.push(body.data.map(({ text }: { text: string }) => text))
        link = body.links.next
        if (typeof link === "string") links.push(link)
      }
      return { links, texts }
    }))
  it.effect("a page can link to itself, until the rule is used up", () =>
    Effect.map(readEndlessPages("itself"), ({ links, texts }) => {
      assert.deepStrictEqual(new Set(links), new Set(["/api/fabric/messages?page_size=5"]))
      assert.deepStrictEqual(texts, [["one"], ["one"], ["one"], ["one"]])
    }))
  it.effect("a page can link to the same page again, or to empty pages, each with a different link", () =>
    Effect.gen(function*() {
      const again = yield* readEndlessPages("again")
      assert.strictEqual(new Set(again.links).size, 4)
      assert.deepStrictEqual(again.texts, [["one"], ["one"], ["one"], ["one"]])
      const empty = yield* readEndlessPages("empty")
      assert.strictEqual(new Set(empty.links).size, 4)
      assert.deepStrictEqual(empty.texts, [[], [], [], ["one"]])
    }))
  it.effect("only pages of lists can be endless", () =>
    withBackend(Effect.fnUntraced(function*({ faults, addSubscriber, request }) {
      const ada = yield* addSubscriber("ada")
      const plain = yield* request("GET", "/api/fabric/subscriber/info", ada)
      faults.set({ rules: [{ match: { on: "http" }, action: { type: "endless", pages: "again" } }] })
      assert.deepStrictEqual(yield* request("GET", "/api/fabric/subscriber/info", ada), plain)
      assert.strictEqual((yield* request("GET", "/api/fabric/messages")).status, 401)
    })))
})
