/** Bundled pages: several at once, offline, and after a reload. */
import { assert, beforeAll, describe, it } from "vitest"
import { eventually, receivedTexts, send, start, state } from "./support.ts"

describe("pages", () => {
  let world: Awaited<ReturnType<typeof start>>

  beforeAll(async () => {
    world = await start()
    const rooms = [world.ada, world.grace].map(({ id }) => ({
      from: id,
      addressId: world.office.addressId,
      text: "joined"
    }))
    await world.admin(({ seed }) => seed(rooms))
    return () => world[Symbol.asyncDispose]()
  })

  it("receive each other's messages", async () => {
    const [ada, grace] = await Promise.all([world.open(world.ada.token), world.open(world.grace.token)])
    await eventually(async () =>
      assert.deepStrictEqual([await state(ada), await state(grace)], ["Connected", "Connected"])
    )
    await send(ada, "hello")
    await eventually(async () => assert.strictEqual((await receivedTexts(grace)).at(-1), "hello"))
    await send(grace, "hello yourself")
    await eventually(async () => {
      assert.deepStrictEqual((await receivedTexts(ada)).slice(-2), ["hello", "hello yourself"])
      assert.deepStrictEqual((await receivedTexts(grace)).slice(-2), ["hello", "hello yourself"])
    })
    await Promise.all([ada.context().close(), grace.context().close()])
  })

  it("reconnect as soon as the browser is online, and receive the messages sent in the meantime", async () => {
    const ada = await world.open(world.ada.token)
    await eventually(async () => assert.strictEqual(await state(ada), "Connected"))
    await ada.context().setOffline(true)
    await world.admin(({ drop }) => drop({ subscriberId: world.ada.id }))
    await eventually(async () => assert.strictEqual(await state(ada), "Reconnecting"))
    await world.admin(({ seed }) =>
      seed([{ from: world.grace.id, addressId: world.office.addressId, text: "while you were away" }])
    )
    await ada.context().setOffline(false)
    await eventually(async () => {
      assert.strictEqual(await state(ada), "Connected")
      assert.strictEqual((await receivedTexts(ada)).filter((text) => text === "while you were away").length, 1)
    })
    await ada.context().close()
  })

  it("P8.1: report immediately that they are offline, and online again", async () => {
    const ada = await world.open(world.ada.token)
    await eventually(async () => assert.strictEqual(await state(ada), "Connected"))
    // an emulated offline browser keeps its sockets open
    await ada.context().setOffline(true)
    assert.strictEqual(await ada.evaluate(() => document.querySelector("#state")?.textContent), "Reconnecting")
    await ada.context().setOffline(false)
    await eventually(async () => assert.strictEqual(await state(ada), "Connected"))
    await ada.context().close()
  })

  it("P4.6: send offline messages once, as soon as they are online", async () => {
    const [ada, grace] = await Promise.all([world.open(world.ada.token), world.open(world.grace.token)])
    await eventually(async () => assert.strictEqual(await state(ada), "Connected"))
    await ada.context().setOffline(true)
    // Chromium keeps a processor busy while a socket is open and offline is emulated
    await world.admin(({ drop }) => drop({ subscriberId: world.ada.id }))
    await send(ada, "written offline")
    // long enough for the pauses between attempts to exceed the timeout below
    await ada.waitForTimeout(8000)
    await ada.context().setOffline(false)
    await grace.locator("#messages li", { hasText: "written offline" }).waitFor({ timeout: 2000 })
    await eventually(async () =>
      assert.strictEqual((await receivedTexts(grace)).filter((text) => text === "written offline").length, 1)
    )
    await Promise.all([ada.context().close(), grace.context().close()])
  })

  it("P4.6: report an offline message as not stored when its deadline has passed", async () => {
    const ada = await world.open(world.ada.token, { sendDeadline: "1000" })
    await eventually(async () => assert.strictEqual(await state(ada), "Connected"))
    await ada.context().setOffline(true)
    await world.admin(({ drop }) => drop({ subscriberId: world.ada.id }))
    await send(ada, "never sent")
    await eventually(async () =>
      assert.strictEqual(await ada.locator("#failure").textContent(), "Transport, stored: no")
    )
    await ada.context().close()
  })

  it("P1.6: that open in an outage show the conversation when it ends", async () => {
    await world.admin(({ setFaults }) =>
      setFaults([
        { match: { on: "connect" }, action: { type: "refuse" } },
        { match: { on: "http", method: "GET" }, action: { type: "answer", status: 503, body: {} } }
      ])
    )
    const ada = await world.open(world.ada.token)
    await eventually(async () => assert.strictEqual(await state(ada), "Reconnecting"))
    await ada.waitForTimeout(3000)
    assert.deepStrictEqual(await receivedTexts(ada), [])
    await world.admin(({ clearFaults }) => clearFaults)
    await eventually(async () => assert.include(await receivedTexts(ada), "hello"))
    await ada.context().close()
  })

  it("continue after a reload, with a cursor in localStorage", async () => {
    const { addressId } = world.office
    const sendFromGrace = (text: string) => world.admin(({ seed }) => seed([{ from: world.grace.id, addressId, text }]))
    const ada = await world.open(world.ada.token, { cursor: "reader" })
    await eventually(async () =>
      assert.isNotNull(await ada.evaluate(() => localStorage.getItem("effect-signalwire/cursor/reader")))
    )
    await sendFromGrace("before the reload")
    await eventually(async () => assert.deepStrictEqual(await receivedTexts(ada), ["before the reload"]))
    await sendFromGrace("the last one before the reload")
    await eventually(async () => assert.strictEqual((await receivedTexts(ada)).length, 2))
    const address = ada.url()
    await ada.goto("about:blank")
    await sendFromGrace("while the page was gone")
    await ada.goto(address)
    await sendFromGrace("after the reload")
    // only the last message may be delivered again, and none may be missing
    await eventually(async () => {
      const texts = (await receivedTexts(ada)).filter((text) => text !== "the last one before the reload")
      assert.deepStrictEqual(texts, ["while the page was gone", "after the reload"])
    })
    await ada.context().close()
  })
})
