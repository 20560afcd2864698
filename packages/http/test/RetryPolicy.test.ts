import { RetryPolicy, withoutRetry } from "@effect-signalwire/http/RetryPolicy"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

const policy = Effect.flatMap(RetryPolicy, Effect.succeed)

it.effect("withoutRetry turns retries off, data-first and data-last", () =>
  Effect.gen(function*() {
    const unlimited = { isEnabled: false, timeoutMillis: Number.POSITIVE_INFINITY }
    assert.deepStrictEqual(yield* withoutRetry(policy), unlimited)
    assert.deepStrictEqual(yield* policy.pipe(withoutRetry()), unlimited)
    assert.isTrue((yield* policy).isEnabled)
  }))

it.effect("withoutRetry limits the time of a request, data-first and data-last", () =>
  Effect.gen(function*() {
    const limited = { isEnabled: false, timeoutMillis: 500 }
    assert.deepStrictEqual(yield* withoutRetry(policy, 500), limited)
    assert.deepStrictEqual(yield* policy.pipe(withoutRetry(500)), limited)
  }))
