import { SignalWire, type SignalWireClient } from "@effect-signalwire/promise"
import {
  SignalWireProvider,
  type Timeline,
  useClient,
  useConnection,
  useConversations,
  useSendMessage,
  useTimeline
} from "@effect-signalwire/react"
import { Activity, createElement, StrictMode, Suspense, use, useEffect } from "react"
import { createRoot } from "react-dom/client"
import { renderToString } from "react-dom/server"
import { assert, describe, it } from "vitest"
import { connected, makeClient, settled } from "./fixtures.ts"
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

  it("keeps a conversation that nothing shows any more, until it is given another client", async () => {
    await using one = await makeClient(connected)
    await using two = await makeClient(connected)
    const shown: Array<string | null> = []
    const Component = ({ addressId }: { readonly addressId: string | null }) => {
      useTimeline(addressId)
      useEffect(() => void shown.push(addressId), [addressId])
      return null
    }
    const root = createRoot(document.createElement("div"))
    const render = async (client: SignalWireClient, addressId: string | null) => {
      root.render(createElement(SignalWireProvider, { client }, createElement(Component, { addressId })))
      await eventually(() => assert.strictEqual(shown.at(-1), addressId))
      await settled()
    }
    for (const { client, openTimelines, timelines } of [one, two]) {
      await render(client, "office")
      await render(client, null)
      await render(client, "office")
      await render(client, null)
      assert.deepStrictEqual([timelines(), openTimelines()], [1, 1])
    }
    assert.deepStrictEqual([one.openTimelines(), two.openTimelines()], [0, 1])
    root.unmount()
    await eventually(() => assert.strictEqual(two.openTimelines(), 0))
  })

  it("keeps its client while a component below it suspends", async () => {
    const seen: Array<unknown> = []
    const steps: Array<"suspended" | "resumed"> = []
    let resume = () => {}
    const resumed = new Promise<void>((resolve) => {
      resume = resolve
    })
    const Component = ({ isWaiting }: { readonly isWaiting: boolean }) => {
      seen.push(useClient().client)
      if (isWaiting) use(resumed)
      return null
    }
    const Fallback = () => {
      useEffect(() => {
        steps.push("suspended")
        return () => void steps.push("resumed")
      }, [])
      return null
    }
    const options = { token: "token", host: "example.invalid", fetch: () => new Promise<Response>(() => {}) }
    const root = createRoot(document.createElement("div"))
    const render = (isWaiting: boolean) =>
      root.render(
        createElement(
          Suspense,
          { fallback: createElement(Fallback) },
          createElement(SignalWireProvider, { options }, createElement(Component, { isWaiting }))
        )
      )
    render(false)
    await eventually(() => assert.isNotNull(seen.at(-1) ?? null))
    const client = seen.at(-1)
    render(true)
    await eventually(() => assert.deepStrictEqual(steps, ["suspended"]))
    await settled()
    resume()
    await eventually(() => assert.deepStrictEqual(steps, ["suspended", "resumed"]))
    assert.deepStrictEqual([...new Set(seen)], [null, client])
    assert.strictEqual(seen.at(-1), client)
    root.unmount()
  })

  it("has a client for the effects of components that are shown again with it", async () => {
    await using sandbox = await openSandbox()
    let current: Timeline | undefined
    const Component = () => {
      current = useTimeline(sandbox.addressId)
      const { send } = useSendMessage(sandbox.addressId)
      useEffect(() => void send("shown"), [send])
      return null
    }
    const options = { token: sandbox.ada.token, urls: { http: sandbox.info.http, ws: sandbox.info.ws } }
    const root = createRoot(document.createElement("div"))
    const render = (mode: "hidden" | "visible") =>
      root.render(
        createElement(Activity, {
          mode,
          children: createElement(SignalWireProvider, { options }, createElement(Component))
        })
      )
    const waitForMessages = (count: number) =>
      eventually(() =>
        assert.deepStrictEqual(current?.messages.map(({ status }) => status), Array(count).fill("stored"))
      )
    render("visible")
    await waitForMessages(1)
    render("hidden")
    await eventually(async () => assert.strictEqual(await sandbox.countSockets(), 0))
    render("visible")
    await waitForMessages(2)
    root.unmount()
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
    const states: Array<unknown> = []
    const Component = () => {
      states.push(
        useConnection(),
        useClient(),
        useTimeline("address"),
        useConversations(),
        useSendMessage("address").outgoing
      )
      return createElement("p")
    }
    const html = renderToString(createElement(SignalWireProvider, { options: { token: "" } }, createElement(Component)))
    assert.strictEqual(html, "<p></p>")
    const [connection, client, timeline, conversations, outgoing] = states
    assert.deepStrictEqual([connection, client, outgoing], [
      { _tag: "Idle", reason: null },
      { status: "pending", client: null, error: null },
      []
    ])
    const loading = { status: "loading", error: null, reason: null }
    const older = { gaps: [], hasOlder: true, hasNewer: false, isLoadingOlder: false, olderError: null }
    assert.containSubset(timeline, { ...loading, ...older, messages: [] })
    assert.containSubset(conversations, {
      ...loading,
      conversations: [],
      hasMore: false,
      isLoadingMore: false,
      moreError: null
    })
  })
})
