import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { WebSocketConstructor, type WebSocketEvent, type WebSocketLike } from "effect/socket/Socket"
import * as TestClock from "effect/testing/TestClock"
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
    receive: (...frames: ReadonlyArray<unknown>) => frames.forEach((data) => emit("message", { data }))
  }
}

const opening = (fake: ReturnType<typeof makeFake>) =>
  Effect.provideService(
    open({
      url: "wss://example.com",
      timeoutMillis: 10_000,
      redact: (text) => text.replaceAll("secret", "<redacted>")
    }),
    WebSocketConstructor,
    () => fake.webSocket
  )

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
      const { reason } = yield* Effect.flip(Effect.scoped(opening(makeFake(3))))
      assert.strictEqual(reason.message, "connection failed: the socket closed with code 1006")
    }))
})

describe("an open socket", () => {
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
      webSocket.bufferedAmount = 5 * 1024 * 1024
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
      receive("x", "x")
      assert.deepStrictEqual(log, ["pause"])
      yield* socket.pull
      assert.deepStrictEqual(log, ["pause", "resume"])
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
