import { type Conversations, SignalWireProvider, useConversations } from "@effect-signalwire/react"
import { createElement } from "react"
import { createRoot } from "react-dom/client"
import { assert, describe, it } from "vitest"
import { eventually, openSandbox } from "./support.ts"

describe("useConversations", () => {
  it("lists conversations, most recently active first, with their newest message", async () => {
    await using sandbox = await openSandbox()
    const { current } = sandbox.render(() => useConversations())
    await eventually(() => assert.strictEqual(current().status, "ready"))
    assert.deepStrictEqual(current().conversations, [])
    // a conversation that is not in the list yet, and then another one
    await sandbox.seed(sandbox.ada.id, ["in the room"])
    await eventually(() => assert.deepStrictEqual(current().conversations.map(({ name }) => name), ["office"]))
    assert.strictEqual(current().conversations[0]?.lastMessage?.text, "in the room")
    await sandbox.admin("POST", "/messages", {
      messages: [{ from: sandbox.grace.id, addressId: sandbox.ada.addressId, text: "to you" }]
    })
    await eventually(() => assert.deepStrictEqual(current().conversations.map(({ name }) => name), ["grace", "office"]))
    await sandbox.seed(sandbox.grace.id, ["back in the room"])
    await eventually(() =>
      assert.deepStrictEqual(current().conversations.map(({ lastMessage, name }) => [name, lastMessage?.text]), [
        ["office", "back in the room"],
        ["grace", "to you"]
      ])
    )
  })

  it("reads the next page on loadMore", async () => {
    await using sandbox = await openSandbox()
    for (let index = 0; index < 60; index++) {
      const room = await sandbox.admin("POST", "/rooms", { name: `room ${index}` })
      const addressId = typeof room === "object" && room !== null && "addressId" in room ? room.addressId : undefined
      await sandbox.admin("POST", "/messages", { messages: [{ from: sandbox.ada.id, addressId, text: "hello" }] })
    }
    const { current } = sandbox.render(() => useConversations())
    await eventually(() => assert.strictEqual(current().status, "ready"))
    assert.deepStrictEqual([current().conversations.length, current().hasMore], [50, true])
    await current().loadMore()
    await eventually(() => assert.deepStrictEqual([current().conversations.length, current().hasMore], [60, false]))
    assert.strictEqual(new Set(current().conversations.map(({ id }) => id)).size, 60)
    // they stay when the first page is read again
    await current().refresh()
    await eventually(() => assert.strictEqual(current().conversations.length, 60))
  })

  it("has an error after a failure, and reads again on refresh", async () => {
    await using sandbox = await openSandbox()
    await sandbox.setFaults({
      match: { on: "http", path: "/api/fabric/conversations" },
      action: { type: "answer", status: 403 },
      times: 1
    })
    const { current } = sandbox.render(() => useConversations())
    await eventually(() => assert.strictEqual(current().status, "failed"))
    assert.containSubset(current().error, { _tag: "ConversationError", reason: { _tag: "Forbidden" } })
    await current().refresh()
    await eventually(() => assert.deepStrictEqual([current().status, current().error], ["ready", null]))
  })

  it("returns its conversations at once to a component that mounts again, with messages that arrived in the meantime", async () => {
    await using sandbox = await openSandbox()
    await sandbox.seed(sandbox.ada.id, ["before"])
    const results: Array<Conversations> = []
    const List = () => {
      results.push(useConversations())
      return null
    }
    const options = { token: sandbox.ada.token, urls: { http: sandbox.info.http, ws: sandbox.info.ws } }
    const root = createRoot(document.createElement("div"))
    const render = (isShown: boolean) =>
      root.render(createElement(SignalWireProvider, { options }, isShown ? createElement(List) : null))
    render(true)
    await eventually(() => assert.strictEqual(results.at(-1)?.status, "ready"))
    render(false)
    await sandbox.seed(sandbox.grace.id, ["meanwhile"])
    const before = results.length
    render(true)
    await eventually(() => assert.strictEqual(results.at(-1)?.conversations[0]?.lastMessage?.text, "meanwhile"))
    assert.deepStrictEqual(results.slice(before).map(({ status }) => status).filter((status) => status !== "ready"), [])
    root.unmount()
  })
})
