/** How the bodies of requests are read: how long they may be, and how they count against the memory budget. */
import { Hosting } from "@effect-signalwire/backend/Hosting"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { MemoryBudget } from "../src/internal/memoryBudget.ts"
import * as RequestBody from "../src/internal/requestBody.ts"
import { runReadyFibers } from "./support.ts"

const maxBytes = 100_000

/** The body of a request, which is sent piece by piece. */
const makeBody = () => {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const stream = new ReadableStream<Uint8Array>({
    start: (started) => {
      controller = started
    }
  })
  return {
    stream,
    send: (piece: string | Uint8Array) =>
      controller?.enqueue(typeof piece === "string" ? new TextEncoder().encode(piece) : piece),
    end: () => controller?.close(),
    fail: () => controller?.error(new Error("broken"))
  }
}

/** Handles a request, which responds with its body. */
const handle = Effect.fnUntraced(function*(
  body: ReadableStream<Uint8Array> | string,
  headers: Record<string, string> = {},
  options: { readonly budget?: MemoryBudget; readonly rest?: Effect.Effect<void> } = {}
) {
  const budget = options.budget ?? new MemoryBudget(Infinity, () => 0)
  let held = 0
  let aborts = 0
  const handler = Effect.flatMap(
    RequestBody.RequestBody,
    (read) =>
      Effect.match(Effect.andThen(Effect.ignore(read), read), {
        onFailure: ({ message, status }) => HttpServerResponse.text(message, { status }),
        onSuccess: (text) => HttpServerResponse.text(text)
      })
  ).pipe(
    Effect.tap(() =>
      Effect.sync(() => {
        held = budget.total
      })
    ),
    Effect.tap(() => options.rest ?? Effect.void)
  )
  // the types of the platform do not have `duplex` yet
  const init = { method: "POST", body, headers, duplex: "half" }
  const request = new Request("http://localhost/", init)
  const response = yield* RequestBody.provide(budget, maxBytes)(handler).pipe(
    Effect.provideService(HttpServerRequest.HttpServerRequest, HttpServerRequest.fromWeb(request)),
    Effect.provideService(Hosting, { abort: () => Effect.sync(() => void aborts++) })
  )
  const text = yield* Effect.promise(() => HttpServerResponse.toWeb(response).text())
  return { status: response.status, text, held, total: budget.total, aborts }
})

const chunked = { "transfer-encoding": "chunked" }
const lengthOf = (length: number) => ({ "content-length": String(length) })

/** Waits for the platform's streams too. */
const settle = Effect.andThen(Effect.promise(() => new Promise((resolve) => setImmediate(resolve))), runReadyFibers)

describe("a request body", () => {
  it.effect("is read once, and counts with the greater of its announced and its received length while the request is handled if it is long", () =>
    Effect.gen(function*() {
      const text = "x".repeat(20_000)
      assert.deepStrictEqual(yield* handle(text, lengthOf(20_000)), {
        status: 200,
        text,
        held: 20_200,
        total: 0,
        aborts: 0
      })
      assert.strictEqual((yield* handle(text, lengthOf(50_000))).held, 50_000)
    }))

  it.effect("of at most 16384 bytes does not count", () =>
    Effect.gen(function*() {
      assert.deepInclude(yield* handle("hi", lengthOf(16_384)), { text: "hi", held: 0 })
      assert.deepInclude(yield* handle("hi", lengthOf(16_385)), { text: "hi", held: 16_385 })
      assert.deepInclude(yield* handle("hi"), { text: "hi", held: 0 })
    }))

  it.effect("without a length counts with what was received, and with its chunks", () =>
    Effect.gen(function*() {
      const body = makeBody()
      for (const piece of ["one ", "two"]) body.send(piece)
      body.end()
      assert.deepInclude(yield* handle(body.stream, chunked), { status: 200, text: "one two", held: 7 + 2 * 200 })
      assert.deepInclude(yield* handle("hi", lengthOf(NaN)), { text: "hi", held: 202 })
    }))

  it.effect("may have characters that are divided between chunks", () =>
    Effect.gen(function*() {
      const body = makeBody()
      const bytes = new TextEncoder().encode("日本")
      for (const piece of [bytes.slice(0, 2), bytes.slice(2)]) body.send(piece)
      body.end()
      assert.strictEqual((yield* handle(body.stream, chunked)).text, "日本")
    }))

  it.effect.each<[string, number, Record<string, string>, number]>([
    ["its announced length", 1, lengthOf(maxBytes + 1), 413],
    ["the length of a small announced one", maxBytes + 1, lengthOf(1), 413],
    ["the length of one in chunks", maxBytes + 1, chunked, 413],
    ["the length of a long announced one", maxBytes + 1, lengthOf(20_000), 413],
    ["no length, exactly", maxBytes, {}, 200],
    ["no length in chunks, exactly", maxBytes, chunked, 200],
    ["no announced length, exactly", maxBytes, lengthOf(maxBytes), 200]
  ])(
    "is refused if %s exceeds the limit",
    ([, length, headers, expected]) =>
      Effect.map(handle("x".repeat(length), headers), ({ status, text }) => {
        assert.strictEqual(status, expected)
        assert.strictEqual(text.length === length, expected === 200)
      })
  )

  it.effect.each([[chunked], [lengthOf(10)]])(
    "that breaks off is a bad request: %j",
    ([headers]) =>
      Effect.gen(function*() {
        const body = makeBody()
        body.fail()
        assert.deepInclude(yield* handle(body.stream, headers), { status: 400, total: 0 })
      })
  )

  it.effect("that exceeds the memory budget before it was read is refused, and may be sent again", () =>
    Effect.gen(function*() {
      const budget = new MemoryBudget(50_000, () => 0)
      const body = makeBody()
      const handling = yield* Effect.forkChild(handle(body.stream, lengthOf(40_000), { budget }))
      yield* settle
      assert.deepStrictEqual([budget.total, handling.pollUnsafe()], [40_000, undefined])
      budget.open(() => {}).set(20_000)
      assert.deepInclude(yield* Fiber.join(handling), { status: 503, total: 20_000 })
    }))

  it.effect("that exceeds the memory budget after it was read breaks the connection, and interrupts the handler", () =>
    Effect.gen(function*() {
      const budget = new MemoryBudget(50_000, () => 0)
      let isInterrupted = false
      const rest = Effect.onInterrupt(Effect.never, () =>
        Effect.sync(() => {
          isInterrupted = true
        }))
      const handling = yield* Effect.forkChild(handle("x".repeat(40_000), lengthOf(40_000), { budget, rest }))
      yield* settle
      assert.deepStrictEqual([budget.total, handling.pollUnsafe()], [40_200, undefined])
      budget.open(() => {}).set(20_000)
      assert.deepInclude(yield* Fiber.join(handling), { status: 502, total: 20_000, aborts: 1 })
      assert.isTrue(isInterrupted)
    }))

  it.effect("that is never read counts nothing", () =>
    Effect.gen(function*() {
      const budget = new MemoryBudget(Infinity, () => 0)
      const request = new Request("http://localhost/", { method: "POST", body: "x", headers: lengthOf(20_000) })
      const total = RequestBody.provide(budget, maxBytes)(Effect.sync(() => HttpServerResponse.text(`${budget.total}`)))
      const response = yield* Effect.provideService(
        total,
        HttpServerRequest.HttpServerRequest,
        HttpServerRequest.fromWeb(request)
      )
      assert.strictEqual(yield* Effect.promise(() => HttpServerResponse.toWeb(response).text()), "0")
    }))
})
