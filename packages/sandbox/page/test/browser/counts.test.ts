import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { assert, describe, it } from "vitest"
import {
  adminSend,
  bothShow,
  connected,
  eventually,
  expectAllDelivered,
  messages,
  open,
  openProcess,
  pane,
  press,
  tally,
  write
} from "./support.ts"

const success = "No message was lost or duplicated."

describe.concurrent("the message counts of the page", () => {
  it("report that no message was lost only while none is pending", async () => {
    await using world = await open()
    const { page } = world
    await write(page, "left", "one")
    await expectAllDelivered(page, 1)
    // the message is written before the page knows that the sockets were dropped
    await page.route("**/_sandbox/sessions/drop", async (route) => {
      const response = await route.fetch()
      await bothShow(page, ["ada one", "ada two"])
      await route.fulfill({ response })
    })
    await press(page, "Drop the sockets")
    await write(page, "left", "two")
    await page.getByText(success).waitFor()
    await press(page, "503 for ten seconds")
    await write(page, "left", "three")
    await page.getByText("Waiting for 1 message.").waitFor()
    assert.strictEqual(await page.getByText(success).count(), 0)
    await press(page, "Clear faults")
    await page.getByText(success).waitFor()
    await expectAllDelivered(page, 3)
  })

  it("report the messages that were not stored, and start from zero, when the sandbox is restarted without its data", async () => {
    await using first = await openProcess()
    const { page, port } = first
    await write(page, "left", "stored")
    await expectAllDelivered(page, 1)
    await press(page, "Lose the next response")
    const notice = page.getByText("There will be no response to the next message")
    await notice.waitFor()
    await first.stop("SIGKILL")
    await page.getByText("The sandbox does not respond; trying again…").waitFor()
    await write(page, "left", "in the outage")
    await write(page, "right", "and another")
    await using second = await SandboxProcess.start(["--port", port])
    const restarted = page.getByText("The sandbox was restarted without its data; 2 messages were not stored.")
    await restarted.waitFor()
    // the notice is about the previous server
    assert.strictEqual(await notice.count(), 0)
    assert.strictEqual((await tally(page))["sent"], 0)
    await connected(page)
    await write(page, "right", "after the restart")
    await bothShow(page, ["grace after the restart"])
    await expectAllDelivered(page, 1)
    await restarted.waitFor({ state: "detached" })
    assert.strictEqual(second.info.http, first.info.http)
  })

  it("do not count a message as lost that the panes have shown and no longer keep", async () => {
    await using world = await open()
    const { page, sandbox } = world
    await write(page, "left", "early")
    await expectAllDelivered(page, 1)
    const [ada] = sandbox.subscribers
    for (let part = 0; part < 11; part++) {
      await adminSend(sandbox, "POST", "/messages", {
        messages: Array.from({ length: 100 }, (_, index) => ({
          from: ada?.id,
          addressId: sandbox.rooms[0]?.addressId,
          text: `${part} ${index}`
        }))
      })
    }
    await eventually(async () => {
      for (const side of ["left", "right"] as const) {
        assert.strictEqual(await pane(page, side).getByText("10 99", { exact: false }).count(), 1)
        assert.strictEqual(await pane(page, side).getByText("early").count(), 0)
      }
    })
    await expectAllDelivered(page, 1)
  })

  it("do not offer to retry a send that cannot succeed", async () => {
    await using world = await open()
    const { page } = world
    await write(page, "left", "x".repeat(10_001))
    const failed = pane(page, "left").getByRole("alert")
    await failed.waitFor()
    assert.deepStrictEqual(await failed.getByRole("button").allInnerTexts(), ["Discard"])
    assert.isTrue(
      await failed.evaluate((element) => {
        const { bottom } = element.getBoundingClientRect()
        return bottom <= (element.closest("[role=log]")?.getBoundingClientRect().bottom ?? 0)
      })
    )
  })
})

describe.concurrent("a busy page", () => {
  it("renders many messages together", async () => {
    await using world = await open()
    const { page, sandbox } = world
    const drawnAt = await page.evaluateHandle(() => {
      const drawnAt: Array<number> = []
      const observer = new MutationObserver(() => drawnAt.push(performance.now()))
      const log = document.querySelector("[role=log] ol")
      if (log !== null) observer.observe(log, { childList: true })
      return drawnAt
    })
    const [ada] = sandbox.subscribers
    for (let part = 0; part < 10; part++) {
      await adminSend(sandbox, "POST", "/messages", {
        messages: Array.from({ length: 20 }, (_, index) => ({
          from: ada?.id,
          addressId: sandbox.rooms[0]?.addressId,
          text: `${part} ${index}`
        }))
      })
    }
    await eventually(async () => assert.strictEqual((await messages(page, "left")).length, 200))
    // at most ten times per second
    const times = await drawnAt.evaluate((times) => times)
    assert.isAtLeast(Math.min(...times.slice(1).map((at, index) => at - (times[index] ?? 0))), 75)
  })

  it("does not report an unresponsive sandbox when the page itself was busy", async () => {
    await using world = await open()
    const { page } = world
    const wasShown = await page.evaluate(async () => {
      const { fetch } = globalThis
      const down = document.querySelector(".down")
      let wasShown = false
      const observer = new MutationObserver(() => {
        wasShown ||= down?.textContent !== ""
      })
      if (down !== null) observer.observe(down, { childList: true, subtree: true, characterData: true })
      // busy from the start of a request until after its deadline, then idle for two polls
      await new Promise<void>((resolve) => {
        let requests = 0
        globalThis.fetch = (input, init) => {
          const response = fetch(input, init)
          if (!new Request(input).url.endsWith("/sessions")) return response
          if (requests++ === 0) {
            const end = performance.now() + 5500
            while (performance.now() < end);
          }
          if (requests === 3) resolve()
          return response
        }
      })
      globalThis.fetch = fetch
      return wasShown
    })
    assert.isFalse(wasShown)
  })
})
