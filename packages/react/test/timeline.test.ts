import { SignalWire } from "@effect-signalwire/promise"
import { SignalWireProvider, useConnection, useTimeline, type UseTimelineOptions } from "@effect-signalwire/react"
import { createElement, StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { assert, describe, it } from "vitest"
import { eventually, numbered, open, texts } from "./support.ts"

type World = Awaited<ReturnType<typeof open>>

const follow = async (world: World, options?: UseTimelineOptions) => {
  const rendered = world.render(() => useTimeline(world.addressId, options))
  await eventually(() => assert.strictEqual(rendered.current().status, "live"))
  return rendered
}

describe("useTimeline", () => {
  it("shows history at once, and then what happens", async () => {
    await using world = await open()
    await world.seed(world.ada.id, numbered(30))
    const { answers, current } = await follow(world)
    assert.deepStrictEqual(texts(current()), numbered(30))
    assert.isEmpty(answers.filter(({ messages }) => messages.length > 0 && messages.length < 30))
    await world.seed(world.grace.id, ["live"])
    await eventually(() => assert.deepStrictEqual(texts(current()), [...numbered(30), "live"]))
  })

  it("goes back to the beginning, page after page, and then says that there are none before", async () => {
    await using world = await open()
    await world.seed(world.ada.id, numbered(260))
    const { current } = await follow(world, { pageSize: 40 })
    assert.deepStrictEqual(texts(current()), numbered(260).slice(-100))
    assert.isTrue(current().hasOlder)
    // asked for twice, read once
    await Promise.all([current().loadOlder(), current().loadOlder()])
    await eventually(() => assert.isAbove(texts(current()).length, 100))
    assert.deepStrictEqual(texts(current()), numbered(260).slice(-texts(current()).length))
    while (current().hasOlder) {
      await current().loadOlder()
      await eventually(() => assert.isFalse(current().isLoadingOlder))
    }
    assert.deepStrictEqual(texts(current()), numbered(260))
  })

  it("knows that an empty conversation has none before", async () => {
    await using world = await open()
    const { current } = await follow(world)
    assert.deepStrictEqual([current().hasOlder, texts(current())], [false, []])
  })

  it("holds no more than it may, whichever way it goes", async () => {
    await using world = await open()
    await world.seed(world.ada.id, numbered(200))
    const { answers, current } = await follow(world, { capacity: 120, pageSize: 50 })
    await current().loadOlder()
    await eventually(() => assert.isTrue(current().hasNewer))
    assert.deepStrictEqual(texts(current()), numbered(120, 50))
    current().showLatest()
    await eventually(() => assert.deepStrictEqual(texts(current()), numbered(100, 100)))
    assert.isFalse(current().hasNewer)
    await world.seed(world.grace.id, numbered(50, 200))
    await eventually(() => assert.deepStrictEqual(texts(current()), numbered(120, 130)))
    assert.isAtMost(Math.max(...answers.map(({ messages }) => messages.length)), 120)
  })

  it("misses and repeats nothing when the socket breaks", async () => {
    await using world = await open()
    await world.seed(world.ada.id, ["before"])
    const { current } = world.render(() => ({ connection: useConnection(), timeline: useTimeline(world.addressId) }))
    await eventually(() => assert.strictEqual(current().timeline.status, "live"))
    for (const text of numbered(20)) {
      await world.drop(world.ada.id)
      await world.seed(world.grace.id, [text])
    }
    await eventually(() => {
      assert.deepStrictEqual(texts(current().timeline), ["before", ...numbered(20)])
      assert.strictEqual(current().connection._tag, "Connected")
    })
  })

  it("tells why older messages could not be read, and reads them when it is asked again", async () => {
    await using world = await open()
    await world.seed(world.ada.id, numbered(120))
    let isRefused = true
    const { current } = world.render(() => useTimeline(world.addressId), {
      fetch: async (input, init) =>
        isRefused && new Request(input).url.includes("until=")
          ? Response.json({}, { status: 403 })
          : fetch(input, init)
    })
    await eventually(() => assert.strictEqual(current().status, "live"))
    await current().loadOlder()
    await eventually(() => assert.containSubset(current().olderError, { reason: { _tag: "Forbidden" } }))
    isRefused = false
    await current().loadOlder()
    await eventually(() => assert.deepStrictEqual(texts(current()), numbered(120)))
    assert.isNull(current().olderError)
  })

  it("tells why it failed, and follows again when it is asked to", async () => {
    await using world = await open()
    await world.seed(world.ada.id, numbered(3))
    await world.setFaults({ match: { on: "http", method: "GET" }, action: { type: "answer", status: 403 } })
    const { current } = world.render(() => useTimeline(world.addressId))
    await eventually(() => assert.strictEqual(current().status, "failed"))
    assert.containSubset(current().error, { _tag: "ConversationError", reason: { _tag: "Forbidden" } })
    await world.setFaults()
    current().retry()
    await eventually(() => assert.deepStrictEqual(texts(current()), numbered(3)))
    assert.deepStrictEqual([current().status, current().error], ["live", null])
  })

  it("shows nothing of nobody", async () => {
    await using world = await open()
    const { current } = world.render(() => useTimeline(null))
    await eventually(() => assert.deepStrictEqual(texts(current()), []))
    await current().loadOlder()
    assert.strictEqual(current().status, "loading")
  })

  it("says that it failed when the client that it was given is closed", async () => {
    await using world = await open()
    const client = await SignalWire({ token: world.ada.token, urls: { http: world.info.http, ws: world.info.ws } })
    const seen: Array<ReturnType<typeof useTimeline>> = []
    const Component = () => {
      seen.push(useTimeline(world.addressId))
      return null
    }
    const root = createRoot(document.createElement("div"))
    root.render(createElement(SignalWireProvider, { client }, createElement(Component)))
    await eventually(() => assert.strictEqual(seen.at(-1)?.status, "live"))
    await client.disconnect()
    await eventually(() => {
      assert.strictEqual(seen.at(-1)?.status, "failed")
      assert.containSubset(seen.at(-1)?.error, { _tag: "ConversationError", reason: { _tag: "Closed" } })
    })
    root.unmount()
  })
})

describe("a conversation that was left", () => {
  /** A component that shows a conversation, leaves it, and comes back. */
  const visit = async (world: World, options: UseTimelineOptions, more = {}) => {
    let addressId: string | null = world.addressId
    const rendered = world.render(() => useTimeline(addressId, options), more)
    await eventually(() => assert.strictEqual(rendered.current().status, "live"))
    const show = (id: string | null) => {
      addressId = id
      rendered.rerender(more)
    }
    return {
      ...rendered,
      leave: async () => {
        show(null)
        await eventually(() => assert.deepStrictEqual(rendered.current().messages, []))
      },
      /** Answers what was shown from then on. */
      comeBack: () => {
        const before = rendered.answers.length
        show(world.addressId)
        return () => rendered.answers.slice(before)
      }
    }
  }
  const idleSoon = { subscription: { idleTimeToLive: "10 millis" } }

  it("P1.2: is there at once for who comes back, with what was said meanwhile", async () => {
    await using world = await open()
    await world.seed(world.ada.id, ["before"])
    const { comeBack, leave } = await visit(world, {}, idleSoon)
    await leave()
    await world.seed(world.grace.id, ["meanwhile"])
    const since = comeBack()
    await eventually(() =>
      assert.deepStrictEqual(since().at(-1)?.messages.map(({ text }) => text), ["before", "meanwhile"])
    )
    assert.isEmpty(since().filter(({ messages, status }) => status !== "live" || messages.length === 0))
  })

  it("shows the newest messages to who comes back, and not the old ones that were read last", async () => {
    await using world = await open()
    await world.seed(world.ada.id, numbered(200))
    const { comeBack, current, leave } = await visit(world, { capacity: 120 })
    await current().loadOlder()
    await eventually(() => assert.isTrue(current().hasNewer))
    await leave()
    const since = comeBack()
    await eventually(() => {
      assert.strictEqual(since().at(-1)?.messages.at(-1)?.text, "message 199")
      assert.isFalse(current().hasNewer)
    })
  })

  it("is followed anew by who comes back when it had failed", async () => {
    await using world = await open()
    await world.seed(world.ada.id, ["hello"])
    await world.setFaults({ match: { on: "http", method: "GET" }, action: { type: "answer", status: 403 } })
    let addressId: string | null = world.addressId
    const { current, rerender } = world.render(() => useTimeline(addressId))
    await eventually(() => assert.strictEqual(current().status, "failed"))
    addressId = null
    rerender()
    await eventually(() => assert.strictEqual(current().status, "loading"))
    await world.setFaults()
    addressId = world.addressId
    rerender()
    await eventually(() => assert.deepStrictEqual(texts(current()), ["hello"]))
  })

  it("P7.2: is let go of after its time", async () => {
    await using world = await open()
    const { comeBack, leave } = await visit(world, { keepAlive: 50 }, idleSoon)
    await leave()
    await eventually(async () => assert.strictEqual(await world.sockets(), 0))
    const since = comeBack()
    await eventually(() => assert.deepStrictEqual([since()[0]?.status, since().at(-1)?.status], ["loading", "live"]))
  })

  it("P7.2: is let go of with the provider, also when the client is somebody else's", async () => {
    await using world = await open()
    await using client = await SignalWire({
      token: world.ada.token,
      urls: { http: world.info.http, ws: world.info.ws },
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
    render(world.addressId)
    await eventually(() => assert.strictEqual(statuses.at(-1), "live"))
    render(null)
    await eventually(() => assert.strictEqual(statuses.at(-1), "loading"))
    assert.strictEqual(await world.sockets(), 1)
    root.unmount()
    await eventually(async () => assert.strictEqual(await world.sockets(), 0))
  })
})
