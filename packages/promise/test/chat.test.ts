/** `client.chat`: conversations without the log entries of calls. */
import { assert, describe, it } from "vitest"
import { joinBoth, MessageRecorder, openSandbox } from "./support.ts"

/** A conversation with log entries before, between and after its chat messages. */
const openMixed = async (dialect: "address" | "group") => {
  const sandbox = await openSandbox(dialect)
  const { ada, addressId, grace } = await joinBoth(sandbox)
  const log = { from: sandbox.ada.id, addressId, subtype: "log", kind: "call_started" }
  const chat = (text: string) => ({ from: sandbox.grace.id, addressId, text })
  await sandbox.admin.seed([log, chat("1"), log, log, log, chat("2"), log])
  return { sandbox, ada, grace, addressId, log, chat }
}

describe.each(["address", "group"] as const)("chat, dialect %s", (dialect) => {
  it("reads the chat messages of one conversation, and skips pages without any", async () => {
    const { ada, addressId, sandbox } = await openMixed(dialect)
    await using _ = sandbox
    const first = await ada.chat.getMessages({ addressId, pageSize: 1 })
    assert.deepStrictEqual(first.data.map(({ text }) => text), ["2"])
    const second = await first.nextPage()
    assert.deepStrictEqual(second?.data.map(({ text }) => text), ["1"])
    assert.isUndefined(await second?.nextPage())
    assert.deepStrictEqual((await second?.prevPage())?.data.map(({ text }) => text), ["2"])
  })

  it("reads the chat messages of all conversations", async () => {
    const { ada, sandbox } = await openMixed(dialect)
    await using _ = sandbox
    const texts: Array<string | null> = []
    for await (const { text } of await ada.chat.getMessages({ pageSize: 2 })) texts.push(text)
    assert.deepStrictEqual(texts, ["2", "1"])
  })

  it("calls back for the chat messages of the given conversation", async () => {
    const { ada, addressId, chat, grace, log, sandbox } = await openMixed(dialect)
    await using _ = sandbox
    const elsewhere = await sandbox.admin.createRoom({ name: "elsewhere" })
    const [here, everywhere] = [new MessageRecorder(), new MessageRecorder()]
    await ada.chat.subscribe(here.push, { addressId })
    await ada.chat.subscribe(everywhere.push)
    await ada.chat.join({ addressId: elsewhere.addressId })
    await grace.chat.sendMessage({ addressId: elsewhere.addressId, text: "there" })
    await sandbox.admin.seed([log, chat("here")])
    assert.deepStrictEqual(await here.waitForText("here"), ["here"])
    assert.deepStrictEqual(await everywhere.waitForText("here"), ["there", "here"])
  })

  it("accepts the callback among the options, as SignalWire's own clients do", async () => {
    const { ada, addressId, chat, grace, log, sandbox } = await openMixed(dialect)
    await using _ = sandbox
    const elsewhere = await sandbox.admin.createRoom({ name: "elsewhere" })
    const here = new MessageRecorder()
    const { unsubscribe } = await ada.chat.subscribe({ addressId, onMessage: here.push })
    await ada.chat.join({ addressId: elsewhere.addressId })
    await grace.chat.sendMessage({ addressId: elsewhere.addressId, text: "there" })
    await sandbox.admin.seed([log, chat("here")])
    assert.deepStrictEqual(await here.waitForText("here"), ["here"])
    await unsubscribe()
  })
})
