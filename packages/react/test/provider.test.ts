import { SignalWire } from "@effect-signalwire/promise"
import { SignalWireProvider, useClient, useConnection, useConversations, useTimeline } from "@effect-signalwire/react"
import { createElement, StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { renderToString } from "react-dom/server"
import { assert, describe, it } from "vitest"
import { eventually, openSandbox } from "./support.ts"

describe("SignalWireProvider", () => {
  it("opens one socket for all hooks in strict mode, and closes it when it unmounts", async () => {
    await using sandbox = await openSandbox()
    await sandbox.admin("PUT", "/log", { enabled: true })
    const { current, unmount } = sandbox.render(() => ({
      connection: useConnection(),
      conversations: useConversations(),
      one: useTimeline(sandbox.addressId),
      same: useTimeline(sandbox.addressId),
      other: useTimeline(sandbox.grace.addressId)
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
    assert.strictEqual(await sandbox.countSockets(), 1)
    unmount()
    await eventually(async () => assert.strictEqual(await sandbox.countSockets(), 0))
    const log = JSON.stringify(await sandbox.admin("GET", "/log"))
    assert.strictEqual(log.split("\"on\":\"opened\"").length - 1, 1)
  })

  it("does not disconnect a client that it was given", async () => {
    await using sandbox = await openSandbox()
    await using client = await SignalWire({
      token: sandbox.ada.token,
      urls: { http: sandbox.info.http, ws: sandbox.info.ws }
    })
    const statuses: Array<string> = []
    const Component = () => {
      statuses.push(useTimeline(sandbox.addressId).status, useClient().status)
      return null
    }
    const root = createRoot(document.createElement("div"))
    root.render(
      createElement(StrictMode, null, createElement(SignalWireProvider, { client }, createElement(Component)))
    )
    await eventually(() => assert.deepStrictEqual(statuses.slice(-2), ["live", "ready"]))
    root.unmount()
    assert.isArray((await client.conversation.getConversations()).data)
  })

  it("follows another client that it is given", async () => {
    const clients = await Promise.all(["one", "two"].map((token) => SignalWire({ token, host: "example.invalid" })))
    const seen: Array<unknown> = []
    const Component = () => {
      seen.push(useClient().client)
      return null
    }
    const root = createRoot(document.createElement("div"))
    for (const client of clients) {
      root.render(createElement(SignalWireProvider, { client }, createElement(Component)))
      await eventually(() => assert.strictEqual(seen.at(-1), client))
    }
    root.unmount()
    await Promise.all(clients.map((client) => client.disconnect()))
  })

  it("passes another token to the same client", async () => {
    await using sandbox = await openSandbox()
    const { current, rerender } = sandbox.render(() => ({ ...useClient(), timeline: useTimeline(sandbox.addressId) }))
    await eventually(() => assert.strictEqual(current().timeline.status, "live"))
    const { client } = current()
    const token = await sandbox.mintToken(sandbox.ada.id)
    rerender({ token })
    await client?.conversation.getConversations()
    await sandbox.admin("POST", "/tokens/expire", { token: sandbox.ada.token })
    await sandbox.drop(sandbox.ada.id)
    await eventually(async () => {
      await sandbox.seed(sandbox.grace.id, ["after"])
      assert.strictEqual(current().timeline.messages.at(-1)?.text, "after")
    })
    assert.strictEqual(current().client, client)
    assert.isArray((await client?.conversation.getConversations())?.data)
  })

  it("calls the latest onRefreshToken", async () => {
    await using sandbox = await openSandbox()
    const token = await sandbox.mintToken(sandbox.ada.id)
    const { current, rerender } = sandbox.render(() => useClient(), { onRefreshToken: () => null })
    await eventually(() => assert.strictEqual(current().status, "ready"))
    rerender({ onRefreshToken: () => token })
    await sandbox.admin("POST", "/tokens/expire", { token: sandbox.ada.token })
    await eventually(async () => assert.isArray((await current().client?.conversation.getConversations())?.data))
  })

  it("provides the error when the client can't be created", async () => {
    await using sandbox = await openSandbox()
    const { current } = sandbox.render(() => ({ ...useClient(), timeline: useTimeline(sandbox.addressId) }), {
      token: ""
    })
    await eventually(() => {
      const { client, error, status, timeline } = current()
      assert.deepStrictEqual([status, client, timeline.status], ["failed", null, "failed"])
      assert.containSubset(error, { _tag: "ConversationError", reason: { _tag: "Invalid" } })
      assert.strictEqual(timeline.error, error)
    })
  })

  it("renders the initial state on a server", () => {
    const Component = () =>
      createElement("p", null, [useConnection()._tag, useTimeline("address").status, useConversations().status].join())
    const html = renderToString(createElement(SignalWireProvider, { options: { token: "" } }, createElement(Component)))
    assert.strictEqual(html, "<p>Idle,loading,loading</p>")
  })
})
