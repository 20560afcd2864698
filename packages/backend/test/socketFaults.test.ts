/** What each fault does to a socket, and to the frames in either direction. */
import type * as Faults from "@effect-signalwire/backend/Faults"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { type Client, connect, connectFrame, runReadyFibers, type TestBackend, withBackend } from "./support.ts"

interface World {
  readonly client: Client
  readonly backend: TestBackend["Service"]["backend"]
  readonly setFault: (action: Faults.Action, times?: number | null) => void
  readonly ping: (id: string) => Effect.Effect<void>
  /** The ids of all frames that the client has received. */
  readonly received: Effect.Effect<ReadonlyArray<string>>
}

/** Runs a test with a connected client, and faults on pings from it or on the responses to them. */
const withSocket = <E>(
  direction: "in" | "out",
  use: (world: World) => Effect.Effect<void, E, Scope.Scope>
) =>
  withBackend(Effect.fnUntraced(function*({ addSubscriber, backend, faults, openSocket }) {
    const ada = yield* addSubscriber("ada")
    const client = yield* openSocket
    yield* connect(client, ada.token)
    yield* use({
      client,
      backend,
      setFault: (action, times = 1) =>
        faults.set({ rules: [{ match: { on: "frame", direction, method: "signalwire.ping" }, action, times }] }),
      ping: (id) => client.send({ jsonrpc: "2.0", id, method: "signalwire.ping", params: {} }),
      received: Effect.map(client.waiting, (frames) => frames.map(({ id }) => id))
    })
  }))

const directions = ["in", "out"] as const

describe.each(directions)("a frame of direction %s", (direction) => {
  it.effect("is dropped", () =>
    withSocket(direction, ({ ping, received, setFault }) =>
      Effect.gen(function*() {
        setFault({ type: "drop" })
        yield* ping("lost")
        yield* ping("next")
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(yield* received, ["next"])
      })))

  it.effect("is duplicated", () =>
    withSocket(direction, ({ ping, received, setFault }) =>
      Effect.gen(function*() {
        setFault({ type: "duplicate" })
        yield* ping("twice")
        yield* ping("once")
        assert.deepStrictEqual(yield* received, ["twice", "twice", "once"])
      })))

  it.effect("is delayed, together with those that follow", () =>
    withSocket(direction, ({ ping, received, setFault }) =>
      Effect.gen(function*() {
        setFault({ type: "delay", millis: 1000 })
        yield* ping("delayed")
        yield* ping("next")
        yield* TestClock.adjust(999)
        assert.deepStrictEqual(yield* received, [])
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(yield* received, ["delayed", "next"])
      })))

  it.effect("is held back until the next one, once", () =>
    withSocket(direction, ({ ping, received, setFault }) =>
      Effect.gen(function*() {
        setFault({ type: "reorder" }, 2)
        for (const id of ["a", "b", "c", "d"]) yield* ping(id)
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(yield* received, ["c", "a", "b", "d"])
      })))

  it.effect("is held back for a second if no other one follows", () =>
    withSocket(direction, ({ ping, received, setFault }) =>
      Effect.gen(function*() {
        setFault({ type: "reorder" })
        yield* ping("alone")
        yield* TestClock.adjust(999)
        assert.deepStrictEqual(yield* received, [])
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(yield* received, ["alone"])
      })))

  it.effect("is not held back while a hundred are", () =>
    withSocket(direction, ({ ping, received, setFault }) =>
      Effect.gen(function*() {
        setFault({ type: "reorder" }, null)
        for (let n = 0; n < 100; n++) yield* ping(`${n}`)
        assert.deepStrictEqual(yield* received, [])
        yield* ping("next")
        const ids = yield* received
        assert.deepStrictEqual([ids.length, ids[0]], [101, "next"])
      })))

  it.effect.each<[Faults.Action, number | null]>([
    [{ type: "refuse" }, null],
    [{ type: "close" }, null],
    [{ type: "close", code: null }, null],
    [{ type: "close", code: 1012 }, 1012],
    [{ type: "loseAnswer" }, null]
  ])(
    "closes the socket: %j",
    ([action, code]) =>
      withSocket(direction, ({ client, ping, received, setFault }) =>
        Effect.gen(function*() {
          setFault(action)
          yield* ping("p")
          assert.strictEqual(yield* client.closed, code)
          assert.deepStrictEqual(yield* received, [])
        }))
  )

  it.effect("silences the socket, which stays open", () =>
    withSocket(direction, ({ client, ping, received, setFault }) =>
      Effect.gen(function*() {
        const closing = yield* Effect.forkScoped(client.closed)
        setFault({ type: "silent" })
        yield* ping("first")
        yield* ping("second")
        assert.deepStrictEqual(yield* received, [])
        assert.isUndefined(closing.pollUnsafe())
      })))

  it.effect("restarts the session", () =>
    withSocket(direction, ({ backend, client, ping, setFault }) =>
      Effect.gen(function*() {
        setFault({ type: "restart" })
        yield* ping("p")
        const { id, method, params } = yield* client.next
        assert.deepStrictEqual([method, params], ["signalwire.disconnect", { restart: true }])
        assert.deepStrictEqual(backend.sessions(), [])
        yield* client.send({ jsonrpc: "2.0", id, result: {} })
        assert.strictEqual(yield* client.closed, 1012)
      })))

  it.effect.each<[Omit<Extract<Faults.Action, { type: "answer" }>, "type">, object]>([
    [{ code: -32003, message: "no" }, { code: -32003, message: "no" }],
    [{}, { code: -32603, message: "Internal error" }]
  ])(
    "gets an error as its response: %j",
    ([fields, error]) =>
      withSocket(direction, ({ client, ping, setFault }) =>
        Effect.gen(function*() {
          setFault({ type: "answer", ...fields })
          yield* ping("p")
          assert.containSubset(yield* client.next, { id: "p", error })
          yield* ping("next")
          assert.containSubset(yield* client.next, { id: "next", result: {} })
        }))
  )
})

describe("a frame from a client", () => {
  it.effect("is not handled when it is malformed", () =>
    withSocket("in", ({ ping, received, setFault }) =>
      Effect.gen(function*() {
        setFault({ type: "malformed" })
        yield* ping("lost")
        yield* ping("next")
        assert.deepStrictEqual(yield* received, ["next"])
      })))

  it.effect("gets no response, and the next one does", () =>
    withSocket("in", ({ ping, received, setFault }) =>
      Effect.gen(function*() {
        setFault({ type: "loseAnswer", never: true })
        yield* ping("lost")
        yield* ping("next")
        assert.deepStrictEqual(yield* received, ["next"])
      })))
})

describe("a response from a client", () => {
  it.effect("passes on the frames that are held back before it", () =>
    withSocket("in", ({ client, ping, received, setFault }) =>
      Effect.gen(function*() {
        setFault({ type: "reorder" })
        yield* ping("held")
        assert.deepStrictEqual(yield* received, [])
        yield* client.send({ jsonrpc: "2.0", id: "unknown", result: {} })
        assert.deepStrictEqual(yield* received, ["held"])
      })))

  it.effect("to an event may be lost, so that the event is sent again", () =>
    withBackend(Effect.fnUntraced(function*({ addRoom, addSubscriber, backend, faults, openSocket, request }) {
      const [ada, office] = [yield* addSubscriber("ada"), yield* addRoom("office")]
      const client = yield* openSocket
      yield* connect(client, ada.token)
      const match = { on: "frame", direction: "in", method: "signalwire.event" } as const
      faults.set({ rules: [{ match, action: { type: "drop" }, times: 1 }] })
      yield* request("POST", "/api/fabric/messages", { ...ada, body: { conversation_id: office, text: "hello" } })
      const { id } = yield* client.next
      const acknowledge = client.send({ jsonrpc: "2.0", id, result: {} })
      yield* acknowledge
      assert.strictEqual(backend.sessions()[0]?.unacked.size, 1)
      yield* acknowledge
      assert.strictEqual(backend.sessions()[0]?.unacked.size, 0)
    })))

  it.effect("to a ping may be lost, so that the socket is closed", () =>
    withSocket("in", ({ client, setFault }) =>
      Effect.gen(function*() {
        setFault({ type: "drop" }, null)
        const closing = yield* Effect.forkScoped(client.closed)
        for (let n = 0; n < 2; n++) {
          yield* TestClock.adjust("5 seconds")
          const { id } = yield* client.next
          yield* client.send({ jsonrpc: "2.0", id, result: {} })
        }
        assert.isUndefined(closing.pollUnsafe())
        yield* TestClock.adjust("5 seconds")
        assert.isNull(yield* Fiber.join(closing))
      })))

  it.effect("to a ping may be an error", () =>
    withSocket("in", ({ client }) =>
      Effect.gen(function*() {
        const closing = yield* Effect.forkScoped(client.closed)
        for (let n = 0; n < 4; n++) {
          yield* TestClock.adjust("5 seconds")
          const { id } = yield* client.next
          yield* client.send({ jsonrpc: "2.0", id, error: { code: -32601, message: "unknown" } })
        }
        assert.isUndefined(closing.pollUnsafe())
      })))
})

describe("a frame to a client", () => {
  it.effect.each<[Extract<Faults.Action, { type: "malformed" }>, string]>([
    [{ type: "malformed", text: "\"<html>\"" }, "<html>"],
    [{ type: "malformed", text: "1" }, "1"]
  ])(
    "is replaced by the text of the rule: %j",
    ([action, text]) =>
      withSocket("out", ({ client, ping, setFault }) =>
        Effect.gen(function*() {
          setFault(action)
          yield* ping("p")
          assert.strictEqual(String(yield* client.next), text)
        }))
  )

  it.effect("is unchanged by an error if it is an event", () =>
    withBackend(Effect.fnUntraced(function*({ addRoom, addSubscriber, faults, openSocket, request }) {
      const ada = yield* addSubscriber("ada")
      const office = yield* addRoom("office")
      const client = yield* openSocket
      yield* connect(client, ada.token)
      const eventType = "conversation.message"
      faults.set({ rules: [{ match: { on: "frame", direction: "out", eventType }, action: { type: "answer" } }] })
      yield* request("POST", "/api/fabric/messages", { ...ada, body: { conversation_id: office, text: "hello" } })
      assert.strictEqual((yield* client.next).params.params.text, "hello")
    })))
})

describe("a socket", () => {
  const withConnectFault = <E>(
    action: Faults.Action,
    use: (open: Effect.Effect<Client, never, Scope.Scope>, token: string) => Effect.Effect<void, E, Scope.Scope>
  ) =>
    withBackend(Effect.fnUntraced(function*({ addSubscriber, faults, openSocket }) {
      const ada = yield* addSubscriber("ada")
      faults.set({ rules: [{ match: { on: "connect" }, action, times: 1 }] })
      yield* use(openSocket, ada.token)
    }))

  it.effect.each<Faults.Action>([
    { type: "refuse" },
    { type: "drop" },
    { type: "loseAnswer" },
    { type: "answer", status: 503 },
    { type: "close" }
  ])("is not opened, or closed at once: %j", (action) =>
    withConnectFault(action, (open) =>
      Effect.gen(function*() {
        assert.isNull(yield* (yield* open).closed)
      })))

  it.effect("is closed with the code of the rule", () =>
    withConnectFault({ type: "close", code: 1013 }, (open) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* (yield* open).closed, 1013)
      })))

  it.effect("is opened after a delay, and then without a fault", () =>
    withConnectFault({ type: "delay", millis: 1000 }, (open, token) =>
      Effect.gen(function*() {
        const opening = yield* Effect.forkScoped(open)
        yield* runReadyFibers
        yield* TestClock.adjust(999)
        assert.isUndefined(opening.pollUnsafe())
        yield* TestClock.adjust(1)
        const { protocol } = yield* connect(yield* Fiber.join(opening), token)
        assert.isNotEmpty(protocol)
      })))

  it.effect("is silent from the beginning", () =>
    withConnectFault({ type: "silent" }, (open, token) =>
      Effect.gen(function*() {
        const client = yield* open
        yield* client.send(connectFrame(token))
        assert.deepStrictEqual(yield* client.waiting, [])
      })))

  it.effect("restarts a session that it has not opened", () =>
    withConnectFault({ type: "restart" }, (open) =>
      Effect.gen(function*() {
        const { method } = yield* (yield* open).next
        assert.strictEqual(method, "signalwire.disconnect")
      })))
})
