import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { inWorld, type World } from "./support.ts"

type In = World["Service"]

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
/** Those that need no credential of a caller: what they are given is one. */
const open = ["/api/fabric/subscribers/tokens/refresh", "/api/fabric/embeds/tokens"]

describe("every path", () => {
  it.effect.each(paths)(
    "%s %s may be asked for by pages of other origins",
    ([method, path]) =>
      inWorld(Effect.fnUntraced(function*({ request }) {
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
        // an error, too, must be readable for the page
        const answer = yield* request(method, path)
        assert.isAtLeast(answer.status, 400)
        assert.strictEqual(answer.headers.get("access-control-allow-origin"), "*")
      }))
  )
  it.effect.each(paths.filter(([, path]) => !open.includes(path)))(
    "%s %s asks for a credential first",
    ([method, path]) =>
      inWorld(Effect.fnUntraced(function*({ request }) {
        for (const headers of [{}, { authorization: "Bearer nope" }, { authorization: "Basic bm9wZQ==" }]) {
          const { body, status } = yield* request(method, path, { headers })
          assert.deepStrictEqual([status, body], [401, { error: "Unauthorized" }])
        }
      }))
  )
  it.effect.each(paths.filter(([method]) => method === "GET"))(
    "%s %s answers HEAD like GET",
    ([, path]) =>
      inWorld(Effect.fnUntraced(function*({ person, request }) {
        const { token } = yield* person("ada")
        const [get, head] = [yield* request("GET", path, { token }), yield* request("HEAD", path, { token })]
        assert.strictEqual(head.status, get.status)
        assert.strictEqual(head.headers.get("access-control-allow-origin"), "*")
      }))
  )
  it.effect.each(paths.filter(([method, path]) => method === "POST" && !path.startsWith("/api/fabric/subscribers")))(
    "%s %s refuses what is no JSON object",
    ([method, path]) =>
      inWorld(Effect.fnUntraced(function*({ backend: { identity }, person, request }) {
        const { token } = yield* person("ada")
        const basic = `Basic ${btoa(`${identity.projectId}:${identity.apiToken}`)}`
        const authorization = path.includes("/guests/") ? basic : `Bearer ${token}`
        for (const body of ["{", "[]", "1", "null", "\"text\""]) {
          assert.strictEqual((yield* request(method, path, { body, headers: { authorization } })).status, 400)
        }
      }))
  )
})

describe("links", () => {
  const threeRooms = Effect.fnUntraced(function*({ person, room }: In) {
    for (const name of ["a", "b", "c"]) yield* room(name)
    return (yield* person("ada")).token
  })

  it.effect("are relative, so that a client keeps to its host", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const token = yield* threeRooms(world)
      const { body } = yield* world.request("GET", "/api/fabric/addresses?type=room&page_size=2", { token })
      for (const link of Object.values(body.links)) assert.match(String(link), /^\/api\/fabric\/addresses\?/)
      const next = yield* world.request("GET", body.links.next, { token })
      assert.deepStrictEqual(next.body.data.map(({ name }: { name: string }) => name), ["c"])
      assert.match(body.links.next, /page_number=1.*page_token=PA[\da-f-]{36}/)
    })))
  it.effect("are absolute when they are asked to be", () =>
    inWorld(
      Effect.fnUntraced(function*(world) {
        const token = yield* threeRooms(world)
        const { body } = yield* world.request("GET", "/api/fabric/addresses?type=room&page_size=2", { token })
        assert.sameMembers(Object.keys(body.links), ["self", "first", "next"])
        for (const link of Object.values(body.links)) {
          assert.match(String(link), /^https:\/\/space\.example\.test\/api\/fabric\/addresses\?/)
        }
      }),
      { linkOrigin: "https://space.example.test" }
    ))
  it.effect("are there for an empty list, too", () =>
    inWorld(Effect.fnUntraced(function*({ person, request }) {
      const { token } = yield* person("ada")
      const { body } = yield* request("GET", "/api/fabric/conversations", { token })
      const here = "/api/fabric/conversations"
      assert.deepStrictEqual(body, { data: [], links: { self: here, first: here } })
    })))
  it.effect("work only with the token they carry", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const token = yield* threeRooms(world)
      const code = (query: string) =>
        Effect.map(
          world.request("GET", `/api/fabric/addresses?type=room&page_size=2${query}`, { token }),
          ({ body, status }) => [status, body.errors[0].code]
        )
      assert.deepStrictEqual(yield* code("&page_number=1"), [422, "page_token_required"])
      assert.deepStrictEqual(yield* code("&page_number=1&page_token="), [422, "page_token_required_for_next_page"])
      assert.deepStrictEqual(yield* code("&page_number=1&page_token=PAnope"), [422, "page_token_is_invalid"])
      const eve = yield* world.person("eve")
      const { body } = yield* world.request("GET", "/api/fabric/addresses?type=room&page_size=2", { token })
      const foreign = yield* world.request("GET", body.links.next, { token: eve.token })
      assert.strictEqual(foreign.body.errors[0].code, "page_token_is_invalid")
    })))
})

describe("lists of addresses", () => {
  const names = ({ request }: In, token: string, query: string) =>
    Effect.map(
      request("GET", `/api/fabric/addresses?${query}`, { token }),
      ({ body }) => body.data.map(({ name }: { name: string }) => name)
    )

  it.effect("find a name whether or not the client encoded it", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const { token } = yield* world.person("ada")
      for (const name of ["c++", "front office", "Q&A #1", "50%"]) yield* world.room(name)
      assert.deepStrictEqual(yield* names(world, token, "name=c++"), ["c++"])
      assert.deepStrictEqual(yield* names(world, token, "name=c%2B%2B"), ["c++"])
      assert.deepStrictEqual(yield* names(world, token, "name=front%20office"), ["front office"])
      assert.deepStrictEqual(yield* names(world, token, "name=front+office"), ["front office"])
      assert.deepStrictEqual(yield* names(world, token, "name=Q%26A%20%231"), ["Q&A #1"])
      assert.deepStrictEqual(yield* names(world, token, "name=50%"), ["50%"])
      assert.deepStrictEqual(yield* names(world, token, "name=FRONT%20Office"), ["front office"])
      assert.deepStrictEqual(yield* names(world, token, "name=nobody"), [])
    })))
  it.effect("compare the whole name that is shown", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const { token } = yield* world.person("ada")
      for (const [name, displayName] of [["a", "Lab"], ["b", "Lab"], ["c", "Laboratory"]]) {
        yield* world.request("POST", "/_sandbox/rooms", { body: { name, displayName } })
      }
      assert.deepStrictEqual(yield* names(world, token, "display_name=Lab"), ["a", "b"])
      assert.deepStrictEqual(yield* names(world, token, "display_name=Lab&sort_by=name&sort_order=desc"), ["b", "a"])
      assert.deepStrictEqual(yield* names(world, token, "type=app"), [])
    })))
  it.effect("know only the documented types and orders", () =>
    inWorld(Effect.fnUntraced(function*({ person, request }) {
      const { token } = yield* person("ada")
      const complaint = (query: string) =>
        Effect.map(request("GET", `/api/fabric/addresses?${query}`, { token }), ({ body, status }) => {
          const [{ attribute, code, type, url }] = body.errors
          assert.strictEqual(type, "validation_error")
          assert.isTrue(URL.canParse(url))
          return [status, code, attribute]
        })
      assert.deepStrictEqual(yield* complaint("type=ghost"), [422, "invalid_parameter", "type"])
      assert.deepStrictEqual(yield* complaint("sort_by=age"), [422, "invalid_parameter", "sort_by"])
      assert.deepStrictEqual(yield* complaint("sort_order=asc"), [422, "sort_order_validations", "sort_order"])
      assert.deepStrictEqual(yield* complaint("page_size=1001"), [422, "invalid_parameter", "page_size"])
    })))
})

describe("devices", () => {
  it.effect("are registered and let go", () =>
    inWorld(Effect.fnUntraced(function*({ person, request }) {
      const { token } = yield* person("ada")
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
