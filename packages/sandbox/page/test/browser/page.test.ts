import { assert, describe, it } from "vitest"
import { decodeLog } from "../../src/admin/models.ts"
import { adminGet, eventually } from "../support.ts"
import {
  bothShow,
  connected,
  expectAllDelivered,
  isWide,
  messages,
  notice,
  open,
  press,
  rows,
  takeScreenshot,
  violations,
  write
} from "./support.ts"

describe.concurrent("the page", () => {
  it("lets the user drop the sockets and see that no message is lost", async () => {
    await using world = await open()
    const { page, sandbox } = world
    const steps = page.locator(".guide li[data-done=true]")
    assert.strictEqual(await steps.count(), 0)
    await write(page, "left", "before")
    await bothShow(page, ["ada before"])
    await eventually(async () => assert.strictEqual(await steps.count(), 1))
    await press(page, "Drop the sockets")
    // immediately, while there may be no connection
    await write(page, "left", "during")
    await write(page, "right", "after")
    await eventually(async () => assert.strictEqual(await steps.count(), 3))
    await expectAllDelivered(page, 3)
    await page.getByText("No message was lost or duplicated.").waitFor()
    assert.sameMembers(await messages(page, "left"), ["ada before", "ada during", "grace after"])
    assert.deepStrictEqual(await messages(page, "right"), await messages(page, "left"))
    const { entries } = await adminGet(sandbox, "/log", decodeLog)
    const sockets = (on: "opened" | "closed") => entries.filter((entry) => entry.on === on).length
    assert.isAtLeast(sockets("closed"), 2)
    assert.strictEqual(sockets("opened") - sockets("closed"), 2)
    await takeScreenshot(page, "light")
  })

  it("can be used with the keyboard only", async () => {
    await using world = await open()
    const { page } = world
    const focused = () =>
      page.evaluate(() => {
        const { activeElement } = document
        return activeElement === document.body ? "" : activeElement?.getAttribute("aria-label") ??
          activeElement?.textContent ?? ""
      })
    /** Presses Tab until an element has the focus. */
    const tabTo = async (name: string) => {
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press("Tab")
        if ((await focused()).startsWith(name)) return
      }
      assert.fail(`Tab does not lead to ${name}`)
    }
    await tabTo("Message from ada to office")
    await page.keyboard.type("typed, not clicked")
    await page.keyboard.press("Enter")
    await bothShow(page, ["ada typed, not clicked"])
    await tabTo("Drop the sockets")
    const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert.strictEqual(outline, "solid")
    await page.keyboard.press("Enter")
    await eventually(async () => assert.strictEqual(await notice(page), "Dropped 2 sockets."))
    await tabTo("Entries")
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowDown")
    const chosen = page.locator("[role=option][aria-selected=true]")
    assert.strictEqual(await chosen.getAttribute("id"), await rows(page).nth(1).getAttribute("id"))
    await tabTo("The entry as JSON")
    // the focus reaches the end of the page and returns to its beginning
    for (const table of ["subscribers", "rooms", "sessions"]) await tabTo(`Table of ${table}`)
    await tabTo("Messages in office as ada")
  })

  it("has no accessibility violations in light and dark mode", async () => {
    await using world = await open({ view: { colorScheme: "light" } })
    const { page } = world
    assert.deepStrictEqual(await violations(page), [])
    await write(page, "left", "Has anybody seen my punched cards?")
    await bothShow(page, ["ada Has anybody seen my punched cards?"])
    await press(page, "503 for ten seconds")
    await write(page, "right", "The ones that were sorted?")
    await page.getByText("sending…").waitFor()
    await rows(page).filter({ hasText: "fault: answer" }).first().click()
    await takeScreenshot(page, "faults-light")
    assert.deepStrictEqual(await violations(page), [])
    await page.emulateMedia({ colorScheme: "dark" })
    await takeScreenshot(page, "faults-dark")
    assert.deepStrictEqual(await violations(page), [])
    await expectAllDelivered(page, 2)
    await takeScreenshot(page, "delivered-dark")
    await page.route("**/_sandbox/**", (route) => route.abort())
    await page.getByText("The sandbox does not respond; trying again…").waitFor()
    await takeScreenshot(page, "down")
    assert.deepStrictEqual(await violations(page), [])
  })

  it("fits the screen of a phone", async () => {
    await using world = await open({ view: { width: 390, height: 780, hasTouch: true } })
    const { page } = world
    await write(page, "left", `supercalifragilisticexpialidocious${"!".repeat(100)}`)
    await expectAllDelivered(page, 1)
    await press(page, "503 for ten seconds")
    await rows(page).first().click()
    assert.isTrue(await page.evaluate(() => matchMedia("(pointer: coarse)").matches))
    for (const width of [390, 320]) {
      await page.setViewportSize({ width, height: 780 })
      assert.isFalse(await isWide(page))
      await takeScreenshot(page, `phone-${width}`)
    }
    assert.deepStrictEqual(await violations(page), [])
  })

  it("keeps the wire log off when the page is reloaded", async () => {
    await using world = await open()
    const { page, sandbox } = world
    await page.getByRole("switch", { name: "Record" }).click()
    await page.getByText("Recording is off, including --log.").waitFor()
    await page.reload()
    await connected(page)
    await page.getByText("Recording is off, including --log.").waitFor()
    assert.isFalse((await adminGet(sandbox, "/log", decodeLog)).enabled)
  })

  it("does not report an unresponsive sandbox when the page itself was busy", async () => {
    await using world = await open()
    const { page } = world
    // a synchronous request keeps the page busy for longer than the deadline of its other requests
    const busy = "/_sandbox/busy"
    await page.route(`**${busy}`, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 5500))
      await route.fulfill({ body: "" })
    })
    const wasShown = await page.evaluate(async (busy) => {
      const { fetch } = globalThis
      const down = document.querySelector(".down")
      let wasShown = false
      const observer = new MutationObserver(() => {
        wasShown ||= down?.textContent !== ""
      })
      if (down !== null) observer.observe(down, { childList: true, subtree: true, characterData: true })
      // busy from the start of a request, then idle for two polls
      await new Promise<void>((resolve) => {
        let requests = 0
        globalThis.fetch = (input, init) => {
          const response = fetch(input, init)
          if (!new Request(input).url.endsWith("/sessions")) return response
          if (requests++ === 0) {
            const request = new XMLHttpRequest()
            request.open("GET", busy, false)
            request.send()
          }
          if (requests === 3) resolve()
          return response
        }
      })
      globalThis.fetch = fetch
      return wasShown
    }, busy)
    assert.isFalse(wasShown)
  })
})
