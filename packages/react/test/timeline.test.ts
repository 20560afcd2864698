import { SignalWire } from "@effect-signalwire/promise"
import {
  SignalWireProvider,
  type Timeline,
  useConnection,
  useTimeline,
  type UseTimelineOptions
} from "@effect-signalwire/react"
import { Transport } from "@effect-signalwire/schema/Reason"
import { createElement, StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { assert, describe, it } from "vitest"
import { connected, makeClient } from "./fixtures.ts"
import { eventually, numbered, openSandbox, texts } from "./support.ts"

type TestSandbox = Awaited<ReturnType<typeof openSandbox>>

const renderTimeline = async (sandbox: TestSandbox, options?: UseTimelineOptions) => {
  const rendered = sandbox.render(() => useTimeline(sandbox.addressId, options))
  await eventually(() => assert.strictEqual(rendered.current().status, "live"))
  return rendered
}

describe("useTimeline", () => {
  it("shows history as a whole, and then live messages", async () => {
    await using sandbox = await openSandbox()
    await sandbox.seed(sandbox.ada.id, numbered(30))
    const { results, current } = await renderTimeline(sandbox)
    assert.deepStrictEqual(texts(current()), numbered(30))
    assert.isEmpty(results.filter(({ messages }) => messages.length > 0 && messages.length < 30))
    await sandbox.seed(sandbox.grace.id, ["live"])
    await eventually(() => assert.deepStrictEqual(texts(current()), [...numbered(30), "live"]))
  })

  it("loads older pages back to the beginning, where hasOlder is false", async () => {
    await using sandbox = await openSandbox()
    await sandbox.seed(sandbox.ada.id, numbered(260))
    const { current } = await renderTimeline(sandbox, { pageSize: 40 })
    assert.deepStrictEqual(texts(current()), numbered(260).slice(-100))
    assert.isTrue(current().hasOlder)
    // concurrent calls share one read
    await Promise.all([current().loadOlder(), current().loadOlder()])
    await eventually(() => assert.isAbove(texts(current()).length, 100))
    assert.deepStrictEqual(texts(current()), numbered(260).slice(-texts(current()).length))
    while (current().hasOlder) {
      await current().loadOlder()
      await eventually(() => assert.isFalse(current().isLoadingOlder))
    }
    assert.deepStrictEqual(texts(current()), numbered(260))
  })

  it("shows live messages after older ones that were loaded", async () => {
    await using sandbox = await openSandbox()
    await sandbox.seed(sandbox.ada.id, numbered(120))
    const { current } = await renderTimeline(sandbox)
    await current().loadOlder()
    await eventually(() => assert.deepStrictEqual(texts(current()), numbered(120)))
    await sandbox.seed(sandbox.grace.id, ["live"])
    await eventually(() => assert.deepStrictEqual(texts(current()), [...numbered(120), "live"]))
    assert.isFalse(current().hasNewer)
  })

  it("has no older messages in an empty conversation", async () => {
    await using sandbox = await openSandbox()
    const { current } = await renderTimeline(sandbox)
    assert.deepStrictEqual([current().hasOlder, texts(current())], [false, []])
  })

  it("holds at most capacity messages, in either direction", async () => {
    await using sandbox = await openSandbox()
    await sandbox.seed(sandbox.ada.id, numbered(200))
    const { results, current } = await renderTimeline(sandbox, { capacity: 120, pageSize: 50 })
    await current().loadOlder()
    await eventually(() => assert.isTrue(current().hasNewer))
    assert.deepStrictEqual(texts(current()), numbered(120, 50))
    current().showLatest()
    await eventually(() => assert.deepStrictEqual(texts(current()), numbered(100, 100)))
    assert.isFalse(current().hasNewer)
    await sandbox.seed(sandbox.grace.id, numbered(50, 200))
    await eventually(() => assert.deepStrictEqual(texts(current()), numbered(120, 130)))
    assert.isAtMost(Math.max(...results.map(({ messages }) => messages.length)), 120)
  })

  it("neither misses nor repeats messages when the socket drops", async () => {
    await using sandbox = await openSandbox()
    await sandbox.seed(sandbox.ada.id, ["before"])
    const { current } = sandbox.render(() => ({
      connection: useConnection(),
      timeline: useTimeline(sandbox.addressId)
    }))
    await eventually(() => assert.strictEqual(current().timeline.status, "live"))
    for (const text of numbered(20)) {
      await sandbox.drop(sandbox.ada.id)
      await sandbox.seed(sandbox.grace.id, [text])
    }
    await eventually(() => {
      assert.deepStrictEqual(texts(current().timeline), ["before", ...numbered(20)])
      assert.strictEqual(current().connection._tag, "Connected")
    })
  })

  it("sets olderError when older messages can't be read, and reads them on the next loadOlder", async () => {
    await using sandbox = await openSandbox()
    await sandbox.seed(sandbox.ada.id, numbered(120))
    let isForbidden = true
    const { current } = sandbox.render(() => useTimeline(sandbox.addressId), {
      fetch: async (input, init) =>
        isForbidden && new Request(input).url.includes("until=")
          ? Response.json({}, { status: 403 })
          : fetch(input, init)
    })
    await eventually(() => assert.strictEqual(current().status, "live"))
    await current().loadOlder()
    await eventually(() => assert.containSubset(current().olderError, { reason: { _tag: "Forbidden" } }))
    isForbidden = false
    await current().loadOlder()
    await eventually(() => assert.deepStrictEqual(texts(current()), numbered(120)))
    assert.isNull(current().olderError)
  })

  it("has an error after a failure, and starts again on retry", async () => {
    await using sandbox = await openSandbox()
    await sandbox.seed(sandbox.ada.id, numbered(3))
    await sandbox.setFaults({ match: { on: "http", method: "GET" }, action: { type: "answer", status: 403 } })
    const { current } = sandbox.render(() => useTimeline(sandbox.addressId))
    await eventually(() => assert.strictEqual(current().status, "failed"))
    assert.containSubset(current().error, { _tag: "ConversationError", reason: { _tag: "Forbidden" } })
    await sandbox.setFaults()
    current().retry()
    await eventually(() => assert.deepStrictEqual(texts(current()), numbered(3)))
    assert.deepStrictEqual([current().status, current().error], ["live", null])
  })

  it.each([null, undefined])("reads nothing, and has no reason, without an address: %s", async (addressId) => {
    const reason = new Transport({ detail: "gone" })
    await using one = await makeClient({ ...connected, reason })
    const renders: Array<{ readonly none: Timeline; readonly office: Timeline }> = []
    const Component = () => {
      renders.push({ none: useTimeline(addressId), office: useTimeline("office") })
      return null
    }
    const root = createRoot(document.createElement("div"))
    root.render(createElement(SignalWireProvider, { client: one.client }, createElement(Component)))
    await eventually(() => assert.strictEqual(renders.at(-1)?.office.reason, reason))
    const none = renders.at(-1)?.none ?? assert.fail("nothing was rendered")
    assert.instanceOf(none.loadOlder(), Promise)
    assert.deepStrictEqual([none.status, none.messages, none.reason], ["loading", [], null])
    assert.strictEqual(one.timelines(), 1)
    root.unmount()
  })

  it("fails when the given client is disconnected", async () => {
    await using sandbox = await openSandbox()
    const client = await SignalWire({
      token: sandbox.ada.token,
      urls: { http: sandbox.info.http, ws: sandbox.info.ws }
    })
    const renders: Array<ReturnType<typeof useTimeline>> = []
    const Component = () => {
      renders.push(useTimeline(sandbox.addressId))
      return null
    }
    const root = createRoot(document.createElement("div"))
    root.render(createElement(SignalWireProvider, { client }, createElement(Component)))
    await eventually(() => assert.strictEqual(renders.at(-1)?.status, "live"))
    await client.disconnect()
    await eventually(() => {
      assert.strictEqual(renders.at(-1)?.status, "failed")
      assert.containSubset(renders.at(-1)?.error, { _tag: "ConversationError", reason: { _tag: "Closed" } })
    })
    root.unmount()
  })
})

describe("an unmounted conversation", () => {
  /** A component that shows a conversation, hides it, and shows it again. */
  const renderSwitchable = async (sandbox: TestSandbox, options: UseTimelineOptions, more = {}) => {
    let addressId: string | null = sandbox.addressId
    const rendered = sandbox.render(() => useTimeline(addressId, options), more)
    await eventually(() => assert.strictEqual(rendered.current().status, "live"))
    const show = (id: string | null) => {
      addressId = id
      rendered.rerender(more)
    }
    return {
      ...rendered,
      hide: async () => {
        show(null)
        await eventually(() => assert.deepStrictEqual(rendered.current().messages, []))
      },
      /** Shows it again, and returns a function that returns the renders since then. */
      showAgain: () => {
        const before = rendered.results.length
        show(sandbox.addressId)
        return () => rendered.results.slice(before)
      }
    }
  }
  const closeWhenIdle = { subscription: { idleTimeToLive: "10 millis" } }

  it("P1.2: is shown at once when it mounts again, with messages that arrived in the meantime", async () => {
    await using sandbox = await openSandbox()
    await sandbox.seed(sandbox.ada.id, ["before"])
    const { hide, showAgain } = await renderSwitchable(sandbox, {}, closeWhenIdle)
    await hide()
    await sandbox.seed(sandbox.grace.id, ["meanwhile"])
    const since = showAgain()
    await eventually(() =>
      assert.deepStrictEqual(since().at(-1)?.messages.map(({ text }) => text), ["before", "meanwhile"])
    )
    assert.isEmpty(since().filter(({ messages, status }) => status !== "live" || messages.length === 0))
  })

  it("shows the newest messages when it mounts again, not the older ones that were read last", async () => {
    await using sandbox = await openSandbox()
    await sandbox.seed(sandbox.ada.id, numbered(200))
    const { current, hide, showAgain } = await renderSwitchable(sandbox, { capacity: 120 })
    await current().loadOlder()
    await eventually(() => assert.isTrue(current().hasNewer))
    await hide()
    const since = showAgain()
    await eventually(() => {
      assert.strictEqual(since().at(-1)?.messages.at(-1)?.text, "message 199")
      assert.isFalse(current().hasNewer)
    })
  })

  it("starts again when it mounts again after a failure", async () => {
    await using sandbox = await openSandbox()
    await sandbox.seed(sandbox.ada.id, ["hello"])
    await sandbox.setFaults({ match: { on: "http", method: "GET" }, action: { type: "answer", status: 403 } })
    let addressId: string | null = sandbox.addressId
    const { current, rerender } = sandbox.render(() => useTimeline(addressId))
    await eventually(() => assert.strictEqual(current().status, "failed"))
    addressId = null
    rerender()
    await eventually(() => assert.strictEqual(current().status, "loading"))
    await sandbox.setFaults()
    addressId = sandbox.addressId
    rerender()
    await eventually(() => assert.deepStrictEqual(texts(current()), ["hello"]))
  })

  it("P7.2: is released after keepAlive", async () => {
    await using sandbox = await openSandbox()
    const { hide, showAgain } = await renderSwitchable(sandbox, { keepAlive: 50 }, closeWhenIdle)
    await hide()
    await eventually(async () => assert.strictEqual(await sandbox.countSockets(), 0))
    const since = showAgain()
    await eventually(() => assert.deepStrictEqual([since()[0]?.status, since().at(-1)?.status], ["loading", "live"]))
  })

  it("P7.2: is released with the provider, also if the client was given to it", async () => {
    await using sandbox = await openSandbox()
    await using client = await SignalWire({
      token: sandbox.ada.token,
      urls: { http: sandbox.info.http, ws: sandbox.info.ws },
      subscription: { idleTimeToLive: "10 millis" }
    })
    const statuses: Array<string> = []
    const Component = ({ addressId }: { readonly addressId: string | null }) => {
      statuses.push(useTimeline(addressId, { keepAlive: 3_600_000 }).status)
      return null
    }
    const root = createRoot(document.createElement("div"))
    const render = (addressId: string | null) =>
      root.render(
        createElement(
          StrictMode,
          null,
          createElement(SignalWireProvider, { client }, createElement(Component, { addressId }))
        )
      )
    render(sandbox.addressId)
    await eventually(() => assert.strictEqual(statuses.at(-1), "live"))
    render(null)
    await eventually(() => assert.strictEqual(statuses.at(-1), "loading"))
    assert.strictEqual(await sandbox.countSockets(), 1)
    root.unmount()
    await eventually(async () => assert.strictEqual(await sandbox.countSockets(), 0))
  })
})
