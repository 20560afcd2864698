import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { connect, connectFrame, type TestBackend, withBackend } from "./support.ts"

type In = TestBackend["Service"]

const basicOf = ({ backend: { identity } }: In) => ({
  authorization: `Basic ${btoa(`${identity.projectId}:${identity.apiToken}`)}`
})
const postAsProject = (test: In, path: string, body: object) =>
  test.request("POST", `/api/fabric${path}`, { body, headers: basicOf(test) })
const post = ({ request }: In, path: string, body: object, token?: string) =>
  request("POST", `/api/fabric${path}`, { body, ...(token === undefined ? undefined : { token }) })
const get = ({ request }: In, path: string, token: string) => request("GET", `/api/fabric${path}`, { token })
const thumbprint = "0123456789_abcdefghijklmnopqrstuvwxyz-ABCDE"

describe("a subscriber's token", () => {
  it.effect("is minted with the profile of its subscriber", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const profile = {
        first_name: "Ada",
        last_name: "Lovelace",
        display_name: "The Countess",
        job_title: "Analyst",
        time_zone: "PST",
        country: "UK",
        region: "us-east",
        company_name: "Engines"
      }
      const { body, status } = yield* postAsProject(test, "/subscribers/tokens", {
        reference: "ada@example.test",
        password: "secret",
        ...profile
      })
      assert.strictEqual(status, 200)
      const info = yield* get(test, "/subscriber/info", body.token)
      assert.deepInclude(info.body, { id: body.subscriber_id, email: "ada@example.test", ...profile })
      assert.strictEqual(info.body.fabric_addresses[0].display_name, "The Countess")
      assert.notProperty(info.body, "sat_claims")
      assert.notInclude(info.text, "secret")

      // a later token replaces only the fields that it contains
      const later = yield* postAsProject(test, "/subscribers/tokens", {
        reference: "ada@example.test",
        job_title: "Author"
      })
      assert.strictEqual(later.body.subscriber_id, body.subscriber_id)
      const again = yield* get(test, "/subscriber/info", later.body.token)
      assert.deepInclude(again.body, { ...profile, job_title: "Author" })
    })))
  it.effect("is valid until it expires, at a time that the project can set", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const expire_at = 3600
      const { body } = yield* postAsProject(test, "/subscribers/tokens", { reference: "ada", expire_at })
      assert.strictEqual((yield* get(test, "/subscriber/info", body.token)).status, 200)
      yield* TestClock.adjust("1 hour")
      const expired = yield* get(test, "/subscriber/info", body.token)
      assert.deepStrictEqual([expired.status, expired.body], [401, { error: "Unauthorized" }])
    })))
  it.effect("is not minted without the project's credentials or with invalid parameters", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      assert.strictEqual((yield* post(test, "/subscribers/tokens", { reference: "ada" })).status, 401)
      const code = (body: object) =>
        Effect.map(postAsProject(test, "/subscribers/tokens", body), ({ body, status }) => {
          const [{ attribute, code }] = body.errors
          return [status, code, attribute]
        })
      assert.deepStrictEqual(yield* code({}), [422, "missing_required_parameter", "reference"])
      assert.deepStrictEqual(yield* code({ reference: 1 }), [422, "not_a_string", "reference"])
      const wrong = (more: object) => code({ reference: "ada", ...more })
      assert.deepStrictEqual(yield* wrong({ expire_at: "soon" }), [422, "invalid_parameter", "expire_at"])
      assert.deepStrictEqual(yield* wrong({ scope: "sat:refresh" }), [422, "invalid_parameter", "scope"])
      assert.deepStrictEqual(yield* wrong({ fingerprint: "short" }), [422, "invalid_parameter", "fingerprint"])
      assert.deepStrictEqual(yield* wrong({ first_name: 1 }), [422, "not_a_string", "first_name"])
      assert.deepStrictEqual(
        yield* wrong({ last_name: "x".repeat(201) }),
        [422, "character_limit_exceeded", "last_name"]
      )
    })))
})

describe("a scope", () => {
  it.effect("is part of the subscriber's claims and of the session, together with the bound key", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const scope = ["sat:refresh"]
      const { body } = yield* postAsProject(test, "/subscribers/tokens", {
        reference: "ada",
        scope,
        fingerprint: thumbprint,
        application_id: "app"
      })
      const info = yield* get(test, "/subscriber/info", body.token)
      assert.deepStrictEqual(info.body.sat_claims, { scope, cnf: { jkt: thumbprint }, expires_at: 7200 })
      const { result } = yield* connect(yield* test.openSocket, body.token)
      assert.deepStrictEqual(result.authorization.scope, scope)
      assert.deepStrictEqual(result.authorization.cnf, { jkt: thumbprint })
      assert.strictEqual(result.authorization.fabric_subscriber.application_id, "app")
    })))
  it.effect("that allows renewal makes a token short-lived if it is not bound to a key", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const { body } = yield* postAsProject(test, "/subscribers/tokens", { reference: "ada", scope: ["sat:refresh"] })
      const info = yield* get(test, "/subscriber/info", body.token)
      assert.strictEqual(info.body.sat_claims.expires_at, 60)
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual((yield* get(test, "/subscriber/info", body.token)).status, 401)
    })))
  it.effect("is required to renew a token from a device", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      const dpop_token = "a.b.c"
      const refused = yield* post(test, "/subscriber/devices/token", { dpop_token }, ada.token)
      assert.deepStrictEqual([refused.status, refused.body], [403, { error: "Forbidden" }])

      const { body } = yield* postAsProject(test, "/subscribers/tokens", { reference: "grace", scope: ["sat:refresh"] })
      const first = yield* post(test, "/subscriber/devices/token", { dpop_token, expire_in: 600 }, body.token)
      assert.deepInclude(first.body, { expires_at: 600, expires_in: 600 })
      const next = yield* post(test, "/subscriber/devices/refresh", { dpop_token }, first.body.token)
      assert.deepInclude(next.body, { expires_at: 900, expires_in: 900 })
      const info = yield* get(test, "/subscriber/info", next.body.token)
      assert.strictEqual(info.body.id, body.subscriber_id)
      const odd = yield* post(test, "/subscriber/devices/token", { expire_in: 0 }, body.token)
      assert.deepInclude(odd.body.errors[0], { code: "invalid_parameter", attribute: "expire_in" })
    })))
})

describe("a refresh token", () => {
  it.effect("is exchanged for a new pair, and is valid a little longer than its access token", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const { body } = yield* postAsProject(test, "/subscribers/tokens", { reference: "ada", application_id: "app" })
      yield* TestClock.adjust("2 hours")
      assert.strictEqual((yield* get(test, "/subscriber/info", body.token)).status, 401)
      const renewed = yield* post(test, "/subscribers/tokens/refresh", { refresh_token: body.refresh_token })
      assert.strictEqual(renewed.status, 201)
      assert.sameMembers(Object.keys(renewed.body), ["token", "refresh_token"])
      const { result } = yield* connect(yield* test.openSocket, renewed.body.token)
      assert.strictEqual(result.authorization.fabric_subscriber.application_id, "app")
    })))
  it.effect("is rejected with the reason", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const { body } = yield* postAsProject(test, "/subscribers/tokens", { reference: "ada" })
      const code = (refresh_token: string) =>
        Effect.map(
          post(test, "/subscribers/tokens/refresh", { refresh_token }),
          ({ body, status }) => [status, body.errors[0].code]
        )
      assert.deepStrictEqual(yield* code(body.token), [422, "not_a_refresh_token"])
      assert.deepStrictEqual(yield* code("nonsense"), [422, "token_invalid"])
      yield* TestClock.adjust("125 minutes")
      assert.deepStrictEqual(yield* code(body.refresh_token), [422, "token_expired"])
    })))
  it.effect("cannot be used as an access token", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const { refreshToken } = yield* test.addSubscriber("ada")
      assert.strictEqual((yield* get(test, "/subscriber/info", refreshToken)).status, 401)
      const client = yield* test.openSocket
      yield* client.send(connectFrame(refreshToken))
      assert.strictEqual((yield* client.next).error.code, -32002)
    })))
})

describe("a guest", () => {
  const guestOf = (test: In, ...allowed_addresses: ReadonlyArray<string>) =>
    Effect.map(postAsProject(test, "/guests/tokens", { allowed_addresses }), ({ body }) => String(body.token))

  it.effect("sees only the allowed addresses", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      const [office, lab] = [yield* test.addRoom("office"), yield* test.addRoom("lab")]
      const guest = yield* guestOf(test, office, ada.addressId)
      const list = yield* get(test, "/addresses", guest)
      assert.sameMembers(list.body.data.map(({ id }: { id: string }) => id), [office, ada.addressId])
      assert.strictEqual((yield* get(test, `/addresses/${office}`, guest)).status, 200)
      assert.strictEqual((yield* get(test, `/addresses/${lab}`, guest)).status, 404)
      assert.strictEqual((yield* get(test, `/conversations/${lab}/messages`, guest)).status, 404)
    })))
  it.effect("has no address, so it can neither join nor send", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const office = yield* test.addRoom("office")
      const guest = yield* guestOf(test, office)
      const info = yield* get(test, "/subscriber/info", guest)
      assert.deepStrictEqual(info.body.fabric_addresses, [])
      const codes = []
      for (
        const [path, body] of [
          ["/conversations/join", { conversation_id: office }],
          ["/conversations/join", { from_fabric_address_id: "", fabric_address_ids: [office, ""] }],
          ["/messages", { conversation_id: office, text: "hello" }],
          ["/messages", { group_id: `sw_${office}`, from_fabric_address_id: "", text: "hello" }]
        ] as const
      ) codes.push((yield* post(test, path, body, guest)).body.errors[0].code)
      assert.deepStrictEqual(codes, Array(4).fill("from_fabric_address_id_does_not_match_subscriber"))
      assert.deepStrictEqual((yield* get(test, "/conversations", guest)).body.data, [])
    })))
  it.effect("cannot read messages", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      const office = yield* test.addRoom("office")
      yield* post(test, "/messages", { conversation_id: office, text: "secret" }, ada.token)
      const guest = yield* guestOf(test, office)
      for (const path of ["/messages", `/conversations/${office}/messages`]) {
        assert.deepStrictEqual((yield* get(test, path, guest)).body.data, [])
      }
      assert.strictEqual((yield* get(test, `/conversations/sw_${office}/messages`, guest)).status, 404)
    })))
  it.effect("can connect, but not go online", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const client = yield* test.openSocket
      yield* connect(client, yield* guestOf(test, yield* test.addRoom("office")))
      yield* client.send({ jsonrpc: "2.0", id: "1", method: "subscriber.online", params: {} })
      assert.strictEqual((yield* client.next).error.code, -32001)
    })))
  it.effect("renews its token, and remains the same guest", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [office, lab] = [yield* test.addRoom("office"), yield* test.addRoom("lab")]
      const { body, status } = yield* postAsProject(test, "/guests/tokens", { allowed_addresses: [office] })
      assert.strictEqual(status, 201)
      const renewed = yield* post(test, "/subscribers/tokens/refresh", { refresh_token: body.refresh_token })
      const ids = []
      for (const { token } of [body, renewed.body]) ids.push((yield* get(test, "/subscriber/info", token)).body.id)
      assert.strictEqual(ids[0], ids[1])
      assert.strictEqual((yield* get(test, `/addresses/${lab}`, renewed.body.token)).status, 404)
    })))
  it.effect("must be allowed one to ten existing addresses", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const office = yield* test.addRoom("office")
      const code = (body: object) =>
        Effect.map(postAsProject(test, "/guests/tokens", body), ({ body }) => body.errors[0].code)
      assert.strictEqual(yield* code({}), "missing_required_parameter")
      assert.strictEqual(yield* code({ allowed_addresses: [] }), "invalid_parameter")
      assert.strictEqual(yield* code({ allowed_addresses: Array(11).fill(office) }), "invalid_parameter")
      assert.strictEqual(yield* code({ allowed_addresses: [1] }), "invalid_parameter")
      assert.strictEqual(yield* code({ allowed_addresses: ["nowhere"] }), "does_not_exist")
    })))
  it.effect("is created by an invitation or by an embed token", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      const invite = yield* post(test, "/subscriber/invites", { address_id: ada.addressId }, ada.token)
      assert.strictEqual(invite.status, 201)
      const embed = yield* post(test, "/embeds/tokens", { token: `c2c_${ada.addressId}` })
      assert.strictEqual(embed.status, 201)
      for (const { token } of [invite.body, embed.body]) {
        const list = yield* get(test, "/addresses", token)
        assert.deepStrictEqual(list.body.data.map(({ id }: { id: string }) => id), [ada.addressId])
        assert.strictEqual(
          (yield* post(test, "/subscriber/invites", { address_id: ada.addressId }, token)).status,
          403
        )
      }
      assert.strictEqual(
        (yield* post(test, "/embeds/tokens", { token: "nonsense" })).body.errors[0].code,
        "token_invalid"
      )
    })))
})

describe("a token that expires during a session", () => {
  it.effect("causes one disconnect, after which the session can be resumed", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      yield* test.request("POST", "/_sandbox/tokens/expire", { body: { token: ada.token } })
      const { token } = (yield* test.request("POST", "/_sandbox/tokens", {
        body: { subscriberId: ada.id, ttlSeconds: 12 }
      })).body
      const client = yield* test.openSocket
      const { protocol, state } = yield* connect(client, token)
      const replyToPings = Effect.fnUntraced(function*(one: typeof client) {
        const frames = yield* one.waiting
        for (const { id, method } of frames) {
          if (method !== undefined) yield* one.send({ jsonrpc: "2.0", id, result: {} })
        }
        return frames.map(({ method }) => method)
      })
      const methods = []
      for (let second = 0; second < 15; second += 5) {
        yield* TestClock.adjust("5 seconds")
        methods.push(...yield* replyToPings(client))
      }
      assert.include(methods, "signalwire.disconnect")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* client.closed, 1012)

      const again = yield* test.openSocket
      const resumed = yield* connect(again, token, { protocol, authorization_state: state })
      assert.isTrue(resumed.result.session_restored)
      const later = []
      for (let second = 0; second < 30; second += 5) {
        yield* TestClock.adjust("5 seconds")
        later.push(...yield* replyToPings(again))
      }
      assert.notInclude(later, "signalwire.disconnect")
      assert.include(later, "signalwire.ping")
    })))
  it.effect("does not prevent resuming with another token", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      const client = yield* test.openSocket
      const { protocol, result, state } = yield* connect(client, ada.token)
      yield* client.disconnect
      yield* TestClock.adjust("1 minute")
      const { token } = (yield* test.request("POST", "/_sandbox/tokens", { body: { subscriberId: ada.id } })).body
      const resumed = yield* connect(yield* test.openSocket, token, { protocol, authorization_state: state })
      assert.strictEqual(resumed.result.authorization.fabric_subscriber.expires_at, 7260)
      // older clients compare it with the id in the protocol
      assert.strictEqual(resumed.result.authorization.jti, result.authorization.jti)
    })))
})
