import { useConnection, useTimeline, type UseTimelineOptions } from "@effect-signalwire/react"
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
})
