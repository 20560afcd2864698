/** Tests that share one page, and leave it as it was. */
import { assert, describe, test } from "vitest"
import { decodeRules } from "../../src/admin/models.ts"
import { adminGet, eventually } from "../support.ts"
import { open, pane, press, rows, write } from "./support.ts"

// enough subscribers to fill a table
const subscribers = ["ada", "grace", "hedy  l ", ...Array.from({ length: 50 }, (_, index) => `person-${index}`)]

// oxlint-disable-next-line no-empty-pattern -- vitest requires a pattern, even for a fixture that uses no other
const it = test.extend("world", { scope: "file" }, async ({}, { onCleanup }) => {
  const world = await open({
    sandbox: { subscribers },
    view: { width: 1280, permissions: ["clipboard-read", "clipboard-write"] }
  })
  onCleanup(() => world[Symbol.asyncDispose]())
  return world
})

describe("the page", () => {
  it("has a policy that blocks foreign scripts and requests", async ({ world: { page, problems } }) => {
    const hasRun = await page.evaluate(async () => {
      const script = document.createElement("script")
      script.textContent = "globalThis.hasRun = true"
      document.head.append(script)
      await fetch("https://example.com/").catch(() => {})
      return "hasRun" in globalThis
    })
    assert.isFalse(hasRun)
    await eventually(() => assert.lengthOf(problems, 2))
    assert.sameMembers(problems.splice(0), ["script-src-elem: inline", "connect-src: https://example.com/"])
  })

  it("copies a token", async ({ world: { page, sandbox } }) => {
    await page.getByRole("button", { name: "Copy the token of ada" }).click()
    const copied = page.getByText("Copied: the token of ada.")
    await copied.waitFor()
    assert.strictEqual(await page.evaluate("navigator.clipboard.readText()"), sandbox.subscribers[0]?.token)
    // the notice is removed
    await copied.waitFor({ state: "detached" })
  })

  it("shows a token selected if the browser refuses to copy it", async ({ world: { page, sandbox } }) => {
    await page.evaluate("navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))")
    await page.getByRole("button", { name: "Copy the token of ada" }).click()
    const field = page.getByRole("textbox", { name: "the token of ada" })
    await eventually(async () =>
      assert.strictEqual(await page.evaluate("String(getSelection())"), sandbox.subscribers[0]?.token)
    )
    await page.evaluate("delete navigator.clipboard.writeText")
    await field.blur()
    await page.getByRole("button", { name: "Copy the token of ada" }).waitFor()
  })

  it("scrolls to a message whose send failed", async ({ world: { page } }) => {
    await write(page, "left", "x".repeat(10_001))
    const failed = pane(page, "left").getByRole("alert")
    await failed.waitFor()
    assert.isTrue(
      await failed.evaluate((element) => {
        const { bottom } = element.getBoundingClientRect()
        return bottom <= (element.closest("[role=log]")?.getBoundingClientRect().bottom ?? 0)
      })
    )
    await press(page, "Discard")
  })

  it("limits the height of a table of many subscribers", async ({ world: { page } }) => {
    const table = page.getByRole("group", { name: "Table of subscribers" })
    assert.isAtMost((await table.boundingBox())?.height ?? Infinity, 400)
  })
})

describe("a fault button", () => {
  it("keeps the focus when it clears the faults, and is disabled then", async ({ world: { page } }) => {
    const clear = page.getByRole("button", { name: "Clear faults", disabled: true })
    await clear.waitFor()
    await press(page, "Duplicate the next message")
    await page.getByRole("button", { name: "Clear faults", disabled: false }).press("Enter")
    await clear.waitFor()
    assert.isTrue(await clear.evaluate((button) => button === document.activeElement))
  })

  it("affects the selected subscriber, even if the browser normalizes the name", async ({ world: { page, sandbox } }) => {
    await page.locator(".faults").getByLabel("For").selectOption({ index: 3 })
    await press(page, "Duplicate the next message")
    await eventually(async () => {
      const [rule] = await adminGet(sandbox, "/faults", decodeRules)
      assert.strictEqual(rule?.match["subscriberId"], sandbox.subscribers[2]?.id)
    })
    await press(page, "Clear faults")
    await page.locator(".faults").getByLabel("For").selectOption("all")
  })
})

describe("the wire log", () => {
  it("supports Page Up, Page Down and Escape", async ({ world: { page } }) => {
    const list = page.getByRole("listbox")
    const chosen = () => rows(page).evaluateAll((all) => all.findIndex((one) => one.ariaSelected === "true"))
    await list.press("Home")
    await list.press("PageDown")
    assert.strictEqual(await chosen(), 10)
    await list.press("ArrowDown")
    await list.press("PageUp")
    assert.strictEqual(await chosen(), 1)
    const json = page.getByRole("region", { name: "The entry as JSON" })
    await json.press("Escape")
    await json.waitFor({ state: "detached" })
    assert.isTrue(await list.evaluate((element) => element === document.activeElement))
  })

  it("shows its buttons in one line at a width of 1280 pixels", async ({ world: { page } }) => {
    const [title, clear] = await Promise.all([
      page.getByRole("heading", { name: "Wire log" }).boundingBox(),
      page.getByRole("button", { name: "Clear log" }).boundingBox()
    ])
    assert.isBelow(clear?.y ?? Infinity, (title?.y ?? 0) + (title?.height ?? 0))
  })

  it("shows complete summaries at a width of 320 pixels", async ({ world: { page } }) => {
    const size = page.viewportSize()
    await page.setViewportSize({ width: 320, height: 780 })
    const summaries = await page.locator(".entries .summary").evaluateAll((all) =>
      all.map(({ clientWidth, scrollWidth }) => ({ clientWidth, scrollWidth }))
    )
    if (size !== null) await page.setViewportSize(size)
    assert.isNotEmpty(summaries)
    for (const { clientWidth, scrollWidth } of summaries) assert.isAtMost(scrollWidth, clientWidth)
  })
})
