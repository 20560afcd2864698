import { assert, describe, it } from "vitest"
import * as Window from "../src/internal/window.ts"

const message = (ts: number, id = `m${ts}`): Window.Message => ({
  id,
  ts,
  conversation_id: "conversation",
  user_id: null,
  address_id: null,
  from_address_id: null,
  type: "message",
  subtype: "chat",
  kind: null,
  text: id,
  metadata: {},
  details: {},
  client_id: null
})

const ids = (window: Window.Window): ReadonlyArray<string> => window.entries().map(({ message }) => message.id)

const admit = (window: Window.Window, ...all: ReadonlyArray<Window.Message>) => {
  for (const one of all) window.admit(one, one.id)
}

describe("a window of messages", () => {
  it("puts one that was late where it belongs, by time and then by id", () => {
    const window = Window.make(10)
    admit(window, message(1), message(3, "a"), message(3, "c"), message(4), message(3, "b"), message(2))
    assert.deepStrictEqual(ids(window), ["m1", "m2", "a", "b", "c", "m4"])
  })

  it("holds each message once", () => {
    const window = Window.make(10)
    admit(window, message(1), message(1), message(2))
    window.admitOlder([message(0), message(1)], false)
    assert.deepStrictEqual(ids(window), ["m0", "m1", "m2"])
  })

  it("lets go of the oldest for what is new, and then knows that there are older ones", () => {
    const window = Window.make(3)
    window.isWhole()
    admit(window, message(1), message(2), message(3))
    assert.isFalse(window.hasOlder())
    admit(window, message(4))
    assert.deepStrictEqual(ids(window), ["m2", "m3", "m4"])
    assert.isTrue(window.hasOlder())
    // and takes it in again when it is read
    assert.isFalse(window.has("m1"))
  })

  it("lets go of the newest for what is older, and takes in nothing new from then on", () => {
    const window = Window.make(3)
    admit(window, message(4), message(5), message(6))
    window.admitOlder([message(3), message(2)], true)
    assert.deepStrictEqual(ids(window), ["m2", "m3", "m4"])
    assert.isTrue(window.hasNewer())
    admit(window, message(7))
    assert.deepStrictEqual(ids(window), ["m2", "m3", "m4"])
  })

  it("leaves one that was late, and stands before all, to the reading of older ones", () => {
    const window = Window.make(3)
    admit(window, message(5), message(2))
    assert.deepStrictEqual(ids(window), ["m5"])
    window.admitOlder([message(4), message(2)], false)
    assert.deepStrictEqual(ids(window), ["m2", "m4", "m5"])
  })
})
