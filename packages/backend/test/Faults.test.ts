/** Fault rules: which of them is carried out, and how often. */
import * as Faults from "@effect-signalwire/backend/Faults"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"

const post = { on: "http", method: "POST", path: "/api/fabric/messages", subscriberId: "ada" } as const
const get = { ...post, method: "GET" } as const
const connect = { on: "connect" } as const
const frame = {
  on: "frame",
  direction: "out",
  method: "signalwire.event",
  eventType: "conversation.message",
  subscriberId: "ada"
} as const

const refuse = { type: "refuse" } as const
const silent = { type: "silent" } as const

/** Runs a test with the faults that rules make. */
const withRules = (
  rules: ReadonlyArray<Faults.Rule>,
  use: (faults: Faults.Service) => Effect.Effect<void> | void
) =>
  Effect.flatMap(Faults.make, (faults) => {
    faults.set({ rules })
    return Effect.suspend(() => use(faults) ?? Effect.void)
  })

describe("a rule", () => {
  it.effect.each<[string, Faults.Rule["match"], ReadonlyArray<boolean>]>([
    ["for all requests", { on: "http" }, [true, true, false, false]],
    ["for a method, whatever its case", { on: "http", method: "post" }, [true, false, false, false]],
    ["for a path", { on: "http", path: "/api/*/messages" }, [true, true, false, false]],
    ["for another path", { on: "http", path: "/api" }, [false, false, false, false]],
    ["for requests of a subscriber", { on: "http", subscriberId: "ada" }, [true, true, false, false]],
    ["for requests of another subscriber", { on: "http", subscriberId: "grace" }, [false, false, false, false]],
    ["for sockets", { on: "connect" }, [false, false, true, false]],
    ["for frames of a direction", { on: "frame", direction: "out" }, [false, false, false, true]],
    ["for frames of the other direction", { on: "frame", direction: "in" }, [false, false, false, false]],
    ["for a method of frames", { on: "frame", direction: "out", method: "signalwire.*" }, [false, false, false, true]],
    [
      "for another method of frames",
      { on: "frame", direction: "out", method: "*.ping" },
      [false, false, false, false]
    ],
    [
      "for another type of events",
      { on: "frame", direction: "out", eventType: "authorization.*" },
      [false, false, false, false]
    ],
    [
      "for frames of another subscriber",
      { on: "frame", direction: "out", subscriberId: "grace" },
      [false, false, false, false]
    ]
  ])("%s matches only these", ([, match, expected]) =>
    withRules([{ match, action: refuse }], ({ take }) => {
      assert.deepStrictEqual([post, get, connect, frame].map((point) => take(point) !== undefined), expected)
    }))

  it.effect("for a property does not match what has none", () =>
    withRules([
      { match: { on: "http", subscriberId: "*" }, action: refuse },
      { match: { on: "frame", direction: "out", method: "*" }, action: refuse }
    ], ({ take }) => {
      assert.isUndefined(take({ ...post, subscriberId: undefined }))
      assert.isUndefined(take({ ...frame, method: undefined }))
    }))

  it.effect("that comes first is carried out until it is used up, and then the next one", () =>
    withRules([
      { match: connect, action: refuse, times: 2 },
      { match: connect, action: silent, times: 1 }
    ], ({ isActive, rules, take }) => {
      assert.isTrue(isActive())
      assert.deepStrictEqual([1, 2, 3, 4].map(() => take(connect)?.type), ["refuse", "refuse", "silent", undefined])
      assert.deepStrictEqual(rules(), { rules: [] })
      assert.isFalse(isActive())
    }))

  it.effect("is skipped as often as it says, and reports what is left", () =>
    withRules([{ match: connect, action: refuse, skip: 2, times: 2 }], ({ rules, take }) => {
      assert.isUndefined(take(connect))
      assert.deepStrictEqual(rules().rules, [{ match: connect, action: refuse, skip: 1, times: 2 }])
      assert.isUndefined(take(connect))
      assert.deepStrictEqual(take(connect), refuse)
      assert.deepStrictEqual(rules().rules, [{ match: connect, action: refuse, skip: 0, times: 1 }])
    }))

  it.effect("without limits is reported as it was set", () =>
    withRules([{ match: connect, action: refuse }], ({ rules, take }) => {
      take(connect)
      assert.deepStrictEqual(rules(), { rules: [{ match: connect, action: refuse }] })
    }))

  it.effect("that is skipped, or not carried out by chance, gives way to the next one", () =>
    withRules([
      { match: connect, action: silent, skip: 1 },
      { match: connect, action: silent, probability: 0 },
      { match: connect, action: refuse, probability: 1 }
    ], ({ take }) => {
      assert.deepStrictEqual(take(connect), refuse)
      assert.deepStrictEqual(take(connect), silent)
    }))

  it.effect("with a duration ends exactly then", () =>
    withRules([{ match: connect, action: refuse, forMillis: 1000 }], ({ rules, take }) =>
      Effect.gen(function*() {
        yield* TestClock.adjust(999)
        assert.deepStrictEqual(rules().rules.map(({ forMillis }) => forMillis), [1])
        assert.deepStrictEqual(take(connect), refuse)
        yield* TestClock.adjust(1)
        assert.isUndefined(take(connect))
      })))

  it.effect("that is added follows the others, and the seed stays until all are removed", () =>
    Effect.map(Faults.make, ({ add, clear, isActive, rules, set }) => {
      set({ rules: [{ match: connect, action: refuse, times: 0 }, { match: connect, action: refuse }], seed: 7 })
      add([{ match: connect, action: silent }])
      assert.deepStrictEqual(rules(), {
        rules: [{ match: connect, action: refuse }, { match: connect, action: silent }],
        seed: 7
      })
      clear()
      assert.deepStrictEqual([rules(), isActive()], [{ rules: [] }, false])
    }))

  it.effect("with a probability is carried out about as often, differently for each seed", () =>
    Effect.map(Faults.make, ({ set, take }) => {
      const run = (seed: number) => {
        set({ rules: [{ match: connect, action: refuse, probability: 0.25 }], seed })
        return Array.from({ length: 1000 }, () => take(connect) !== undefined)
      }
      const first = run(1)
      assert.notDeepEqual(run(2), first)
      const carriedOut = first.filter((isCarriedOut) => isCarriedOut).length
      assert.isAbove(carriedOut, 200)
      assert.isBelow(carriedOut, 300)
    }))
})

describe("the schema of rules", () => {
  const isRule = Schema.is(Faults.Rule)
  const refuses = (match: unknown, type: string, more: object = {}) =>
    !isRule({ match, action: { type, millis: 1, pages: "itself" }, ...more })

  it("refuses actions that have no effect on what they match", () => {
    assert.deepStrictEqual(["restart", "refuse"].map((type) => refuses({ on: "http" }, type)), [true, false])
    assert.deepStrictEqual(
      ["duplicate", "reorder", "malformed", "endless", "delay"].map((type) => refuses(connect, type)),
      [true, true, true, true, false]
    )
    const frames = { on: "frame", direction: "in" }
    assert.deepStrictEqual(["endless", "restart"].map((type) => refuses(frames, type)), [true, false])
  })

  it("refuses event types of frames from clients", () => {
    const eventType = "conversation.*"
    assert.isTrue(refuses({ on: "frame", direction: "in", eventType }, "drop"))
    assert.isFalse(refuses({ on: "frame", direction: "in", eventType: null }, "drop"))
    assert.isFalse(refuses({ on: "frame", direction: "out", eventType }, "drop"))
  })

  it("refuses numbers that are out of range", () => {
    const isRefused = (more: object) => refuses(connect, "delay", more)
    assert.deepStrictEqual([0, 1, -1, 0.5].map((times) => isRefused({ times })), [false, false, true, true])
    assert.deepStrictEqual([0, -1].map((skip) => isRefused({ skip })), [false, true])
    assert.deepStrictEqual([3_600_000, 3_600_001, -1].map((forMillis) => isRefused({ forMillis })), [false, true, true])
    assert.deepStrictEqual([0, 1, 1.1, -0.1].map((probability) => isRefused({ probability })), [
      false,
      false,
      true,
      true
    ])
  })
})

describe("a pattern", () => {
  it.each([
    ["a", "a", true],
    ["a", "ab", false],
    ["a*", "ab", true],
    ["a*", "ba", false],
    ["*a", "ba", true],
    ["*a", "ab", false],
    ["a*b*c", "a1b2c", true],
    ["a*b*c", "acb", false],
    ["a*b*b", "ab", false],
    ["a*b*b", "abb", true],
    ["*b*b*", "ab", false],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["", "", true]
  ])("%j matches %j: %s", (pattern, text, expected) => {
    assert.strictEqual(Faults.matchesPattern(pattern, text), expected)
  })
})
