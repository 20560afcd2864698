import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { afterEach, vi } from "vitest"
import * as SendAttempt from "../src/SendAttempt.ts"
import { json, reasonOf, start, subscriber } from "./support.ts"

const once = { retry: Schedule.recurs(0) }
const loopback = { endpoint: { http: "http://127.0.0.1:8080", ws: "ws://127.0.0.1:8080" } }

afterEach(() => {
  vi.unstubAllGlobals()
})

it.effect("makes no request while the platform is offline, and knows that nothing was sent", () =>
  Effect.gen(function*() {
    vi.stubGlobal("navigator", { onLine: false })
    const { http, log } = yield* start(() => json(subscriber("ada")), { ...once, dialect: "address" })
    const reason = yield* reasonOf(http.getSubscriber)
    assert.deepInclude({ ...reason }, { _tag: "Transport", detail: "the platform is offline", sent: "no" })
    const attempt = SendAttempt.make()
    yield* reasonOf(http.sendMessage({ addressId: "office", text: "hello" })).pipe(
      Effect.provideService(SendAttempt.SendAttempt, attempt)
    )
    assert.isFalse(attempt.mayBeStored)
    assert.strictEqual(log.length, 0)
  }))

it.effect("requests from a server on this machine although the platform is offline", () =>
  Effect.gen(function*() {
    vi.stubGlobal("navigator", { onLine: false })
    const { http, log } = yield* start(() => json(subscriber("ada")), loopback)
    assert.strictEqual((yield* http.getSubscriber).addresses.length, 1)
    assert.strictEqual(log.length, 1)
  }))

it.effect("a request that fails while the platform is offline was not sent", () =>
  Effect.gen(function*() {
    vi.stubGlobal("navigator", { onLine: false })
    const { http } = yield* start(() => "drop", { ...once, ...loopback })
    assert.deepInclude({ ...(yield* reasonOf(http.getSubscriber)) }, { _tag: "Transport", sent: "no" })
  }))

it.effect.each([undefined, {}, { onLine: true }])(
  "requests where the platform does not report that it is offline: %j",
  (navigator) =>
    Effect.gen(function*() {
      vi.stubGlobal("navigator", navigator)
      const { http } = yield* start(() => json(subscriber("ada")))
      assert.strictEqual((yield* http.getSubscriber).addresses.length, 1)
    })
)

it.effect("the platform may go offline between two attempts", () =>
  Effect.gen(function*() {
    const { http, log } = yield* start(() => {
      vi.stubGlobal("navigator", { onLine: false })
      return "drop"
    }, { retry: Schedule.recurs(1) })
    const reason = yield* reasonOf(http.getSubscriber)
    assert.deepInclude({ ...reason }, { _tag: "Transport", detail: "the platform is offline" })
    assert.strictEqual(log.length, 1)
  }))
