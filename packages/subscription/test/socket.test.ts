import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { WebSocketConstructor, type WebSocketEvent, type WebSocketLike } from "effect/socket/Socket"
import * as TestClock from "effect/testing/TestClock"
import * as Internal from "../src/internal/constructor.ts"
import { open } from "../src/internal/socket.ts"

type Listener = (event: WebSocketEvent) => void

/** A socket that the test plays the other side of. */
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
    say: (...data: ReadonlyArray<unknown>) => data.forEach((one) => emit("message", { data: one }))
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

/** One that is open. */
const opened = Effect.gen(function*() {
  const fake = makeFake()
  const scope = yield* Scope.make()
  const dialling = yield* Effect.forkChild(Scope.provide(opening(fake), scope), { startImmediately: true })
  fake.emit("open")
  return { ...fake, scope, socket: yield* Fiber.join(dialling) }
})

it("sockets are made by the service that Effect has for it", () => {
  assert.strictEqual(Internal.WebSocketConstructor.key, WebSocketConstructor.key)
})

describe("a socket that is dialled", () => {
  it.effect("is waited for no longer than allowed, and closed then", () =>
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

  it.effect("fails when it can't be opened", () =>
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

  it.effect("may be open at once, or closed", () =>
    Effect.gen(function*() {
      yield* Effect.scoped(opening(makeFake(1)))
      const { reason } = yield* Effect.flip(Effect.scoped(opening(makeFake(3))))
      assert.strictEqual(reason.message, "connection failed: the socket closed with code 1006")
    }))
})

describe("an open socket", () => {
  it.effect("hands over what came since the last pull as one batch", () =>
    Effect.gen(function*() {
      const { say, socket } = yield* opened
      say("1", "2")
      assert.deepStrictEqual(yield* socket.pull, ["1", "2"])
      const pulling = yield* Effect.forkChild(socket.pull, { startImmediately: true })
      say("3", "4", "5")
      // who waits is told at once
      assert.deepStrictEqual([yield* Fiber.join(pulling), yield* socket.pull], [["3"], ["4", "5"]])
    }))

  it.effect("loses nothing when a pull is given up", () =>
    Effect.gen(function*() {
      const { say, socket } = yield* opened
      yield* Fiber.interrupt(yield* Effect.forkChild(socket.pull, { startImmediately: true }))
      say("1")
      assert.deepStrictEqual(yield* socket.pull, ["1"])
    }))

  it.effect("tells how it closed after all that came before was read", () =>
    Effect.gen(function*() {
      const { emit, say, socket } = yield* opened
      say("1")
      emit("close", { code: 1012, reason: "restart" })
      assert.deepStrictEqual(yield* socket.pull, ["1"])
      assert.strictEqual(
        (yield* Effect.flip(socket.pull)).reason.message,
        "connection failed: the socket closed with code 1012: restart"
      )
    }))

  it.effect("P6.1: shows no token that the server quotes as it closes", () =>
    Effect.gen(function*() {
      const { emit, socket } = yield* opened
      emit("close", { code: 4001, reason: "bad secret" })
      const { reason } = yield* Effect.flip(socket.pull)
      assert.strictEqual(reason.message, "connection failed: the socket closed with code 4001: bad <redacted>")
    }))

  it.effect("takes a server that reads nothing of what is sent to it for lost", () =>
    Effect.gen(function*() {
      const { socket, webSocket } = yield* opened
      yield* socket.write("read")
      webSocket.bufferedAmount = 5 * 1024 * 1024
      assert.strictEqual(
        (yield* Effect.flip(socket.write("unread"))).message,
        "connection failed: the server does not read"
      )
    }))

  it.effect("tells that it broke before it tells that it closed", () =>
    Effect.gen(function*() {
      const { emit, socket } = yield* opened
      const pulling = yield* Effect.forkChild(Effect.flip(socket.pull), { startImmediately: true })
      emit("error")
      emit("close", { code: 1006 })
      assert.strictEqual((yield* Fiber.join(pulling)).reason.message, "connection failed: the socket broke")
    }))

  it.effect("holds the server back while too much waits to be read", () =>
    Effect.gen(function*() {
      const { log, say, socket } = yield* opened
      say("x".repeat(65_535))
      assert.deepStrictEqual(log, [])
      say("x", "x")
      assert.deepStrictEqual(log, ["pause"])
      yield* socket.pull
      assert.deepStrictEqual(log, ["pause", "resume"])
    }))

  it.effect("writes in order, and says when it can't", () =>
    Effect.gen(function*() {
      const { log, socket } = yield* opened
      yield* socket.write("1")
      yield* socket.writeAll(["2", "3"])
      assert.deepStrictEqual(log, ["send 1", "send 2", "send 3"])
      assert.strictEqual((yield* Effect.flip(socket.write("unsendable"))).detail, "the socket broke")
    }))

  it.effect("lets the server go on, is closed and not listened to any more when its scope ends", () =>
    Effect.gen(function*() {
      const { log, say, scope, socket } = yield* opened
      const pulling = yield* Effect.forkChild(Effect.flip(Effect.andThen(socket.pull, socket.pull)), {
        startImmediately: true
      })
      say("x".repeat(70_000), "x")
      yield* Effect.yieldNow
      say("x".repeat(70_000))
      yield* Scope.close(scope, Exit.void)
      say("x".repeat(70_000))
      yield* Fiber.interrupt(pulling)
      assert.deepStrictEqual(log.slice(-2), ["resume", "close 1000"])
      assert.notInclude(log.slice(log.indexOf("close 1000")), "pause")
    }))
})
