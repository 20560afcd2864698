import { ConversationError, type ConversationEvent } from "@effect-signalwire/promise"
import * as SignalWireTest from "@effect-signalwire/testing/SignalWireTest"
import { assert, describe, it, vi } from "vitest"

/** Subscribes, and collects the texts of received messages. */
const collect = async ({ client }: SignalWireTest.SignalWireTest) => {
  const received: Array<string | null | undefined> = []
  await client.conversation.subscribe((event: ConversationEvent) => received.push(event.text))
  return { received, awaitCount: (count: number) => vi.waitFor(() => assert.lengthOf(received, count)) }
}

describe("SignalWireTest", () => {
  it("provides the conversations and messages of its options", async () => {
    await using test = await SignalWireTest.start({
      conversations: ["office"],
      messages: [{ conversation: "office", text: "hello" }]
    })
    const { data: [office] } = await test.client.conversation.getConversations()
    const { data } = await test.client.conversation.getConversationMessages({ addressId: test.addressId("office") })
    assert.strictEqual(office?.id, test.addressId("office"))
    assert.deepStrictEqual(data.map(({ text }) => text), ["hello"])
  })

  it("pushes messages, also after the connection was dropped", async () => {
    await using test = await SignalWireTest.start({
      conversations: ["office"],
      client: { subscription: { backoff: { base: "1 millis", cap: "1 millis" } } }
    })
    const { awaitCount, received } = await collect(test)
    await test.addMessage({ conversation: "office", text: "1" })
    await awaitCount(1)
    await test.drop()
    await test.addMessage({ conversation: "office", text: "2" })
    await awaitCount(2)
    assert.deepStrictEqual(received, ["1", "2"])
  })

  it("returns the sent messages", async () => {
    await using test = await SignalWireTest.start({ conversations: ["office"] })
    await test.client.conversation.sendMessage({ addressId: test.addressId("office"), text: "hello" })
    assert.deepStrictEqual((await test.sent()).map(({ conversation, text }) => [conversation, text]), [
      ["office", "hello"]
    ])
  })

  it("sets and clears faults", async () => {
    await using test = await SignalWireTest.start({ conversations: ["office"] })
    const join = () => test.client.conversation.join({ addressId: test.addressId("office") })
    await test.setFaults([{
      match: { on: "http", method: "POST" },
      action: { type: "answer", status: 403, body: {} }
    }])
    const error: unknown = await join().catch((error: unknown) => error)
    assert.strictEqual(error instanceof ConversationError && error.reason._tag, "Forbidden")
    await test.clearFaults()
    await join()
  })

  it("expires the token, and mints another one for the client", async () => {
    await using test = await SignalWireTest.start()
    await test.expireToken()
    await test.client.updateToken(await test.mintToken())
    assert.deepStrictEqual((await test.client.conversation.getConversations()).data, [])
  })

  it("supports fake timers", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] })
    try {
      const test = await SignalWireTest.start({ conversations: ["office"] })
      const { received } = await collect(test)
      await test.drop()
      await test.addMessage({ conversation: "office", text: "meanwhile" })
      await vi.advanceTimersByTimeAsync(60_000)
      assert.deepStrictEqual(received, ["meanwhile"])
      const closing = test.close()
      await vi.advanceTimersByTimeAsync(60_000)
      await closing
    } finally {
      vi.useRealTimers()
    }
  })
})
