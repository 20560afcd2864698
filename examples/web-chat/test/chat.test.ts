import type { Locator, Page } from "playwright"
import { assert, describe } from "vitest"
import { removeNewerFeatures } from "../../../packages/promise/test/programs/removeNewerFeatures.ts"
import {
  composer,
  eventually,
  it,
  log,
  screenshot,
  selectConversation,
  send,
  statusesOf,
  type TestSandbox,
  violations
} from "./support.ts"

describe.concurrent("the web chat", () => {
  it("lets two users chat, each over one socket", async ({ sandbox }) => {
    await sandbox.admin("PUT", "/log", { enabled: true })
    const [ada, grace] = await Promise.all([sandbox.open("Ada Lovelace"), sandbox.open("Grace Hopper")])
    await Promise.all([selectConversation(ada, "The office"), selectConversation(grace, "The office")])
    await send(ada, "Has anybody seen my punched cards?")
    await eventually(async () => assert.deepStrictEqual(await statusesOf(grace, "punched cards"), ["stored"]))
    await send(grace, "The ones that were sorted?")
    await eventually(async () => {
      for (const tab of [ada, grace]) {
        assert.deepStrictEqual(await statusesOf(tab, "punched cards"), ["stored"])
        assert.deepStrictEqual(await statusesOf(tab, "The ones that were sorted?"), ["stored"])
      }
    })
    await screenshot(ada, "conversation")
    const entries = JSON.stringify(await sandbox.admin("GET", "/log"))
    assert.strictEqual(entries.split("\"on\":\"opened\"").length - 1, 2)
  })

  it("works in browsers without features newer than May 2024", async ({ sandbox }) => {
    const ada = await sandbox.open("Ada Lovelace", {}, removeNewerFeatures)
    assert.isFalse(await ada.evaluate("'toSorted' in []"))
    await selectConversation(ada, "The office")
    const grace = await sandbox.open("Grace Hopper")
    await selectConversation(grace, "The office")
    await send(grace, "Can you read this?")
    await eventually(async () => assert.deepStrictEqual(await statusesOf(ada, "Can you read this?"), ["stored"]))
    await send(ada, "Every word")
    await eventually(async () => {
      for (const tab of [ada, grace]) assert.deepStrictEqual(await statusesOf(tab, "Every word"), ["stored"])
    })
    const item = ada.getByRole("navigation").getByRole("button", { name: "The office" })
    await eventually(async () => assert.include(await item.innerText(), "Every word"))
  })

  it("marks a conversation with a new message, and shows its text", async ({ sandbox }) => {
    const [ada, grace] = await Promise.all([sandbox.open("Ada Lovelace"), sandbox.open("Grace Hopper")])
    await selectConversation(ada, "Library")
    await selectConversation(grace, "Ada Lovelace")
    await send(grace, "A word in private")
    const item = ada.getByRole("navigation").getByRole("button", { name: "Grace Hopper" })
    await eventually(async () => assert.include(await item.innerText(), "Grace: A word in private"))
    assert.strictEqual(await item.getByText("New messages").count(), 1)
    await selectConversation(ada, "Grace Hopper")
    await eventually(async () => assert.strictEqual(await item.getByText("New messages").count(), 0))
  })

  it("loads history while scrolling up, and keeps visible messages in place", async ({ sandbox }) => {
    const ada = await sandbox.open("Ada Lovelace")
    await selectConversation(ada, "The office")
    const bubbles = log(ada).locator("li")
    await eventually(async () => assert.isAtLeast(await bubbles.count(), 100))
    assert.isTrue(await isAtEnd(log(ada)))
    const before = await bubbles.count()
    const first = await bubbles.first().elementHandle()
    await log(ada).evaluate((element) => {
      element.scrollTop = 100
    })
    const top = await first?.boundingBox()
    await eventually(async () => assert.isAbove(await bubbles.count(), before))
    // the first message may be grouped with an older one, which moves it by a few pixels
    const moved = ((await first?.boundingBox())?.y ?? Number.NaN) - (top?.y ?? Number.NaN)
    assert.isBelow(Math.abs(moved), 60)
    await screenshot(ada, "history")
    await eventually(async () => {
      await log(ada).evaluate((element) => {
        element.scrollTop = 0
      })
      assert.isTrue(await ada.getByText("This is the beginning of the conversation.").isVisible())
    })
    assert.strictEqual(await bubbles.count(), 180)
    // a new message shows a button, and does not scroll
    await send(
      await sandbox.open("Grace Hopper").then(async (grace) => {
        await selectConversation(grace, "The office")
        return grace
      }),
      "Somebody up there?"
    )
    await ada.getByRole("button", { name: "New messages" }).click()
    await eventually(async () => assert.isTrue(await isAtEnd(log(ada))))
  })

  it("shows that the connection is lost, and loses no message sent or received during that time", async ({ sandbox }) => {
    const [ada, grace] = await Promise.all([sandbox.open("Ada Lovelace"), sandbox.open("Grace Hopper")])
    await Promise.all([selectConversation(ada, "The office"), selectConversation(grace, "The office")])
    await ada.context().setOffline(true)
    await sandbox.admin("POST", "/sessions/drop", { subscriberId: await subscriberId(sandbox, "ada.lovelace") })
    await eventually(async () => assert.include(await ada.getByRole("status").innerText(), "You are offline"))
    await send(grace, "Are you there?")
    await screenshot(ada, "offline")
    await ada.context().setOffline(false)
    await eventually(async () => {
      assert.deepStrictEqual(await statusesOf(ada, "Are you there?"), ["stored"])
      assert.strictEqual(await ada.getByRole("status").innerText(), "")
    })
    await send(ada, "Here again")
    await eventually(async () => assert.deepStrictEqual(await statusesOf(grace, "Here again"), ["stored"]))
    assert.deepStrictEqual(await statusesOf(ada, "Here again"), ["stored"])
  })

  const refuseSockets = { match: { on: "connect" }, action: { type: "refuse" } }
  const failHistory = (action: unknown) => ({ match: { on: "http", method: "GET", path: "*/messages" }, action })

  // each of the five states waits for time limits and delays of the client
  it("describes problems of the connection until they are resolved", { timeout: 240_000 }, async ({ sandbox }) => {
    const ada = await sandbox.open("Ada Lovelace")
    await selectConversation(ada, "The office")
    const banner = ada.getByRole("status")
    const setRules = (...rules: ReadonlyArray<unknown>) => sandbox.admin("PUT", "/faults", { rules })
    const dropSockets = () => sandbox.admin("POST", "/sessions/drop", {})
    const describes = async (name: string, text: string) => {
      await eventually(async () => assert.include(await banner.innerText(), text))
      await screenshot(ada, `banner-${name}`)
      assert.deepStrictEqual(await violations(ada), [])
    }
    const describesNothing = () => eventually(async () => assert.strictEqual(await banner.innerText(), ""))

    // the client waits 4 seconds for a response at first: no read fails, which would be another problem
    await setRules(failHistory({ type: "delay", millis: 3000 }))
    await dropSockets()
    await describes("catching-up", "Catching up")
    await setRules(failHistory({ type: "answer", status: 503 }))
    await dropSockets()
    await describes("unreadable", "Messages can't be loaded")
    await setRules()
    await describesNothing()

    await setRules(refuseSockets)
    await dropSockets()
    await describes("reconnecting", "The server can't be reached")
    await describes("polling", "messages may arrive late")
    await setRules()
    await describesNothing()

    await sandbox.admin("POST", "/tokens/expire", { token: sandbox.token("Ada Lovelace") })
    await dropSockets()
    await describes("refused", "Sign in again")
  })

  it("shows all data once a server is available that was not when the page was opened", async ({ sandbox }) => {
    await sandbox.admin("PUT", "/faults", {
      rules: [{ match: { on: "http", path: "/api/*" }, action: { type: "answer", status: 503 } }, refuseSockets]
    })
    const ada = await sandbox.open("Ada Lovelace")
    await eventually(async () =>
      assert.include(await ada.getByRole("status").innerText(), "The server can't be reached")
    )
    await screenshot(ada, "cold-start")
    assert.strictEqual(await ada.getByRole("alert").count(), 0)
    await sandbox.admin("PUT", "/faults", { rules: [] })
    await selectConversation(ada, "The office")
    await eventually(async () => assert.isAtLeast(await log(ada).locator("li").count(), 100))
    await eventually(async () => assert.strictEqual(await ada.getByRole("status").innerText(), ""))
  })

  it("shows a room at once that was left briefly", async ({ sandbox }) => {
    const ada = await sandbox.open("Ada Lovelace")
    await selectConversation(ada, "The office")
    await selectConversation(ada, "Library")
    const room = (name: string) => ada.getByRole("navigation").getByRole("button", { name })
    // the first frame after the click
    const seen = await room("The office").evaluate(async (button) => {
      button.dispatchEvent(new MouseEvent("click", { bubbles: true }))
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
      return [
        document.querySelectorAll("[role=log] li").length,
        document.querySelector("[role=log]")?.getAttribute("aria-busy")
      ]
    })
    assert.deepStrictEqual(seen, [100, "false"])
  })

  it("keeps a rejected message until it is sent again", async ({ sandbox }) => {
    const ada = await sandbox.open("Ada Lovelace")
    await selectConversation(ada, "The office")
    await sandbox.admin("PUT", "/faults", {
      rules: [{
        match: { on: "http", method: "POST", path: "/api/fabric/messages" },
        action: { type: "answer", status: 422 },
        times: 1
      }]
    })
    await send(ada, "Difference engine, anyone?")
    await eventually(async () => assert.deepStrictEqual(await statusesOf(ada, "Difference engine"), ["failed"]))
    await screenshot(ada, "failed")
    await ada.getByRole("button", { name: "Try again" }).click()
    await eventually(async () => assert.deepStrictEqual(await statusesOf(ada, "Difference engine"), ["stored"]))
  })

  it("can be used by keyboard alone", async ({ sandbox }) => {
    const ada = await sandbox.open(null)
    await ada.getByRole("link", { name: "Ada Lovelace" }).focus()
    await ada.keyboard.press("Enter")
    await ada.getByRole("navigation").getByRole("button", { name: "The office" }).waitFor()
    await ada.keyboard.press("Tab")
    const selected = await ada.evaluate(() => document.activeElement?.textContent)
    await ada.keyboard.press("Enter")
    await eventually(async () =>
      assert.isTrue(await composer(ada).evaluate((element) => element === document.activeElement))
    )
    assert.include(selected ?? "", await ada.locator(".title h2").innerText())
    await ada.keyboard.type("Typed, not clicked")
    await ada.keyboard.press("Enter")
    await eventually(async () => assert.deepStrictEqual(await statusesOf(ada, "Typed, not clicked"), ["stored"]))
    // back to the history, which can be scrolled by keyboard
    await ada.keyboard.press("Shift+Tab")
    assert.isTrue(await log(ada).evaluate((element) => element === document.activeElement))
  })

  it("has no accessibility violations, light or dark", async ({ sandbox }) => {
    const bothSchemes = async (tab: Page, name?: string) => {
      for (const colorScheme of ["light", "dark"] as const) {
        await tab.emulateMedia({ colorScheme })
        assert.deepStrictEqual(await violations(tab), [])
        if (name !== undefined) await screenshot(tab, `${name}-${colorScheme}`)
      }
    }
    const welcome = await sandbox.open(null)
    await welcome.getByRole("link").first().waitFor()
    await bothSchemes(welcome, "welcome")
    const ada = await sandbox.open("Ada Lovelace")
    await ada.getByRole("navigation").getByRole("button", { name: "Alan Turing" }).waitFor()
    await bothSchemes(ada)
    await selectConversation(ada, "The office")
    await sandbox.admin("PUT", "/faults", {
      rules: [{
        match: { on: "http", method: "POST", path: "/api/fabric/messages" },
        action: { type: "answer", status: 422 },
        times: 1
      }]
    })
    await send(ada, "Does the moth get a chair?")
    await eventually(async () =>
      assert.deepStrictEqual(await statusesOf(ada, "Does the moth get a chair?"), ["failed"])
    )
    await send(ada, "I will bring the punched cards")
    await eventually(async () =>
      assert.deepStrictEqual(await statusesOf(ada, "I will bring the punched cards"), ["stored"])
    )
    await ada.context().setOffline(true)
    await sandbox.admin("POST", "/sessions/drop", {})
    await ada.getByText("You are offline").waitFor()
    // the actions of the failed message are visible
    await eventually(async () => assert.isTrue(await isAtEnd(log(ada))))
    await bothSchemes(ada, "offline")
  })

  it("fits a phone", async ({ sandbox }) => {
    const ada = await sandbox.open("Ada Lovelace", { viewport: { width: 390, height: 780 }, colorScheme: "dark" })
    await ada.getByRole("navigation").getByRole("button", { name: "Library" }).waitFor()
    await screenshot(ada, "phone-list")
    await selectConversation(ada, "The office")
    await screenshot(ada, "phone")
    assert.deepStrictEqual(await violations(ada), [])
    assert.isFalse(await ada.evaluate(() => document.documentElement.scrollWidth > innerWidth))
    await ada.getByRole("button", { name: "Back to conversations" }).click()
    assert.isTrue(await ada.getByRole("navigation").isVisible())
  })
})

/** Whether a log is scrolled to its end. */
const isAtEnd = (log: Locator): Promise<boolean> =>
  log.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 2)

/** The id of a subscriber by name. */
const subscriberId = async ({ admin }: TestSandbox, name: string): Promise<string> => {
  const ready = JSON.stringify(await admin("GET", ""))
  return new RegExp(`"id":"([^"]+)","name":"${name}"`).exec(ready)?.[1] ?? ""
}
