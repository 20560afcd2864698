import { SignalWire } from "@effect-signalwire/promise"
import { SignalWireProvider, useClient, useConnection, useConversations, useTimeline } from "@effect-signalwire/react"
import { createElement, StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { renderToString } from "react-dom/server"
import { assert, describe, it } from "vitest"
import { eventually, open } from "./support.ts"

describe("SignalWireProvider", () => {
  it("has one socket for all hooks in strict mode, and leaves none when it goes away", async () => {
    await using world = await open()
    await world.admin("PUT", "/log", { enabled: true })
    const { current, unmount } = world.render(() => ({
      connection: useConnection(),
      conversations: useConversations(),
      one: useTimeline(world.addressId),
      same: useTimeline(world.addressId),
      other: useTimeline(world.grace.addressId)
    }))
    await eventually(() => {
      const { connection, conversations, one, other } = current()
      assert.deepStrictEqual([connection._tag, conversations.status, one.status, other.status], [
        "Connected",
        "ready",
        "live",
        "live"
      ])
    })
    assert.strictEqual(current().one.messages, current().same.messages)
    assert.strictEqual(await world.sockets(), 1)
    unmount()
    await eventually(async () => assert.strictEqual(await world.sockets(), 0))
    const log = JSON.stringify(await world.admin("GET", "/log"))
    assert.strictEqual(log.split("\"on\":\"opened\"").length - 1, 1)
  })

  it("leaves a client that it was given alone", async () => {
    await using world = await open()
    await using client = await SignalWire({
      token: world.ada.token,
      urls: { http: world.info.http, ws: world.info.ws }
    })
    const seen: Array<string> = []
    const Component = () => {
      seen.push(useTimeline(world.addressId).status, useClient().status)
      return null
    }
    const root = createRoot(document.createElement("div"))
    root.render(
      createElement(StrictMode, null, createElement(SignalWireProvider, { client }, createElement(Component)))
    )
    await eventually(() => assert.deepStrictEqual(seen.slice(-2), ["live", "ready"]))
    root.unmount()
    assert.isArray((await client.conversation.getConversations()).data)
  })

  it("takes another token over without a new client", async () => {
    await using world = await open()
    const { current, rerender } = world.render(() => ({ ...useClient(), timeline: useTimeline(world.addressId) }))
    await eventually(() => assert.strictEqual(current().timeline.status, "live"))
    const { client } = current()
    const token = await world.mint(world.ada.id)
    rerender({ token })
    await client?.conversation.getConversations()
    await world.admin("POST", "/tokens/expire", { token: world.ada.token })
    await world.drop(world.ada.id)
    await eventually(async () => {
      await world.seed(world.grace.id, ["after"])
      assert.strictEqual(current().timeline.messages.at(-1)?.text, "after")
    })
    assert.strictEqual(current().client, client)
    assert.isArray((await client?.conversation.getConversations())?.data)
  })

  it("asks the newest onRefreshToken that it was given", async () => {
    await using world = await open()
    const token = await world.mint(world.ada.id)
    const { current, rerender } = world.render(() => useClient(), { onRefreshToken: () => null })
    await eventually(() => assert.strictEqual(current().status, "ready"))
    rerender({ onRefreshToken: () => token })
    await world.admin("POST", "/tokens/expire", { token: world.ada.token })
    await eventually(async () => assert.isArray((await current().client?.conversation.getConversations())?.data))
  })

  it("says why there is no client", async () => {
    await using world = await open()
    const { current } = world.render(() => ({ ...useClient(), timeline: useTimeline(world.addressId) }), { token: "" })
    await eventually(() => {
      const { client, error, status, timeline } = current()
      assert.deepStrictEqual([status, client, timeline.status], ["failed", null, "failed"])
      assert.containSubset(error, { _tag: "ConversationError", reason: { _tag: "Invalid" } })
      assert.strictEqual(timeline.error, error)
    })
  })

  it("renders on a server what it begins with", () => {
    const Component = () =>
      createElement("p", null, [useConnection()._tag, useTimeline("address").status, useConversations().status].join())
    const html = renderToString(createElement(SignalWireProvider, { options: { token: "" } }, createElement(Component)))
    assert.strictEqual(html, "<p>Idle,loading,loading</p>")
  })
})
