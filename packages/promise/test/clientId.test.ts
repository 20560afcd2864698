/** Client ids: given with a message, and found again with it. */
import { assert, describe, it, vi } from "vitest"
import { failure, joinBoth, openSandbox } from "./support.ts"

describe("a client id", () => {
  it("is with each message of a timeline, from history and as it happens, and in nothing that its sender wrote", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
    await ada.conversation.sendMessage({ addressId, text: "stored", clientId: "first", metadata: { mine: true } })
    const told: Array<readonly [string | null, string | null]> = []
    for await (const event of grace.conversation.timeline({ addressId })) {
      if (event._tag === "CaughtUp") {
        await ada.conversation.sendMessage({ addressId, text: "live", clientId: "second" })
      }
      if (event._tag !== "Message") continue
      told.push([event.message.text, event.clientId])
      const { client_id, details, metadata } = event.message
      assert.strictEqual(client_id, event.clientId)
      assert.notInclude(JSON.stringify({ details, metadata }), event.clientId ?? "")
      if (event.message.text === "live") break
    }
    assert.deepStrictEqual(told, [["stored", "first"], ["live", "second"]])
  })

  it("is null for a message that carries none", async () => {
    await using world = await openSandbox()
    const { addressId, grace } = await joinBoth(world)
    await world.admin.seed([{ from: world.ada.id, addressId, text: "from elsewhere" }])
    const told: Array<string | null> = []
    for await (const event of grace.conversation.timeline({ addressId })) {
      if (event._tag === "CaughtUp") break
      if (event._tag === "Message") told.push(event.clientId)
    }
    assert.deepStrictEqual(told, [null])
  })

  it("P4.5: is an idempotency key: what is sent under it in turn, at once, and by another client is stored once", async () => {
    await using world = await openSandbox()
    const { ada, addressId } = await joinBoth(world)
    const again = await world.client({ token: world.ada.token })
    const message = { addressId, text: "hello", clientId: "order-7" }
    const sends = [ada.conversation.sendMessage(message), ada.conversation.sendMessage(message)]
    const first = await Promise.all(sends)
    first.push(await ada.conversation.sendMessage(message), await again.conversation.sendMessage(message))
    assert.strictEqual((await world.admin.stored(addressId)).length, 1)
    assert.strictEqual(new Set(first.map(({ id }) => id)).size, 1)
  })

  it("P4.5: is looked for as far back as ever after a send that was aborted before anything was sent", async () => {
    await using world = await openSandbox()
    const { ada, addressId } = await joinBoth(world)
    const now = Date.now() / 1000
    const metadata = { effect_signalwire_id: "order-7" }
    const later = Array.from({ length: 100 }, (_, index) => ({ text: "later", ts: now - 1000 + 10 * index }))
    await world.admin.seed(
      [{ text: "hello", metadata, ts: now - 3600 }, ...later].map((one) => ({ ...one, from: world.ada.id, addressId }))
    )
    await world.admin.setFaults([{ match: { on: "http", method: "GET" }, action: { type: "silent" }, times: 1 }])
    const message = { addressId, text: "hello", clientId: "order-7" }
    const aborted = new AbortController()
    const first = ada.conversation.sendMessage({ ...message, signal: aborted.signal }).catch(() => "aborted")
    const second = ada.conversation.sendMessage(message)
    await vi.waitFor(async () => {
      const { rules } = await (await fetch(`${world.info.admin}/faults`)).json()
      assert.deepStrictEqual(rules, [])
    })
    aborted.abort()
    assert.strictEqual(await first, "aborted")
    await second
    assert.strictEqual((await world.admin.stored(addressId)).length, 101)
  })

  it("P4.5: finds the message that was stored, and nothing where none was", async () => {
    await using world = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(world)
    await ada.conversation.sendMessage({ addressId, text: "hello", clientId: "order-7" })
    for (const { conversation } of [ada, grace]) {
      assert.deepInclude(await conversation.findMessage({ addressId, clientId: "order-7" }), {
        text: "hello",
        client_id: "order-7"
      })
      assert.isUndefined(await conversation.findMessage({ addressId, clientId: "order-8" }))
    }
  })

  it("P4.5: of a send whose answer was lost for good finds it when it is sent again", async () => {
    await using world = await openSandbox()
    const { ada, addressId } = await joinBoth(world, { sendDeadline: 300, dialect: "address" })
    await world.admin.setFaults([
      { match: { on: "http", method: "POST", path: "/api/fabric/messages" }, action: { type: "loseAnswer" } },
      { match: { on: "http", method: "GET" }, action: { type: "refuse" } }
    ])
    const message = { addressId, text: "hello", clientId: "order-7" }
    const error = await failure(ada.conversation.sendMessage({ ...message, isNew: true }))
    assert.deepStrictEqual([error.reason._tag, error.stored], ["Unconfirmed", "unknown"])
    await world.admin.setFaults([])
    await ada.conversation.sendMessage(message)
    assert.strictEqual((await world.admin.stored(addressId)).length, 1)
  })
})
