/** Sessions on the wire: what their clients receive, how they are resumed and reauthenticated, and what they are refused. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { type Client, connect, connectFrame, runReadyFibers, type TestBackend, withBackend } from "./support.ts"

type In = TestBackend["Service"]

const requestFrame = (method: string, params: unknown = {}) => ({ jsonrpc: "2.0", id: "r", method, params })
const reauthenticateFrame = (token: string) =>
  requestFrame("signalwire.reauthenticate", { authentication: { jwt_token: token } })
const resume = ({ protocol, state }: { readonly protocol: string; readonly state: string }) => ({
  protocol,
  authorization_state: state
})
const errorOf = Effect.fnUntraced(function*(client: Client, frame: unknown) {
  yield* client.send(frame)
  const { error, id } = yield* client.next
  return { id, ...error }
})
const send = (test: In, from: { readonly token: string }, addressId: string, text: string) =>
  test.request("POST", "/api/fabric/messages", { token: from.token, body: { conversation_id: addressId, text } })

describe("a session", () => {
  it.effect("begins with a response that describes its subscriber, and with its authorization state", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, backend, openSocket }) {
      const ada = yield* addSubscriber("ada")
      const { projectId, spaceId } = backend.identity
      const client = yield* openSocket
      yield* client.send(connectFrame(ada.token))
      const { id, jsonrpc, result } = yield* client.next
      const [session] = backend.sessions()
      const authorization = {
        jti: session?.jti,
        project_id: projectId,
        scope: [],
        fabric_subscriber: {
          version: 1,
          expires_at: 7200,
          subscriber_id: ada.id,
          application_id: null,
          project_id: projectId,
          space_id: spaceId
        }
      }
      assert.deepStrictEqual({ id, jsonrpc, result }, {
        id: "c",
        jsonrpc: "2.0",
        result: {
          identity: result.identity,
          protocol: session?.protocol,
          authorization,
          ice_servers: [],
          session_restored: false
        }
      })
      assert.match(result.identity, /^[\da-f-]{36}@sandbox$/)
      const event = yield* client.next
      assert.deepStrictEqual(event, {
        jsonrpc: "2.0",
        id: event.id,
        method: "signalwire.event",
        params: {
          event_type: "signalwire.authorization.state",
          params: { authorization_state: session?.state }
        }
      })
      yield* client.send(reauthenticateFrame(ada.token))
      assert.deepStrictEqual((yield* client.next).result, { authorization })
    })))

  it.effect("is connected once per socket", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, backend, openSocket }) {
      const ada = yield* addSubscriber("ada")
      const client = yield* openSocket
      yield* connect(client, ada.token)
      const { code, id } = yield* errorOf(client, connectFrame(ada.token))
      assert.deepStrictEqual([id, code], ["c", -32600])
      assert.strictEqual(backend.sessions().length, 1)
    })))

  it.effect("is online and offline, and answers pings with the time", () =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, openSocket }) {
      yield* TestClock.setTime(5500)
      const ada = yield* addSubscriber("ada")
      const client = yield* openSocket
      yield* connect(client, ada.token)
      for (const method of ["subscriber.online", "subscriber.offline"]) {
        yield* client.send(requestFrame(method))
        assert.deepStrictEqual(yield* client.next, { jsonrpc: "2.0", id: "r", result: { code: "200", message: "OK" } })
      }
      yield* client.send(requestFrame("signalwire.ping"))
      assert.deepStrictEqual((yield* client.next).result, { timestamp: 5.5 })
      assert.deepInclude(yield* errorOf(client, requestFrame("unknown")), { id: "r", code: -32601 })
    })))

  it.effect.each(["subscriber.online", "subscriber.offline"])(
    "of a guest cannot receive calls: %s",
    (method) =>
      withBackend(Effect.fnUntraced(function*({ addRoom, backend, openSocket }) {
        const office = yield* addRoom("office")
        const { token } = yield* backend.mintGuest({ allowed: [office], attribute: "x", expiresAt: undefined })
        const client = yield* openSocket
        yield* connect(client, token)
        assert.deepInclude(yield* errorOf(client, requestFrame(method)), { id: "r", code: -32001 })
      }))
  )

  it.effect("that does not acknowledge events gets none again", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, office] = [yield* test.addSubscriber("ada"), yield* test.addRoom("office")]
      const first = yield* test.openSocket
      const session = yield* connect(first, ada.token, { event_acks: null })
      yield* send(test, ada, office, "one")
      assert.strictEqual((yield* first.next).params.params.text, "one")
      yield* first.disconnect
      yield* send(test, ada, office, "two")
      const second = yield* test.openSocket
      const { result } = yield* connect(second, ada.token, resume(session))
      assert.isTrue(result.session_restored)
      assert.deepStrictEqual(yield* second.waiting, [])
    })))

  it.effect("that does not acknowledge events may receive as many again after it was resumed", () =>
    withBackend(
      Effect.fnUntraced(function*(test) {
        const [ada, office] = [yield* test.addSubscriber("ada"), yield* test.addRoom("office")]
        const first = yield* test.openSocket
        const session = yield* connect(first, ada.token, { event_acks: false })
        for (const text of ["1", "2"]) yield* send(test, ada, office, text)
        const second = yield* test.openSocket
        yield* second.send(connectFrame(ada.token, { event_acks: false, ...resume(session) }))
        for (const text of ["3", "4"]) yield* send(test, ada, office, text)
        assert.strictEqual(test.backend.sessions().length, 1)
        yield* send(test, ada, office, "5")
        assert.strictEqual(yield* second.closed, 1013)
      }),
      { maxUnacked: 1 }
    ))

  it.effect("is refused if its subscriber has as many sockets as allowed", () =>
    withBackend(
      Effect.fnUntraced(function*(test) {
        const [ada, grace] = [yield* test.addSubscriber("ada"), yield* test.addSubscriber("grace")]
        const [one, two, other] = [yield* test.openSocket, yield* test.openSocket, yield* test.openSocket]
        const session = yield* connect(one, ada.token)
        assert.deepInclude(yield* errorOf(two, connectFrame(ada.token)), { id: "c", code: -32001 })
        assert.strictEqual(yield* two.closed, 1013)
        yield* connect(other, grace.token)
        // resuming takes no further socket
        const again = yield* connect(yield* test.openSocket, ada.token, resume(session))
        assert.isTrue(again.result.session_restored)
      }),
      { maxSocketsPerSubscriber: 1 }
    ))

  it.effect("moves to the socket that resumes it, and the other one is closed", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, office] = [yield* test.addSubscriber("ada"), yield* test.addRoom("office")]
      const [first, second] = [yield* test.openSocket, yield* test.openSocket]
      const session = yield* connect(first, ada.token)
      yield* connect(second, ada.token, resume(session))
      assert.strictEqual(yield* first.closed, 1000)
      yield* runReadyFibers
      yield* send(test, ada, office, "hi")
      assert.strictEqual((yield* second.next).params.params.text, "hi")
      assert.strictEqual(test.backend.sessions().length, 1)
    })))

  it.effect("is resumed only with its state, and with a token of its subscriber", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, grace] = [yield* test.addSubscriber("ada"), yield* test.addSubscriber("grace")]
      const session = yield* connect(yield* test.openSocket, ada.token)
      const attempt = (token: string, more: object) =>
        Effect.flatMap(
          test.openSocket,
          (client) => Effect.map(connect(client, token, more), ({ result }) => result.session_restored)
        )
      assert.isFalse(yield* attempt(ada.token, { protocol: session.protocol }))
      assert.isFalse(yield* attempt(ada.token, { authorization_state: session.state }))
      assert.isFalse(yield* attempt(grace.token, resume(session)))
      const refreshed = yield* errorOf(yield* test.openSocket, connectFrame(ada.refreshToken, resume(session)))
      assert.strictEqual(refreshed.code, -32002)
      const unknown = yield* errorOf(yield* test.openSocket, connectFrame("unknown", resume(session)))
      assert.strictEqual(unknown.code, -32002)
      assert.isTrue(yield* attempt(ada.token, resume(session)))
    })))

  it.effect("is resumed with its own token even when that has been removed", () =>
    withBackend(
      Effect.fnUntraced(function*(test) {
        const ada = yield* test.addSubscriber("ada")
        const { token } = yield* test.backend.mint(ada.id, { ttlSeconds: 10 })
        const client = yield* test.openSocket
        const session = yield* connect(client, token)
        yield* client.disconnect
        yield* TestClock.adjust("11 minutes")
        // expired tokens are removed when others are minted
        yield* test.backend.mint(ada.id)
        const again = yield* connect(yield* test.openSocket, token, resume(session))
        assert.isTrue(again.result.session_restored)
      }),
      { sessionRetention: "1 hour" }
    ))

  it.effect("that is resumed with a valid token has that one from then on, but keeps it if it is resumed with an expired one", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      const next = yield* test.backend.mint(ada.id, { ttlSeconds: 9000 })
      const session = yield* connect(yield* test.openSocket, ada.token)
      const expiry = (token: string) =>
        Effect.flatMap(test.openSocket, (client) =>
          Effect.map(
            connect(client, token, resume(session)),
            ({ result }) => result.authorization.fabric_subscriber.expires_at
          ))
      assert.strictEqual(yield* expiry(next.token), 9000)
      yield* test.backend.expire(ada.token)
      assert.strictEqual(yield* expiry(ada.token), 9000)
    })))

  it.effect("has a new state after it was reauthenticated, and can still be resumed with the one before", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      const client = yield* test.openSocket
      const session = yield* connect(client, ada.token)
      const reauthenticate = Effect.gen(function*() {
        yield* client.send(reauthenticateFrame(ada.token))
        yield* client.next
        const event = yield* client.next
        return String(event.params.params.authorization_state)
      })
      const [second, third] = [yield* reauthenticate, yield* reauthenticate]
      assert.strictEqual(new Set([session.state, second, third]).size, 3)
      const restored = (state: string) =>
        Effect.flatMap(test.openSocket, (client) =>
          Effect.map(
            connect(client, ada.token, resume({ protocol: session.protocol, state })),
            ({ result }) => result.session_restored
          ))
      assert.deepStrictEqual([yield* restored(session.state), yield* restored(second), yield* restored(third)], [
        false,
        true,
        true
      ])
    })))

  it.effect("has two states that are redacted in the wire log, the current one and the one before", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      const client = yield* test.openSocket
      const session = yield* connect(client, ada.token)
      const states = [session.state]
      for (let n = 0; n < 2; n++) {
        yield* client.send(reauthenticateFrame(ada.token))
        yield* client.next
        states.push(String((yield* client.next).params.params.authorization_state))
      }
      test.backend.wireLog.enable(true)
      for (const state of states) yield* client.send(requestFrame("unknown", { note: state }))
      yield* client.waiting
      const log = test.backend.wireLog.lines().join("\n")
      assert.deepStrictEqual(states.map((state) => log.includes(state)), [true, false, false])
    })))

  it.effect("is not reauthenticated with invalid parameters or tokens", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, grace] = [yield* test.addSubscriber("ada"), yield* test.addSubscriber("grace")]
      const client = yield* test.openSocket
      yield* connect(client, ada.token)
      const [session] = test.backend.sessions()
      const before = { state: session?.state, token: session?.token }
      const code = (frame: object) => Effect.map(errorOf(client, frame), ({ code, id }) => [id, code])
      assert.deepStrictEqual(yield* code(requestFrame("signalwire.reauthenticate", {})), ["r", -32602])
      for (const token of [grace.token, ada.refreshToken, "unknown"]) {
        assert.deepStrictEqual(yield* code(reauthenticateFrame(token)), ["r", -32002])
      }
      assert.deepStrictEqual({ state: session?.state, token: session?.token }, before)
      const invalid = yield* errorOf(yield* test.openSocket, requestFrame("signalwire.connect", {}))
      assert.match(invalid.message, /^Invalid params: version: /)
    })))

  it.effect("reports once that its token has expired, and again when its next token has", () =>
    withBackend(
      Effect.fnUntraced(function*(test) {
        const ada = yield* test.addSubscriber("ada")
        const [short, longer] = [
          yield* test.backend.mint(ada.id, { ttlSeconds: 10 }),
          yield* test.backend.mint(ada.id, { ttlSeconds: 20 })
        ]
        const client = yield* test.openSocket
        yield* connect(client, short.token)
        const [session] = test.backend.sessions()
        const isReported = () => session !== undefined && test.backend.detectTokenExpiry(session)
        assert.isFalse(isReported())
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual([isReported(), isReported()], [true, false])
        yield* client.send(reauthenticateFrame(longer.token))
        assert.isFalse(isReported())
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual([isReported(), isReported()], [true, false])
      }),
      { pingInterval: "1 hour" }
    ))

  it.effect("disconnects its client when the admin expires its token", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      const client = yield* test.openSocket
      yield* connect(client, ada.token)
      yield* test.backend.expire(ada.token)
      yield* TestClock.adjust("5 seconds")
      const { method, params } = yield* client.next
      assert.deepStrictEqual([method, params], ["signalwire.disconnect", {}])
    })))
})

describe("an event", () => {
  it.effect("reaches each member of a room, whose sessions share its memory", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const office = yield* test.addRoom("office")
      const members = []
      for (const name of ["ada", "grace", "eve"]) {
        const member = yield* test.addSubscriber(name)
        yield* test.request("POST", "/api/fabric/conversations/join", { ...member, body: { conversation_id: office } })
        const client = yield* test.openSocket
        yield* connect(client, member.token)
        members.push({ member, client })
      }
      const [first] = members
      yield* send(test, first?.member ?? { token: "" }, office, "x".repeat(9000))
      const events = []
      for (const { client } of members) events.push(yield* client.next)
      assert.deepStrictEqual(events.map(({ params }) => params.is_author), [true, false, false])
      assert.isTrue(events.every(({ params }) => params.params.text.length === 9000))
      assert.strictEqual(new Set(events.map(({ id }) => id)).size, 3)
      const [session] = test.backend.sessions()
      assert.isAbove(session?.unackedBytes ?? 0, 9000)
      assert.isBelow(session?.reservedBytes ?? 0, 4000)
      assert.strictEqual(session?.unackedBytes, JSON.stringify(events[0]).length - ",\"params\":}}".length)
    })))

  it.effect("of both members of a conversation has the address of the other one", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, grace] = [yield* test.addSubscriber("ada"), yield* test.addSubscriber("grace")]
      const [one, two] = [yield* test.openSocket, yield* test.openSocket]
      yield* connect(one, ada.token)
      yield* connect(two, grace.token)
      yield* send(test, ada, grace.addressId, "hi")
      const conversationOf = (client: Client) =>
        Effect.map(client.next, ({ params }) => params.params.conversation_name)
      assert.deepStrictEqual([yield* conversationOf(one), yield* conversationOf(two)], ["grace", "ada"])
    })))

  it.effect.each(["address", "group"] as const)("has the keys of the dialect %s", (dialect) =>
    withBackend(
      Effect.fnUntraced(function*(test) {
        const [ada, office] = [yield* test.addSubscriber("ada"), yield* test.addRoom("office")]
        const client = yield* test.openSocket
        yield* connect(client, ada.token)
        const content = { text: "hi", metadata: {}, details: {} }
        yield* test.backend.seed([{ subscriberId: ada.id, addressId: office, content }])
        const { params } = (yield* client.next).params
        assert.strictEqual("conversation_id" in params, dialect === "address")
        assert.strictEqual("group_id" in params, dialect === "group")
      }),
      { dialect }
    ))
})
