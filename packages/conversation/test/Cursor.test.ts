import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Cursor from "../src/Cursor.ts"
import { Merge } from "../src/internal/merge.ts"
import { message } from "./support.ts"

const key = "effect-signalwire/cursor/bot"

const makeMerge = () => {
  const merge = new Merge({ overlapSeconds: 30, memory: 64, countsLiveAsVerified: true })
  merge.acceptAll([message("a", 100)])
  return merge
}

/** A value that this version saves. */
const saved = Effect.gen(function*() {
  const store = yield* KeyValueStore.KeyValueStore
  const cursor = yield* Cursor.make("bot")
  yield* cursor.save(makeMerge().state())
  return (yield* store.get(key)) ?? ""
}).pipe(Effect.provide(KeyValueStore.layerMemory), Effect.runSync)

const unreadable = [
  ["half of a value", saved.slice(0, saved.length / 2)],
  ["null", "null"],
  ["an array", "[]"],
  ["text that is not JSON", "nonsense"],
  ["an empty string", ""],
  ["a value of another version", saved.replace("\"version\":1", "\"version\":2")],
  [
    "a value without a version",
    JSON.stringify({ newest: null, verified: null, forgottenThrough: null, ids: [["a", 100]] })
  ],
  ["a field of another type", saved.replace("\"verified\":100", "\"verified\":\"100\"")],
  ["a truncated fingerprint", saved.replace(/"ids":"./, "\"ids\":\"")]
] as const

/** Runs an effect over a store with a saved `value`. */
const over = (value: string) => <A, E>(effect: Effect.Effect<A, E, KeyValueStore.KeyValueStore>) =>
  KeyValueStore.KeyValueStore.use((store) => Effect.andThen(store.set(key, value), effect)).pipe(
    Effect.provide(KeyValueStore.layerMemory)
  )

const load = (options?: Cursor.Options) => Effect.flatMap(Cursor.make("bot", options), (cursor) => cursor.load)

describe("Cursor", () => {
  it.effect("loads nothing before it was saved", () =>
    Effect.gen(function*() {
      assert.isTrue(Option.isNone(yield* load()))
    }).pipe(Effect.provide(KeyValueStore.layerMemory)))

  it.effect("P1.5: loads the saved position", () =>
    Effect.gen(function*() {
      const next = new Merge({ overlapSeconds: 30, memory: 64, countsLiveAsVerified: true })
      next.resume(Option.getOrThrow(yield* load()))
      assert.deepStrictEqual(next.newest(), { epochSeconds: 100, id: "a" })
      assert.deepStrictEqual(next.acceptAll([message("a", 100)]), [])
    }).pipe(over(saved)))

  it.effect.each(unreadable)(
    "P1.5: fails with a remediation when the value is %s",
    ([, value]) =>
      Effect.gen(function*() {
        const { cause, isRetryable, method, reason, remediation } = yield* Effect.flip(load())
        assert.deepStrictEqual([method, reason._tag, isRetryable], ["Cursor.load", "UnreadableCursor", false])
        assert.include(remediation, "onUnreadable: \"restart\"")
        assert.isDefined(cause)
      }).pipe(over(value))
  )

  it.effect.each(unreadable)(
    "ignores the value with one warning, with `restart`, when it is %s",
    ([, value]) =>
      Effect.gen(function*() {
        const logged: Array<string> = []
        const logger = Logger.make(({ logLevel, message }) => logged.push(`${logLevel}: ${String(message)}`))
        const loaded = yield* Effect.provide(load({ onUnreadable: "restart" }), Logger.layer([logger]))
        assert.isTrue(Option.isNone(loaded))
        assert.lengthOf(logged, 1)
        assert.match(logged[0] ?? "", /^Warn: .*is ignored.*"bot"/)
      }).pipe(over(value))
  )

  it.effect("fails with a retryable error when the store is unavailable", () =>
    Effect.gen(function*() {
      const cause = new KeyValueStore.KeyValueStoreError({ method: "get", message: "the disk is busy" })
      const store = KeyValueStore.makeStringOnly({
        get: () => Effect.fail(cause),
        set: () => Effect.fail(cause),
        remove: () => Effect.void,
        clear: Effect.void,
        size: Effect.succeed(0),
        keys: Effect.succeed([])
      })
      const cursor = yield* Effect.provideService(
        Cursor.make("bot", { onUnreadable: "restart" }),
        KeyValueStore.KeyValueStore,
        store
      )
      for (
        const [method, failing] of [
          ["Cursor.load", Effect.asVoid(cursor.load)],
          ["Cursor.save", cursor.save(makeMerge().state())]
        ] as const
      ) {
        const error = yield* Effect.flip(failing)
        assert.strictEqual(error.method, method)
        assert.deepStrictEqual([error.reason._tag, error.isRetryable], ["StorageUnavailable", true])
        assert.include(error.message, "the disk is busy")
        assert.strictEqual(error.cause, cause)
      }
    }))
})
