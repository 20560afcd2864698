import { invalidParameter } from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { WebSocketConstructor, type WebSocketEvent, type WebSocketLike } from "effect/socket/Socket"
import * as TestClock from "effect/testing/TestClock"
import { setRejectedUpgrade } from "../src/internal/rejectedUpgrade.ts"
import { open } from "../src/internal/socket.ts"
import * as Internal from "../src/internal/webSocketConstructor.ts"

type Listener = (event: WebSocketEvent) => void

/** A socket whose other end the test controls. */
const makeFake = (readyState = 0) => {
  const listeners = new Map<string, Set<Listener>>()
  const log: Array<string> = []
  const webSocket = {
    readyState,
    bufferedAmount: 0,
    addEventListener: (type: string, listener: Listener) =>
      void listeners.set(type, (listeners.get(type) ?? new Set()).add(listener)),
    removeEventListener: (type: string, listener: Listener) => void listeners.get(type)?.delete(listener),
    close: (code?: number) => void log.push(`close ${code}`),
    send: (data: unknown) => {
      if (data === "unsendable") throw new Error("InvalidStateError")
      log.push(`send ${String(data)}`)
    },
    pause: () => void log.push("pause"),
    resume: () => void log.push("resume")
  } satisfies WebSocketLike & {
    readonly bufferedAmount: number
    readonly pause: () => void
    readonly resume: () => void
  }
  const emit = (type: string, event: WebSocketEvent = {}) => {
    for (const listener of listeners.get(type) ?? []) listener(event)
  }
  return {
    webSocket,
    log,
    emit,
    /** How many listeners there are for an event. */
    listening: (type: string) => listeners.get(type)?.size ?? 0,
    receive: (...frames: ReadonlyArray<unknown>) => frames.forEach((data) => emit("message", { data }))
  }
}

const openingWith = (make: () => WebSocketLike, onDial?: (abort: () => void) => void) =>
  Effect.provideService(
    open({
      url: "wss://example.com",
      timeoutMillis: 10_000,
      redact: (text) => text.replaceAll("secret", "<redacted>"),
      onDial
    }),
    WebSocketConstructor,
    make
  )

const opening = (fake: ReturnType<typeof makeFake>) => openingWith(() => fake.webSocket)

/** A socket that is open. */
const opened = Effect.gen(function*() {
  const fake = makeFake()
  const scope = yield* Scope.make()
  const dialling = yield* Effect.forkChild(Scope.provide(opening(fake), scope), { startImmediately: true })
  fake.emit("open")
  return { ...fake, scope, socket: yield* Fiber.join(dialling) }
})

it("sockets are constructed by Effect's WebSocketConstructor service", () => {
  assert.strictEqual(Internal.WebSocketConstructor.key, WebSocketConstructor.key)
})

describe("dialling", () => {
  it.effect("fails and closes the socket when it does not open in time", () =>
    Effect.gen(function*() {
      const fake = makeFake()
      const dialling = yield* Effect.forkChild(Effect.flip(Effect.scoped(opening(fake))))
      yield* TestClock.adjust(10_000)
      assert.strictEqual(
        (yield* Fiber.join(dialling)).reason.message,
        "connection failed: the socket did not open in time"
      )
      assert.deepStrictEqual(fake.log, ["close 1000"])
    }))

  it.effect("fails when the socket cannot be opened", () =>
    Effect.gen(function*() {
      const fake = makeFake()
      const dialling = yield* Effect.forkChild(Effect.flip(Effect.scoped(opening(fake))), { startImmediately: true })
      fake.emit("error")
      fake.emit("close", { code: 1006 })
      assert.strictEqual(
        (yield* Fiber.join(dialling)).reason.message,
        "connection failed: the socket could not be opened"
      )
    }))

  it.effect("accepts a socket that is open already, and fails for a closed one", () =>
    Effect.gen(function*() {
      yield* Effect.scoped(opening(makeFake(1)))
      for (const readyState of [2, 3]) {
        const { reason } = yield* Effect.flip(Effect.scoped(opening(makeFake(readyState))))
        assert.strictEqual(reason.message, "connection failed: the socket closed with code 1006")
      }
    }))

  it.effect("P8.5: waits no longer than ten minutes, whatever the response to the upgrade asks for", () =>
    Effect.gen(function*() {
      const fake = makeFake()
      setRejectedUpgrade(fake.webSocket, 503, { retryAfter: "3600", date: undefined })
      const dialling = yield* Effect.forkChild(Effect.flip(Effect.scoped(opening(fake))), { startImmediately: true })
      fake.emit("error")
      const { reason, retryAfterMillis } = yield* Fiber.join(dialling)
      assert.include(reason.message, "the server responded with status 503")
      assert.strictEqual(retryAfterMillis, 600_000)
    }))

  it.effect.each<readonly [string, unknown, object]>([
    ["throws", new Error("secret"), { detail: "the platform's WebSocket constructor threw", sent: "no" }],
    ["does not exist", invalidParameter("WebSocket", "is missing"), { _tag: "Invalid" }]
  ])("fails where the constructor %s", ([, thrown, expected]) =>
    Effect.gen(function*() {
      const { reason, retryAfterMillis } = yield* Effect.flip(Effect.scoped(openingWith(() => {
        throw thrown
      })))
      assert.deepInclude({ ...reason }, expected)
      assert.strictEqual(retryAfterMillis, 0)
    }))

  it.effect("can be ended from this side", () =>
    Effect.gen(function*() {
      const fake = makeFake()
      let abort = () => {}
      const dialling = yield* Effect.forkChild(
        Effect.flip(Effect.scoped(openingWith(() => fake.webSocket, (given) => {
          abort = given
        }))),
        { startImmediately: true }
      )
      abort()
      assert.deepInclude({ ...(yield* Fiber.join(dialling)).reason }, {
        detail: "the client closed the socket",
        sent: "unknown"
      })
      assert.deepStrictEqual(fake.log, ["close 1000"])
    }))
})

describe("an open socket", () => {
  it.effect("has binary frames as bytes, where the platform lets it choose", () =>
    Effect.gen(function*() {
      const webSocket = { ...makeFake(1).webSocket, binaryType: "blob" }
      yield* Effect.scoped(openingWith(() => webSocket))
      assert.strictEqual(webSocket.binaryType, "arraybuffer")
      const other = makeFake(1).webSocket
      yield* Effect.scoped(openingWith(() => other))
      assert.notProperty(other, "binaryType")
    }))

  it.effect.each<readonly [string, object]>([
    ["neither pause nor resume", { pause: undefined, resume: undefined }],
    ["only pause", { resume: undefined }],
    ["only resume", { pause: undefined }]
  ])("reads everything where the platform has %s", ([, methods]) =>
    Effect.gen(function*() {
      const fake = makeFake(1)
      const socket = yield* openingWith(() => ({ ...fake.webSocket, ...methods }))
      fake.receive("x".repeat(70_000), "y")
      assert.strictEqual((yield* socket.pull).length, 2)
      assert.deepStrictEqual(fake.log, [])
    }).pipe(Effect.scoped))

  it.effect("is not paused for binary frames, nor for what was pulled", () =>
    Effect.gen(function*() {
      const { log, receive, socket } = yield* opened
      receive(new Uint8Array(70_000), "x".repeat(65_535))
      yield* socket.pull
      receive("x".repeat(65_535))
      assert.deepStrictEqual(log, [])
    }))

  it.effect.each<readonly [number, number]>([[1013, 10_000], [1012, 0], [1006, 0]])(
    "P8.5: waits after the close code %i for %i milliseconds",
    ([code, retryAfterMillis]) =>
      Effect.gen(function*() {
        const { emit, socket } = yield* opened
        emit("close", { code })
        const failure = yield* Effect.flip(socket.pull)
        assert.strictEqual(failure.retryAfterMillis, retryAfterMillis)
        assert.strictEqual(failure.reason.message, `connection failed: the socket closed with code ${code}`)
      })
  )

  it.effect("closes with code 1006 where the platform reports none", () =>
    Effect.gen(function*() {
      const { emit, socket } = yield* opened
      emit("close")
      assert.strictEqual(
        (yield* Effect.flip(socket.pull)).reason.message,
        "connection failed: the socket closed with code 1006"
      )
    }))

  it.effect("can be ended from this side, after the frames that have arrived", () =>
    Effect.gen(function*() {
      const fake = makeFake(1)
      let abort = () => {}
      const socket = yield* openingWith(() => fake.webSocket, (given) => {
        abort = given
      })
      fake.receive("1")
      abort()
      assert.deepStrictEqual(yield* socket.pull, ["1"])
      const { reason } = yield* Effect.flip(socket.pull)
      assert.strictEqual(reason.message, "connection failed: the client closed the socket")
    }).pipe(Effect.scoped))

  it.effect("ends a pull that waits as its scope closes", () =>
    Effect.gen(function*() {
      const { scope, socket } = yield* opened
      const pulling = yield* Effect.forkChild(Effect.flip(socket.pull), { startImmediately: true })
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(
        (yield* Fiber.join(pulling)).reason.message,
        "connection failed: the socket closed with code 1006"
      )
    }))

  it.effect("listens to nothing but errors once it is closed, since an error without a listener is thrown", () =>
    Effect.gen(function*() {
      const { listening, scope } = yield* opened
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(["open", "message", "close", "error"].map(listening), [0, 0, 0, 1])
    }))

  it.effect("pulls everything that arrived since the last pull as one batch", () =>
    Effect.gen(function*() {
      const { receive, socket } = yield* opened
      receive("1", "2")
      assert.deepStrictEqual(yield* socket.pull, ["1", "2"])
      const pulling = yield* Effect.forkChild(socket.pull, { startImmediately: true })
      receive("3", "4", "5")
      // a pull that waits completes with the first frame
      assert.deepStrictEqual([yield* Fiber.join(pulling), yield* socket.pull], [["3"], ["4", "5"]])
    }))

  it.effect("loses nothing when a pull is interrupted", () =>
    Effect.gen(function*() {
      const { receive, socket } = yield* opened
      yield* Fiber.interrupt(yield* Effect.forkChild(socket.pull, { startImmediately: true }))
      receive("1")
      assert.deepStrictEqual(yield* socket.pull, ["1"])
    }))

  it.effect("fails with the close reason after all frames before it were pulled", () =>
    Effect.gen(function*() {
      const { emit, receive, socket } = yield* opened
      receive("1")
      emit("close", { code: 1012, reason: "restart" })
      assert.deepStrictEqual(yield* socket.pull, ["1"])
      assert.strictEqual(
        (yield* Effect.flip(socket.pull)).reason.message,
        "connection failed: the socket closed with code 1012: restart"
      )
    }))

  it.effect("P6.1: redacts a token that the server quotes in the close reason", () =>
    Effect.gen(function*() {
      const { emit, socket } = yield* opened
      emit("close", { code: 4001, reason: "bad secret" })
      const { reason } = yield* Effect.flip(socket.pull)
      assert.strictEqual(reason.message, "connection failed: the socket closed with code 4001: bad <redacted>")
    }))

  it.effect("fails when the server does not read what is sent to it", () =>
    Effect.gen(function*() {
      const { socket, webSocket } = yield* opened
      yield* socket.write("read")
      webSocket.bufferedAmount = 4 * 1024 * 1024
      yield* socket.write("read as well")
      webSocket.bufferedAmount++
      assert.strictEqual(
        (yield* Effect.flip(socket.write("unread"))).message,
        "connection failed: the server does not read what is sent to it"
      )
    }))

  it.effect("reports an error rather than the close that follows it", () =>
    Effect.gen(function*() {
      const { emit, socket } = yield* opened
      const pulling = yield* Effect.forkChild(Effect.flip(socket.pull), { startImmediately: true })
      emit("error")
      emit("close", { code: 1006 })
      assert.strictEqual((yield* Fiber.join(pulling)).reason.message, "connection failed: the socket failed")
    }))

  it.effect("is paused while too much waits to be pulled", () =>
    Effect.gen(function*() {
      const { log, receive, socket } = yield* opened
      receive("x".repeat(65_535))
      assert.deepStrictEqual(log, [])
      receive("x")
      assert.deepStrictEqual(log, ["pause"])
      receive("x")
      yield* socket.pull
      assert.deepStrictEqual(log, ["pause", "resume"])
      receive("x".repeat(65_536))
      yield* socket.pull
      assert.deepStrictEqual(log, ["pause", "resume", "pause", "resume"])
    }))

  it.effect("writes in order, and fails when the socket throws", () =>
    Effect.gen(function*() {
      const { log, socket } = yield* opened
      yield* socket.write("1")
      yield* socket.writeAll(["2", "3"])
      assert.deepStrictEqual(log, ["send 1", "send 2", "send 3"])
      assert.strictEqual((yield* Effect.flip(socket.write("unsendable"))).detail, "the socket failed")
    }))

  it.effect("is resumed, closed and no longer listened to when its scope closes", () =>
    Effect.gen(function*() {
      const { log, receive, scope, socket } = yield* opened
      const pulling = yield* Effect.forkChild(Effect.flip(Effect.andThen(socket.pull, socket.pull)), {
        startImmediately: true
      })
      receive("x".repeat(70_000), "x")
      yield* Effect.yieldNow
      receive("x".repeat(70_000))
      yield* Scope.close(scope, Exit.void)
      receive("x".repeat(70_000))
      yield* Fiber.interrupt(pulling)
      assert.deepStrictEqual(log.slice(-2), ["resume", "close 1000"])
      assert.notInclude(log.slice(log.indexOf("close 1000")), "pause")
    }))
})
