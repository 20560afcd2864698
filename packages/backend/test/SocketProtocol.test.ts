import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { connect, connectFrame, runReadyFibers, withBackend } from "./support.ts"

const messageBody = (addressId: string, text: string) => ({ conversation_id: addressId, text })
const large = { a: "x".repeat(32_000) }
/** A message of nearly the greatest size, as it is seeded. */
const largeMessage = (subscriberId: string, addressId: string) => ({
  subscriberId,
  addressId,
  content: { text: "x".repeat(10_000), metadata: large, details: large }
})
const ack = (id: string) => ({ jsonrpc: "2.0", id, result: {} })

interface Event {
  readonly id: string
  readonly params: {
    readonly event_type: string
    readonly event_channel: string
    readonly is_author: boolean
    readonly params: { readonly text: string; readonly conversation_id: string; readonly user_name: string }
  }
}
const texts = (frames: ReadonlyArray<Event>) =>
  frames.filter((frame) => frame.params?.event_type === "conversation.message").map((frame) => frame.params.params.text)

describe("connecting", () => {
  it.effect("the response is followed by the authorization state", () =>
    withBackend(Effect.fnUntraced(function*({ openSocket, addSubscriber }) {
      const ada = yield* addSubscriber("ada")
      const client = yield* openSocket
      const { protocol, result, state } = yield* connect(client, ada.token)
      assert.match(protocol, /^signalwire_[^_]+_[^_]+_[^_]+$/)
      assert.strictEqual(protocol.split("_")[1], result.authorization.jti)
      assert.strictEqual(result.authorization.fabric_subscriber.subscriber_id, ada.id)
      assert.strictEqual(result.authorization.fabric_subscriber.expires_at, 7200)
      // two base64 strings
      assert.match(state, /^[A-Za-z\d+/]+=*:[A-Za-z\d+/]+=*$/)
      assert.isString(result.identity)
      assert.deepStrictEqual(result.ice_servers, [])
      assert.strictEqual(result.authorization.project_id, result.authorization.fabric_subscriber.project_id)
    })))
  it.effect("an invalid token is rejected with the message of the service, and the client can try again", () =>
    withBackend(Effect.fnUntraced(function*({ openSocket, addSubscriber }) {
      const ada = yield* addSubscriber("ada")
      const client = yield* openSocket
      yield* client.send(connectFrame("nope"))
      assert.deepStrictEqual((yield* client.next).error, {
        code: -32002,
        message: "Authentication service failed with status ProtocolError, 401 Unauthorized: {}"
      })
      yield* connect(client, ada.token)
    })))
  it.effect("invalid connect parameters are rejected, and the client can try again", () =>
    withBackend(Effect.fnUntraced(function*({ openSocket, addSubscriber }) {
      const ada = yield* addSubscriber("ada")
      const client = yield* openSocket
      for (
        const params of [
          {},
          { version: { major: 4, minor: 0, revision: 0 } },
          { version: "4.0.0", authentication: { jwt_token: ada.token } },
          { version: { major: 4, minor: 0, revision: 0 }, authentication: { jwt_token: 1 } },
          { version: { major: 4, minor: 0, revision: 0 }, authentication: { project: "p", token: "t" } }
        ]
      ) {
        yield* client.send({ jsonrpc: "2.0", id: "c", method: "signalwire.connect", params })
        assert.strictEqual((yield* client.next).error.code, -32602)
      }
      yield* connect(client, ada.token, { contexts: [], eventing: [], topics: [], dpop_token: "a.b.c" })
    })))
  it.effect("requests before connect are rejected", () =>
    withBackend(Effect.fnUntraced(function*({ openSocket }) {
      const client = yield* openSocket
      yield* client.send({ jsonrpc: "2.0", id: "1", method: "subscriber.online", params: {} })
      assert.strictEqual((yield* client.next).error.code, -32001)
      yield* client.send("{")
      assert.strictEqual((yield* client.next).error.code, -32700)
      yield* client.send("[]")
      assert.strictEqual((yield* client.next).error.code, -32600)
    })))
  it.effect("a client that never connects is disconnected", () =>
    withBackend(Effect.fnUntraced(function*({ openSocket }) {
      const client = yield* openSocket
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* client.closed, 1008)
    })))
  it.effect("requests get a response, and unknown methods an error", () =>
    withBackend(Effect.fnUntraced(function*({ openSocket, addSubscriber }) {
      const ada = yield* addSubscriber("ada")
      const client = yield* openSocket
      yield* connect(client, ada.token)
      yield* client.send({ jsonrpc: "2.0", id: "1", method: "subscriber.online", params: {} })
      assert.deepStrictEqual((yield* client.next).result, { code: "200", message: "OK" })
      yield* client.send({ jsonrpc: "2.0", id: "2", method: "signalwire.ping", params: {} })
      assert.isNumber((yield* client.next).result.timestamp)
      yield* client.send({ jsonrpc: "2.0", id: "3", method: "webrtc.verto", params: {} })
      assert.strictEqual((yield* client.next).error.code, -32601)
    })))
})

describe("events", () => {
  it.effect("are sent to every session of every member, including the author, from each member's perspective", () =>
    withBackend(Effect.fnUntraced(function*({ openSocket, addSubscriber, request }) {
      const ada = yield* addSubscriber("ada")
      const grace = yield* addSubscriber("grace")
      const eve = yield* addSubscriber("eve")
      const [one, two, other, stranger] = [yield* openSocket, yield* openSocket, yield* openSocket, yield* openSocket]
      const sessions = [
        yield* connect(one, ada.token),
        yield* connect(two, ada.token),
        yield* connect(other, grace.token)
      ]
      yield* connect(stranger, eve.token)
      yield* request("POST", "/api/fabric/messages", { ...ada, body: messageBody(grace.addressId, "hi") })
      for (const [index, client] of [one, two, other].entries()) {
        const event: Event = yield* client.next
        assert.strictEqual(event.params.event_channel, sessions[index]?.protocol)
        assert.strictEqual(event.params.is_author, client !== other)
        assert.strictEqual(
          event.params.params.conversation_id,
          client === other ? ada.addressId : grace.addressId
        )
        assert.strictEqual(event.params.params.user_name, "ada")
      }
      assert.deepStrictEqual(yield* stranger.waiting, [])
    })))
  it.effect("unacknowledged events are sent again, in order, when the session is resumed", () =>
    withBackend(Effect.fnUntraced(function*({ backend, openSocket, addSubscriber, request, addRoom }) {
      const ada = yield* addSubscriber("ada")
      const office = yield* addRoom("office")
      const send = (text: string) =>
        request("POST", "/api/fabric/messages", { ...ada, body: messageBody(office, text) })
      const first = yield* openSocket
      const { protocol, state } = yield* connect(first, ada.token)
      for (const text of ["a", "b"]) yield* send(text)
      const [a, b]: ReadonlyArray<Event> = yield* first.waiting
      yield* first.send(ack(a?.id ?? ""))
      yield* first.disconnect
      yield* send("c")
      assert.strictEqual(backend.sessions()[0]?.connection, undefined)
      const second = yield* openSocket
      const resumed = yield* connect(second, ada.token, { protocol, authorization_state: state })
      assert.isTrue(resumed.result.session_restored)
      assert.strictEqual(resumed.protocol, protocol)
      const frames: ReadonlyArray<Event> = yield* second.waiting
      assert.deepStrictEqual(texts(frames), ["b", "c"])
      assert.strictEqual(frames[0]?.id, b?.id)
      for (const { id } of frames) yield* second.send(ack(id))
      assert.strictEqual(backend.sessions()[0]?.unacked.size, 0)
    })))
  it.effect("a session can be resumed with an expired token", () =>
    withBackend(
      Effect.fnUntraced(function*({ backend, openSocket, addSubscriber }) {
        const ada = yield* addSubscriber("ada")
        const first = yield* openSocket
        const { protocol, state } = yield* connect(first, ada.token)
        yield* first.disconnect
        yield* backend.expire(ada.token)
        const second = yield* openSocket
        assert.strictEqual(
          (yield* connect(second, ada.token, { protocol, authorization_state: state })).protocol,
          protocol
        )
        const third = yield* openSocket
        yield* third.send(connectFrame(ada.token))
        assert.strictEqual((yield* third.next).error.code, -32002)
      })
    ))
  it.effect("an expired or foreign protocol starts a new session without an error", () =>
    withBackend(Effect.fnUntraced(function*({ openSocket, addSubscriber }) {
      const ada = yield* addSubscriber("ada")
      const eve = yield* addSubscriber("eve")
      const first = yield* openSocket
      const { protocol, state } = yield* connect(first, ada.token)
      const foreign = yield* connect(yield* openSocket, eve.token, { protocol, authorization_state: state })
      assert.strictEqual(foreign.result.authorization.fabric_subscriber.subscriber_id, eve.id)
      const guess = yield* connect(yield* openSocket, ada.token, { protocol, authorization_state: "x:y" })
      assert.notStrictEqual(guess.protocol, protocol)
      yield* first.disconnect
      yield* TestClock.adjust("5 minutes")
      const expired = yield* connect(yield* openSocket, ada.token, { protocol, authorization_state: state })
      assert.isFalse(expired.result.session_restored)
    })))
  it.effect("a session with too many unacknowledged events is closed", () =>
    withBackend(
      Effect.fnUntraced(function*({ backend, openSocket, addSubscriber, request, addRoom }) {
        const ada = yield* addSubscriber("ada")
        const office = yield* addRoom("office")
        const client = yield* openSocket
        yield* connect(client, ada.token)
        for (let n = 0; n < 4; n++) {
          yield* request("POST", "/api/fabric/messages", { ...ada, body: messageBody(office, "x") })
        }
        assert.strictEqual(yield* client.closed, 1013)
        assert.deepStrictEqual(backend.sessions(), [])
      }),
      { maxUnacked: 3 }
    ))
  it.effect("a session with many pending events is resumed, and receives all of them", () =>
    withBackend(Effect.fnUntraced(function*({ backend, openSocket, addSubscriber, addRoom }) {
      const ada = yield* addSubscriber("ada")
      const office = yield* addRoom("office")
      const client = yield* openSocket
      const { protocol, state } = yield* connect(client, ada.token)
      yield* client.disconnect
      yield* backend.seed(Array.from({ length: 60 }, () => largeMessage(ada.id, office)))
      assert.isAbove(backend.sessions()[0]?.unackedBytes ?? 0, 4_000_000)
      const again = yield* openSocket
      yield* connect(again, ada.token, { protocol, authorization_state: state })
      for (let n = 0; n < 60; n++) assert.strictEqual((yield* again.next).method, "signalwire.event")
    })))
})

describe("keeping the connection", () => {
  it.effect("a client that does not respond to two pings is disconnected", () =>
    withBackend(Effect.fnUntraced(function*({ backend, openSocket, addSubscriber }) {
      const ada = yield* addSubscriber("ada")
      const client = yield* openSocket
      yield* connect(client, ada.token)
      for (let n = 0; n < 4; n++) {
        yield* TestClock.adjust("5 seconds")
        const ping = yield* client.next
        assert.strictEqual(ping.method, "signalwire.ping")
        yield* client.send({ jsonrpc: "2.0", id: ping.id, result: { timestamp: ping.params.timestamp } })
      }
      yield* TestClock.adjust("15 seconds")
      assert.strictEqual(yield* client.closed, null)
      yield* runReadyFibers
      assert.strictEqual(backend.sessions()[0]?.connection, undefined)
    })))
  it.effect("reauthentication accepts a token of the same subscriber only", () =>
    withBackend(Effect.fnUntraced(function*({ backend, openSocket, addSubscriber }) {
      const ada = yield* addSubscriber("ada")
      const eve = yield* addSubscriber("eve")
      const client = yield* openSocket
      const { result } = yield* connect(client, ada.token)
      const fresh = yield* backend.mint(ada.id, { ttlSeconds: 9000 })
      const reauthenticate = (token: string) =>
        client.send({
          jsonrpc: "2.0",
          id: "r",
          method: "signalwire.reauthenticate",
          params: { authentication: { project: result.authorization.project_id, jwt_token: token } }
        })
      yield* reauthenticate(eve.token)
      assert.strictEqual((yield* client.next).error.code, -32002)
      yield* reauthenticate(fresh.token)
      assert.strictEqual((yield* client.next).result.authorization.fabric_subscriber.expires_at, 9000)
      assert.strictEqual((yield* client.next).params.event_type, "signalwire.authorization.state")
    })))
})

describe("faults", () => {
  const event = { on: "frame", direction: "out", method: "signalwire.event", eventType: "conversation.*" } as const
  it.effect("events are dropped, duplicated and reordered", () =>
    withBackend(Effect.fnUntraced(function*({ openSocket, faults, addSubscriber, request, addRoom }) {
      const ada = yield* addSubscriber("ada")
      const office = yield* addRoom("office")
      const client = yield* openSocket
      yield* connect(client, ada.token)
      const send = (...messages: ReadonlyArray<string>) =>
        Effect.forEach(
          messages,
          (text) => request("POST", "/api/fabric/messages", { ...ada, body: messageBody(office, text) })
        )
      faults.set({ rules: [{ match: event, action: { type: "drop" }, times: 1 }] })
      yield* send("a", "b")
      assert.deepStrictEqual(texts(yield* client.waiting), ["b"])
      faults.set({ rules: [{ match: event, action: { type: "duplicate" }, times: 1 }] })
      yield* send("a", "b")
      assert.deepStrictEqual(texts(yield* client.waiting), ["a", "a", "b"])
      faults.set({ rules: [{ match: event, action: { type: "reorder" }, times: 1 }] })
      yield* send("a", "b")
      assert.deepStrictEqual(texts(yield* client.waiting), ["b", "a"])
      faults.set({ rules: [{ match: event, action: { type: "reorder" }, times: 1 }] })
      yield* send("alone")
      assert.deepStrictEqual(texts(yield* client.waiting), [])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(texts(yield* client.waiting), ["alone"])
    })))
  it.effect("a silent socket stays open, but neither handles nor sends frames", () =>
    withBackend(Effect.fnUntraced(function*({ openSocket, faults, addSubscriber }) {
      const ada = yield* addSubscriber("ada")
      const client = yield* openSocket
      yield* connect(client, ada.token)
      faults.set({
        rules: [{ match: { on: "frame", direction: "in", method: "signalwire.ping" }, action: { type: "silent" } }]
      })
      yield* client.send({ jsonrpc: "2.0", id: "2", method: "signalwire.ping", params: {} })
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* client.waiting, [])
    })))
  it.effect("a restart sends a disconnect, removes the session and closes the socket", () =>
    withBackend(Effect.fnUntraced(function*({ backend, openSocket, faults, addSubscriber }) {
      const ada = yield* addSubscriber("ada")
      const client = yield* openSocket
      yield* connect(client, ada.token)
      faults.set({
        rules: [{ match: { on: "frame", direction: "in", method: "signalwire.ping" }, action: { type: "restart" } }]
      })
      yield* client.send({ jsonrpc: "2.0", id: "2", method: "signalwire.ping", params: {} })
      const disconnect = yield* client.next
      assert.deepStrictEqual([disconnect.method, disconnect.params], ["signalwire.disconnect", { restart: true }])
      assert.deepStrictEqual(backend.sessions(), [])
      yield* client.send(ack(disconnect.id))
      assert.strictEqual(yield* client.closed, 1012)
    })))
  it.effect("a connect can fail with an error, or lose its response", () =>
    withBackend(Effect.fnUntraced(function*({ backend, openSocket, faults, addSubscriber }) {
      const ada = yield* addSubscriber("ada")
      const match = { on: "frame", direction: "in", method: "signalwire.connect" } as const
      faults.set({
        rules: [
          { match, action: { type: "answer", code: -32603, message: "Internal" }, times: 1 },
          { match, action: { type: "loseAnswer" }, times: 1 }
        ]
      })
      const client = yield* openSocket
      yield* client.send(connectFrame(ada.token))
      assert.strictEqual((yield* client.next).error.code, -32603)
      assert.deepStrictEqual(backend.sessions(), [])
      yield* client.send(connectFrame(ada.token))
      assert.strictEqual(yield* client.closed, null)
      assert.strictEqual(backend.sessions().length, 1)
    })))
})
