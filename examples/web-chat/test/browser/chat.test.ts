import type { Locator, Page } from "playwright"
import { assert, describe } from "vitest"
import { removeNewerFeatures } from "../../../../packages/promise/test/programs/removeNewerFeatures.ts"
import { eventually, refuseNextSend } from "../support.ts"
import { composer, it, log, screenshot, selectConversation, send, statusesOf, violations } from "./support.ts"

describe.concurrent("the web chat", () => {
  it("lets two users chat, each over one socket", async ({ sandbox }) => {
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
    // all that were opened together: a tab that is busy for long may have to reconnect
    await eventually(async () => assert.lengthOf(await sandbox.connectedSessions(), 2))
  })

  it("works in browsers without features newer than May 2024", async ({ sandbox }) => {
    const ada = await sandbox.open("Ada Lovelace", {}, removeNewerFeatures)
    assert.isFalse(await ada.evaluate("'toSorted' in []"))
    await selectConversation(ada, "The office")
    await sandbox.send("grace.hopper", "office", "Can you read this?")
    await eventually(async () => assert.deepStrictEqual(await statusesOf(ada, "Can you read this?"), ["stored"]))
    await send(ada, "Every word")
    await eventually(async () => assert.deepStrictEqual(await statusesOf(ada, "Every word"), ["stored"]))
    const item = ada.getByRole("navigation").getByRole("button", { name: "The office" })
    await eventually(async () => assert.include(await item.innerText(), "Every word"))
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
    await sandbox.send("grace.hopper", "office", "Somebody up there?")
    await ada.getByRole("button", { name: "New messages" }).click()
    await eventually(async () => assert.isTrue(await isAtEnd(log(ada))))
  })

  it("shows that the connection is lost, and loses no message sent or received during that time", async ({ sandbox }) => {
    const ada = await sandbox.open("Ada Lovelace")
    await selectConversation(ada, "The office")
    await ada.context().setOffline(true)
    await sandbox.dropSockets("ada.lovelace")
    await eventually(async () => assert.include(await ada.getByRole("status").innerText(), "You are offline"))
    await sandbox.send("grace.hopper", "office", "Are you there?")
    await screenshot(ada, "offline")
    await ada.context().setOffline(false)
    await eventually(async () => {
      assert.deepStrictEqual(await statusesOf(ada, "Are you there?"), ["stored"])
      assert.strictEqual(await ada.getByRole("status").innerText(), "")
    })
    await send(ada, "Here again")
    await eventually(async () => assert.deepStrictEqual(await statusesOf(ada, "Here again"), ["stored"]))
    assert.include(JSON.stringify(await sandbox.admin("GET", "/messages")), "\"Here again\"")
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
    await sandbox.setFaults(refuseNextSend)
    await send(ada, "Does the moth get a chair?")
    await eventually(async () =>
      assert.deepStrictEqual(await statusesOf(ada, "Does the moth get a chair?"), ["failed"])
    )
    await send(ada, "I will bring the punched cards")
    await eventually(async () =>
      assert.deepStrictEqual(await statusesOf(ada, "I will bring the punched cards"), ["stored"])
    )
    await ada.context().setOffline(true)
    await sandbox.dropSockets()
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
