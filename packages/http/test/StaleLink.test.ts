import * as StaleLink from "@effect-signalwire/http/StaleLink"
import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

const notFound = { reason: new Reason.NotFound({ detail: "gone" }) }
const forbidden = { reason: new Reason.Forbidden({ detail: "no" }) }

/** A read that fails with each of these errors in turn, and then returns how often it was run. */
const makeRead = (errors: ReadonlyArray<typeof notFound | typeof forbidden>) => {
  let runs = 0
  const read = Effect.suspend(() => {
    const error = errors[runs++]
    return error === undefined ? Effect.succeed(runs) : StaleLink.follow(Effect.fail(error))
  })
  return { read, runs: () => runs }
}

describe("StaleLink", () => {
  it.effect("marks NotFound and Invalid of a followed link, and no other reason", () =>
    Effect.gen(function*() {
      const invalid = { reason: Reason.invalidParameter("page_token", "is unknown") }
      for (const error of [notFound, invalid]) {
        const failure = yield* Effect.flip(StaleLink.follow(Effect.fail(error)))
        assert.isTrue(StaleLink.isStaleLink(failure))
      }
      assert.isFalse(StaleLink.isStaleLink(yield* Effect.flip(StaleLink.follow(Effect.fail(forbidden)))))
    }))

  it.effect("restarts a read whose link has gone stale", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* StaleLink.restart(makeRead([notFound, notFound]).read), 3)
    }))

  it.effect("restarts with another read if one is given", () =>
    Effect.gen(function*() {
      const first = makeRead([notFound])
      const restarted = makeRead([notFound])
      assert.strictEqual(yield* StaleLink.restart(first.read, restarted.read), 2)
      assert.strictEqual(first.runs(), 1)
    }))

  it.effect("fails with the original error after five restarts", () =>
    Effect.gen(function*() {
      const { read, runs } = makeRead(Array.from({ length: 10 }, () => notFound))
      assert.strictEqual(yield* Effect.flip(StaleLink.restart(read)), notFound)
      assert.strictEqual(runs(), 6)
    }))

  it.effect("does not restart a read that fails for another reason", () =>
    Effect.gen(function*() {
      const { read, runs } = makeRead([forbidden])
      assert.strictEqual(yield* Effect.flip(StaleLink.restart(read)), forbidden)
      assert.strictEqual(runs(), 1)
    }))
})
