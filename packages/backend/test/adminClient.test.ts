/** The client of the admin API, against the routes. */
import * as AdminClient from "@effect-signalwire/backend/AdminClient"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as Scope from "effect/Scope"
import { connect, type TestBackend, withBackend } from "./support.ts"

interface World {
  readonly test: TestBackend["Service"]
  readonly admin: AdminClient.AdminClient
  /** The names of all headers that the client has sent. */
  readonly sentHeaders: ReadonlySet<string>
}

/** Runs a test with an admin client whose requests are handled by the routes of a backend. */
const withAdmin = <E>(use: (world: World) => Effect.Effect<void, E, Scope.Scope>) =>
  withBackend(Effect.fnUntraced(function*(test) {
    const sentHeaders = new Set<string>()
    const http = HttpClient.make((request, url) => {
      for (const name of Object.keys(request.headers)) sentHeaders.add(name)
      assert.strictEqual(url.origin, "http://sandbox.test")
      const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : undefined
      return Effect.orDie(test.request(request.method, `${url.pathname}${url.search}`, { body })).pipe(
        Effect.map(({ headers, status, text }) =>
          HttpClientResponse.fromWeb(request, new Response(text, { status, headers }))
        )
      )
    })
    const admin = yield* Effect.provideService(
      AdminClient.make("http://sandbox.test"),
      HttpClient.HttpClient,
      http
    )
    yield* use({ test, admin, sentHeaders })
  }))

describe("the admin client", () => {
  it.effect("creates subscribers and rooms, and reads them with valid tokens", () =>
    withAdmin(Effect.fnUntraced(function*({ admin, test }) {
      const ada = yield* admin.createSubscriber({ name: "ada", displayName: "Ada" })
      const office = yield* admin.createRoom({ name: "office", displayName: "The Office" })
      const ready = yield* admin.ready
      assert.deepStrictEqual(ready, {
        projectId: test.backend.identity.projectId,
        apiToken: test.backend.identity.apiToken,
        subscribers: [
          { id: ada.id, name: "ada", addressId: ada.addressId, token: ada.token, expiresAt: ada.expiresAt }
        ],
        rooms: [office]
      })
      const { body } = yield* test.request("GET", "/api/fabric/addresses", ada)
      assert.deepStrictEqual(
        body.data.map((address: { readonly display_name: string }) => address.display_name),
        ["Ada", "The Office"]
      )
    })))

  it.effect("mints tokens with a lifetime, and expires them", () =>
    withAdmin(Effect.fnUntraced(function*({ admin, test }) {
      const ada = yield* admin.createSubscriber({ name: "ada" })
      const minted = yield* admin.mintToken({ subscriberId: ada.id, ttlSeconds: 60 })
      assert.strictEqual(minted.expiresAt, 60)
      const status = Effect.map(test.request("GET", "/api/fabric/subscriber/info", minted), ({ status }) => status)
      assert.strictEqual(yield* status, 200)
      assert.isUndefined(yield* admin.expireToken(minted.token))
      assert.strictEqual(yield* status, 401)
      const renewed = yield* test.backend.refresh(minted.refreshToken)
      assert.strictEqual(renewed.subscriberId, ada.id)
    })))

  it.effect("seeds messages, and reads those of an address", () =>
    withAdmin(Effect.fnUntraced(function*({ admin }) {
      const ada = yield* admin.createSubscriber({ name: "ada" })
      const [office, lab] = [yield* admin.createRoom({ name: "office" }), yield* admin.createRoom({ name: "lab" })]
      const sent = yield* admin.seed([
        { from: ada.id, addressId: office.addressId, text: "one" },
        { from: ada.id, addressId: lab.addressId, text: "two", ts: 5 }
      ])
      assert.strictEqual(sent[1]?.ts, 5)
      const stored = yield* admin.stored(lab.addressId)
      assert.deepStrictEqual(stored.map(({ id, text }) => [id, text]), [[sent[1]?.id, "two"]])
      assert.deepStrictEqual(yield* admin.stored("no such&address"), [])
    })))

  it.effect("lists sessions, and closes their sockets", () =>
    withAdmin(Effect.fnUntraced(function*({ admin, test }) {
      const [ada, grace] = [yield* test.addSubscriber("ada"), yield* test.addSubscriber("grace")]
      const [one, two] = [yield* test.openSocket, yield* test.openSocket]
      const { protocol } = yield* connect(one, ada.token)
      yield* connect(two, grace.token)
      const [first] = yield* admin.sessions
      assert.deepStrictEqual(first, { protocol, subscriberId: ada.id, connected: true, unacked: 0, bytes: 0 })
      assert.strictEqual(yield* admin.drop({ subscriberId: ada.id, code: 1012 }), 1)
      assert.strictEqual(yield* one.closed, 1012)
      assert.strictEqual(yield* admin.drop(), 1)
      assert.isNull(yield* two.closed)
      assert.deepStrictEqual((yield* admin.sessions).map(({ connected }) => connected), [false, false])
    })))

  it.effect("sets, adds and removes fault rules", () =>
    withAdmin(Effect.fnUntraced(function*({ admin, test: { faults } }) {
      const rule = { match: { on: "http" }, action: { type: "drop" } } as const
      yield* admin.setFaults([rule], 7)
      assert.deepStrictEqual(faults.rules(), { rules: [rule], seed: 7 })
      yield* admin.addFaults([rule])
      assert.deepStrictEqual(faults.rules(), { rules: [rule, rule], seed: 7 })
      yield* admin.setFaults([rule])
      assert.deepStrictEqual(faults.rules(), { rules: [rule] })
      yield* admin.clearFaults
      assert.deepStrictEqual(faults.rules(), { rules: [] })
    })))

  it.effect("turns the wire log on and off, reads it, and empties it", () =>
    withAdmin(Effect.fnUntraced(function*({ admin, test }) {
      const request = test.request("GET", "/api/fabric/addresses")
      yield* admin.setLog(true)
      yield* request
      yield* request
      const entries = yield* admin.log
      assert.deepStrictEqual(entries.map(({ on }) => on), ["request", "response", "request", "response"])
      assert.deepStrictEqual(yield* admin.logAfter(3), entries.slice(3))
      yield* admin.clearLog
      assert.deepStrictEqual(yield* admin.log, [])
      yield* admin.setLog(false)
      yield* request
      assert.deepStrictEqual(yield* admin.log, [])
    })))

  it.effect("reads entries of every kind from the wire log", () =>
    withAdmin(Effect.fnUntraced(function*({ admin, test }) {
      const ada = yield* admin.createSubscriber({ name: "ada" })
      yield* admin.setLog(true)
      yield* test.request("POST", "/api/fabric/messages", { ...ada, body: "{" })
      const client = yield* test.openSocket
      yield* connect(client, ada.token)
      yield* client.disconnect
      yield* admin.setFaults([{ match: { on: "connect" }, action: { type: "refuse" } }])
      yield* test.openSocket
      const entries = yield* admin.log
      assert.sameMembers(
        entries.map((entry) => entry.on === "frame" ? `${entry.on} ${entry.direction}` : entry.on),
        ["request", "response", "opened", "frame in", "frame out", "frame out", "frame in", "closed", "refused"]
      )
      // decoding leaves nothing out
      assert.deepStrictEqual<unknown>(entries, test.backend.wireLog.lines().map((line) => JSON.parse(line)))
    })))

  it.effect.each<[string, (admin: AdminClient.AdminClient) => Effect.Effect<unknown>]>([
    ["a room without a name", (admin) => admin.createRoom({ name: "" })],
    ["a token for an unknown subscriber", (admin) => admin.mintToken({ subscriberId: "nobody" })],
    ["an unknown token", (admin) => admin.expireToken("unknown")],
    ["a message from an unknown sender", (admin) => admin.seed([{ from: "nobody", addressId: "nowhere" }])],
    ["entries of the log after no number", (admin) => admin.logAfter(-1)],
    [
      "a fault without effect",
      (admin) => admin.setFaults([{ match: { on: "http" }, action: { type: "restart" } }])
    ],
    [
      "a further fault without effect",
      (admin) => admin.addFaults([{ match: { on: "http" }, action: { type: "restart" } }])
    ]
  ])("dies if the server refuses: %s", ([, call]) =>
    withAdmin(Effect.fnUntraced(function*({ admin }) {
      const exit = yield* Effect.exit(call(admin))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
    })))

  it.effect("sends no tracing headers, which would need permission in browsers", () =>
    withAdmin(Effect.fnUntraced(function*({ admin, sentHeaders }) {
      yield* Effect.withSpan(admin.setLog(true), "test")
      yield* Effect.withSpan(admin.createRoom({ name: "office" }), "test")
      assert.sameMembers([...sentHeaders].filter((name) => name !== "content-length"), ["content-type"])
    })))
})
