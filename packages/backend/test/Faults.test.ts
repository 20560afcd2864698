/** Fault rules: which of them is carried out, and how often. */
import * as Faults from "@effect-signalwire/backend/Faults"
import { strictDecoder } from "@effect-signalwire/schema/SchemaDecoder"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
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

describe("a seed", () => {
  it.effect("leads to the same faults on every machine, and in every version", () =>
    Effect.map(Faults.make, ({ set, take }) => {
      const run = (seed: number) => {
        set({ rules: [{ match: connect, action: refuse, probability: 0.5 }], seed })
        return Array.from({ length: 64 }, () => take(connect) === undefined ? "." : "x").join("")
      }
      assert.deepStrictEqual([run(7), run(-1), run(1e12)], [
        "xx...xxx..xx..xxx.x.x.xxxx..x........xxxxxx.xxx...xxxx.xx.xx....",
        ".x.....xx..xx.x..xxx....xx.xxxxx.xxx..xx..xxx...x....xx..x.x.x.x",
        ".xxx.x.x.xxxxxx......xx.xx...x..xx......xx...xxx.x.....x.x.x.x.."
      ])
    }))

  it.effect("may be null, as if there were none", () =>
    Effect.map(Faults.make, ({ rules, set }) => {
      set({ rules: [], seed: 0 })
      assert.deepStrictEqual(rules(), { rules: [], seed: 0 })
      set({ rules: [], seed: null })
      assert.deepStrictEqual(rules(), { rules: [] })
    }))

  it.effect("is forgotten with the rules: then chance decides", () =>
    Effect.map(Faults.make, ({ add, clear, set, take }) => {
      const rule = { match: connect, action: refuse, probability: 0.5 }
      const run = () => Array.from({ length: 64 }, () => take(connect) !== undefined)
      set({ rules: [rule], seed: 7 })
      const first = run()
      clear()
      add([rule])
      assert.notDeepEqual(run(), first)
    }))
})

describe("the rules of a backend", () => {
  it.effect("are those that still apply, whenever others are added", () =>
    Effect.gen(function*() {
      const { add, isActive, rules, set } = yield* Faults.make
      set({ rules: [{ match: connect, action: refuse, forMillis: 1000 }] })
      yield* TestClock.adjust("500.5 millis")
      assert.deepStrictEqual(rules().rules, [{ match: connect, action: refuse, forMillis: 500 }])
      yield* TestClock.adjust("1 second")
      assert.isTrue(isActive())
      add([])
      assert.isFalse(isActive())
    }))

  it.effect("have no limits if these are null", () =>
    withRules([{
      match: { on: "http", method: null, path: null, subscriberId: null },
      action: refuse,
      times: null,
      skip: null,
      forMillis: null,
      probability: null
    }], ({ take }) => {
      assert.deepStrictEqual([take(post), take(post)], [refuse, refuse])
    }))
})

describe("the schema of rules", () => {
  const isRule = Schema.is(Faults.Rule)
  /** As the admin API decodes rules. */
  const decodeStrictly = strictDecoder(Faults.Rule)
  const isAccepted = (rule: unknown) => Result.isSuccess(decodeStrictly(rule))

  it.each<[object, boolean]>([
    [{ type: "close", code: 1000 }, true],
    [{ type: "close", code: 4999 }, true],
    [{ type: "close", code: null }, true],
    [{ type: "close", code: 999 }, false],
    [{ type: "close", code: 5000 }, false],
    [{ type: "close", code: 1000.5 }, false],
    [{ type: "delay", millis: 0 }, true],
    [{ type: "delay", millis: 3_600_000 }, true],
    [{ type: "delay", millis: -1 }, false],
    [{ type: "delay", millis: 3_600_001 }, false],
    [{ type: "delay" }, false],
    [{ type: "answer" }, true],
    [{ type: "answer", status: 200 }, true],
    [{ type: "answer", status: 599 }, true],
    [{ type: "answer", status: 199 }, false],
    [{ type: "answer", status: 600 }, false],
    [{ type: "answer", body: { any: ["thing"] }, text: "x", code: -1, message: "x" }, true],
    [{ type: "answer", code: "400" }, true],
    [{ type: "answer", code: true }, false],
    [{ type: "answer", message: 1 }, false],
    [{ type: "answer", headers: { "retry-after": "1", "x!#$%&'*+.^`|~-_1": "\ta ~" } }, true],
    [{ type: "answer", headers: { "x": "" } }, true],
    [{ type: "answer", headers: { "x": "ä" } }, false],
    [{ type: "answer", headers: { "x": "a\nb" } }, false],
    [{ type: "answer", headers: { "a b": "x" } }, false],
    [{ type: "answer", headers: { "": "x" } }, false],
    [{ type: "answer", headers: { "ä": "x" } }, false],
    [{ type: "answer", headers: { "Connection": "close" } }, false],
    [{ type: "answer", headers: { "content-length": "1" } }, false],
    [{ type: "answer", headers: { "keep-alive": "1" } }, false],
    [{ type: "answer", headers: { "trailer": "x" } }, false],
    [{ type: "answer", headers: { "transfer-encoding": "chunked" } }, false],
    [{ type: "answer", headers: { "upgrade": "x" } }, false],
    [{ type: "answer", headers: { "upgrades": "x", "x-upgrade": "y" } }, true],
    [{ type: "loseAnswer", never: true }, true],
    [{ type: "loseAnswer", never: 1 }, false],
    [{ type: "malformed", text: "" }, true],
    [{ type: "endless", pages: "itself" }, true],
    [{ type: "endless", pages: "empty" }, true],
    [{ type: "endless", pages: "again" }, true],
    [{ type: "endless", pages: "other" }, false],
    [{ type: "silent" }, true],
    [{ type: "drop" }, true],
    [{ type: "refuse" }, true],
    [{ type: "duplicate" }, true],
    [{ type: "reorder" }, true],
    [{ type: "unknown" }, false]
  ])("accepts only actions that can be carried out: %j, %s", (action, expected) => {
    assert.strictEqual(isAccepted({ match: { on: "http" }, action }), expected)
  })

  it.each<[object, boolean]>([
    [{ on: "http", method: "GET", path: "/", subscriberId: "x" }, true],
    [{ on: "http", method: 1 }, false],
    [{ on: "http", path: 1 }, false],
    [{ on: "http", subscriberId: 1 }, false],
    [{ on: "connect" }, true],
    [{ on: "frame" }, false],
    [{ on: "frame", direction: "both" }, false],
    [{ on: "frame", direction: "out", method: "a", eventType: "b", subscriberId: "c" }, true],
    [{ on: "frame", direction: "out", method: 1 }, false],
    [{ on: "frame", direction: "out", eventType: 1 }, false],
    [{ on: "frame", direction: "out", subscriberId: 1 }, false],
    [{ on: "other" }, false]
  ])("accepts only what can be matched: %j, %s", (match, expected) => {
    assert.strictEqual(isAccepted({ match, action: { type: "drop" } }), expected)
  })

  it("accepts at most a thousand rules", () => {
    const rulesOf = (count: number) => ({
      rules: Array.from({ length: count }, () => ({ match: connect, action: refuse }))
    })
    for (const schema of [Faults.Rules, Faults.NewRules]) {
      assert.deepStrictEqual([1000, 1001].map((count) => Schema.is(schema)(rulesOf(count))), [true, false])
    }
    assert.isFalse(Schema.is(Faults.Rules)({ rules: [], seed: Infinity }))
    assert.isTrue(Schema.is(Faults.Rules)({ rules: [], seed: -1.5 }))
  })
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
