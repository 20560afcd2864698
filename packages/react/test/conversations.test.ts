import { type Conversations, SignalWireProvider, useConversations } from "@effect-signalwire/react"
import { createElement } from "react"
import { createRoot } from "react-dom/client"
import { assert, describe, it } from "vitest"
import { eventually, open } from "./support.ts"

describe("useConversations", () => {
  it("lists conversations, the one with the newest message first, and shows that message", async () => {
    await using world = await open()
    const { current } = world.render(() => useConversations())
    await eventually(() => assert.strictEqual(current().status, "ready"))
    assert.deepStrictEqual(current().conversations, [])
    // one that is not known yet, and then another
    await world.seed(world.ada.id, ["in the room"])
    await eventually(() => assert.deepStrictEqual(current().conversations.map(({ name }) => name), ["office"]))
    assert.strictEqual(current().conversations[0]?.lastMessage?.text, "in the room")
    await world.admin("POST", "/messages", {
      messages: [{ from: world.grace.id, addressId: world.ada.addressId, text: "to you" }]
    })
    await eventually(() => assert.deepStrictEqual(current().conversations.map(({ name }) => name), ["grace", "office"]))
    await world.seed(world.grace.id, ["back in the room"])
    await eventually(() =>
      assert.deepStrictEqual(current().conversations.map(({ lastMessage, name }) => [name, lastMessage?.text]), [
        ["office", "back in the room"],
        ["grace", "to you"]
      ])
    )
  })

  it("reads the next pages when it is asked to", async () => {
    await using world = await open()
    for (let index = 0; index < 60; index++) {
      const room = await world.admin("POST", "/rooms", { name: `room ${index}` })
      const addressId = typeof room === "object" && room !== null && "addressId" in room ? room.addressId : undefined
      await world.admin("POST", "/messages", { messages: [{ from: world.ada.id, addressId, text: "hello" }] })
    }
    const { current } = world.render(() => useConversations())
    await eventually(() => assert.strictEqual(current().status, "ready"))
    assert.deepStrictEqual([current().conversations.length, current().hasMore], [50, true])
    await current().loadMore()
    await eventually(() => assert.deepStrictEqual([current().conversations.length, current().hasMore], [60, false]))
    assert.strictEqual(new Set(current().conversations.map(({ id }) => id)).size, 60)
    // and keeps them when the first page is read again
    await current().refresh()
    await eventually(() => assert.strictEqual(current().conversations.length, 60))
  })

  it("tells why it failed, and reads again when it is asked to", async () => {
    await using world = await open()
    await world.setFaults({
      match: { on: "http", path: "/api/fabric/conversations" },
      action: { type: "answer", status: 403 },
      times: 1
    })
    const { current } = world.render(() => useConversations())
    await eventually(() => assert.strictEqual(current().status, "failed"))
    assert.containSubset(current().error, { _tag: "ConversationError", reason: { _tag: "Forbidden" } })
    await current().refresh()
    await eventually(() => assert.deepStrictEqual([current().status, current().error], ["ready", null]))
  })

  it("is there at once for a component that comes back, with what was said meanwhile", async () => {
    await using world = await open()
    await world.seed(world.ada.id, ["before"])
    const answers: Array<Conversations> = []
    const List = () => {
      answers.push(useConversations())
      return null
    }
    const options = { token: world.ada.token, urls: { http: world.info.http, ws: world.info.ws } }
    const root = createRoot(document.createElement("div"))
    const render = (isShown: boolean) =>
      root.render(createElement(SignalWireProvider, { options }, isShown ? createElement(List) : null))
    render(true)
    await eventually(() => assert.strictEqual(answers.at(-1)?.status, "ready"))
    render(false)
    await world.seed(world.grace.id, ["meanwhile"])
    const before = answers.length
    render(true)
    await eventually(() => assert.strictEqual(answers.at(-1)?.conversations[0]?.lastMessage?.text, "meanwhile"))
    assert.deepStrictEqual(answers.slice(before).map(({ status }) => status).filter((status) => status !== "ready"), [])
    root.unmount()
  })
})
