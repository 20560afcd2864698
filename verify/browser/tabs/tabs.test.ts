/** Pages as their readers have them: bundled, several at once, reloaded, without a network for a while. */
import { assert, beforeAll, describe, it } from "vitest"
import { eventually, heard, send, start, state } from "./support.ts"

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

  it("hear each other", async () => {
    const [ada, grace] = await Promise.all([world.open(world.ada.token), world.open(world.grace.token)])
    await eventually(async () =>
      assert.deepStrictEqual([await state(ada), await state(grace)], ["Connected", "Connected"])
    )
    await send(ada, "hello")
    await eventually(async () => assert.strictEqual((await heard(grace)).at(-1), "hello"))
    await send(grace, "hello yourself")
    await eventually(async () => {
      assert.deepStrictEqual((await heard(ada)).slice(-2), ["hello", "hello yourself"])
      assert.deepStrictEqual((await heard(grace)).slice(-2), ["hello", "hello yourself"])
    })
    await Promise.all([ada.context().close(), grace.context().close()])
  })

  it("dial again as soon as the browser is online, and miss nothing of what was said meanwhile", async () => {
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
      assert.strictEqual((await heard(ada)).filter((text) => text === "while you were away").length, 1)
    })
    await ada.context().close()
  })

  it("P8.1: say at once that they are offline, and that they are back", async () => {
    const ada = await world.open(world.ada.token)
    await eventually(async () => assert.strictEqual(await state(ada), "Connected"))
    // the browser leaves sockets open that it emulates no network for
    await ada.context().setOffline(true)
    assert.strictEqual(await ada.evaluate(() => document.querySelector("#state")?.textContent), "Reconnecting")
    await ada.context().setOffline(false)
    await eventually(async () => assert.strictEqual(await state(ada), "Connected"))
    await ada.context().close()
  })

  it("P4.6: send what was sent offline as soon as they are back, once", async () => {
    const [ada, grace] = await Promise.all([world.open(world.ada.token), world.open(world.grace.token)])
    await eventually(async () => assert.strictEqual(await state(ada), "Connected"))
    await ada.context().setOffline(true)
    await send(ada, "written offline")
    // long enough for the pauses between tries to have grown beyond what is waited for below
    await ada.waitForTimeout(8000)
    await ada.context().setOffline(false)
    await grace.locator("#heard li", { hasText: "written offline" }).waitFor({ timeout: 2000 })
    await eventually(async () =>
      assert.strictEqual((await heard(grace)).filter((text) => text === "written offline").length, 1)
    )
    await Promise.all([ada.context().close(), grace.context().close()])
  })

  it("P4.6: know that what was sent offline was not stored when its time is up", async () => {
    const ada = await world.open(world.ada.token, { sendDeadline: "1000" })
    await eventually(async () => assert.strictEqual(await state(ada), "Connected"))
    await ada.context().setOffline(true)
    await send(ada, "never sent")
    await eventually(async () =>
      assert.strictEqual(await ada.locator("#failure").textContent(), "Transport, stored: no")
    )
    await ada.context().close()
  })

  it("P1.6: that open during an outage show the conversation once it is over", async () => {
    await world.admin(({ setFaults }) =>
      setFaults([
        { match: { on: "connect" }, action: { type: "refuse" } },
        { match: { on: "http", method: "GET" }, action: { type: "answer", status: 503, body: {} } }
      ])
    )
    const ada = await world.open(world.ada.token)
    await eventually(async () => assert.strictEqual(await state(ada), "Reconnecting"))
    await ada.waitForTimeout(3000)
    assert.deepStrictEqual(await heard(ada), [])
    await world.admin(({ clearFaults }) => clearFaults)
    await eventually(async () => assert.include(await heard(ada), "hello"))
    await ada.context().close()
  })

  it("go on where they stood, with a cursor in localStorage", async () => {
    const { addressId } = world.office
    const say = (text: string) => world.admin(({ seed }) => seed([{ from: world.grace.id, addressId, text }]))
    const ada = await world.open(world.ada.token, { cursor: "reader" })
    await eventually(async () =>
      assert.isNotNull(await ada.evaluate(() => localStorage.getItem("effect-signalwire/cursor/reader")))
    )
    await say("before the reload")
    await eventually(async () => assert.deepStrictEqual(await heard(ada), ["before the reload"]))
    await say("the last one before the reload")
    await eventually(async () => assert.strictEqual((await heard(ada)).length, 2))
    const address = ada.url()
    await ada.goto("about:blank")
    await say("while the page was gone")
    await ada.goto(address)
    await say("after the reload")
    // what was handed out last may be handed out again; nothing before that is, and nothing is missing
    await eventually(async () => {
      const texts = (await heard(ada)).filter((text) => text !== "the last one before the reload")
      assert.deepStrictEqual(texts, ["while the page was gone", "after the reload"])
    })
    await ada.context().close()
  })
})
