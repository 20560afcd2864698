/** What each fault does to an HTTP request. */
import type * as Faults from "@effect-signalwire/backend/Faults"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { ConnectionBroken, runReadyFibers, type TestResponse, withBackend } from "./support.ts"

interface World {
  /** Sends a message with faults. */
  readonly send: (text: string) => Effect.Effect<TestResponse, ConnectionBroken>
  readonly stored: Effect.Effect<ReadonlyArray<string>, ConnectionBroken>
}

/** Runs a test with a rule for sends, which is carried out once unless it says otherwise. */
const withFault = <E>(
  action: Faults.Action,
  use: (world: World) => Effect.Effect<void, E, Scope.Scope>,
  times: number | null = 1
) =>
  withBackend(Effect.fnUntraced(function*({ addRoom, addSubscriber, faults, request }) {
    const ada = yield* addSubscriber("ada")
    const office = yield* addRoom("office")
    faults.set({ rules: [{ match: { on: "http", method: "POST", path: "*/messages" }, action, times }] })
    yield* use({
      send: (text) => request("POST", "/api/fabric/messages", { ...ada, body: { conversation_id: office, text } }),
      stored: Effect.map(
        request("GET", "/api/fabric/messages", ada),
        ({ body }) => body.data.map(({ text }: { text: string }) => text).toReversed()
      )
    })
  }))

/** Starts an effect, and runs it as far as it gets without the clock. */
const begin = <A, E>(effect: Effect.Effect<A, E>) => Effect.tap(Effect.forkScoped(effect), runReadyFibers)

const statusOf = <E>(fiber: Fiber.Fiber<TestResponse, E>) => Effect.map(Fiber.join(fiber), ({ status }) => status)

describe("a request", () => {
  it.effect.each(["refuse", "close"] as const)(
    "is not handled, and its connection broken: %s",
    (type) =>
      withFault({ type }, ({ send, stored }) =>
        Effect.gen(function*() {
          assert.instanceOf(yield* Effect.flip(send("one")), ConnectionBroken)
          assert.deepStrictEqual(yield* stored, [])
        }))
  )

  it.effect.each(["silent", "drop"] as const)(
    "is not handled, and never gets a response: %s",
    (type) =>
      withFault({ type }, ({ send, stored }) =>
        Effect.gen(function*() {
          const sending = yield* begin(send("one"))
          yield* TestClock.adjust("1 hour")
          assert.isUndefined(sending.pollUnsafe())
          assert.deepStrictEqual(yield* stored, [])
        }))
  )

  it.effect("is handled after a delay", () =>
    withFault({ type: "delay", millis: 1000 }, ({ send, stored }) =>
      Effect.gen(function*() {
        const sending = yield* begin(send("one"))
        yield* TestClock.adjust(999)
        assert.deepStrictEqual([sending.pollUnsafe(), yield* stored], [undefined, []])
        yield* TestClock.adjust(1)
        assert.deepStrictEqual([yield* statusOf(sending), yield* stored], [200, ["one"]])
      })))

  it.effect("is handled twice", () =>
    withFault({ type: "duplicate" }, ({ send, stored }) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* send("one")).status, 200)
        assert.deepStrictEqual(yield* stored, ["one", "one"])
      })))

  it.effect("is held back until the next one was handled", () =>
    withFault({ type: "reorder" }, ({ send, stored }) =>
      Effect.gen(function*() {
        const first = yield* begin(send("first"))
        const second = yield* begin(send("second"))
        assert.deepStrictEqual([yield* statusOf(second), yield* statusOf(first)], [200, 200])
        assert.deepStrictEqual(yield* stored, ["second", "first"])
      })))

  it.effect("is held back for a second if no other one follows, and then not any more", () =>
    withFault({ type: "reorder" }, ({ send, stored }) =>
      Effect.gen(function*() {
        const sending = yield* begin(send("one"))
        yield* TestClock.adjust(999)
        assert.isUndefined(sending.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.strictEqual(yield* statusOf(sending), 200)
        assert.deepStrictEqual(yield* stored, ["one"])
      })))

  it.effect("is handled at once while a hundred are held back", () =>
    withFault({ type: "reorder" }, ({ send }) =>
      Effect.gen(function*() {
        const held = yield* Effect.forEach(Array.from({ length: 100 }, (_, n) => n), (n) => begin(send(`${n}`)))
        assert.isTrue(held.every((fiber) => fiber.pollUnsafe() === undefined))
        assert.strictEqual((yield* send("next")).status, 200)
      }), null))

  it.effect("may be held back again once those that were have been handled", () =>
    withFault({ type: "reorder" }, ({ send }) =>
      Effect.gen(function*() {
        const held = yield* Effect.forEach(Array.from({ length: 100 }, (_, n) => n), (n) => begin(send(`${n}`)))
        yield* TestClock.adjust("1 second")
        yield* Fiber.joinAll(held)
        const next = yield* begin(send("next"))
        assert.isUndefined(next.pollUnsafe())
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* statusOf(next), 200)
      }), null))

  it.effect("is handled, and its connection left open without a response", () =>
    withFault({ type: "loseAnswer", never: true }, ({ send, stored }) =>
      Effect.gen(function*() {
        const sending = yield* begin(send("one"))
        assert.deepStrictEqual(yield* stored, ["one"])
        yield* TestClock.adjust("1 hour")
        assert.isUndefined(sending.pollUnsafe())
      })))

  it.effect("is handled, and gets the first half of its response, as JSON", () =>
    withFault({ type: "malformed" }, ({ send, stored }) =>
      Effect.gen(function*() {
        const { headers, status, text } = yield* send("one")
        assert.deepStrictEqual([status, headers.get("content-type")], [200, "application/json"])
        assert.strictEqual(headers.get("access-control-allow-origin"), "*")
        assert.isTrue(text.startsWith("{"))
        assert.throws(() => JSON.parse(text))
        assert.deepStrictEqual(yield* stored, ["one"])
      })))

  it.effect.each<[string, string]>([
    ["  <html>", "text/html"],
    ["not JSON", "application/json"],
    ["", "application/json"]
  ])(
    "is handled, and gets the text of the rule instead: %j",
    ([text, contentType]) =>
      withFault({ type: "malformed", text }, ({ send }) =>
        Effect.gen(function*() {
          const response = yield* send("one")
          assert.deepStrictEqual([response.text, response.headers.get("content-type")], [text, contentType])
        }))
  )
})

describe("the response of a rule", () => {
  it.effect.each<[string, Omit<Extract<Faults.Action, { type: "answer" }>, "type">, number, string, string | null]>([
    ["its JSON body", { status: 422, body: { errors: [] } }, 422, "{\"errors\":[]}", "application/json"],
    ["its text", { status: 502, text: "<h1>Bad Gateway</h1>" }, 502, "<h1>Bad Gateway</h1>", "text/plain"],
    ["an empty text", { text: "" }, 500, "", "text/plain"],
    ["no body", { status: 204 }, 204, "", null],
    ["its text rather than its body", { text: "text", body: {} }, 500, "text", "text/plain"]
  ])(
    "has %s",
    ([, fields, status, text, contentType]) =>
      withFault(
        { type: "answer", ...fields, headers: { "retry-after": "1" } },
        ({ send, stored }) =>
          Effect.gen(function*() {
            const response = yield* send("one")
            assert.deepStrictEqual([response.status, response.text], [status, text])
            assert.strictEqual(response.headers.get("content-type"), contentType)
            assert.strictEqual(response.headers.get("retry-after"), "1")
            assert.strictEqual(response.headers.get("access-control-allow-origin"), "*")
            assert.deepStrictEqual(yield* stored, [])
          })
      )
  )
})
