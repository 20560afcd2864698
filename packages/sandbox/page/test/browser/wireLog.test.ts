import type { Page } from "playwright"
import { assert, describe, it } from "vitest"
import { decodeLog } from "../../src/admin/models.ts"
import { adminGet, adminSend, bothShow, connected, eventually, open, rows, write } from "./support.ts"

/** The page with a message in its wire log. */
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
  it("can be limited to one kind of entry", async () => {
    await using world = await openLog()
    const { page } = world
    for (const [label, kind] of [["HTTP", "http"], ["frames", "frame"], ["sockets", "socket"]] as const) {
      await page.getByLabel("Kind of entry").selectOption(label)
      await only(page, "data-kind", kind)
    }
    assert.deepStrictEqual([...new Set(await attributes(page, "data-direction"))], [null])
  })

  it("can be limited to one direction", async () => {
    await using world = await openLog()
    const { page } = world
    for (const [label, direction] of [["→ from clients", "in"], ["← to clients", "out"]] as const) {
      await page.getByLabel("Direction").selectOption(label)
      await only(page, "data-direction", direction)
    }
    // sockets that open have none
    assert.notInclude(await attributes(page, "data-kind"), "socket")
  })

  it("can be limited to one subscriber, with the responses to theirs", async () => {
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

  it("can be searched for what is inside of entries", async () => {
    await using world = await openLog()
    const { page } = world
    await page.getByLabel("Text in entries").fill("WANTED")
    await eventually(async () => {
      const summaries = await page.locator(".entries .summary").allInnerTexts()
      // the request, its response, an event to each, and what reads them back
      assert.isAtLeast(summaries.length, 4)
      assert.isTrue(summaries.some((summary) => summary.startsWith("POST /api/fabric/messages")))
      assert.isTrue(summaries.includes("conversation.message"))
    })
    await page.getByLabel("Text in entries").fill("nothing has this")
    await page.getByText("Nothing matches.").waitFor()
    assert.strictEqual(await rows(page).count(), 0)
  })

  it("says how many entries match, and finds faults as they are shown", async () => {
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
      await page.getByLabel("Text in entries").fill(text)
      await eventually(async () =>
        assert.match(await page.locator(".counts").innerText(), new RegExp(`^${faulty} of \\d+ entries match`))
      )
    }
  })

  it("is walked through by pages, and Escape closes the JSON", async () => {
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
    await page.getByText("Recording is off, also for --log.").waitFor()
    await page.reload()
    await connected(page)
    await page.getByText("Recording is off, also for --log.").waitFor()
    assert.isFalse((await adminGet(sandbox, "/log", decodeLog)).enabled)
  })

  it("leaves pings out, unless they are asked for", async () => {
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

  it("shows an entry as JSON that can be read, and is the server's", async () => {
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

  it("stays off when somebody else turned it off and it was cleared", async () => {
    await using world = await openLog()
    const { page, sandbox } = world
    await adminSend(sandbox, "PUT", "/log", { enabled: false })
    await page.getByText("Recording is off, also for --log.").waitFor()
    await page.getByRole("button", { name: "Clear log" }).click()
    await eventually(async () => assert.strictEqual(await rows(page).count(), 0))
    // the log that was cleared has been read by then
    await write(page, "left", "off the record")
    await bothShow(page, ["ada wanted", "ada off the record"])
    await page.getByText("Recording is off, also for --log.").waitFor()
    assert.isFalse((await adminGet(sandbox, "/log", decodeLog)).enabled)
  })

  it("is on because of the page, and can be turned off, on and emptied", async () => {
    await using world = await openLog()
    const { page, sandbox } = world
    const record = page.getByRole("switch", { name: "Record" })
    assert.isTrue(await record.isChecked())
    await record.click()
    await page.getByText("Recording is off, also for --log.").waitFor()
    assert.isFalse((await adminGet(sandbox, "/log", decodeLog)).enabled)
    await page.getByRole("button", { name: "Clear log" }).click()
    await eventually(async () => assert.strictEqual(await rows(page).count(), 0))
    await write(page, "left", "off the record")
    await bothShow(page, ["ada wanted", "ada off the record"])
    assert.deepStrictEqual((await adminGet(sandbox, "/log", decodeLog)).entries, [])
    await record.click()
    await page.getByText("Recorded without secrets.").waitFor()
    await write(page, "left", "on the record")
    await rows(page).filter({ hasText: "POST /api/fabric/messages" }).first().waitFor()
  })
})
