/** Client ids: given with a message, told by a timeline, and seen by nobody else. */
import { assert, describe, it } from "vitest"
import { meet, open } from "./support.ts"

describe("a client id", () => {
  it("is told by a timeline, from history and as it happens, and is no part of the message", async () => {
    await using world = await open()
    const { ada, addressId, grace } = await meet(world)
    await ada.conversation.sendMessage({ addressId, text: "stored", clientId: "first", metadata: { mine: true } })
    const told: Array<readonly [string | null, string | null]> = []
    for await (const event of grace.conversation.timeline({ addressId })) {
      if (event._tag === "CaughtUp") {
        await ada.conversation.sendMessage({ addressId, text: "live", clientId: "second" })
      }
      if (event._tag !== "Message") continue
      told.push([event.message.text, event.clientId])
      assert.notInclude(JSON.stringify(event.message), event.clientId ?? "")
      if (event.message.text === "live") break
    }
    assert.deepStrictEqual(told, [["stored", "first"], ["live", "second"]])
  })

  it("is null for a message that carries none", async () => {
    await using world = await open()
    const { addressId, grace } = await meet(world)
    await world.admin.seed([{ from: world.ada.id, addressId, text: "from elsewhere" }])
    const told: Array<string | null> = []
    for await (const event of grace.conversation.timeline({ addressId })) {
      if (event._tag === "CaughtUp") break
      if (event._tag === "Message") told.push(event.clientId)
    }
    assert.deepStrictEqual(told, [null])
  })
})
