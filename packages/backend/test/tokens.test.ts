import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { connect, connectFrame, inWorld, type World } from "./support.ts"

type In = World["Service"]

const basicOf = ({ backend: { identity } }: In) => ({
  authorization: `Basic ${btoa(`${identity.projectId}:${identity.apiToken}`)}`
})
const manage = (world: In, path: string, body: object) =>
  world.request("POST", `/api/fabric${path}`, { body, headers: basicOf(world) })
const post = ({ request }: In, path: string, body: object, token?: string) =>
  request("POST", `/api/fabric${path}`, { body, ...(token === undefined ? undefined : { token }) })
const get = ({ request }: In, path: string, token: string) => request("GET", `/api/fabric${path}`, { token })
const thumbprint = "0123456789_abcdefghijklmnopqrstuvwxyz-ABCDE"

describe("a subscriber's token", () => {
  it.effect("is minted with everything that is to be known of its subscriber", () =>
    inWorld(Effect.fnUntraced(function*(world) {
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
      const { body, status } = yield* manage(world, "/subscribers/tokens", {
        reference: "ada@example.test",
        password: "secret",
        ...profile
      })
      assert.strictEqual(status, 200)
      const info = yield* get(world, "/subscriber/info", body.token)
      assert.deepInclude(info.body, { id: body.subscriber_id, email: "ada@example.test", ...profile })
      assert.strictEqual(info.body.fabric_addresses[0].display_name, "The Countess")
      assert.notProperty(info.body, "sat_claims")
      assert.notInclude(info.text, "secret")

      // what a later token says replaces what it names
      const later = yield* manage(world, "/subscribers/tokens", { reference: "ada@example.test", job_title: "Author" })
      assert.strictEqual(later.body.subscriber_id, body.subscriber_id)
      const again = yield* get(world, "/subscriber/info", later.body.token)
      assert.deepInclude(again.body, { ...profile, job_title: "Author" })
    })))
  it.effect("is good until it expires, which the project may say", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const expire_at = 3600
      const { body } = yield* manage(world, "/subscribers/tokens", { reference: "ada", expire_at })
      assert.strictEqual((yield* get(world, "/subscriber/info", body.token)).status, 200)
      yield* TestClock.adjust("1 hour")
      const late = yield* get(world, "/subscriber/info", body.token)
      assert.deepStrictEqual([late.status, late.body], [401, { error: "Unauthorized" }])
    })))
  it.effect("is refused to those without the project's credential, and for parameters of a wrong form", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      assert.strictEqual((yield* post(world, "/subscribers/tokens", { reference: "ada" })).status, 401)
      const code = (body: object) =>
        Effect.map(manage(world, "/subscribers/tokens", body), ({ body, status }) => {
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
  it.effect("shows in the subscriber's claims and in the session, with the key it is bound to", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const scope = ["sat:refresh"]
      const { body } = yield* manage(world, "/subscribers/tokens", {
        reference: "ada",
        scope,
        fingerprint: thumbprint,
        application_id: "app"
      })
      const info = yield* get(world, "/subscriber/info", body.token)
      assert.deepStrictEqual(info.body.sat_claims, { scope, cnf: { jkt: thumbprint }, expires_at: 7200 })
      const { result } = yield* connect(yield* world.dial, body.token)
      assert.deepStrictEqual(result.authorization.scope, scope)
      assert.deepStrictEqual(result.authorization.cnf, { jkt: thumbprint })
      assert.strictEqual(result.authorization.fabric_subscriber.application_id, "app")
    })))
  it.effect("that lets a client renew its token keeps it short-lived when it is bound to no key", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const { body } = yield* manage(world, "/subscribers/tokens", { reference: "ada", scope: ["sat:refresh"] })
      const info = yield* get(world, "/subscriber/info", body.token)
      assert.strictEqual(info.body.sat_claims.expires_at, 60)
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual((yield* get(world, "/subscriber/info", body.token)).status, 401)
    })))
  it.effect("is needed to renew a token from a device", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const ada = yield* world.person("ada")
      const dpop_token = "a.b.c"
      const refused = yield* post(world, "/subscriber/devices/token", { dpop_token }, ada.token)
      assert.deepStrictEqual([refused.status, refused.body], [403, { error: "Forbidden" }])

      const { body } = yield* manage(world, "/subscribers/tokens", { reference: "grace", scope: ["sat:refresh"] })
      const first = yield* post(world, "/subscriber/devices/token", { dpop_token, expire_in: 600 }, body.token)
      assert.deepInclude(first.body, { expires_at: 600, expires_in: 600 })
      const next = yield* post(world, "/subscriber/devices/refresh", { dpop_token }, first.body.token)
      assert.deepInclude(next.body, { expires_at: 900, expires_in: 900 })
      const info = yield* get(world, "/subscriber/info", next.body.token)
      assert.strictEqual(info.body.id, body.subscriber_id)
      const odd = yield* post(world, "/subscriber/devices/token", { expire_in: 0 }, body.token)
      assert.deepInclude(odd.body.errors[0], { code: "invalid_parameter", attribute: "expire_in" })
    })))
})

describe("a refresh token", () => {
  it.effect("is good for another pair, a little longer than its token", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const { body } = yield* manage(world, "/subscribers/tokens", { reference: "ada", application_id: "app" })
      yield* TestClock.adjust("2 hours")
      assert.strictEqual((yield* get(world, "/subscriber/info", body.token)).status, 401)
      const renewed = yield* post(world, "/subscribers/tokens/refresh", { refresh_token: body.refresh_token })
      assert.strictEqual(renewed.status, 201)
      assert.sameMembers(Object.keys(renewed.body), ["token", "refresh_token"])
      const { result } = yield* connect(yield* world.dial, renewed.body.token)
      assert.strictEqual(result.authorization.fabric_subscriber.application_id, "app")
    })))
  it.effect("is refused with the reason", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const { body } = yield* manage(world, "/subscribers/tokens", { reference: "ada" })
      const code = (refresh_token: string) =>
        Effect.map(
          post(world, "/subscribers/tokens/refresh", { refresh_token }),
          ({ body, status }) => [status, body.errors[0].code]
        )
      assert.deepStrictEqual(yield* code(body.token), [422, "not_a_refresh_token"])
      assert.deepStrictEqual(yield* code("nonsense"), [422, "token_invalid"])
      yield* TestClock.adjust("125 minutes")
      assert.deepStrictEqual(yield* code(body.refresh_token), [422, "token_expired"])
    })))
  it.effect("opens no door itself", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const { refreshToken } = yield* world.person("ada")
      assert.strictEqual((yield* get(world, "/subscriber/info", refreshToken)).status, 401)
      const client = yield* world.dial
      yield* client.send(connectFrame(refreshToken))
      assert.strictEqual((yield* client.next).error.code, -32002)
    })))
})

describe("a guest", () => {
  const guestOf = (world: In, ...allowed_addresses: ReadonlyArray<string>) =>
    Effect.map(manage(world, "/guests/tokens", { allowed_addresses }), ({ body }) => String(body.token))

  it.effect("sees the addresses it is allowed to, and no others", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const ada = yield* world.person("ada")
      const [office, lab] = [yield* world.room("office"), yield* world.room("lab")]
      const guest = yield* guestOf(world, office, ada.addressId)
      const list = yield* get(world, "/addresses", guest)
      assert.sameMembers(list.body.data.map(({ id }: { id: string }) => id), [office, ada.addressId])
      assert.strictEqual((yield* get(world, `/addresses/${office}`, guest)).status, 200)
      assert.strictEqual((yield* get(world, `/addresses/${lab}`, guest)).status, 404)
      assert.strictEqual((yield* get(world, `/conversations/${lab}/messages`, guest)).status, 404)
    })))
  it.effect("has no address of its own, so that it can neither join nor send", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const office = yield* world.room("office")
      const guest = yield* guestOf(world, office)
      const info = yield* get(world, "/subscriber/info", guest)
      assert.deepStrictEqual(info.body.fabric_addresses, [])
      const codes = []
      for (
        const [path, body] of [
          ["/conversations/join", { conversation_id: office }],
          ["/conversations/join", { from_fabric_address_id: "", fabric_address_ids: [office, ""] }],
          ["/messages", { conversation_id: office, text: "hello" }],
          ["/messages", { group_id: `sw_${office}`, from_fabric_address_id: "", text: "hello" }]
        ] as const
      ) codes.push((yield* post(world, path, body, guest)).body.errors[0].code)
      assert.deepStrictEqual(codes, Array(4).fill("from_fabric_address_id_does_not_match_subscriber"))
      assert.deepStrictEqual((yield* get(world, "/conversations", guest)).body.data, [])
    })))
  it.effect("reads nothing of what was said", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const ada = yield* world.person("ada")
      const office = yield* world.room("office")
      yield* post(world, "/messages", { conversation_id: office, text: "secret" }, ada.token)
      const guest = yield* guestOf(world, office)
      for (const path of ["/messages", `/conversations/${office}/messages`]) {
        assert.deepStrictEqual((yield* get(world, path, guest)).body.data, [])
      }
      assert.strictEqual((yield* get(world, `/conversations/sw_${office}/messages`, guest)).status, 404)
    })))
  it.effect("connects, but cannot be put online", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const client = yield* world.dial
      yield* connect(client, yield* guestOf(world, yield* world.room("office")))
      yield* client.send({ jsonrpc: "2.0", id: "1", method: "subscriber.online", params: {} })
      assert.strictEqual((yield* client.next).error.code, -32001)
    })))
  it.effect("renews its token, and is the same guest", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const [office, lab] = [yield* world.room("office"), yield* world.room("lab")]
      const { body, status } = yield* manage(world, "/guests/tokens", { allowed_addresses: [office] })
      assert.strictEqual(status, 201)
      const renewed = yield* post(world, "/subscribers/tokens/refresh", { refresh_token: body.refresh_token })
      const ids = []
      for (const { token } of [body, renewed.body]) ids.push((yield* get(world, "/subscriber/info", token)).body.id)
      assert.strictEqual(ids[0], ids[1])
      assert.strictEqual((yield* get(world, `/addresses/${lab}`, renewed.body.token)).status, 404)
    })))
  it.effect("is allowed one to ten addresses that exist", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const office = yield* world.room("office")
      const code = (body: object) =>
        Effect.map(manage(world, "/guests/tokens", body), ({ body }) => body.errors[0].code)
      assert.strictEqual(yield* code({}), "missing_required_parameter")
      assert.strictEqual(yield* code({ allowed_addresses: [] }), "invalid_parameter")
      assert.strictEqual(yield* code({ allowed_addresses: Array(11).fill(office) }), "invalid_parameter")
      assert.strictEqual(yield* code({ allowed_addresses: [1] }), "invalid_parameter")
      assert.strictEqual(yield* code({ allowed_addresses: ["nowhere"] }), "does_not_exist")
    })))
  it.effect("is invited by a subscriber, or let in by an embedded page", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const ada = yield* world.person("ada")
      const invite = yield* post(world, "/subscriber/invites", { address_id: ada.addressId }, ada.token)
      assert.strictEqual(invite.status, 201)
      const embed = yield* post(world, "/embeds/tokens", { token: `c2c_${ada.addressId}` })
      assert.strictEqual(embed.status, 201)
      for (const { token } of [invite.body, embed.body]) {
        const list = yield* get(world, "/addresses", token)
        assert.deepStrictEqual(list.body.data.map(({ id }: { id: string }) => id), [ada.addressId])
        assert.strictEqual(
          (yield* post(world, "/subscriber/invites", { address_id: ada.addressId }, token)).status,
          403
        )
      }
      assert.strictEqual(
        (yield* post(world, "/embeds/tokens", { token: "nonsense" })).body.errors[0].code,
        "token_invalid"
      )
    })))
})

describe("a token that expires under a live session", () => {
  it.effect("is told with a disconnect, once; the session can be resumed", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const ada = yield* world.person("ada")
      yield* world.request("POST", "/_sandbox/tokens/expire", { body: { token: ada.token } })
      const { token } = (yield* world.request("POST", "/_sandbox/tokens", {
        body: { subscriberId: ada.id, ttlSeconds: 12 }
      })).body
      const client = yield* world.dial
      const { protocol, state } = yield* connect(client, token)
      const answerPings = Effect.fnUntraced(function*(one: typeof client) {
        const frames = yield* one.waiting
        for (const { id, method } of frames) {
          if (method !== undefined) yield* one.send({ jsonrpc: "2.0", id, result: {} })
        }
        return frames.map(({ method }) => method)
      })
      const methods = []
      for (let second = 0; second < 15; second += 5) {
        yield* TestClock.adjust("5 seconds")
        methods.push(...yield* answerPings(client))
      }
      assert.include(methods, "signalwire.disconnect")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* client.closed, 1012)

      const again = yield* world.dial
      const resumed = yield* connect(again, token, { protocol, authorization_state: state })
      assert.isTrue(resumed.result.session_restored)
      const later = []
      for (let second = 0; second < 30; second += 5) {
        yield* TestClock.adjust("5 seconds")
        later.push(...yield* answerPings(again))
      }
      assert.notInclude(later, "signalwire.disconnect")
      assert.include(later, "signalwire.ping")
    })))
  it.effect("does not matter when the client resumes with another", () =>
    inWorld(Effect.fnUntraced(function*(world) {
      const ada = yield* world.person("ada")
      const client = yield* world.dial
      const { protocol, result, state } = yield* connect(client, ada.token)
      yield* client.hangUp
      yield* TestClock.adjust("1 minute")
      const { token } = (yield* world.request("POST", "/_sandbox/tokens", { body: { subscriberId: ada.id } })).body
      const resumed = yield* connect(yield* world.dial, token, { protocol, authorization_state: state })
      assert.strictEqual(resumed.result.authorization.fabric_subscriber.expires_at, 7260)
      // older clients compare it with their protocol's
      assert.strictEqual(resumed.result.authorization.jti, result.authorization.jti)
    })))
})
