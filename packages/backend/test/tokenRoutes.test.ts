/** The parameters of the endpoints that mint tokens, and the tokens that result. */
import type { Change } from "@effect-signalwire/backend/Records"
import * as Storage from "@effect-signalwire/backend/Storage"
import * as Token from "@effect-signalwire/schema/Token"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import { type TestBackend, type TestSubscriber, withBackend } from "./support.ts"

type In = TestBackend["Service"]

const asProject = (test: In, path: string, body: object) => {
  const { apiToken, projectId } = test.backend.identity
  const authorization = `Basic ${btoa(`${projectId}:${apiToken}`)}`
  return test.request("POST", `/api/fabric${path}`, { body, headers: { authorization } })
}
const mint = (test: In, more: object) => asProject(test, "/subscribers/tokens", { reference: "ada", ...more })
const infoOf = (test: In, token: string) =>
  Effect.map(test.request("GET", "/api/fabric/subscriber/info", { token }), ({ body }) => body)
const outcomeOf = ({ body, status }: {
  readonly status: number
  readonly body: { readonly errors: ReadonlyArray<{ readonly code: string; readonly attribute: string }> }
}) => status < 300 ? "ok" : `${body.errors[0]?.code} ${body.errors[0]?.attribute}`

const invalid = (name: string) => `invalid_parameter ${name}`

describe("a minted token", () => {
  it.effect.each<[object, string]>([
    [{ expire_at: 0 }, "ok"],
    [{ expire_at: 8e9 }, "ok"],
    [{ expire_at: null }, "ok"],
    [{ expire_at: -1 }, invalid("expire_at")],
    [{ expire_at: 8e9 + 1 }, invalid("expire_at")],
    [{ expire_at: "1" }, invalid("expire_at")],
    [{ scope: [] }, "ok"],
    [{ scope: null }, "ok"],
    [{ scope: Array(32).fill("x".repeat(100)) }, "ok"],
    [{ scope: Array(33).fill("x") }, invalid("scope")],
    [{ scope: ["x".repeat(101)] }, invalid("scope")],
    [{ scope: ["x", "x".repeat(101)] }, invalid("scope")],
    [{ scope: ["x", 1] }, invalid("scope")],
    [{ scope: {} }, invalid("scope")],
    [{ application_id: "x".repeat(100) }, "ok"],
    [{ application_id: "x".repeat(101) }, invalid("application_id")],
    [{ application_id: 1 }, "not_a_string application_id"],
    [{ fingerprint: "x".repeat(43) }, "ok"],
    [{ fingerprint: "x".repeat(42) }, invalid("fingerprint")],
    [{ fingerprint: "x".repeat(44) }, invalid("fingerprint")],
    [{ fingerprint: `${"x".repeat(42)}+` }, invalid("fingerprint")],
    [{ password: "x" }, "ok"],
    [{ password: 1 }, "not_a_string password"],
    [{ reference: "" }, "missing_required_parameter reference"],
    [{ reference: "x".repeat(201) }, invalid("name")],
    [{ country: "x".repeat(200) }, "ok"],
    [{ country: "x".repeat(201) }, "character_limit_exceeded country"],
    [{ display_name: 1 }, "not_a_string display_name"],
    [{ first_name: 1 }, "not_a_string first_name"],
    [{ last_name: 1 }, "not_a_string last_name"],
    [{ job_title: 1 }, "not_a_string job_title"],
    [{ time_zone: 1 }, "not_a_string time_zone"],
    [{ country: 1 }, "not_a_string country"],
    [{ region: 1 }, "not_a_string region"],
    [{ company_name: 1 }, "not_a_string company_name"]
  ])(
    "has valid parameters: %j",
    ([more, expected]) =>
      withBackend((test) =>
        Effect.map(mint(test, more), (response) => assert.strictEqual(outcomeOf(response), expected))
      )
  )

  it.effect("without claims has none", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const { body } = yield* mint(test, { scope: [], fingerprint: null })
      const { claims } = yield* test.backend.authenticate(body.token)
      assert.deepStrictEqual(claims, {})
      const more = { scope: ["a"], fingerprint: "x".repeat(43), application_id: "app", display_name: "Ada" }
      const rich = (yield* mint(test, more)).body
      assert.deepStrictEqual<unknown>((yield* test.backend.authenticate(rich.token)).claims, {
        scope: ["a"],
        fingerprint: "x".repeat(43),
        application_id: "app",
        profile: { display_name: "Ada" }
      })
      // the profile is stored with the subscriber
      const renewed = yield* test.backend.refresh(rich.refresh_token)
      assert.notProperty((yield* test.backend.authenticate(renewed.token)).claims, "profile")
    })))

  it.effect("names the host of the server, and its kind", () =>
    withBackend(
      Effect.fnUntraced(function*(test) {
        const { refreshToken, token } = yield* test.addSubscriber("ada")
        const header = { alg: "dir", enc: "A256GCM", ch: "space.example.test" }
        assert.deepStrictEqual(Token.decodeHeader(token), Result.succeed({ ...header, typ: "SAT" }))
        assert.deepStrictEqual(Token.decodeHeader(refreshToken), Result.succeed({ ...header, typ: "Refresh" }))
        // as long as those of the service, whose parts are encrypted
        assert.deepStrictEqual(token.split(".").slice(1).map(({ length }) => length), [0, 16, 86, 22])
      }),
      { host: "space.example.test" }
    ))

  it.effect("has an email address only if its reference is one", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      for (const [reference, email] of [["a@b.test", "a@b.test"], ["grace", "grace@sandbox.test"]] as const) {
        const { body } = yield* mint(test, { reference })
        assert.deepInclude(yield* infoOf(test, body.token), { email, display_name: reference })
      }
    })))

  it.effect("is valid for the lifetime of the server, in whole seconds", () =>
    withBackend(
      Effect.fnUntraced(function*(test) {
        yield* TestClock.setTime(1500)
        const ada = yield* test.addSubscriber("ada")
        const { expiresAt } = yield* test.backend.mint(ada.id)
        assert.strictEqual(expiresAt, 11)
        assert.strictEqual((yield* test.backend.mint(ada.id, { ttlSeconds: 5, expiresAt: 7 })).expiresAt, 7)
      }),
      { tokenLifetime: "10999 millis" }
    ))

  it.effect("that its client can renew is valid for a minute at most, unless it is bound", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      yield* TestClock.setTime(500)
      const scope = ["a", "sat:refresh"]
      const expiry = (more: object) =>
        Effect.flatMap(
          mint(test, more),
          ({ body }) => Effect.map(test.backend.authenticate(body.token), ({ token }) => token.expiresAt)
        )
      assert.strictEqual(yield* expiry({ scope }), 60)
      assert.strictEqual(yield* expiry({ scope, expire_at: 30 }), 30)
      assert.strictEqual(yield* expiry({ scope: ["a"] }), 7200)
      assert.strictEqual(yield* expiry({ scope, fingerprint: "x".repeat(43) }), 7200)
      const ada = yield* test.addSubscriber("grace")
      const bound = yield* test.backend.mint(ada.id, { claims: { scope }, bound: true })
      assert.strictEqual(bound.expiresAt, 7200)
    })))

  it.effect("is expired a second before the time at which that is requested", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      yield* TestClock.setTime(10_500)
      const ada = yield* test.addSubscriber("ada")
      const client = yield* test.backend.authenticate(ada.token)
      yield* test.backend.expire(ada.token)
      assert.strictEqual((yield* Effect.flip(test.backend.authenticate(client.token.token)))._tag, "ApiError")
      const unknown = yield* Effect.flip(test.backend.expire("unknown"))
      assert.deepInclude(unknown, { _tag: "ApiError", status: 404 })
      const { body } = yield* test.request("POST", "/api/fabric/subscribers/tokens/refresh", {
        body: { refresh_token: ada.refreshToken }
      })
      assert.isString(body.token)
    })))
})

describe("a refresh token", () => {
  it.effect("is valid for five minutes longer than its access token, or than now", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      const [later, past] = [
        yield* test.backend.mint(ada.id, { ttlSeconds: 10 }),
        yield* test.backend.mint(ada.id, { ttlSeconds: -1000 })
      ]
      const outcome = ({ refreshToken }: { readonly refreshToken: string }) =>
        Effect.match(test.backend.refresh(refreshToken), {
          onFailure: (error) => error._tag === "ApiError" ? error.code : error._tag,
          onSuccess: () => "ok"
        })
      yield* TestClock.setTime(299_999)
      assert.deepStrictEqual([yield* outcome(later), yield* outcome(past)], ["ok", "ok"])
      yield* TestClock.setTime(300_000)
      assert.deepStrictEqual([yield* outcome(later), yield* outcome(past)], ["ok", "token_expired"])
      yield* TestClock.setTime(310_000)
      assert.strictEqual(yield* outcome(later), "token_expired")
    })))

  it.effect("is refused with the name of its parameter", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      const refresh = (body: object) =>
        Effect.map(test.request("POST", "/api/fabric/subscribers/tokens/refresh", { body }), outcomeOf)
      assert.strictEqual(yield* refresh({ refresh_token: "x" }), "token_invalid refresh_token")
      assert.strictEqual(yield* refresh({ refresh_token: ada.token }), "not_a_refresh_token refresh_token")
      assert.strictEqual(yield* refresh({}), "missing_required_parameter refresh_token")
      yield* TestClock.adjust("3 hours")
      assert.strictEqual(yield* refresh({ refresh_token: ada.refreshToken }), "token_expired refresh_token")
    })))
})

describe("a guest", () => {
  it.effect("has a name of its own, and no address", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      yield* TestClock.setTime(5000)
      const office = yield* test.addRoom("office")
      const guest = yield* test.backend.mintGuest({ allowed: [office], attribute: "x", expiresAt: undefined })
      const { address, claims, subscriber } = yield* test.backend.authenticate(guest.token)
      assert.isNull(address)
      assert.deepStrictEqual(claims.allowed_addresses?.map(String), [office])
      assert.match(subscriber.name, /^guest-[\da-f-]{36}$/)
      assert.deepInclude(subscriber, {
        displayName: "Guest",
        email: `${subscriber.name}@sandbox.test`,
        createdAt: 5000
      })
      assert.deepInclude(yield* infoOf(test, guest.token), { fabric_addresses: [], display_name: "Guest" })
      // guests are not among the subscribers
      assert.deepStrictEqual((yield* test.backend.ready).subscribers, [])
    })))

  it.effect("is allowed up to ten addresses, until a time that can be set", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const office = yield* test.addRoom("office")
      const outcome = (body: object) =>
        Effect.map(asProject(test, "/guests/tokens", { allowed_addresses: [office], ...body }), outcomeOf)
      assert.strictEqual(yield* outcome({ allowed_addresses: Array(10).fill(office) }), "ok")
      assert.strictEqual(yield* outcome({ allowed_addresses: Array(11).fill(office) }), invalid("allowed_addresses"))
      assert.strictEqual(yield* outcome({ allowed_addresses: [office, "x"] }), "does_not_exist allowed_addresses")
      assert.strictEqual(yield* outcome({ allowed_addresses: office }), invalid("allowed_addresses"))
      assert.strictEqual(yield* outcome({ allowed_addresses: null }), "missing_required_parameter allowed_addresses")
      assert.strictEqual(yield* outcome({ expire_at: "x" }), invalid("expire_at"))
      assert.strictEqual(yield* outcome({ region: 1 }), "not_a_string region")
      assert.strictEqual(yield* outcome({ ch: 1 }), "not_a_string ch")
      const { body } = yield* asProject(test, "/guests/tokens", { allowed_addresses: [office], expire_at: 10 })
      assert.strictEqual((yield* test.backend.authenticate(body.token)).token.expiresAt, 10)
    })))

  it.effect("is invited to an address, until a time that can be set", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, office] = [yield* test.addSubscriber("ada"), yield* test.addRoom("office")]
      const invite = (body: object) => test.request("POST", "/api/fabric/subscriber/invites", { ...ada, body })
      const { body } = yield* invite({ address_id: office, expires_at: 10 })
      assert.deepStrictEqual(Object.keys(body), ["token"])
      assert.strictEqual((yield* test.backend.authenticate(body.token)).token.expiresAt, 10)
      assert.strictEqual(outcomeOf(yield* invite({})), "missing_required_parameter address_id")
      assert.strictEqual(outcomeOf(yield* invite({ address_id: office, expires_at: -1 })), invalid("expires_at"))
      assert.strictEqual(outcomeOf(yield* invite({ address_id: "x" })), "does_not_exist address_id")
    })))

  it.effect("of an embedded page is not allowed an unknown address", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const embed = (body: object) => Effect.map(test.request("POST", "/api/fabric/embeds/tokens", { body }), outcomeOf)
      const office = yield* test.addRoom("office")
      assert.strictEqual(yield* embed({ token: `c2c_${office}` }), "ok")
      assert.strictEqual(yield* embed({ token: "c2c_x" }), "does_not_exist token")
      assert.strictEqual(yield* embed({ token: office }), "token_invalid token")
      assert.strictEqual(yield* embed({}), "missing_required_parameter token")
    })))
})

describe("a device", () => {
  it.effect("is registered with what it sends, and the time", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      yield* TestClock.setTime(1_735_790_645_456)
      const ada = yield* test.addSubscriber("ada")
      const register = (body: object) => test.request("POST", "/subscriber/devices", { ...ada, body })
      const { body } = yield* register({ device_type: "iOS", device_token: "apns" })
      assert.deepStrictEqual(body, {
        id: body.id,
        device_type: "iOS",
        device_token: "apns",
        date_registered: "2025-01-02T04:04:05.456Z",
        push_notification_key: `pk_${ada.id}`
      })
      assert.match(body.id, /^[\da-f-]{36}$/)
      assert.strictEqual(outcomeOf(yield* register({ device_token: "x" })), "missing_required_parameter device_type")
    })))

  const renew = (test: In, token: string, body: object, path: "token" | "refresh" = "token") =>
    test.request("POST", `/api/fabric/subscriber/devices/${path}`, { token, body })
  const withRefreshScope = (test: In): Effect.Effect<TestSubscriber["token"]> =>
    Effect.orDie(Effect.map(mint(test, { scope: ["sat:refresh"] }), ({ body }) => body.token))

  it.effect.each<[unknown, string]>([
    [undefined, "ok"],
    [null, "ok"],
    [1, "ok"],
    [86_400, "ok"],
    [0, invalid("expire_in")],
    [86_401, invalid("expire_in")],
    [1.5, invalid("expire_in")],
    ["1", invalid("expire_in")]
  ])("renews its token for up to a day: %j", ([expire_in, expected]) =>
    withBackend(Effect.fnUntraced(function*(test) {
      const token = yield* withRefreshScope(test)
      const response = yield* renew(test, token, { expire_in })
      assert.strictEqual(outcomeOf(response), expected)
      if (expected === "ok") {
        const lifetime = typeof expire_in === "number" ? expire_in : 900
        assert.deepInclude(response.body, { expires_at: lifetime, expires_in: lifetime })
      }
    })))

  it.effect("keeps the claims of its token", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const { body } = yield* renew(test, yield* withRefreshScope(test), {}, "refresh")
      const { claims } = yield* test.backend.authenticate(body.token)
      assert.deepStrictEqual<unknown>(claims, { scope: ["sat:refresh"] })
    })))

  it.effect.each<[object, number]>([
    [{ scope: ["sat:refresh", "a"] }, 200],
    [{ scope: ["a"] }, 403],
    [{}, 403]
  ])(
    "needs the scope of its token to renew it: %j",
    ([more, expected]) =>
      withBackend(Effect.fnUntraced(function*(test) {
        const { body } = yield* mint(test, more)
        assert.strictEqual((yield* renew(test, body.token, {})).status, expected)
      }))
  )
})

describe("a backend that starts again", () => {
  const storageOf = (changes: Array<Change>) =>
    Layer.succeed(Storage.Storage, {
      load: Effect.sync(() => [...changes]),
      commit: (more) => Effect.sync(() => void changes.push(...more))
    })

  it.effect("shows tokens for the host that it has now, and accepts those for the previous one", () => {
    const changes: Array<Change> = []
    return Effect.gen(function*() {
      const before = yield* withBackend(({ addSubscriber }) => addSubscriber("ada"), { host: "a" }, storageOf(changes))
      yield* withBackend(
        Effect.fnUntraced(function*({ backend }) {
          const shown = (yield* backend.ready).subscribers[0]?.token ?? ""
          assert.deepStrictEqual(Result.map(Token.decodeHeader(shown), ({ ch }) => ch), Result.succeed("b"))
          assert.strictEqual((yield* backend.authenticate(before.token)).subscriber.name, "ada")
          assert.strictEqual((yield* backend.ready).subscribers[0]?.token, shown)
        }),
        { host: "b" },
        storageOf(changes)
      )
    })
  })

  it.effect("removes the tokens that expired meanwhile", () => {
    const changes: Array<Change> = []
    const removed = () => changes.filter(({ _tag }) => _tag === "TokenRemoved").length
    return Effect.gen(function*() {
      yield* withBackend(({ addSubscriber }) => addSubscriber("ada"), {}, storageOf(changes))
      yield* TestClock.adjust("1 day")
      assert.strictEqual(removed(), 0)
      yield* withBackend(() => Effect.void, {}, storageOf(changes))
      assert.strictEqual(removed(), 2)
    })
  })
})

describe("the list of what is ready", () => {
  it.effect("has a valid token of each subscriber, and mints one if there is none", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, grace] = [yield* test.addSubscriber("ada"), yield* test.addSubscriber("grace")]
      const [office] = [yield* test.addRoom("office")]
      const newest = yield* test.backend.mint(ada.id, { ttlSeconds: 60 })
      const ready = yield* test.backend.ready
      assert.deepStrictEqual<unknown>(ready.subscribers, [
        { id: ada.id, name: "ada", addressId: ada.addressId, token: newest.token, expiresAt: 60 },
        { id: grace.id, name: "grace", addressId: grace.addressId, token: grace.token, expiresAt: 7200 }
      ])
      assert.deepStrictEqual<unknown>(ready.rooms, [{ name: "office", addressId: office }])
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* test.backend.ready).subscribers[0]?.token, ada.token)
      yield* TestClock.adjust("3 hours")
      const minted = (yield* test.backend.ready).subscribers[0]
      assert.notInclude([ada.token, newest.token], minted?.token)
      assert.strictEqual((yield* test.backend.authenticate(minted?.token ?? "")).subscriber.name, "ada")
    })))
})
