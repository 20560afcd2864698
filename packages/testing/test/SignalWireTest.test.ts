import { ConversationError, type ConversationEvent } from "@effect-signalwire/promise"
import * as SignalWireTest from "@effect-signalwire/testing/SignalWireTest"
import { assert, describe, it, vi } from "vitest"

/** Texts as they are heard, and how to wait for them. */
const listen = async ({ client }: SignalWireTest.SignalWireTest) => {
  const heard: Array<string | null | undefined> = []
  await client.conversation.subscribe((event: ConversationEvent) => heard.push(event.text))
  return { heard, until: (count: number) => vi.waitFor(() => assert.lengthOf(heard, count)) }
}

describe("a test of a program in plain TypeScript", () => {
  it("finds the conversations and what was said before it begins", async () => {
    await using test = await SignalWireTest.start({
      conversations: ["office"],
      messages: [{ conversation: "office", text: "hello" }]
    })
    const { data: [office] } = await test.client.conversation.getConversations()
    const { data } = await test.client.conversation.getConversationMessages({ addressId: test.addressId("office") })
    assert.strictEqual(office?.id, test.addressId("office"))
    assert.deepStrictEqual(data.map(({ text }) => text), ["hello"])
  })

  it("says something live, through a connection that breaks in between", async () => {
    await using test = await SignalWireTest.start({
      conversations: ["office"],
      client: { subscription: { backoff: { base: "1 millis", cap: "1 millis" } } }
    })
    const { heard, until } = await listen(test)
    await test.say({ conversation: "office", text: "1" })
    await until(1)
    await test.drop()
    await test.say({ conversation: "office", text: "2" })
    await until(2)
    assert.deepStrictEqual(heard, ["1", "2"])
  })

  it("shows what was sent", async () => {
    await using test = await SignalWireTest.start({ conversations: ["office"] })
    await test.client.conversation.sendMessage({ addressId: test.addressId("office"), text: "hello" })
    assert.deepStrictEqual((await test.sent()).map(({ conversation, text }) => [conversation, text]), [
      ["office", "hello"]
    ])
  })

  it("lets things go wrong, and well again", async () => {
    await using test = await SignalWireTest.start({ conversations: ["office"] })
    const join = () => test.client.conversation.join({ addressId: test.addressId("office") })
    await test.setFaults([{ match: { on: "http", method: "POST" }, action: { type: "answer", status: 403, body: {} } }])
    const error: unknown = await join().catch((error: unknown) => error)
    assert.strictEqual(error instanceof ConversationError && error.reason._tag, "Forbidden")
    await test.clearFaults()
    await join()
  })

  it("takes the token away, and has another one for the client to go on with", async () => {
    await using test = await SignalWireTest.start()
    await test.expireToken()
    await test.client.updateToken(await test.mintToken())
    assert.deepStrictEqual((await test.client.conversation.getConversations()).data, [])
  })

  it("is moved by fake timers", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] })
    try {
      const test = await SignalWireTest.start({ conversations: ["office"] })
      const { heard } = await listen(test)
      await test.drop()
      await test.say({ conversation: "office", text: "meanwhile" })
      await vi.advanceTimersByTimeAsync(60_000)
      assert.deepStrictEqual(heard, ["meanwhile"])
      const closing = test.close()
      await vi.advanceTimersByTimeAsync(60_000)
      await closing
    } finally {
      vi.useRealTimers()
    }
  })
})
