import type { Page } from "playwright"
import { assert, describe, it } from "vitest"
import { decodeLog } from "../../src/admin/models.ts"
import { adminGet, adminSend, bothShow, connected, eventually, open, rows, write } from "./support.ts"

/** Opens the page, with a message in its wire log. */
const openLog = async () => {
  await using stack = new AsyncDisposableStack()
  const world = stack.use(await open())
  const { page, sandbox } = world
  await write(page, "left", "wanted")
  await bothShow(page, ["ada wanted"])
  await rows(page).filter({ hasText: "POST /api/fabric/messages" }).nth(1).waitFor()
  const all = stack.move()
  return { page, sandbox, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

const attributes = (page: Page, name: string): Promise<Array<string | null>> =>
  rows(page).evaluateAll((all, name) => all.map((one) => one.getAttribute(name)), name)

/** Waits until every row has this value. */
const only = (page: Page, name: string, expected: string): Promise<void> =>
  eventually(async () => {
    const found = await attributes(page, name)
    assert.isNotEmpty(found)
    assert.deepStrictEqual([...new Set(found)], [expected])
  })

describe.concurrent("the wire log", () => {
  it("can be filtered by kind", async () => {
    await using world = await openLog()
    const { page } = world
    for (const [label, kind] of [["HTTP", "http"], ["frames", "frame"], ["sockets", "socket"]] as const) {
      await page.getByLabel("Kind of entry").selectOption(label)
      await only(page, "data-kind", kind)
    }
    assert.deepStrictEqual([...new Set(await attributes(page, "data-direction"))], [null])
  })

  it("can be filtered by direction", async () => {
    await using world = await openLog()
    const { page } = world
    for (const [label, direction] of [["→ from clients", "in"], ["← to clients", "out"]] as const) {
      await page.getByLabel("Direction").selectOption(label)
      await only(page, "data-direction", direction)
    }
    // sockets have no direction
    assert.notInclude(await attributes(page, "data-kind"), "socket")
  })

  it("can be filtered by subscriber, including responses", async () => {
    await using world = await openLog()
    const { page } = world
    await page.getByLabel("Subscriber", { exact: true }).selectOption("grace")
    await eventually(async () => {
      const names = await page.locator(".entries .who").allInnerTexts()
      assert.isNotEmpty(names)
      assert.deepStrictEqual([...new Set(names)], ["grace"])
    })
    assert.isAbove(await page.locator("[data-kind=http][data-direction=out]").count(), 0)
  })

  it("can be searched for text in entries", async () => {
    await using world = await openLog()
    const { page } = world
    await page.getByLabel("Search text").fill("WANTED")
    await eventually(async () => {
      const summaries = await page.locator(".entries .summary").allInnerTexts()
      // the request, its response, an event to each subscriber, and reads of history
      assert.isAtLeast(summaries.length, 4)
      assert.isTrue(summaries.some((summary) => summary.startsWith("POST /api/fabric/messages")))
      assert.isTrue(summaries.includes("conversation.message"))
    })
    await page.getByLabel("Search text").fill("nothing has this")
    await page.getByText("No entries match.").waitFor()
    assert.strictEqual(await rows(page).count(), 0)
  })

  it("shows the number of matching entries, and finds faults by their displayed text", async () => {
    await using world = await openLog()
    const { page, sandbox } = world
    const [ada] = sandbox.subscribers
    await adminSend(sandbox, "PUT", "/faults", {
      rules: [{ match: { on: "http", path: "/api/fabric/subscriber/info" }, action: { type: "answer", status: 503 } }]
    })
    await fetch(`${sandbox.http}/api/fabric/subscriber/info`, {
      headers: { authorization: `Bearer ${ada?.token}` }
    })
    await rows(page).filter({ hasText: "fault: answer" }).first().waitFor()
    const faulty = await rows(page).filter({ hasText: "fault: answer" }).count()
    for (const text of ["fault: answer", "fault"]) {
      await page.getByLabel("Search text").fill(text)
      await eventually(async () =>
        assert.match(await page.locator(".counts").innerText(), new RegExp(`^${faulty} of \\d+ entries match`))
      )
    }
  })

  it("supports Page Up, Page Down and Escape", async () => {
    await using world = await openLog()
    const { page } = world
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

  it("stays off when the page is reloaded", async () => {
    await using world = await openLog()
    const { page, sandbox } = world
    await page.getByRole("switch", { name: "Record" }).click()
    await page.getByText("Recording is off, including --log.").waitFor()
    await page.reload()
    await connected(page)
    await page.getByText("Recording is off, including --log.").waitFor()
    assert.isFalse((await adminGet(sandbox, "/log", decodeLog)).enabled)
  })

  it("hides pings by default", async () => {
    await using world = await openLog()
    const { page, sandbox } = world
    await eventually(async () => {
      const { entries } = await adminGet(sandbox, "/log", decodeLog)
      assert.isTrue(entries.some(({ method }) => method === "signalwire.ping"))
    })
    const pings = rows(page).filter({ hasText: "signalwire.ping" })
    await page.getByLabel("Pings").check()
    await pings.first().waitFor()
    await page.getByLabel("Pings").uncheck()
    await eventually(async () => assert.strictEqual(await pings.count(), 0))
  })

  it("shows an entry as formatted JSON", async () => {
    await using world = await openLog()
    const { page, sandbox } = world
    const option = rows(page).filter({ hasText: "POST /api/fabric/messages" }).first()
    const seq = Number((await option.getAttribute("id"))?.replace("entry-", ""))
    await option.click()
    const json = await page.getByRole("region", { name: "The entry as JSON" }).textContent()
    assert.include(json ?? "", "\n  \"method\": \"POST\",\n")
    const { entries } = await adminGet(sandbox, "/log", decodeLog)
    assert.deepStrictEqual(JSON.parse(json ?? ""), entries.find((entry) => entry.seq === seq)?.raw)
  })

  it("stays off when another client has turned it off and it was cleared", async () => {
    await using world = await openLog()
    const { page, sandbox } = world
    await adminSend(sandbox, "PUT", "/log", { enabled: false })
    await page.getByText("Recording is off, including --log.").waitFor()
    await page.getByRole("button", { name: "Clear log" }).click()
    await eventually(async () => assert.strictEqual(await rows(page).count(), 0))
    // the page has polled the cleared log by then
    await write(page, "left", "off the record")
    await bothShow(page, ["ada wanted", "ada off the record"])
    await page.getByText("Recording is off, including --log.").waitFor()
    assert.isFalse((await adminGet(sandbox, "/log", decodeLog)).enabled)
  })

  it("is turned on by the page, and can be turned off, on and cleared", async () => {
    await using world = await openLog()
    const { page, sandbox } = world
    const record = page.getByRole("switch", { name: "Record" })
    assert.isTrue(await record.isChecked())
    await record.click()
    await page.getByText("Recording is off, including --log.").waitFor()
    assert.isFalse((await adminGet(sandbox, "/log", decodeLog)).enabled)
    await page.getByRole("button", { name: "Clear log" }).click()
    await eventually(async () => assert.strictEqual(await rows(page).count(), 0))
    await write(page, "left", "off the record")
    await bothShow(page, ["ada wanted", "ada off the record"])
    assert.deepStrictEqual((await adminGet(sandbox, "/log", decodeLog)).entries, [])
    await record.click()
    await page.getByText("Secrets are redacted.").waitFor()
    await write(page, "left", "on the record")
    await rows(page).filter({ hasText: "POST /api/fabric/messages" }).first().waitFor()
  })
})
