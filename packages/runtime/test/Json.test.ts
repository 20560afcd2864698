import * as Json from "@effect-signalwire/runtime/Json"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { runInNewContext } from "node:vm"

class Point {
  readonly x = 1
}

const cycle = (): object => {
  const object: Record<string, unknown> = { name: "loop" }
  object["inner"] = [{ self: object }]
  return object
}

const arrayCycle = (): ReadonlyArray<unknown> => {
  const array: Array<unknown> = []
  array.push(array)
  return array
}

const nested = (levels: number): unknown => levels === 0 ? {} : { a: nested(levels - 1) }

const refused: ReadonlyArray<readonly [name: string, value: unknown, attribute: string, message: string]> = [
  [
    "a Date",
    { when: new Date(0) },
    "metadata.when",
    "must be a plain object, not an instance of Date: use date.toISOString()"
  ],
  ["a Date of another realm", runInNewContext("({ when: new Date(0) })"), "metadata.when", "use date.toISOString()"],
  ["a Date in an array", { items: [1, 2, new Date(0)] }, "metadata.items[2]", "use date.toISOString()"],
  ["a Date in place of the object", new Date(0), "metadata", "use date.toISOString()"],
  ["a function", { a: { run: () => {} } }, "metadata.a.run", "must not be a function"],
  ["a toJSON", { toJSON: () => ({}) }, "metadata.toJSON", "must not be a function"],
  ["a symbol", { a: Symbol("s") }, "metadata.a", "must not be a symbol"],
  ["a bigint", { a: 1n }, "metadata.a", "must not be a bigint, which JSON can't represent"],
  ["NaN", { a: Number.NaN }, "metadata.a", "must be a finite number, not NaN"],
  ["Infinity", { a: [Number.NEGATIVE_INFINITY] }, "metadata.a[0]", "must be a finite number, not -Infinity"],
  ["undefined in an array", { a: [undefined] }, "metadata.a[0]", "must not be undefined in an array: use null"],
  ["a hole in an array", { a: Array.from({ length: 1 }) }, "metadata.a[0]", "use null"],
  ["a Map", { a: new Map() }, "metadata.a", "must be a plain object, not an instance of Map"],
  ["a Set", { a: new Set() }, "metadata.a", "must be a plain object, not an instance of Set"],
  ["an instance of a class", { a: new Point() }, "metadata.a", "must be a plain object, not an instance of Point"],
  ["bytes", { a: new Uint8Array(1) }, "metadata.a", "must be a plain object, not an instance of Uint8Array"],
  ["an error", { a: new TypeError("x") }, "metadata.a", "must be a plain object, not an instance of TypeError"],
  ["the first of several values", { a: [1n, Symbol("s")] }, "metadata.a[0]", "must not be a bigint"],
  [
    "an instance of a class without a constructor",
    { a: Object.create(Object.create(Object.create(null))) },
    "metadata.a",
    "must be a plain object, not an instance of a class"
  ],
  ["an array that contains itself", { a: arrayCycle() }, "metadata.a[0]", "must not contain itself"],
  ["an object that contains itself", cycle(), "metadata.inner[0].self", "must not contain itself"],
  [
    "a value that is nested too deeply",
    nested(300),
    `metadata${".a".repeat(201)}`,
    "is nested more than 200 levels deep"
  ],
  [
    "a value under keys that are not identifiers",
    { "a b": { "": 1n } },
    "metadata[\"a b\"][\"\"]",
    "must not be a bigint"
  ],
  ["an array", [], "metadata", "must be an object"],
  ["a string", "text", "metadata", "must be an object"],
  ["null", null, "metadata", "must be an object"]
]

/** Makes a value with a property that throws when it is read. */
const throwing = (): object => ({
  get a(): never {
    throw new Error("not readable")
  }
})

describe("check", () => {
  it.each(refused)("P9.2: refuses %s with its path", (_, value, attribute, message) => {
    for (const input of [value, Json.snapshot(value)]) {
      const [error] = Result.getOrThrow(Result.flip(Json.check("metadata", input))).errors
      assert.strictEqual(error?.attribute, attribute)
      assert.include(error?.message, message)
    }
  })

  it("P9.2: refuses a value that can't be read, and does not throw", () => {
    for (const input of [throwing(), Json.snapshot(throwing())]) {
      const reason = Result.getOrThrow(Result.flip(Json.check("metadata", input)))
      assert.strictEqual(reason.message, "invalid input: metadata: can't be read")
    }
  })

  it("accepts plain objects of another realm, and objects without a prototype", () => {
    for (const value of [runInNewContext("({ a: [{}] })"), Object.assign(Object.create(null), { a: 1 })]) {
      assert.isTrue(Result.isSuccess(Json.check("metadata", value)))
    }
  })

  it("accepts a property that is undefined, which JSON drops", () => {
    assert.isTrue(Result.isSuccess(Json.check("metadata", { a: undefined, b: { c: undefined } })))
  })

  it("visits an object that occurs more than once only once", () => {
    let value: object = { leaf: true }
    for (let level = 0; level < 100; level++) value = { left: value, right: value }
    assert.isTrue(Result.isSuccess(Json.check("metadata", value)))
    assert.isTrue(Result.isSuccess(Json.check("metadata", Json.snapshot(value))))
  })

  it.effect.prop(
    "accepts every object of JSON values",
    { value: Schema.Record(Schema.String, Schema.Json) },
    ({ value }) =>
      Effect.sync(() => {
        assert.strictEqual(Result.getOrThrow(Json.check("metadata", value)), value)
      })
  )
})

describe("snapshot", () => {
  it("does not change when the original object changes", () => {
    const value = { a: { b: [1, { c: 2 }] }, d: "e" }
    const copy = Json.snapshot(value)
    value.a.b.push(3)
    value.d = "changed"
    assert.deepStrictEqual(copy, { a: { b: [1, { c: 2 }] }, d: "e" })
  })

  it("can be changed like the original object", () => {
    const copy = Object(Json.snapshot({ a: 1, b: 2 }))
    copy.a = 3
    delete copy.b
    assert.deepStrictEqual(copy, { a: 3 })
  })

  it("keeps a __proto__ key as an ordinary key", () => {
    const copy = Json.snapshot(JSON.parse("{\"__proto__\":{\"admin\":true}}"))
    assert.strictEqual(JSON.stringify(copy), "{\"__proto__\":{\"admin\":true}}")
    assert.notProperty(copy, "admin")
  })

  it.effect.prop("is equal to the original JSON value", { value: Schema.Json }, ({ value }) =>
    Effect.sync(() => {
      assert.deepStrictEqual(Json.snapshot(value), value)
    }))
})

describe("the depth of a value", () => {
  it.each<readonly [string, (inner: unknown) => unknown]>([
    ["objects", (inner) => ({ a: inner })],
    ["arrays", (inner) => [inner]]
  ])("P9.2: is reported for %s that are nested too deeply to be copied", (_, wrap) => {
    let value: unknown = {}
    for (let level = 0; level < 100_000; level++) value = wrap(value)
    const [error] = Result.getOrThrow(Result.flip(Json.check("metadata", Json.snapshot({ a: value })))).errors
    assert.strictEqual(error?.message, "is nested more than 200 levels deep")
  })

  it("is copied down to the deepest level that is allowed", () => {
    const deepest: Record<string, unknown> = { a: 1 }
    let value: unknown = deepest
    for (let level = 0; level < 200; level++) value = { inner: value }
    const copy = Json.snapshot(value)
    deepest["a"] = 2
    assert.include(JSON.stringify(copy), "{\"a\":1}")
  })

  it("P9.2: is at most 200 levels", () => {
    assert.isTrue(Result.isSuccess(Json.check("metadata", nested(200))))
    assert.isTrue(Result.isFailure(Json.check("metadata", nested(201))))
  })

  it("P9.2: is counted in arrays too", () => {
    const inArrays = (levels: number): unknown => levels === 0 ? [] : [inArrays(levels - 1)]
    assert.isTrue(Result.isSuccess(Json.check("metadata", { a: inArrays(199) })))
    assert.isTrue(Result.isFailure(Json.check("metadata", { a: inArrays(200) })))
  })
})

it("P9.2: refuses an instance of a class without a name, and reports the first of several problems", () => {
  const [error] = Result.getOrThrow(Result.flip(Json.check("metadata", {
    a: new (class {
      readonly x = 1
    })(),
    b: 1n
  }))).errors
  assert.deepInclude(error, { attribute: "metadata.a", message: "must be a plain object, not an instance of a class" })
})

describe("snapshotMessage", () => {
  it("copies metadata and details deeply, and nothing else", () => {
    const addressId = { toString: () => "a1" }
    const message = { addressId, text: "hello", metadata: { tags: ["a"] }, details: { inner: { b: 1 } } }
    const copy = Json.snapshotMessage(message)
    message.metadata.tags.push("b")
    message.details.inner.b = 2
    message.text = "changed"
    assert.deepStrictEqual(copy, { addressId, text: "hello", metadata: { tags: ["a"] }, details: { inner: { b: 1 } } })
    assert.strictEqual(copy.addressId, addressId)
  })

  it("adds no keys", () => {
    assert.deepStrictEqual(Json.snapshotMessage({ text: "hello" }), { text: "hello" })
  })
})

it("a snapshot keeps that two keys have the same object, and shares instances of classes", () => {
  const shared = { a: 1 }
  const point = new Point()
  const copy = Json.snapshot({ left: shared, right: shared, point })
  assert.deepStrictEqual(copy, { left: { a: 1 }, right: { a: 1 }, point })
  const [left, right, copied] = Object.values(Object(copy))
  assert.strictEqual(left, right)
  assert.notStrictEqual(left, shared)
  assert.strictEqual(copied, point)
})
