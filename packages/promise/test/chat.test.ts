/** `client.chat`: the same conversations, without the log entries of calls. */
import { assert, describe, it } from "vitest"
import { joinBoth, MessageRecorder, openSandbox } from "./support.ts"

/** A conversation with a log entry before, between and after its chat messages. */
const mixed = async (dialect: "address" | "group") => {
  const world = await openSandbox(dialect)
  const { ada, addressId, grace } = await joinBoth(world)
  const log = { from: world.ada.id, addressId, subtype: "log", kind: "call_started" }
  const chat = (text: string) => ({ from: world.grace.id, addressId, text })
  await world.admin.seed([log, chat("1"), log, log, log, chat("2"), log])
  return { world, ada, grace, addressId, log, chat }
}

describe.each(["address", "group"] as const)("chat, dialect %s", (dialect) => {
  it("reads chat messages of one conversation, and passes over pages without any", async () => {
    const { ada, addressId, world } = await mixed(dialect)
    await using _ = world
    const first = await ada.chat.getMessages({ addressId, pageSize: 1 })
    assert.deepStrictEqual(first.data.map(({ text }) => text), ["2"])
    const second = await first.nextPage()
    assert.deepStrictEqual(second?.data.map(({ text }) => text), ["1"])
    assert.isUndefined(await second?.nextPage())
    assert.deepStrictEqual((await second?.prevPage())?.data.map(({ text }) => text), ["2"])
  })

  it("reads chat messages of all conversations", async () => {
    const { ada, world } = await mixed(dialect)
    await using _ = world
    const texts: Array<string | null> = []
    for await (const { text } of await ada.chat.getMessages({ pageSize: 2 })) texts.push(text)
    assert.deepStrictEqual(texts, ["2", "1"])
  })

  it("calls back for chat messages of the conversation that is asked for", async () => {
    const { ada, addressId, chat, grace, log, world } = await mixed(dialect)
    await using _ = world
    const elsewhere = await world.admin.createRoom({ name: "elsewhere" })
    const [here, everywhere] = [new MessageRecorder(), new MessageRecorder()]
    await ada.chat.subscribe(here.push, { addressId })
    await ada.chat.subscribe(everywhere.push)
    await ada.chat.join({ addressId: elsewhere.addressId })
    await grace.chat.sendMessage({ addressId: elsewhere.addressId, text: "there" })
    await world.admin.seed([log, chat("here")])
    assert.deepStrictEqual(await here.waitForText("here"), ["here"])
    assert.deepStrictEqual(await everywhere.waitForText("here"), ["there", "here"])
  })

  it("takes the callback among the options too, as the vendor's own clients do", async () => {
    const { ada, addressId, chat, grace, log, world } = await mixed(dialect)
    await using _ = world
    const elsewhere = await world.admin.createRoom({ name: "elsewhere" })
    const here = new MessageRecorder()
    const { unsubscribe } = await ada.chat.subscribe({ addressId, onMessage: here.push })
    await ada.chat.join({ addressId: elsewhere.addressId })
    await grace.chat.sendMessage({ addressId: elsewhere.addressId, text: "there" })
    await world.admin.seed([log, chat("here")])
    assert.deepStrictEqual(await here.waitForText("here"), ["here"])
    await unsubscribe()
  })
})
