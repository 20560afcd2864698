import type { Page } from "playwright"
import { assert, describe, test } from "vitest"
import { adminSend, eventually } from "../support.ts"
import { bothShow, connected, open, pane, press, rows, takeScreenshot, write } from "./support.ts"

/** Returns the elements that overflow the page or their section. */
const overflowing = (page: Page): Promise<Array<string>> =>
  page.evaluate(() =>
    [...document.querySelectorAll("select, input, button, h2, h3, p, .pane, .table")].filter((element) => {
      if (element.closest(".hidden, .scroll, .entries") !== null) return false
      const { left, right } = element.getBoundingClientRect()
      const container = element.parentElement?.closest(".pane, main > section, .table")?.getBoundingClientRect()
      return left < (container?.left ?? 0) - 1 || right > (container?.right ?? innerWidth) + 1
    }).map(({ className, outerHTML }) => className || outerHTML.slice(0, 80))
  )

const named = (name: string, length: number) => name.padEnd(length, "-and-so-on")
const lengths = [25, 60, 200]

/** A page whose sandbox has names of every length. */
// oxlint-disable-next-line no-empty-pattern -- vitest requires a pattern, even for a fixture that uses no other
const it = test.extend("named", { scope: "file" }, async ({}, { onCleanup }) => {
  const world = await open({
    sandbox: {
      subscribers: lengths.flatMap((length) => [named("ada", length), named("grace", length)]),
      rooms: lengths.map((length) => named("office", length))
    }
  })
  onCleanup(() => world[Symbol.asyncDispose]())
  return world
})

describe("the page", () => {
  it.for(lengths)("fits names of %i characters, on a desktop and on a phone", async (length, { named: { page } }) => {
    const [ada, grace, office] = [named("ada", length), named("grace", length), named("office", length)]
    await page.setViewportSize({ width: 1280, height: 900 })
    for (const [side, name] of [["left", ada], ["right", grace]] as const) {
      await pane(page, side).getByLabel("Act as").selectOption(name)
      await pane(page, side).getByLabel("Conversation").selectOption(office)
    }
    await connected(page)
    await write(page, "left", "hello")
    await bothShow(page, [`${ada} hello`])
    await page.locator(".faults").getByLabel("For").selectOption(ada)
    await press(page, "503 for ten seconds")
    await rows(page).first().click()
    await eventually(async () => assert.include(await page.locator(".active").innerText(), `for ${ada.slice(0, 30)}`))
    for (const width of [1280, 320]) {
      await page.setViewportSize({ width, height: 900 })
      await takeScreenshot(page, `names-${length}-${width}`)
      assert.isAtMost(await page.evaluate(() => document.documentElement.scrollWidth), width)
      assert.deepStrictEqual(await overflowing(page), [])
    }
    await press(page, "Clear faults")
  })

  it("shows all columns of sessions, and explains those without a socket", async () => {
    await using world = await open({ view: { width: 1280, height: 900 } })
    const { page, sandbox } = world
    await write(page, "left", "hello")
    await bothShow(page, ["ada hello"])
    const note = page.getByText("A session without a socket is kept for a while, so that its client can resume it.")
    assert.strictEqual(await note.count(), 0)
    await adminSend(sandbox, "PUT", "/faults", {
      rules: [{
        match: { on: "frame", direction: "out", method: "signalwire.connect" },
        action: { type: "close" },
        times: 1
      }]
    })
    await press(page, "Drop the sockets")
    await note.waitFor()
    const sessions = page.getByRole("group", { name: "Table of sessions" })
    assert.isTrue(await sessions.evaluate(({ clientWidth, scrollWidth }) => scrollWidth <= clientWidth))
    const heights = await page.locator(".table").evaluateAll((all) => all.map(({ clientHeight }) => clientHeight))
    assert.isBelow(heights[1] ?? Infinity, heights[2] ?? 0)
    await takeScreenshot(page, "sessions")
  })
})
