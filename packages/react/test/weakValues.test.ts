import { assert, describe, it, vi } from "vitest"
import { collectGarbage } from "../../conversation/test/collectGarbage.ts"
import * as WeakValues from "../src/internal/weakValues.ts"

/** Sets a value that nothing holds. */
const setUnused = (values: WeakValues.WeakValues<object>, key: string) => values.set(key, { key })

const waitForSize = (values: WeakValues.WeakValues<object>, size: number) =>
  vi.waitFor(() => {
    collectGarbage()
    assert.strictEqual(values.size(), size)
  })

describe("weak values", () => {
  it("are there while something holds them", async () => {
    const values = WeakValues.make()
    const held = {}
    values.set("held", held)
    setUnused(values, "unused")
    await waitForSize(values, 1)
    assert.strictEqual(values.get("held"), held)
    assert.isUndefined(values.get("unused"))
  })

  it("P7.3: are forgotten with their keys once nothing holds them", async () => {
    const values = WeakValues.make()
    setUnused(values, "unused")
    assert.strictEqual(values.size(), 1)
    await waitForSize(values, 0)
  })

  it("keep the key of a value that has replaced one which nothing holds", async () => {
    const values = WeakValues.make()
    const held = {}
    setUnused(values, "key")
    setUnused(values, "unused")
    values.set("key", held)
    await waitForSize(values, 1)
    assert.strictEqual(values.get("key"), held)
  })
})
