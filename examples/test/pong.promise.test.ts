import * as SignalWireTest from "@effect-signalwire/testing/SignalWireTest"
import { assert, it } from "vitest"
import { startPong } from "../src/pong.ts"

it("replies to every ping, also to one sent while the connection was lost", async () => {
  await using test = await SignalWireTest.start({ conversations: ["office"] })
  await startPong(test.client)
  await test.addMessage({ conversation: "office", text: "ping" })
  await test.awaitSent(1)
  await test.drop()
  await test.addMessage({ conversation: "office", text: "ping" })
  const sent = await test.awaitSent(2)
  assert.deepStrictEqual(sent.map(({ text }) => text), ["pong", "pong"])
})

it("does not reply after it is stopped", async () => {
  await using test = await SignalWireTest.start({ conversations: ["office"] })
  const stop = await startPong(test.client)
  await stop()
  await test.addMessage({ conversation: "office", text: "ping" })
  assert.deepStrictEqual(await test.sent(), [])
})

it("gets an error with the reason of the failure", async () => {
  await using test = await SignalWireTest.start({
    faults: [{ match: { on: "http", method: "GET" }, action: { type: "answer", status: 403, body: {} } }]
  })
  const error: unknown = await test.client.conversation.getConversations().catch((error: unknown) => error)
  assert.nestedPropertyVal(error, "reason._tag", "Forbidden")
  assert.propertyVal(error, "isRetryable", false)
})
