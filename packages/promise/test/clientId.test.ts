/** Client ids: sending with them, receiving them, and finding messages by them. */
import { assert, describe, it, vi } from "vitest"
import { failure, joinBoth, openSandbox } from "./support.ts"

describe("a client id", () => {
  it("is part of every timeline message, from history or live, and not of the sender's metadata or details", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
    await ada.conversation.sendMessage({ addressId, text: "stored", clientId: "first", metadata: { mine: true } })
    const received: Array<readonly [string | null, string | null]> = []
    for await (const event of grace.conversation.timeline({ addressId })) {
      if (event._tag === "CaughtUp") {
        await ada.conversation.sendMessage({ addressId, text: "live", clientId: "second" })
      }
      if (event._tag !== "Message") continue
      received.push([event.message.text, event.clientId])
      const { client_id, details, metadata } = event.message
      assert.strictEqual(client_id, event.clientId)
      assert.notInclude(JSON.stringify({ details, metadata }), event.clientId ?? "")
      if (event.message.text === "live") break
    }
    assert.deepStrictEqual(received, [["stored", "first"], ["live", "second"]])
  })

  it("is null for a message without one", async () => {
    await using sandbox = await openSandbox()
    const { addressId, grace } = await joinBoth(sandbox)
    await sandbox.admin.seed([{ from: sandbox.ada.id, addressId, text: "from elsewhere" }])
    const received: Array<string | null> = []
    for await (const event of grace.conversation.timeline({ addressId })) {
      if (event._tag === "CaughtUp") break
      if (event._tag === "Message") received.push(event.clientId)
    }
    assert.deepStrictEqual(received, [null])
  })

  it("P4.5: is an idempotency key: repeated and concurrent sends, also of another client, are stored once", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    const again = await sandbox.client({ token: sandbox.ada.token })
    const message = { addressId, text: "hello", clientId: "order-7" }
    const sends = [ada.conversation.sendMessage(message), ada.conversation.sendMessage(message)]
    const first = await Promise.all(sends)
    first.push(await ada.conversation.sendMessage(message), await again.conversation.sendMessage(message))
    assert.strictEqual((await sandbox.admin.stored(addressId)).length, 1)
    assert.strictEqual(new Set(first.map(({ id }) => id)).size, 1)
  })

  it("P4.5: is still searched for in full after a send was aborted before its request", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox)
    const now = Date.now() / 1000
    const metadata = { effect_signalwire_id: "order-7" }
    const later = Array.from({ length: 100 }, (_, index) => ({ text: "later", ts: now - 1000 + 10 * index }))
    await sandbox.admin.seed(
      [{ text: "hello", metadata, ts: now - 3600 }, ...later].map((one) => ({
        ...one,
        from: sandbox.ada.id,
        addressId
      }))
    )
    await sandbox.admin.setFaults([{ match: { on: "http", method: "GET" }, action: { type: "silent" }, times: 1 }])
    const message = { addressId, text: "hello", clientId: "order-7" }
    const aborted = new AbortController()
    const first = ada.conversation.sendMessage({ ...message, signal: aborted.signal }).catch(() => "aborted")
    const second = ada.conversation.sendMessage(message)
    await vi.waitFor(async () => {
      const { rules } = await (await fetch(`${sandbox.info.admin}/faults`)).json()
      assert.deepStrictEqual(rules, [])
    })
    aborted.abort()
    assert.strictEqual(await first, "aborted")
    await second
    assert.strictEqual((await sandbox.admin.stored(addressId)).length, 101)
  })

  it("P4.5: finds the stored message, and undefined when there is none", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId, grace } = await joinBoth(sandbox)
    await ada.conversation.sendMessage({ addressId, text: "hello", clientId: "order-7" })
    for (const { conversation } of [ada, grace]) {
      assert.deepInclude(await conversation.findMessage({ addressId, clientId: "order-7" }), {
        text: "hello",
        client_id: "order-7"
      })
      assert.isUndefined(await conversation.findMessage({ addressId, clientId: "order-8" }))
    }
  })

  it("P4.5: prevents a duplicate when a send whose response was lost is repeated", async () => {
    await using sandbox = await openSandbox()
    const { ada, addressId } = await joinBoth(sandbox, { sendDeadline: 300, dialect: "address" })
    await sandbox.admin.setFaults([
      { match: { on: "http", method: "POST", path: "/api/fabric/messages" }, action: { type: "loseAnswer" } },
      { match: { on: "http", method: "GET" }, action: { type: "refuse" } }
    ])
    const message = { addressId, text: "hello", clientId: "order-7" }
    const error = await failure(ada.conversation.sendMessage({ ...message, isNew: true }))
    assert.deepStrictEqual([error.reason._tag, error.stored], ["Unconfirmed", "unknown"])
    await sandbox.admin.setFaults([])
    await ada.conversation.sendMessage(message)
    assert.strictEqual((await sandbox.admin.stored(addressId)).length, 1)
  })
})
