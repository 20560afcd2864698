import type { Page } from "playwright"
import { assert, describe, it } from "vitest"
import { adminSend, bothShow, eventually, open, press, rows, takeScreenshot, write } from "./support.ts"

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

describe.concurrent("the page", () => {
  it.each([25, 60, 200])("fits names of %i characters, on a desktop and on a phone", async (length) => {
    const named = (name: string) => name.padEnd(length, "-and-so-on")
    await using world = await open({
      sandbox: { subscribers: [named("ada"), named("grace")], rooms: [named("office")] }
    })
    const { page } = world
    await write(page, "left", "hello")
    await bothShow(page, [`${named("ada")} hello`])
    await page.locator(".faults").getByLabel("For").selectOption(named("ada"))
    await press(page, "503 for ten seconds")
    await rows(page).first().click()
    await eventually(async () =>
      assert.include(await page.locator(".active").innerText(), `for ${named("ada").slice(0, 30)}`)
    )
    for (const width of [1280, 320]) {
      await page.setViewportSize({ width, height: 900 })
      await takeScreenshot(page, `names-${length}-${width}`)
      assert.isAtMost(await page.evaluate(() => document.documentElement.scrollWidth), width)
      assert.deepStrictEqual(await overflowing(page), [])
    }
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

  it("finds one of many subscribers", async () => {
    await using world = await open({
      sandbox: { subscribers: Array.from({ length: 300 }, (_, index) => `person-${index}`) }
    })
    const { page } = world
    const table = page.getByRole("group", { name: "Table of subscribers" })
    assert.isAtMost((await table.boundingBox())?.height ?? Infinity, 400)
    await page.getByRole("searchbox", { name: "Name of a subscriber" }).fill("PERSON-299")
    await eventually(async () => assert.strictEqual(await table.getByRole("row").count(), 2))
    await table.getByText("person-299", { exact: true }).waitFor()
  })

  it("shows the buttons of the wire log in one line at a width of 1280 pixels", async () => {
    await using world = await open({ view: { width: 1280, height: 900 } })
    const { page } = world
    const [title, clear] = await Promise.all([
      page.getByRole("heading", { name: "Wire log" }).boundingBox(),
      page.getByRole("button", { name: "Clear log" }).boundingBox()
    ])
    assert.isBelow(clear?.y ?? Infinity, (title?.y ?? 0) + (title?.height ?? 0))
  })

  it("shows complete summaries of log entries at a width of 320 pixels", async () => {
    await using world = await open({ view: { width: 320, height: 780 } })
    const { page } = world
    const isCut = await page.locator(".entries .summary").evaluateAll((all) =>
      all.some(({ clientWidth, scrollWidth }) => scrollWidth > clientWidth)
    )
    assert.isFalse(isCut)
  })
})
