/** A page in an older browser: without the APIs that were added after May 2024, and some others. */
import { assert, beforeAll, describe, it } from "vitest"
import { removeNewerFeatures } from "../../../packages/promise/test/programs/removeNewerFeatures.ts"
import { eventually, receivedTexts, send, start, state } from "./support.ts"

describe("a page in an older browser", () => {
  let world: Awaited<ReturnType<typeof start>>

  beforeAll(async () => {
    world = await start()
    return () => world[Symbol.asyncDispose]()
  })

  const sendFromGrace = (text: string) =>
    world.admin(({ seed }) => seed([{ from: world.grace.id, addressId: world.office.addressId, text }]))

  it.each<[string, Record<string, string>]>([
    ["plain TypeScript", {}],
    ["Effect, with a cursor", { cursor: "older" }]
  ])("receives messages through a broken socket: %s", async (kind, parameters) => {
    const ada = await world.open(world.ada.token, parameters, removeNewerFeatures)
    const older = await ada.evaluate<ReturnType<typeof removeNewerFeatures>>("older")
    assert.deepStrictEqual(older.left, [])
    assert.includeMembers([...older.removed], [
      "AbortSignal.prototype.throwIfAborted",
      "URL.canParse",
      "Array.prototype.toSorted",
      "Array.prototype.findLastIndex",
      "Crypto.prototype.randomUUID",
      "Promise.withResolvers",
      "Set.prototype.union",
      "Iterator.prototype.map",
      "ReadableStream.prototype.Symbol(Symbol.asyncIterator)",
      "Symbol.asyncDispose"
    ])
    const assertSubscribed = parameters["cursor"] === undefined
      ? async () => assert.strictEqual(await state(ada), "Connected")
      : async () => assert.isNotNull(await ada.evaluate("localStorage.getItem('effect-signalwire/cursor/older')"))
    await eventually(assertSubscribed)
    await sendFromGrace(`${kind} before`)
    await eventually(async () => assert.strictEqual((await receivedTexts(ada)).at(-1), `${kind} before`))
    await ada.context().setOffline(true)
    await world.admin(({ drop }) => drop({ subscriberId: world.ada.id }))
    await sendFromGrace(`${kind} after`)
    await ada.context().setOffline(false)
    await eventually(async () =>
      assert.deepStrictEqual((await receivedTexts(ada)).slice(-2), [`${kind} before`, `${kind} after`])
    )
    await ada.context().close()
  })

  it("sends messages", async () => {
    const ada = await world.open(world.ada.token, {}, removeNewerFeatures)
    await eventually(async () => assert.strictEqual(await state(ada), "Connected"))
    await send(ada, "from an older browser")
    await eventually(async () => assert.strictEqual((await receivedTexts(ada)).at(-1), "from an older browser"))
    await ada.context().close()
  })
})
