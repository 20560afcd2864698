import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import { PendingRequests, reasonOf } from "../src/internal/pendingRequests.ts"

const redact = (text: string): string => text.replaceAll("secret", "<redacted>")

/** Requests whose frames are collected, and the ids of those frames. */
const start = (write: Effect.Effect<void, Reason.Reason> = Effect.void) => {
  const ids: Array<JsonRpc.Id> = []
  const requests = new PendingRequests({
    redact,
    timeoutMillis: 5000,
    write: (frame) => {
      ids.push(Result.getOrThrow(JsonRpc.parse(frame)).id)
      return write
    }
  })
  const send = Effect.forkChild(Effect.result(requests.send("test.method", { a: 1 })), { startImmediately: true })
  return { ids, requests, send, lastId: () => ids.at(-1) ?? assert.fail("no request") }
}

describe("the reason for an error of the server", () => {
  it.each(
    [
      [JsonRpc.code.authenticationFailed, new Reason.Unauthorized({ detail: "no <redacted>", isRetryable: true })],
      [JsonRpc.code.permissionDenied, new Reason.Forbidden({ detail: "no <redacted>" })],
      [JsonRpc.code.timeout, new Reason.ServerError({ status: JsonRpc.code.timeout, detail: "no <redacted>" })],
      [JsonRpc.code.internal, new Reason.ServerError({ status: JsonRpc.code.internal, detail: "no <redacted>" })],
      [JsonRpc.code.invalidParams, new Reason.Refused({ code: JsonRpc.code.invalidParams, detail: "no <redacted>" })],
      ["404", new Reason.Refused({ code: "404", detail: "no <redacted>" })]
    ] as const
  )("with the code %s has its message, redacted", (code, expected) => {
    // the fields one by one: two errors are equal if their names and messages are
    assert.deepStrictEqual({ ...reasonOf({ code, message: "no secret" }, redact) }, { ...expected })
  })
})

describe("a request on the socket", () => {
  it.effect("succeeds with the result of the response with its id", () =>
    Effect.gen(function*() {
      const { ids, requests, send } = start()
      const [first, second] = [yield* send, yield* send]
      const [firstId = "", secondId = ""] = ids
      requests.complete({ _tag: "Reply", id: secondId, result: "second" })
      requests.complete({ _tag: "Reply", id: "unknown", result: "third" })
      requests.complete({ _tag: "Reply", id: firstId, result: { code: "200", result: "first" } })
      assert.deepStrictEqual(yield* Fiber.join(second), Result.succeed("second"))
      assert.deepStrictEqual(yield* Fiber.join(first), Result.succeed("first"))
    }))

  it("ignores a response before anything was requested", () => {
    const { requests } = start()
    assert.doesNotThrow(() => requests.complete({ _tag: "Reply", id: "unknown", result: {} }))
  })

  it.effect("fails with the error of the response, also of one whose result has a code", () =>
    Effect.gen(function*() {
      const { lastId, requests, send } = start()
      const failing = yield* send
      requests.complete({ _tag: "Failure", id: lastId(), error: { code: -32001, message: "no secret" } })
      const coded = yield* send
      requests.complete({ _tag: "Reply", id: lastId(), result: { code: "403", message: "no secret" } })
      assert.deepStrictEqual(
        yield* Fiber.join(failing),
        Result.fail(new Reason.Forbidden({ detail: "no <redacted>" }))
      )
      assert.deepStrictEqual(
        yield* Fiber.join(coded),
        Result.fail(new Reason.Refused({ code: "403", detail: "no <redacted>" }))
      )
    }))

  it.effect("P7.1: fails with Timeout when there is no response in time", () =>
    Effect.gen(function*() {
      const { send } = start()
      const sent = yield* send
      yield* TestClock.adjust("4999 millis")
      assert.isUndefined(sent.pollUnsafe())
      yield* TestClock.adjust("1 milli")
      assert.deepStrictEqual(yield* Fiber.join(sent), Result.fail(new Reason.Timeout({ millis: 5000 })))
    }))

  it.effect("fails with why it could not be written", () =>
    Effect.gen(function*() {
      const reason = new Reason.Transport({ detail: "gone" })
      assert.deepStrictEqual(yield* Fiber.join(yield* start(Effect.fail(reason)).send), Result.fail(reason))
    }))

  it.effect.each(["completed", "timed out", "interrupted"])(
    "P7.1: 64 may wait at once, and one more when one has been %s",
    (end) =>
      Effect.gen(function*() {
        const { ids, lastId, requests, send } = start()
        for (let count = 1; count < 64; count++) yield* send
        yield* TestClock.adjust("1 second")
        const last = yield* send
        const refused = yield* Fiber.join(yield* send)
        assert.include(Result.isFailure(refused) ? refused.failure.message : "", "more than 64 requests")
        if (end === "completed") requests.complete({ _tag: "Reply", id: lastId(), result: {} })
        else if (end === "interrupted") yield* Fiber.interrupt(last)
        else yield* TestClock.adjust("4 seconds")
        yield* TestClock.adjust(0)
        yield* send
        assert.strictEqual(ids.length, 65)
      })
  )
})
