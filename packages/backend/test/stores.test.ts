/** What the backend keeps in memory: bounds, and what is removed first. */
import { SubscriberId } from "@effect-signalwire/schema/Ids"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as TestClock from "effect/testing/TestClock"
import { ReorderBuffer } from "../src/internal/faults/reorderBuffer.ts"
import * as IdGenerator from "../src/internal/idGenerator.ts"
import { isNestedTooDeeply } from "../src/internal/jsonDepth.ts"
import { toSettings } from "../src/internal/options.ts"
import { PageSnapshots } from "../src/internal/pageSnapshots.ts"
import * as Pagination from "../src/internal/pagination.ts"
import { stringBytes } from "../src/internal/stringBytes.ts"
import * as TokenClaims from "../src/internal/tokenClaims.ts"
import { tokenBytes, TokenStore } from "../src/internal/tokenStore.ts"
import type { Token } from "../src/Records.ts"

const ada = SubscriberId.make("00000000-0000-4000-8000-000000000001")
const grace = SubscriberId.make("00000000-0000-4000-8000-000000000002")

const tokenOf = (subscriberId: SubscriberId, token: string, expiresAt = 0): Token => ({
  token,
  kind: "SAT",
  jti: token,
  subscriberId,
  expiresAt
})

describe("a token store", () => {
  it("has each token of each subscriber, in the order in which they were minted", () => {
    const store = new TokenStore()
    const all = [tokenOf(ada, "first"), tokenOf(grace, "other"), tokenOf(ada, "second")]
    for (const token of all) store.set(token)
    assert.deepStrictEqual([...store.values()], all)
    assert.deepStrictEqual([...store.of(ada)].map(({ token }) => token), ["first", "second"])
    assert.deepStrictEqual([store.countOf(ada), store.countOf(grace)], [2, 1])
    assert.strictEqual(store.get("other")?.subscriberId, grace)
    assert.isUndefined(store.get("unknown"))
  })

  it("counts the memory of all tokens, and of those of a subscriber", () => {
    const store = new TokenStore()
    store.set(tokenOf(ada, "1234"))
    store.set(tokenOf(ada, "12345"))
    store.set(tokenOf(grace, "123"))
    assert.deepStrictEqual([store.bytesOf(ada), store.bytesOf(grace), store.bytes], [6153, 3075, 9228])
    store.delete("1234")
    assert.deepStrictEqual([store.bytesOf(ada), store.bytes], [3077, 6152])
    assert.deepStrictEqual([store.countOf(ada), [...store.of(ada)].length], [1, 1])
    assert.strictEqual(tokenBytes(tokenOf(ada, "1234")), 3076)
  })

  it("replaces a token without counting it again", () => {
    const store = new TokenStore()
    store.set(tokenOf(ada, "token"))
    const before = store.bytes
    store.set(tokenOf(ada, "token", 5))
    assert.strictEqual(store.get("token")?.expiresAt, 5)
    assert.deepStrictEqual([store.bytes, store.bytesOf(ada), store.countOf(ada)], [before, before, 1])
  })

  it("has nothing of a subscriber whose last token was deleted, which may be deleted again", () => {
    const store = new TokenStore()
    store.set(tokenOf(ada, "token"))
    store.delete("token")
    store.delete("token")
    assert.deepStrictEqual([store.bytes, store.bytesOf(ada), store.countOf(ada), [...store.of(ada)]], [0, 0, 0, []])
    assert.deepStrictEqual([...store.values()], [])
  })
})

describe("the snapshots of pages", () => {
  const make = () => {
    let count = 0
    return new PageSnapshots<number>(() => `${count++}`)
  }

  it("are found by the page token that each of them gets", () => {
    const snapshots = make()
    assert.deepStrictEqual([snapshots.add(1, 10), snapshots.add(2, 10)], ["PA0", "PA1"])
    assert.deepStrictEqual([snapshots.get("PA0"), snapshots.get("PA1"), snapshots.get("PA2")], [1, 2, undefined])
  })

  it("are at most 4096, and the oldest are removed first", () => {
    const snapshots = make()
    const tokens = Array.from({ length: 4097 }, (_, n) => snapshots.add(n, 1))
    assert.deepStrictEqual(tokens.slice(0, 3).map((token) => snapshots.get(token)), [undefined, 1, 2])
    assert.strictEqual(snapshots.get("PA4096"), 4096)
  })

  it("take at most 16 MiB, and the oldest are removed first", () => {
    const mebibyte = 1024 * 1024
    const snapshots = make()
    snapshots.add(0, 8 * mebibyte)
    snapshots.add(1, 7 * mebibyte)
    snapshots.add(2, mebibyte)
    assert.deepStrictEqual([0, 1, 2].map((n) => snapshots.get(`PA${n}`)), [0, 1, 2])
    snapshots.add(3, 8 * mebibyte)
    assert.deepStrictEqual([0, 1, 2, 3].map((n) => snapshots.get(`PA${n}`)), [undefined, 1, 2, 3])
    snapshots.add(4, 10 * mebibyte)
    assert.deepStrictEqual([1, 2, 3, 4].map((n) => snapshots.get(`PA${n}`)), [undefined, undefined, undefined, 4])
  })

  it("include the newest one, even if it is too large", () => {
    const snapshots = make()
    snapshots.add(0, 1)
    const token = snapshots.add(1, 17 * 1024 * 1024)
    assert.deepStrictEqual([snapshots.get("PA0"), snapshots.get(token)], [undefined, 1])
  })
})

describe("the pages of a list", () => {
  const make = () => {
    let count = 0
    const uuid = () => `${count++}`
    const ids = { uuid, base64: uuid, base64Url: uuid }
    return Pagination.make({ ids, settings: toSettings({}) })
  }
  const first = { size: 1, number: 0, token: undefined }
  const isKnown = (read: Effect.Effect<unknown, unknown>) =>
    Effect.match(read, { onFailure: () => false, onSuccess: () => true })

  it.effect.each<[string, number, string]>([
    ["ids", 65_000, "list"],
    ["keys", 2, "x".repeat(1_040_000)]
  ])(
    "can be read until the snapshots of other lists have taken their memory, with all of their %s",
    ([, length, key]) =>
      Effect.gen(function*() {
        const { pageOfIds } = make()
        const ids = Array.from({ length }, (_, n) => `${n}`)
        const read = (
          request: { readonly size: number; readonly number: number; readonly token: string | undefined }
        ) => pageOfIds(key, request, () => ids, (id) => id, (id) => id)
        const tokens = []
        for (let n = 0; n < 16; n++) tokens.push((yield* read(first)).token)
        const [oldest, next] = tokens
        assert.isTrue(yield* isKnown(read({ size: 1, number: 1, token: oldest })))
        yield* read(first)
        assert.isFalse(yield* isKnown(read({ size: 1, number: 1, token: oldest })))
        assert.isTrue(yield* isKnown(read({ size: 1, number: 1, token: next })))
      })
  )

  it.effect("have a token only if there is more than one", () =>
    Effect.gen(function*() {
      const { pageOfIds } = make()
      const read = (size: number) => pageOfIds("list", { ...first, size }, () => ["a", "b"], (id) => id, (id) => id)
      assert.deepStrictEqual(yield* read(2), { items: ["a", "b"], hasNext: false, token: undefined })
      assert.deepStrictEqual(yield* read(1), { items: ["a"], hasNext: true, token: "PA0" })
    }))
})

describe("a buffer that reorders", () => {
  it("has what was added, until it is removed or all is taken", () => {
    const buffer = new ReorderBuffer<string>()
    assert.isTrue(buffer.isEmpty)
    for (const item of ["a", "b", "c"]) buffer.add(item)
    assert.isFalse(buffer.isEmpty)
    assert.deepStrictEqual([buffer.remove("b"), buffer.remove("b")], [true, false])
    assert.deepStrictEqual(buffer.takeAll(), ["a", "c"])
    assert.deepStrictEqual([buffer.takeAll(), buffer.isEmpty], [[], true])
  })

  it("is full with a hundred items", () => {
    const buffer = new ReorderBuffer<number>()
    for (let n = 0; n < 99; n++) buffer.add(n)
    assert.isFalse(buffer.isFull)
    buffer.add(99)
    assert.isTrue(buffer.isFull)
  })

  it.effect("passes on what is still held back after a second", () =>
    Effect.gen(function*() {
      const buffer = new ReorderBuffer<string>()
      const late: Array<string> = []
      const hold = (item: string) => buffer.hold(item, (item) => Effect.sync(() => void late.push(item)))
      yield* hold("taken")
      buffer.takeAll()
      yield* hold("late")
      assert.isFalse(buffer.isEmpty)
      yield* TestClock.adjust(999)
      assert.deepStrictEqual(late, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual([late, buffer.isEmpty], [["late"], true])
    }))
})

describe("generated ids", () => {
  const generate = Random.Random.useSync(IdGenerator.make).pipe(Random.withSeed("ids"))

  it.effect("are UUIDs of version 4, and all different", () =>
    Effect.map(generate, ({ uuid }) => {
      const uuids = Array.from({ length: 500 }, uuid)
      for (const one of uuids) assert.match(one, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
      assert.strictEqual(new Set(uuids).size, 500)
      // each digit but the fixed ones takes all values
      for (let index = 0; index < 36; index++) {
        const digits = new Set(uuids.map((one) => one[index])).size
        assert.strictEqual(digits, [8, 13, 14, 18, 23].includes(index) ? 1 : index === 19 ? 4 : 16, `digit ${index}`)
      }
    }))

  it.effect("are random bytes of the requested length", () =>
    Effect.map(generate, ({ base64, base64Url }) => {
      assert.match(base64(32), /^[\w+/]{43}=$/)
      assert.match(base64Url(32), /^[\w-]{43}$/)
      const bytes = Uint8Array.from(atob(base64(10_000)), (char) => char.charCodeAt(0))
      assert.strictEqual(new Set(bytes).size, 256)
    }))
})

describe("the depth of JSON", () => {
  const nested = (depth: number, open = "[", close = "]") => open.repeat(depth) + close.repeat(depth)

  it("is limited to 64 levels of arrays and objects together", () => {
    assert.deepStrictEqual([64, 65].map((depth) => isNestedTooDeeply(nested(depth))), [false, true])
    assert.deepStrictEqual([64, 65].map((depth) => isNestedTooDeeply(nested(depth, "{", "}"))), [false, true])
    assert.isTrue(isNestedTooDeeply(`{"a":${nested(64)}}`))
  })

  it("does not count values next to each other, or brackets in strings", () => {
    assert.isFalse(isNestedTooDeeply(`[${Array.from({ length: 100 }, () => "[],{}").join()}]`))
    assert.isFalse(isNestedTooDeeply(JSON.stringify([nested(100), "\\\"".repeat(3) + nested(100)])))
    assert.isFalse(isNestedTooDeeply(`["\\\\",${nested(63)}]`))
    assert.isTrue(isNestedTooDeeply(`["\\\\",${nested(64)}]`))
    assert.isTrue(isNestedTooDeeply(`["]]]]]",${nested(64)}]`))
  })
})

describe("the memory of a string", () => {
  it("is one byte per character of Latin-1, and otherwise two", () => {
    assert.deepStrictEqual(["", "abc", "é\0ÿ", "Āb", "日本"].map(stringBytes), [0, 3, 3, 4, 4])
  })
})

describe("the claims of a token", () => {
  const token = (payload: string | undefined) => `SWT.a.b.${payload}.c`

  it("are decoded as they were encoded", () => {
    const claims = { scope: [TokenClaims.refreshScope], fingerprint: "print", application_id: "app" }
    assert.deepStrictEqual(TokenClaims.decode(`a.b.c.${TokenClaims.encode(claims)}.e`), claims)
  })

  it("are none without a payload, or with one that is no claims", () => {
    assert.isUndefined(TokenClaims.encode({}))
    for (const payload of ["", "random", "eyJ", btoa("{\"scope\":5}"), btoa("[1]")]) {
      assert.deepStrictEqual(TokenClaims.decode(token(payload)), {}, payload)
    }
    assert.deepStrictEqual(TokenClaims.decode("a.b"), {})
  })
})
