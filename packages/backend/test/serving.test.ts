/** How a socket is read, written and closed, by a client that does not close it by itself. */
import * as Backend from "@effect-signalwire/backend/Backend"
import * as Faults from "@effect-signalwire/backend/Faults"
import * as SocketProtocol from "@effect-signalwire/backend/SocketProtocol"
import { assert, describe, it } from "@effect/vitest"
import type * as Arr from "effect/Array"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Socket from "effect/socket/Socket"
import * as TestClock from "effect/testing/TestClock"
import * as ClientSocket from "../src/internal/clientSocket.ts"
import * as WriteQuota from "../src/internal/writeQuota.ts"
import { connect, connectFrame, runReadyFibers, type TestBackend, withBackend } from "./support.ts"

type Chunk = string | Uint8Array

interface RawSocket {
  /** Sends frames that the server reads at once. */
  readonly send: (...frames: Arr.NonEmptyReadonlyArray<Chunk>) => Effect.Effect<void>
  /** Ends the connection, as a client does that has received the close frame. */
  readonly hangUp: Effect.Effect<void>
  /** The frames that the server has written, one list per write. */
  readonly writes: Array<ReadonlyArray<string>>
  readonly closeCodes: Array<number>
  readonly aborts: () => number
  readonly served: Fiber.Fiber<void>
}

/** Serves a socket. Its client does not respond to a close frame. */
const open = Effect.fnUntraced(function*(
  { backend, faults }: TestBackend["Service"],
  options: {
    readonly canAbort?: boolean
    readonly awaitDrain?: Effect.Effect<void>
    readonly write?: Effect.Effect<void>
  } = {}
) {
  const toServer = yield* Queue.unbounded<Arr.NonEmptyReadonlyArray<Chunk>, Socket.SocketError>()
  const writes: Array<ReadonlyArray<string>> = []
  const closeCodes: Array<number> = []
  let aborts = 0
  const record = (frames: ReadonlyArray<Chunk>) =>
    Effect.andThen(options.write ?? Effect.void, Effect.sync(() => void writes.push(frames.map(String))))
  const socket = Socket.make({
    reader: Effect.succeed({ pull: Queue.take(toServer), upgrade: () => Effect.die("unused") }),
    writer: Effect.succeed({
      write: (frame) =>
        Socket.isCloseEvent(frame) ? Effect.sync(() => void closeCodes.push(frame.code)) : record([frame]),
      writeAll: record
    })
  })
  const abort = Effect.sync(() => void aborts++)
  const served = yield* SocketProtocol.serve(socket, {
    ...(options.canAbort === false ? undefined : { abort }),
    awaitDrain: options.awaitDrain
  }).pipe(
    Effect.provideService(Backend.Backend, backend),
    Effect.provideService(Faults.Faults, faults),
    Effect.forkScoped
  )
  yield* runReadyFibers
  return {
    send: (...frames) => Effect.andThen(Queue.offer(toServer, frames), runReadyFibers),
    hangUp: Effect.andThen(
      Queue.fail(toServer, new Socket.SocketError({ reason: new Socket.SocketCloseError({ code: 1000 }) })),
      runReadyFibers
    ),
    writes,
    closeCodes,
    aborts: () => aborts,
    served
  } satisfies RawSocket
})

const ping = (id: string | number) => JSON.stringify({ jsonrpc: "2.0", id, method: "signalwire.ping", params: {} })
/** A frame without a session gets a response at once. */
const idsOf = (writes: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<unknown> =>
  writes.flat().map((text) => JSON.parse(text).id)
const codesOf = (writes: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<unknown> =>
  writes.flat().map((text) => JSON.parse(text).error?.code)

/** Opens a session on a socket. */
const openSession = Effect.fnUntraced(function*(test: TestBackend["Service"], socket: RawSocket, more: object = {}) {
  const ada = yield* test.addSubscriber("ada")
  yield* socket.send(JSON.stringify(connectFrame(ada.token, more)))
  const [session] = test.backend.sessions()
  socket.writes.splice(0)
  return { ada, session }
})

describe("a socket that the server closes", () => {
  const closedWith = (code: number | null, canAbort = true) =>
    withBackend(Effect.fnUntraced(function*(test) {
      const socket = yield* open(test, { canAbort })
      const { session } = yield* openSession(test, socket)
      session?.connection?.close(code)
      yield* runReadyFibers
      return socket
    }))

  it.effect.each<[number, number]>([
    [1000, 1000],
    [1003, 1003],
    [1004, 1001],
    [1005, 1001],
    [1006, 1001],
    [1007, 1007],
    [1014, 1014],
    [1015, 1001],
    [999, 1001],
    [2999, 1001],
    [3000, 3000],
    [4999, 4999],
    [5000, 1001]
  ])(
    "gets a close frame with a code that may be sent: %i as %i",
    ([code, sent]) =>
      Effect.map(closedWith(code), ({ aborts, closeCodes }) => {
        assert.deepStrictEqual([closeCodes, aborts()], [[sent], 0])
      })
  )

  it.effect("without a code is broken, or gets a close frame if that is not possible", () =>
    Effect.gen(function*() {
      const broken = yield* closedWith(null)
      assert.deepStrictEqual([broken.closeCodes, broken.aborts()], [[], 1])
      const closed = yield* closedWith(null, false)
      assert.deepStrictEqual([closed.closeCodes, closed.aborts()], [[1001], 0])
    }))

  const withClosing = <A, E>(
    use: (socket: RawSocket, test: TestBackend["Service"]) => Effect.Effect<A, E>
  ) =>
    withBackend(Effect.fnUntraced(function*(test) {
      const socket = yield* open(test)
      const { session } = yield* openSession(test, socket)
      session?.connection?.close(1000)
      yield* runReadyFibers
      yield* use(socket, test)
    }))

  it.effect("is broken if its client does not respond within two seconds", () =>
    withClosing((socket) =>
      Effect.gen(function*() {
        yield* TestClock.adjust(1999)
        assert.deepStrictEqual([socket.aborts(), socket.served.pollUnsafe()], [0, undefined])
        yield* TestClock.adjust(1)
        assert.strictEqual(socket.aborts(), 1)
        assert.strictEqual(socket.served.pollUnsafe()?._tag, "Success")
      })
    ))

  it.effect("is not broken if its client closes it too, whatever it sends before", () =>
    withClosing((socket) =>
      Effect.gen(function*() {
        yield* socket.send("x".repeat(1000), "y")
        yield* TestClock.adjust(1999)
        yield* socket.hangUp
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(socket.aborts(), 0)
        assert.strictEqual(socket.served.pollUnsafe()?._tag, "Success")
      })
    ))

  it.effect("is broken if its client sends more than a mebibyte", () =>
    withClosing((socket) =>
      Effect.gen(function*() {
        const half = "x".repeat(512 * 1024)
        yield* socket.send(half)
        yield* socket.send(half)
        assert.strictEqual(socket.aborts(), 0)
        yield* socket.send("x")
        assert.strictEqual(socket.aborts(), 1)
      })
    ))

  it.effect("counts as open until it is closed by its client, but its session has no socket any more", () =>
    withClosing((socket, { backend }) =>
      Effect.gen(function*() {
        assert.strictEqual(backend.sockets.size, 1)
        assert.isUndefined(backend.sessions()[0]?.connection)
        yield* socket.hangUp
        assert.strictEqual(backend.sockets.size, 0)
      })
    ))
})

describe("a socket without options", () => {
  it.effect("is served, and gets a close frame instead of being broken", () =>
    withBackend(Effect.fnUntraced(function*({ backend, faults }) {
      const toServer = yield* Queue.unbounded<Arr.NonEmptyReadonlyArray<Chunk>, Socket.SocketError>()
      const written: Array<unknown> = []
      const write = (frame: unknown) => Effect.sync(() => void written.push(frame))
      const socket = Socket.make({
        reader: Effect.succeed({ pull: Queue.take(toServer), upgrade: () => Effect.die("unused") }),
        writer: Effect.succeed({ write, writeAll: (frames) => Effect.forEach(frames, write, { discard: true }) })
      })
      const served = yield* SocketProtocol.serve(socket).pipe(
        Effect.provideService(Backend.Backend, backend),
        Effect.provideService(Faults.Faults, faults),
        Effect.forkScoped
      )
      yield* Queue.offer(toServer, [ping("a")])
      yield* runReadyFibers
      assert.strictEqual(JSON.parse(String(written[0])).id, "a")
      for (const connection of backend.sockets) connection.close(null)
      yield* runReadyFibers
      assert.deepStrictEqual(written[1], new Socket.CloseEvent(1001))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(served.pollUnsafe()?._tag, "Success")
    })))
})

describe("a socket that is opened", () => {
  const decide = ({ backend, faults }: { readonly backend: Backend.Service; readonly faults: Faults.Service }) =>
    SocketProtocol.decideUpgrade.pipe(
      Effect.provideService(Backend.Backend, backend),
      Effect.provideService(Faults.Faults, faults)
    )

  it.effect("is accepted while there are fewer than allowed, and takes no fault otherwise", () =>
    withBackend(
      Effect.fnUntraced(function*(test) {
        test.backend.wireLog.enable(true)
        assert.deepStrictEqual(yield* decide(test), { _tag: "Accepted", action: undefined })
        const socket = yield* open(test)
        test.faults.set({ rules: [{ match: { on: "connect" }, action: { type: "refuse" }, times: 1 }] })
        assert.deepStrictEqual(yield* decide(test), {
          _tag: "Rejected",
          action: { type: "answer", status: 503, headers: { "retry-after": "1" }, body: { error: "Too many sockets" } }
        })
        yield* socket.hangUp
        assert.deepStrictEqual(yield* decide(test), { _tag: "Dropped" })
        assert.deepStrictEqual(yield* decide(test), { _tag: "Accepted", action: undefined })
        const entries = test.backend.wireLog.lines().map((line) => JSON.parse(line))
        assert.deepStrictEqual(
          entries.map(({ connection, fault, on }) => [on, connection, fault]),
          [["opened", 1, null], ["refused", 2, null], ["closed", 1, null], ["refused", 3, "refuse"]]
        )
        assert.deepInclude(entries[1], { session: null, subscriberId: null })
      }),
      { maxSockets: 1 }
    ))

  it.effect("is closed ten seconds later if it has no session", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const socket = yield* open(test)
      yield* TestClock.adjust(9999)
      assert.deepStrictEqual(socket.closeCodes, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(socket.closeCodes, [1008])
    })))

  it.effect("stays open if it has a session, or is silent", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [connected, silent] = [yield* open(test), yield* open(test)]
      yield* openSession(test, connected)
      test.faults.set({ rules: [{ match: { on: "frame", direction: "in" }, action: { type: "silent" } }] })
      yield* silent.send(ping(1))
      test.faults.clear()
      yield* TestClock.adjust(10_000)
      assert.deepStrictEqual([connected.closeCodes, silent.closeCodes], [[], []])
    })))
})

describe("pings", () => {
  it.effect("are sent to a client with a session at each interval, until two in a row get no response", () =>
    withBackend(
      Effect.fnUntraced(function*(test) {
        const [socket, other] = [yield* open(test), yield* open(test)]
        yield* openSession(test, socket)
        yield* TestClock.adjust(999)
        assert.deepStrictEqual(socket.writes, [])
        yield* TestClock.adjust(1)
        const [{ id, method, params }] = socket.writes.flat().map((text) => JSON.parse(text))
        assert.deepStrictEqual([method, params], ["signalwire.ping", { timestamp: 1 }])
        yield* TestClock.adjust(1000)
        yield* socket.send(JSON.stringify({ jsonrpc: "2.0", id, result: {} }))
        yield* TestClock.adjust(2000)
        assert.strictEqual(socket.writes.flat().length, 4)
        assert.strictEqual(socket.aborts(), 0)
        yield* TestClock.adjust(1000)
        assert.strictEqual(socket.aborts(), 1)
        assert.deepStrictEqual(other.writes, [])
      }),
      { pingInterval: "1 second" }
    ))

  it.effect("are not sent to a silent socket, which stays open", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const socket = yield* open(test)
      yield* openSession(test, socket)
      test.faults.set({ rules: [{ match: { on: "frame", direction: "in" }, action: { type: "silent" } }] })
      yield* socket.send(ping(1))
      test.faults.clear()
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([socket.writes, socket.aborts()], [[], 0])
    })))
})

describe("frames from a client", () => {
  const run = (
    use: (socket: RawSocket, test: TestBackend["Service"]) => Effect.Effect<void>
  ) =>
    withBackend(Effect.fnUntraced(function*(test) {
      yield* use(yield* open(test), test)
    }))

  it.effect("may be text or binary, and have strings or numbers as ids", () =>
    run((socket) =>
      Effect.gen(function*() {
        yield* socket.send(ping("text"), new TextEncoder().encode(ping("bïnary")), ping(7))
        assert.deepStrictEqual(idsOf(socket.writes), ["text", "bïnary", 7])
      })
    ))

  it.effect("may have at most 64 Ki characters", () =>
    run((socket) =>
      Effect.gen(function*() {
        yield* socket.send(ping("a").padEnd(64 * 1024))
        assert.deepStrictEqual([idsOf(socket.writes), socket.closeCodes], [["a"], []])
        yield* socket.send(ping("a").padEnd(64 * 1024 + 1))
        assert.deepStrictEqual(socket.closeCodes, [1009])
      })
    ))

  it.effect("may have an id of at most a thousand characters", () =>
    run((socket) =>
      Effect.gen(function*() {
        yield* socket.send(ping("x".repeat(1000)), ping("x".repeat(1001)))
        assert.deepStrictEqual(idsOf(socket.writes), ["x".repeat(1000), null])
        assert.deepStrictEqual(codesOf(socket.writes), [-32001, -32600])
      })
    ))

  it.effect("that are malformed get an error without an id", () =>
    run((socket) =>
      Effect.gen(function*() {
        yield* socket.send("{", "1", "{\"id\":1}", "{\"method\":\"signalwire.ping\"}")
        assert.deepStrictEqual(codesOf(socket.writes), [-32700, -32600, -32600, -32600])
        assert.deepStrictEqual(idsOf(socket.writes), [null, null, null, null])
      })
    ))

  it.effect("are handled in parts, between which responses are written, if there are many at once", () =>
    run((socket) =>
      Effect.gen(function*() {
        const frame = ping("a")
        // each counts 256 bytes more than its length, and 64 KiB are handled at once
        const part = Math.ceil(65_536 / (frame.length + 256))
        yield* socket.send(frame, ...Array.from({ length: part * 2 }, () => frame))
        assert.deepStrictEqual(socket.writes.map((frames) => frames.length), [part, part, 1])
      })
    ))
})

describe("frames to a client", () => {
  const seed = (test: TestBackend["Service"], from: string, addressId: string, count: number) =>
    test.backend.seed(Array.from({ length: count }, () => ({
      subscriberId: from,
      addressId,
      content: { text: "x".repeat(10_000), metadata: { a: "x".repeat(32_000) }, details: {} }
    })))

  it.effect("are written in parts of 256 KiB, each after the one before has left", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      let isDrained = true
      const drained = Effect.suspend(() => isDrained ? Effect.void : Effect.never)
      const drains: Array<number> = []
      const socket = yield* open(test, {
        awaitDrain: Effect.suspend(() => {
          drains.push(socket.writes.length)
          return drained
        })
      })
      const { ada } = yield* openSession(test, socket)
      const office = yield* test.addRoom("office")
      yield* Effect.orDie(seed(test, ada.id, office, 14))
      yield* runReadyFibers
      // each event has more than 42 KB
      assert.deepStrictEqual(socket.writes.map((frames) => frames.length), [7, 7])
      isDrained = false
      yield* Effect.orDie(seed(test, ada.id, office, 14))
      yield* runReadyFibers
      assert.deepStrictEqual(socket.writes.map((frames) => frames.length), [7, 7, 7])
      assert.strictEqual(test.backend.sessions()[0]?.connection?.queuedBytes() === 0, false)
    })))

  it.effect("are cut in half by a fault, and the next ones are not", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const socket = yield* open(test)
      test.faults.set({
        rules: [
          { match: { on: "frame", direction: "out" }, action: { type: "malformed" }, times: 1 },
          { match: { on: "frame", direction: "out" }, action: { type: "malformed", text: "" }, times: 1 }
        ]
      })
      for (const id of [1, 2, 3]) yield* socket.send(ping(id))
      const [half, nothing, whole = ""] = socket.writes.flat()
      assert.strictEqual(half, whole.replace(":3", ":1").slice(0, whole.length / 2))
      assert.strictEqual(nothing, "")
      assert.strictEqual(JSON.parse(whole).id, 3)
    })))

  it.effect("that wait when a fault silences the socket are not written", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const socket = yield* open(test)
      test.faults.set({
        rules: [{ match: { on: "frame", direction: "in" }, action: { type: "silent" }, skip: 1, times: 1 }]
      })
      yield* socket.send(ping("answered"), ping("silences"), ping("ignored"))
      assert.deepStrictEqual(socket.writes, [])
      yield* socket.send(ping("ignored"))
      assert.deepStrictEqual([socket.writes, socket.aborts(), socket.closeCodes], [[], 0, []])
    })))

  it.effect("close the socket of a client that does not read, when more than 4096 wait", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const socket = yield* open(test, { write: Effect.never })
      yield* socket.send(ping("first"))
      // one is being written
      yield* socket.send(ping(1), ...Array.from({ length: 4095 }, () => ping(1)))
      yield* Effect.repeat(Effect.yieldNow, { times: 4096 })
      assert.deepStrictEqual(socket.closeCodes, [])
      yield* socket.send(ping("last"))
      assert.deepStrictEqual(socket.closeCodes, [1013])
    })))
})

describe("a client socket", () => {
  const frameOf = (bytes: number) => ({ text: "x", bytes, addedBytes: bytes / 2, method: "m", eventType: undefined })
  const mebibyte = 1024 * 1024

  const withClient = (
    use: (client: ClientSocket.ClientSocket, backend: Backend.Service) => Effect.Effect<void> | void
  ) =>
    withBackend(Effect.fnUntraced(function*({ backend, faults }) {
      const client = yield* ClientSocket.make(backend, faults)
      yield* (use(client, backend) ?? Effect.void)
    }))

  it.effect("counts the bytes that wait to be written, and reserves the share of each frame", () =>
    withClient((client, backend) =>
      Effect.gen(function*() {
        const [one, two] = [frameOf(100), frameOf(50)]
        for (const frame of [one, two]) client.connection.send(frame)
        assert.deepStrictEqual([client.connection.queuedBytes(), backend.budget.total], [150, 75])
        client.onWritten([one])
        assert.deepStrictEqual([client.connection.queuedBytes(), backend.budget.total], [50, 25])
        client.closeAfterFlush(1000)
        client.connection.disconnect(false)
        assert.deepStrictEqual([client.connection.queuedBytes(), backend.budget.total], [50, 25])
        yield* client.release
        assert.strictEqual(backend.budget.total, 0)
        assert.strictEqual(Queue.sizeUnsafe(client.outbox), 0)
      })
    ))

  it.effect("has a backlog with more than a quarter of the bytes or frames that may wait", () =>
    withClient((client) => {
      client.connection.send(frameOf(2 * mebibyte))
      assert.isFalse(client.hasBacklog)
      client.connection.send(frameOf(1))
      assert.isTrue(client.hasBacklog)
      client.onWritten([frameOf(2 * mebibyte + 1)])
      assert.isFalse(client.hasBacklog)
      for (let n = 2; n < 1024; n++) client.connection.send(frameOf(0))
      assert.isFalse(client.hasBacklog)
      client.connection.send(frameOf(0))
      assert.isTrue(client.hasBacklog)
    }))

  it.effect("is closed when more than eight mebibytes wait", () =>
    withClient((client) =>
      Effect.gen(function*() {
        client.connection.send(frameOf(8 * mebibyte))
        assert.isFalse(Deferred.isDoneUnsafe(client.closeRequested))
        client.connection.send(frameOf(1))
        assert.strictEqual(yield* Deferred.await(client.closeRequested), 1013)
        assert.strictEqual(client.connection.queuedBytes(), 8 * mebibyte)
      })
    ))

  it.effect("that is full is closed at once, instead of after what waits", () =>
    withClient((client) =>
      Effect.gen(function*() {
        for (let n = 0; n < 4096; n++) client.connection.send(frameOf(0))
        assert.isFalse(Deferred.isDoneUnsafe(client.closeRequested))
        client.closeAfterFlush(1012)
        assert.strictEqual(yield* Deferred.await(client.closeRequested), 1012)
      })
    ))

  it.effect("that is full is closed by a disconnect, which could not be sent", () =>
    withClient((client) =>
      Effect.gen(function*() {
        for (let n = 0; n < 4096; n++) client.connection.send(frameOf(0))
        client.connection.disconnect(true)
        assert.strictEqual(yield* Deferred.await(client.closeRequested), 1013)
      })
    ))

  it.effect("is closed if it holds the most of too much memory", () =>
    withBackend(
      Effect.fnUntraced(function*({ backend, faults }) {
        const client = yield* ClientSocket.make(backend, faults)
        client.connection.send(frameOf(200))
        assert.isFalse(Deferred.isDoneUnsafe(client.closeRequested))
        client.connection.send(frameOf(2))
        assert.strictEqual(yield* Deferred.await(client.closeRequested), 1013)
      }),
      { maxHeldBytes: 100 }
    ))

  it.effect("that is silent sends nothing", () =>
    withClient((client) => {
      client.isSilent = true
      client.connection.send(frameOf(1))
      assert.strictEqual(client.connection.queuedBytes(), 0)
    }))
})

describe("the quota of writes", () => {
  /** Uses what is left of the current turn, whatever other tests have written. */
  const useUp = Effect.sync(() => {
    while (WriteQuota.tryTake(Infinity));
  })
  const kibibyte = 1024

  it.effect("is 256 KiB per turn, which the last write may exceed", () =>
    Effect.gen(function*() {
      yield* useUp
      assert.isFalse(WriteQuota.tryTake(1))
      yield* WriteQuota.awaitNextTurn
      const taken = [255 * kibibyte, kibibyte - 1, 1000 * kibibyte, 1].map(WriteQuota.tryTake)
      assert.deepStrictEqual(taken, [true, true, true, false])
      yield* WriteQuota.awaitNextTurn
      assert.deepStrictEqual([256 * kibibyte, 1].map(WriteQuota.tryTake), [true, false])
    }))

  it.effect("is shared by all that wait for the same turn", () =>
    Effect.gen(function*() {
      yield* useUp
      const take = Effect.map(WriteQuota.awaitNextTurn, () => WriteQuota.tryTake(256 * kibibyte))
      assert.deepStrictEqual(yield* Effect.all([take, take], { concurrency: 2 }), [true, false])
    }))
})

describe("a disconnect by the admin", () => {
  it.effect("closes the socket when the client responds, or after a second", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const ada = yield* test.addSubscriber("ada")
      const [one, two] = [yield* test.openSocket, yield* test.openSocket]
      for (const client of [one, two]) yield* connect(client, ada.token)
      const closing = yield* Effect.forkScoped(two.closed)
      const { body } = yield* test.request("POST", "/_sandbox/sessions/disconnect", { body: {} })
      assert.deepStrictEqual(body, { dropped: 2 })
      const { id, method, params } = yield* one.next
      assert.deepStrictEqual([method, params], ["signalwire.disconnect", {}])
      yield* one.send({ jsonrpc: "2.0", id, result: {} })
      assert.strictEqual(yield* one.closed, 1012)
      yield* TestClock.adjust(999)
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* two.closed, 1012)
      assert.strictEqual(test.backend.sessions().length, 2)
    })))

  it.effect("with a restart removes the sessions of a subscriber", () =>
    withBackend(Effect.fnUntraced(function*(test) {
      const [ada, grace] = [yield* test.addSubscriber("ada"), yield* test.addSubscriber("grace")]
      const [one, two] = [yield* test.openSocket, yield* test.openSocket]
      yield* connect(one, ada.token)
      yield* connect(two, grace.token)
      const { body } = yield* test.request("POST", "/_sandbox/sessions/disconnect", {
        body: { subscriberId: ada.id, restart: true }
      })
      assert.deepStrictEqual(body, { dropped: 1 })
      assert.deepStrictEqual((yield* one.next).params, { restart: true })
      assert.deepStrictEqual(test.backend.sessions().map(({ subscriberId }) => String(subscriberId)), [grace.id])
      assert.deepStrictEqual(yield* two.waiting, [])
    })))
})
