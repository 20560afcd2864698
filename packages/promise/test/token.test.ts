/** What `onRefreshToken` returns, and what that means. */
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { assert, describe, it } from "vitest"
import { fromRefresh, requireToken, resolveToken } from "../src/internal/token.ts"
import { rejection } from "./support.ts"

/** What is refreshed with a function of untyped JavaScript, or the failure. */
const refresh = (onRefreshToken: () => unknown) =>
  Effect.runPromise(
    Effect.match(fromRefresh(async () => JSON.parse(JSON.stringify({ token: await onRefreshToken() })).token), {
      onFailure: (error) =>
        error instanceof Credentials.CredentialsError
          ? { detail: error.detail, isRetryable: error.isRetryable }
          : error,
      onSuccess: Redacted.value
    })
  )

describe("a refreshed token", () => {
  it("is what the function returns", async () => {
    assert.strictEqual(await refresh(() => "a.b.c"), "a.b.c")
  })

  it("is final if it is null: there is no other one", async () => {
    assert.deepStrictEqual(await refresh(() => null), { detail: "no other token is available", isRetryable: false })
  })

  it.each([[""], [5], ["two lines\n"]])("that is invalid may be followed by a valid one: %j", async (token) => {
    const failure = await refresh(() => token)
    assert.deepInclude(failure, { isRetryable: true })
    assert.match(JSON.stringify(failure), /"detail":"[^"]*token/)
  })

  it("fails with what the function rejects with", async () => {
    const error = new Error("mine")
    assert.strictEqual(await refresh(() => Promise.reject(error)), error)
  })
})

describe("a token", () => {
  it("is that of the options, or else that of the environment", () => {
    assert.strictEqual(resolveToken("a.b.c", "d.e.f"), "a.b.c")
    assert.strictEqual(resolveToken(undefined, "d.e.f"), "d.e.f")
    assert.strictEqual(requireToken("a.b.c"), "a.b.c")
  })

  it("that is invalid is reported with where it came from", async () => {
    const message = async (call: () => unknown) => String(await rejection(Promise.resolve().then(call)))
    assert.include(await message(() => resolveToken(undefined, "two words")), "SIGNALWIRE_TOKEN")
    for (const call of [() => resolveToken("two words", "a.b.c"), () => resolveToken(undefined, undefined)]) {
      const text = await message(call)
      assert.include(text, "token")
      assert.notInclude(text, "SIGNALWIRE_TOKEN")
    }
  })
})
