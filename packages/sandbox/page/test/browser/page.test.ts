import type { Info } from "@effect-signalwire/sandbox/Sandbox"
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Page } from "playwright"
import { assert, describe, it } from "vitest"
import { decodeLog, decodeSessions } from "../../src/admin/models.ts"
import {
  adminGet,
  adminSend,
  bothShow,
  connected,
  eventually,
  expectAllDelivered,
  messages,
  notice,
  open,
  openProcess,
  pane,
  press,
  rows,
  state,
  storedTexts,
  takeScreenshot,
  tally,
  violations,
  write
} from "./support.ts"

/** Makes the next send fail. */
const refuseSends = (sandbox: Info): Promise<void> =>
  adminSend(sandbox, "PUT", "/faults", {
    rules: [{
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "answer", status: 403 },
      times: 1
    }]
  })

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
    assert.strictEqual(sockets("closed"), 2)
    assert.strictEqual(sockets("opened"), 4)
    await takeScreenshot(page, "light")
  })

  it("counts stored and shown messages", async () => {
    await using world = await open()
    const { page, sandbox } = world
    await write(page, "left", "one")
    await expectAllDelivered(page, 1)
    // a message that no pane has sent is not counted
    const [ada] = sandbox.subscribers
    await adminSend(sandbox, "POST", "/messages", {
      messages: [{ from: ada?.id, addressId: sandbox.rooms[0]?.addressId, text: "seeded" }]
    })
    await bothShow(page, ["ada one", "ada seeded"])
    await expectAllDelivered(page, 1)
    // different conversations cannot be compared
    await pane(page, "right").getByLabel("Conversation").selectOption("ada")
    await page.getByText("choose the same conversation in both panes").waitFor()
    // both sides of one conversation can be compared
    await pane(page, "left").getByLabel("Conversation").selectOption("grace")
    await write(page, "right", "in private")
    await bothShow(page, ["grace in private"])
    await expectAllDelivered(page, 1)
    assert.deepStrictEqual(await storedTexts(sandbox), ["one", "seeded", "in private"])
  })

  it("shows a failed send as failed, and not as lost, until it is retried", async () => {
    await using world = await open()
    const { page, sandbox } = world
    await refuseSends(sandbox)
    await write(page, "left", "refused at first")
    await page.getByText("Not sent").waitFor()
    await eventually(async () => {
      assert.deepStrictEqual(await tally(page), {
        sent: 1,
        stored: 0,
        "shown in both panes": 0,
        failed: 1,
        lost: 0,
        duplicates: 0
      })
    })
    await press(page, "Try again")
    await expectAllDelivered(page, 1)
  })

  it("does not count a discarded message", async () => {
    await using world = await open()
    const { page, sandbox } = world
    await write(page, "left", "kept")
    await expectAllDelivered(page, 1)
    await refuseSends(sandbox)
    await write(page, "left", "discarded")
    await page.getByText("Not sent").waitFor()
    await press(page, "Discard")
    await expectAllDelivered(page, 1)
    assert.deepStrictEqual(await storedTexts(sandbox), ["kept"])
  })

  it("does not count a failed message after its pane acts as another subscriber", async () => {
    await using world = await open({ sandbox: { subscribers: ["ada", "grace", "hedy"] } })
    const { page, sandbox } = world
    await write(page, "left", "kept")
    await expectAllDelivered(page, 1)
    await refuseSends(sandbox)
    await write(page, "left", "given up")
    await page.getByText("Not sent").waitFor()
    await pane(page, "left").getByLabel("Act as").selectOption("hedy")
    await expectAllDelivered(page, 1)
    assert.deepStrictEqual(await storedTexts(sandbox), ["kept"])
  })

  it("reads stored messages only while a message is pending", async () => {
    await using world = await open()
    const { page, sandbox } = world
    const requested: Array<string> = []
    page.on("request", (request) => requested.push(new URL(request.url()).pathname))
    await write(page, "left", "delivered")
    await expectAllDelivered(page, 1)
    await refuseSends(sandbox)
    await write(page, "left", "refused")
    await page.getByText("Not sent").waitFor()
    assert.include(requested, "/_sandbox/messages")
    // there may be one more poll while the send fails
    await eventually(async () => assert.strictEqual((await tally(page))["failed"], 1))
    const before = requested.length
    const sessions = () => requested.slice(before).filter((one) => one === "/_sandbox/sessions").length
    await eventually(() => assert.isAtLeast(sessions(), 13))
    assert.isAtMost(requested.slice(before).filter((one) => one === "/_sandbox/messages").length, 1)
  })

  it("shows the error of an invalid response, and recovers", async () => {
    await using world = await open()
    const { page } = world
    const sessions = "**/_sandbox/sessions"
    for (
      const [response, problem] of [
        [{ status: 403 }, "The sandbox returned 403: Forbidden; trying again…"],
        [{ status: 500 }, "The sandbox returned 500: Internal Server Error; trying again…"],
        [{ json: { sessions: 1 } }, "expected an array at /_sandbox/sessions.sessions; trying again…"],
        [{ body: "<html>" }, "expected JSON at /_sandbox/sessions; trying again…"]
      ] as const
    ) {
      await page.route(sessions, (route) => route.fulfill(response))
      await eventually(async () => assert.include(await page.locator(".down").innerText(), problem))
      await page.unroute(sessions)
      await page.locator(".down[data-shown=false]").waitFor({ state: "attached" })
    }
  })

  it("copies a token", async () => {
    await using world = await open({ view: { permissions: ["clipboard-read", "clipboard-write"] } })
    const { page, sandbox } = world
    await page.getByRole("button", { name: "Copy the token of ada" }).click()
    const copied = page.getByText("Copied: the token of ada.")
    await copied.waitFor()
    assert.strictEqual(await page.evaluate("navigator.clipboard.readText()"), sandbox.subscribers[0]?.token)
    // the notice is removed
    await copied.waitFor({ state: "detached" })
  })

  it("shows a token selected if the browser refuses to copy it", async () => {
    await using world = await open()
    const { page, sandbox } = world
    await page.evaluate("navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))")
    await page.getByRole("button", { name: "Copy the token of ada" }).click()
    const field = page.getByRole("textbox", { name: "the token of ada" })
    await eventually(async () =>
      assert.strictEqual(await page.evaluate("String(getSelection())"), sandbox.subscribers[0]?.token)
    )
    await field.blur()
    await page.getByRole("button", { name: "Copy the token of ada" }).waitFor()
  })

  it("lets a pane act as another subscriber", async () => {
    await using world = await open({ sandbox: { subscribers: ["ada", "grace", "hedy"] } })
    const { page, sandbox } = world
    await page.getByRole("button", { name: "Act as hedy in the pane on the right" }).click()
    await page.getByRole("region", { name: "Pane on the right: hedy in office" }).waitFor()
    await connected(page)
    await write(page, "right", "hello")
    await bothShow(page, ["hedy hello"])
    await pane(page, "left").getByLabel("Act as").selectOption("grace")
    await connected(page)
    await write(page, "left", "hello, too")
    await bothShow(page, ["hedy hello", "grace hello, too"])
    await expectAllDelivered(page, 2)
    assert.deepStrictEqual(await storedTexts(sandbox), ["hello", "hello, too"])
  })

  it("lists sessions with their pending events", async () => {
    await using world = await open()
    const { page, sandbox } = world
    const sessionRows = page.getByRole("region", { name: "Sessions" }).getByRole("row")
    await eventually(async () => assert.strictEqual(await sessionRows.count(), 3))
    const [first] = await adminGet(sandbox, "/sessions", decodeSessions)
    const shown = await sessionRows.nth(1).getByRole("cell").allInnerTexts()
    // the end of the protocol is unique
    assert.strictEqual(shown[0], `…${first?.protocol.slice(-8)}`)
    assert.deepStrictEqual(shown.slice(1), ["open", "0", "0 B"])
  })

  it("recovers when the sandbox is restarted without its data", async () => {
    await using first = await openProcess()
    const { page, port } = first
    await write(page, "left", "before the restart")
    await expectAllDelivered(page, 1)
    await first.stop("SIGKILL")
    const banner = page.getByText("The sandbox does not respond; trying again…")
    await banner.waitFor()
    await takeScreenshot(page, "down")
    assert.deepStrictEqual(await violations(page), [])
    await using second = await SandboxProcess.start(["--port", port])
    await banner.waitFor({ state: "detached" })
    await eventually(async () => assert.deepStrictEqual(await messages(page, "left"), []))
    await connected(page)
    await write(page, "right", "after the restart")
    await bothShow(page, ["grace after the restart"])
    await expectAllDelivered(page, 1)
    // the log is enabled again, and the page shows only entries of the new server
    const isOpened = (text: string) => text.includes("socket opened")
    await eventually(async () => {
      const { enabled, entries } = await adminGet(second.info, "/log", decodeLog)
      assert.isTrue(enabled)
      const shown = await rows(page).allInnerTexts()
      assert.strictEqual(shown.filter(isOpened).length, entries.filter(({ on }) => on === "opened").length)
    })
  })

  it("continues with the same messages when the sandbox is restarted with its data", async () => {
    const directory = mkdtempSync(join(tmpdir(), "sandbox-page-"))
    try {
      const data = ["--data", join(directory, "data.db")]
      await using first = await openProcess(data)
      const { page, port } = first
      await write(page, "left", "before")
      await expectAllDelivered(page, 1)
      await first.stop("SIGKILL")
      await page.getByText("The sandbox does not respond; trying again…").waitFor()
      await write(page, "left", "meanwhile")
      await using second = await SandboxProcess.start([...data, "--port", port])
      await bothShow(page, ["ada before", "ada meanwhile"])
      await expectAllDelivered(page, 2)
      assert.deepStrictEqual(await storedTexts(second.info), ["before", "meanwhile"])
      await eventually(async () => assert.isTrue((await adminGet(second.info, "/log", decodeLog)).enabled))
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
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

  it("keeps only the newest entries of a long wire log, and shows them in steps", async () => {
    await using world = await open()
    const { page, sandbox } = world
    const [ada] = sandbox.subscribers
    const headers = { authorization: `Bearer ${ada?.token}` }
    // each request has two entries
    for (let part = 0; part < 11; part++) {
      await Promise.all(
        Array.from({ length: 100 }, () => fetch(`${sandbox.http}/api/fabric/subscriber/info`, { headers }))
      )
    }
    const counts = page.locator(".counts")
    await eventually(async () => assert.include(await counts.innerText(), "of 2000 entries match"))
    assert.strictEqual(await rows(page).count(), 200)
    await press(page, "Show 200 more")
    await eventually(async () => assert.strictEqual(await rows(page).count(), 400))
  })

  it("polls less often while the sandbox does not respond", async () => {
    await using process = await openProcess()
    const { page } = process
    await process.stop("SIGKILL")
    await page.getByText("The sandbox does not respond").waitFor()
    const requestedAt: Array<number> = []
    page.on("requestfailed", (request) => {
      if (request.url().endsWith("/_sandbox/sessions")) requestedAt.push(performance.now())
    })
    await eventually(() => assert.isAtLeast(requestedAt.length, 4))
    const pauses = requestedAt.slice(1).map((at, index) => at - (requestedAt[index] ?? 0))
    assert.isAbove(pauses.at(-1) ?? 0, 3000)
  })

  it("has a policy that blocks foreign scripts and requests", async () => {
    await using world = await open()
    const { page, problems } = world
    const hasRun = await page.evaluate(async () => {
      const script = document.createElement("script")
      script.textContent = "globalThis.hasRun = true"
      document.head.append(script)
      await fetch("https://example.com/").catch(() => {})
      return "hasRun" in globalThis
    })
    assert.isFalse(hasRun)
    await eventually(() =>
      assert.includeMembers(problems, ["script-src-elem: inline", "connect-src: https://example.com/"])
    )
    problems.length = 0
  })

  it("shows the status of a connection", async () => {
    await using world = await open()
    const { page } = world
    assert.strictEqual(await state(page, "left"), "Connected.")
    await press(page, "Drop the sockets")
    await eventually(async () =>
      assert.match(await state(page, "left"), /Connected, resumed after \d+\.\d s\.\s+1 interruption/)
    )
  })
})

/** Whether a page can be scrolled horizontally. */
const isWide = (page: Page): Promise<boolean> => page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
