import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type TestBackend, withBackend } from "./support.ts"

type In = TestBackend["Service"]

const id = "00000000-0000-4000-8000-000000000000"
const paths = [
  ["GET", "/api/fabric/subscriber/info"],
  ["GET", "/api/fabric/addresses"],
  ["GET", `/api/fabric/addresses/${id}`],
  ["GET", "/api/fabric/conversations"],
  ["GET", `/api/fabric/conversations/${id}/messages`],
  ["GET", "/api/fabric/messages"],
  ["POST", "/api/fabric/messages"],
  ["POST", "/api/fabric/conversations/join"],
  ["POST", "/api/fabric/subscribers/tokens"],
  ["POST", "/api/fabric/subscribers/tokens/refresh"],
  ["POST", "/api/fabric/guests/tokens"],
  ["POST", "/api/fabric/subscriber/invites"],
  ["POST", "/api/fabric/embeds/tokens"],
  ["POST", "/api/fabric/subscriber/devices/token"],
  ["POST", "/api/fabric/subscriber/devices/refresh"],
  ["POST", "/subscriber/devices"],
  ["DELETE", `/subscriber/devices/${id}`]
] as const
/** Endpoints without an authorization header: the credential is in the body. */
const unauthenticated = ["/api/fabric/subscribers/tokens/refresh", "/api/fabric/embeds/tokens"]

describe("every endpoint", () => {
  it.effect.each(paths)(
    "%s %s can be requested by pages of other origins",
    ([method, path]) =>
      withBackend(Effect.fnUntraced(function*({ request }) {
        const preflight = yield* request("OPTIONS", path, {
          headers: {
            origin: "https://app.example.test",
            "access-control-request-method": method,
            "access-control-request-headers": "authorization,content-type"
          }
        })
        assert.strictEqual(preflight.status, 204)
        assert.strictEqual(preflight.text, "")
        assert.strictEqual(preflight.headers.get("access-control-allow-origin"), "*")
        assert.include(preflight.headers.get("access-control-allow-methods") ?? "", method)
        for (const header of ["Authorization", "Content-Type", "Accept"]) {
          assert.include(preflight.headers.get("access-control-allow-headers") ?? "", header)
        }
        // errors must be readable for the page, too
        const response = yield* request(method, path)
        assert.isAtLeast(response.status, 400)
        assert.strictEqual(response.headers.get("access-control-allow-origin"), "*")
      }))
  )
  it.effect.each(paths.filter(([, path]) => !unauthenticated.includes(path)))(
    "%s %s requires authentication",
    ([method, path]) =>
      withBackend(Effect.fnUntraced(function*({ request }) {
        for (const headers of [{}, { authorization: "Bearer nope" }, { authorization: "Basic bm9wZQ==" }]) {
          const { body, status } = yield* request(method, path, { headers })
          assert.deepStrictEqual([status, body], [401, { error: "Unauthorized" }])
        }
      }))
  )
  it.effect.each(paths.filter(([method]) => method === "GET"))(
    "%s %s handles HEAD like GET",
    ([, path]) =>
      withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
        const { token } = yield* addSubscriber("ada")
        const [get, head] = [yield* request("GET", path, { token }), yield* request("HEAD", path, { token })]
        assert.strictEqual(head.status, get.status)
        assert.strictEqual(head.headers.get("access-control-allow-origin"), "*")
      }))
  )
  it.effect.each(paths.filter(([method, path]) => method === "POST" && !path.startsWith("/api/fabric/subscribers")))(
    "%s %s rejects a body that is not a JSON object",
    ([method, path]) =>
      withBackend(Effect.fnUntraced(function*({ backend: { identity }, addSubscriber, request }) {
        const { token } = yield* addSubscriber("ada")
        const basic = `Basic ${btoa(`${identity.projectId}:${identity.apiToken}`)}`
        const authorization = path.includes("/guests/") ? basic : `Bearer ${token}`
        for (const body of ["{", "[]", "1", "null", "\"text\""]) {
          assert.strictEqual((yield* request(method, path, { body, headers: { authorization } })).status, 400)
        }
      }))
  )
})

describe("links", () => {
  const threeRooms = Effect.fnUntraced(function*({ addSubscriber, addRoom }: In) {
    for (const name of ["a", "b", "c"]) yield* addRoom(name)
    return (yield* addSubscriber("ada")).token
  })

  it.effect("are relative, so that clients stay on the same host", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const token = yield* threeRooms(test)
      const { body } = yield* test.request("GET", "/api/fabric/addresses?type=room&page_size=2", { token })
      for (const link of Object.values(body.links)) assert.match(String(link), /^\/api\/fabric\/addresses\?/)
      const next = yield* test.request("GET", body.links.next, { token })
      assert.deepStrictEqual(next.body.data.map(({ name }: { name: string }) => name), ["c"])
      assert.match(body.links.next, /page_number=1.*page_token=PA[\da-f-]{36}/)
    })))
  it.effect("are absolute if the option linkOrigin is set", () =>
    withBackend(
      Effect.fnUntraced(function*(test) {
        const token = yield* threeRooms(test)
        const { body } = yield* test.request("GET", "/api/fabric/addresses?type=room&page_size=2", { token })
        assert.sameMembers(Object.keys(body.links), ["self", "first", "next"])
        for (const link of Object.values(body.links)) {
          assert.match(String(link), /^https:\/\/space\.example\.test\/api\/fabric\/addresses\?/)
        }
      }),
      { linkOrigin: "https://space.example.test" }
    ))
  it.effect("are present for an empty list", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
      const { token } = yield* addSubscriber("ada")
      const { body } = yield* request("GET", "/api/fabric/conversations", { token })
      const here = "/api/fabric/conversations"
      assert.deepStrictEqual(body, { data: [], links: { self: here, first: here } })
    })))
  it.effect("require their page token", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const token = yield* threeRooms(test)
      const code = (query: string) =>
        Effect.map(
          test.request("GET", `/api/fabric/addresses?type=room&page_size=2${query}`, { token }),
          ({ body, status }) => [status, body.errors[0].code]
        )
      assert.deepStrictEqual(yield* code("&page_number=1"), [422, "page_token_required"])
      assert.deepStrictEqual(yield* code("&page_number=1&page_token="), [422, "page_token_required_for_next_page"])
      assert.deepStrictEqual(yield* code("&page_number=1&page_token=PAnope"), [422, "page_token_is_invalid"])
      const eve = yield* test.addSubscriber("eve")
      const { body } = yield* test.request("GET", "/api/fabric/addresses?type=room&page_size=2", { token })
      const foreign = yield* test.request("GET", body.links.next, { token: eve.token })
      assert.strictEqual(foreign.body.errors[0].code, "page_token_is_invalid")
    })))
})

describe("lists of addresses", () => {
  const names = ({ request }: In, token: string, query: string) =>
    Effect.map(
      request("GET", `/api/fabric/addresses?${query}`, { token }),
      ({ body }) => body.data.map(({ name }: { name: string }) => name)
    )

  it.effect("find a name whether or not the client has encoded it", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const { token } = yield* test.addSubscriber("ada")
      for (const name of ["c++", "front office", "Q&A #1", "50%"]) yield* test.addRoom(name)
      assert.deepStrictEqual(yield* names(test, token, "name=c++"), ["c++"])
      assert.deepStrictEqual(yield* names(test, token, "name=c%2B%2B"), ["c++"])
      assert.deepStrictEqual(yield* names(test, token, "name=front%20office"), ["front office"])
      assert.deepStrictEqual(yield* names(test, token, "name=front+office"), ["front office"])
      assert.deepStrictEqual(yield* names(test, token, "name=Q%26A%20%231"), ["Q&A #1"])
      assert.deepStrictEqual(yield* names(test, token, "name=50%"), ["50%"])
      assert.deepStrictEqual(yield* names(test, token, "name=FRONT%20Office"), ["front office"])
      assert.deepStrictEqual(yield* names(test, token, "name=nobody"), [])
    })))
  it.effect("compare the complete display name", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const { token } = yield* test.addSubscriber("ada")
      for (const [name, displayName] of [["a", "Lab"], ["b", "Lab"], ["c", "Laboratory"]]) {
        yield* test.request("POST", "/_sandbox/rooms", { body: { name, displayName } })
      }
      assert.deepStrictEqual(yield* names(test, token, "display_name=Lab"), ["a", "b"])
      assert.deepStrictEqual(yield* names(test, token, "display_name=Lab&sort_by=name&sort_order=desc"), ["b", "a"])
      assert.deepStrictEqual(yield* names(test, token, "type=app"), [])
    })))
  it.effect("accept only the documented types and orders", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
      const { token } = yield* addSubscriber("ada")
      const errorOf = (query: string) =>
        Effect.map(request("GET", `/api/fabric/addresses?${query}`, { token }), ({ body, status }) => {
          const [{ attribute, code, type, url }] = body.errors
          assert.strictEqual(type, "validation_error")
          assert.isTrue(URL.canParse(url))
          return [status, code, attribute]
        })
      assert.deepStrictEqual(yield* errorOf("type=ghost"), [422, "invalid_parameter", "type"])
      assert.deepStrictEqual(yield* errorOf("sort_by=age"), [422, "invalid_parameter", "sort_by"])
      assert.deepStrictEqual(yield* errorOf("sort_order=asc"), [422, "sort_order_validations", "sort_order"])
      assert.deepStrictEqual(yield* errorOf("page_size=1001"), [422, "invalid_parameter", "page_size"])
    })))
})

describe("devices", () => {
  it.effect("are registered and deleted", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, request }) {
      const { token } = yield* addSubscriber("ada")
      const { body, status } = yield* request("POST", "/subscriber/devices", {
        token,
        body: { device_type: "iOS", device_token: "apns" }
      })
      assert.strictEqual(status, 201)
      assert.deepInclude(body, { device_type: "iOS", device_token: "apns" })
      assert.strictEqual((yield* request("DELETE", `/subscriber/devices/${body.id}`, { token })).status, 204)
      const missing = yield* request("POST", "/subscriber/devices", { token, body: { device_type: "iOS" } })
      assert.deepInclude(missing.body.errors[0], { code: "missing_required_parameter", attribute: "device_token" })
    })))
})
