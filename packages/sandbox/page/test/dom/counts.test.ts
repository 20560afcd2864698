import { assert, describe, it } from "vitest"
import { eventually, seed } from "../support.ts"
import {
  all,
  bothShow,
  connected,
  expectAllDelivered,
  isShown,
  messages,
  open,
  pane,
  press,
  respond,
  shows,
  tally,
  texts,
  unresponsive,
  write
} from "./support.ts"

const success = "No message was lost or duplicated."

describe("the message counts of the page", () => {
  it("report that no message was lost only while none is pending", async () => {
    await using _ = await open()
    await write("left", "one")
    await expectAllDelivered(1)
    {
      // the message is written before the page knows that the sockets were dropped
      using _ = respond("/sessions/drop", async (forward) => {
        const response = await forward()
        await bothShow(["ada one", "ada two"])
        return response
      })
      await press("Drop the sockets")
      await write("left", "two")
      await shows(success)
    }
    await press("503 for ten seconds")
    await write("left", "three")
    await shows("Waiting for 1 message.")
    assert.isFalse(isShown(success))
    await press("Clear faults")
    await shows(success)
    await expectAllDelivered(3)
  })

  it("report the messages that were not stored, and start from zero, when the sandbox is restarted without its data", async () => {
    await using world = await open()
    await write("left", "stored")
    await expectAllDelivered(1)
    await press("Lose the next response")
    const notice = /There will be no response to the next message/
    await shows(notice)
    await world.sandbox.stop()
    await shows(unresponsive)
    await write("left", "in the outage")
    await write("right", "and another")
    await world.restart()
    const restarted = "The sandbox was restarted without its data; 2 messages were not stored."
    await shows(restarted)
    // the notice is about the previous server
    assert.isFalse(isShown(notice))
    assert.strictEqual(tally()["sent"], 0)
    await connected()
    await write("right", "after the restart")
    await bothShow(["grace after the restart"])
    await expectAllDelivered(1)
    await eventually(() => assert.isFalse(isShown(restarted)))
  })

  it("do not count a message as lost that the panes have shown and no longer keep", async () => {
    await using world = await open()
    await write("left", "early")
    await expectAllDelivered(1)
    for (let part = 0; part < 11; part++) {
      await seed(world.sandbox, Array.from({ length: 100 }, (_, index) => `${part} ${index}`))
    }
    await eventually(() => {
      for (const side of ["left", "right"] as const) {
        const shown = messages(side)
        assert.strictEqual(shown.at(-1), "ada 10 99")
        assert.notInclude(shown, "ada early")
      }
    })
    await expectAllDelivered(1)
  })

  it("do not offer to retry a send that cannot succeed", async () => {
    await using _ = await open()
    await write("left", "x".repeat(10_001))
    const buttons = () => texts(all("[role=alert] button", pane("left")))
    await eventually(() => assert.deepStrictEqual(buttons(), ["Discard"]))
  })
})

describe("a busy page", () => {
  it("renders many messages together", async () => {
    await using world = await open()
    let renders = 0
    const observer = new MutationObserver(() => renders++)
    for (const list of all("[role=log] ol", pane("left"))) observer.observe(list, { childList: true })
    for (let part = 0; part < 10; part++) {
      await seed(world.sandbox, Array.from({ length: 20 }, (_, index) => `${part} ${index}`))
    }
    await eventually(() => assert.strictEqual(messages("left").length, 200))
    observer.disconnect()
    assert.isAbove(renders, 0)
    assert.isBelow(renders, 100)
  })
})
