import { assert, describe, it } from "vitest"
import * as MessageWindow from "../src/internal/messageWindow.ts"
import { message } from "./fixtures.ts"

const ids = (window: MessageWindow.MessageWindow): ReadonlyArray<string> =>
  window.entries().map(({ message }) => message.id)

const add = (window: MessageWindow.MessageWindow, ...all: ReadonlyArray<MessageWindow.Message>) => {
  for (const one of all) window.add(one, one.id)
}

describe("a window of messages", () => {
  it("inserts a late message by time, then by id", () => {
    const window = MessageWindow.make(10)
    add(window, message(1), message(3, "a"), message(3, "c"), message(4), message(3, "b"), message(2))
    assert.deepStrictEqual(ids(window), ["m1", "m2", "a", "b", "c", "m4"])
  })

  it("orders messages of one second, and of the same time", () => {
    const window = MessageWindow.make(10)
    add(window, message(1.75, "late"), message(1.5, "b"), message(1.5, "a"), message(1.25, "early"))
    assert.deepStrictEqual(ids(window), ["late"])
    window.addOlder([message(1.5, "b"), message(1.25, "early"), message(1.5, "c"), message(1.5, "a")], false)
    add(window, message(1.6, "between"))
    assert.deepStrictEqual(ids(window), ["early", "a", "b", "c", "between", "late"])
    assert.strictEqual(window.oldest()?.id, "early")
  })

  it("has no oldest message while it is empty", () => {
    assert.isUndefined(MessageWindow.make(10).oldest())
  })

  it("holds messages as stored, with the key that they are shown with", () => {
    const window = MessageWindow.make(10)
    const hello = message(1, "m1", { text: "hello", metadata: { tone: "casual" }, details: { count: 1 } })
    const before = message(0, "m0", { text: null })
    window.add(hello, "key")
    window.addOlder([before], false)
    const noDetails = { metadata: {}, details: {} }
    assert.deepStrictEqual(window.entries(), [
      { status: "stored", key: "m0", text: null, ...noDetails, message: before },
      {
        status: "stored",
        key: "key",
        text: "hello",
        metadata: { tone: "casual" },
        details: { count: 1 },
        message: hello
      }
    ])
  })

  it("adds new messages after older ones were added", () => {
    const window = MessageWindow.make(5)
    add(window, message(3), message(4))
    window.addOlder([message(2), message(1)], true)
    assert.deepStrictEqual([window.hasOlder(), window.hasNewer()], [true, false])
    add(window, message(5))
    assert.deepStrictEqual(ids(window), ["m1", "m2", "m3", "m4", "m5"])
    assert.isTrue(window.has("m5"))
  })

  it("inserts a late message before the first one when it has all older ones", () => {
    const window = MessageWindow.make(3)
    add(window, message(5))
    window.markComplete()
    add(window, message(2))
    assert.deepStrictEqual(ids(window), ["m2", "m5"])
  })

  it("holds each message once", () => {
    const window = MessageWindow.make(10)
    add(window, message(1), message(1), message(2))
    window.addOlder([message(0), message(1)], false)
    add(window, message(0))
    window.addOlder([message(0)], false)
    assert.deepStrictEqual(ids(window), ["m0", "m1", "m2"])
  })

  it("drops the oldest message for a new one, and then has older ones", () => {
    const window = MessageWindow.make(3)
    window.markComplete()
    add(window, message(1), message(2), message(3))
    assert.isFalse(window.hasOlder())
    add(window, message(4))
    assert.deepStrictEqual(ids(window), ["m2", "m3", "m4"])
    assert.isTrue(window.hasOlder())
    // it can be added again
    assert.isFalse(window.has("m1"))
  })

  it("drops the newest messages for older ones, and then adds no new ones", () => {
    const window = MessageWindow.make(3)
    add(window, message(4), message(5), message(6))
    window.addOlder([message(3), message(2)], true)
    assert.deepStrictEqual(ids(window), ["m2", "m3", "m4"])
    assert.isTrue(window.hasNewer())
    assert.deepStrictEqual([4, 5, 6].map((n) => window.has(`m${n}`)), [true, false, false])
    add(window, message(7))
    assert.deepStrictEqual(ids(window), ["m2", "m3", "m4"])
  })

  it("ignores a late message before the first one, which is loaded with the older ones", () => {
    const window = MessageWindow.make(3)
    add(window, message(5), message(2))
    assert.deepStrictEqual(ids(window), ["m5"])
    window.addOlder([message(4), message(2)], false)
    assert.deepStrictEqual(ids(window), ["m2", "m4", "m5"])
    assert.deepStrictEqual([window.hasOlder(), window.hasNewer()], [false, false])
  })
})
