import type { Locator } from "playwright"
import { assert, beforeAll, beforeEach, describe, it } from "vitest"
import { removeNewer } from "../../../packages/promise/test/programs/older.ts"
import { choose, composer, eventually, log, say, saying, shoot, start, violations, type World } from "./support.ts"

describe("the web chat", () => {
  let world: World

  let started: Awaited<ReturnType<typeof start>>

  beforeAll(async () => {
    started = await start()
    return () => started[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    world = await started.world()
    return () => world[Symbol.asyncDispose]()
  })

  it("lets two people talk, each over one socket", async () => {
    await world.admin("PUT", "/log", { enabled: true })
    const [ada, grace] = await Promise.all([world.open("Ada Lovelace"), world.open("Grace Hopper")])
    await Promise.all([choose(ada, "The office"), choose(grace, "The office")])
    await say(ada, "Has anybody seen my punched cards?")
    await eventually(async () => assert.deepStrictEqual(await saying(grace, "punched cards"), ["stored"]))
    await say(grace, "The ones that were sorted?")
    await eventually(async () => {
      for (const tab of [ada, grace]) {
        assert.deepStrictEqual(await saying(tab, "punched cards"), ["stored"])
        assert.deepStrictEqual(await saying(tab, "The ones that were sorted?"), ["stored"])
      }
    })
    await shoot(ada, "conversation")
    const entries = JSON.stringify(await world.admin("GET", "/log"))
    assert.strictEqual(entries.split("\"on\":\"opened\"").length - 1, 2)
  })

  it("works in browsers without what came after May 2024", async () => {
    const ada = await world.open("Ada Lovelace", {}, removeNewer)
    assert.isFalse(await ada.evaluate("'toSorted' in []"))
    await choose(ada, "The office")
    const grace = await world.open("Grace Hopper")
    await choose(grace, "The office")
    await say(grace, "Can you read this?")
    await eventually(async () => assert.deepStrictEqual(await saying(ada, "Can you read this?"), ["stored"]))
    await say(ada, "Every word")
    await eventually(async () => {
      for (const tab of [ada, grace]) assert.deepStrictEqual(await saying(tab, "Every word"), ["stored"])
    })
    const item = ada.getByRole("navigation").getByRole("button", { name: "The office" })
    await eventually(async () => assert.include(await item.innerText(), "Every word"))
  })

  it("shows which conversation has something new, and what", async () => {
    const [ada, grace] = await Promise.all([world.open("Ada Lovelace"), world.open("Grace Hopper")])
    await choose(ada, "Library")
    await choose(grace, "Ada Lovelace")
    await say(grace, "A word in private")
    const item = ada.getByRole("navigation").getByRole("button", { name: "Grace Hopper" })
    await eventually(async () => assert.include(await item.innerText(), "Grace: A word in private"))
    assert.strictEqual(await item.getByText("New messages").count(), 1)
    await choose(ada, "Grace Hopper")
    await eventually(async () => assert.strictEqual(await item.getByText("New messages").count(), 0))
  })

  it("loads history as one scrolls up, and leaves what is read where it is", async () => {
    const ada = await world.open("Ada Lovelace")
    await choose(ada, "The office")
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
    // what stood at the top may be grouped with what came before it, by a few pixels
    const moved = ((await first?.boundingBox())?.y ?? Number.NaN) - (top?.y ?? Number.NaN)
    assert.isBelow(Math.abs(moved), 60)
    await shoot(ada, "history")
    await eventually(async () => {
      await log(ada).evaluate((element) => {
        element.scrollTop = 0
      })
      assert.isTrue(await ada.getByText("This is the beginning.").isVisible())
    })
    assert.strictEqual(await bubbles.count(), 180)
    // what comes meanwhile is told, and does not move the reader
    await say(
      await world.open("Grace Hopper").then(async (grace) => {
        await choose(grace, "The office")
        return grace
      }),
      "Somebody up there?"
    )
    await ada.getByRole("button", { name: "New messages" }).click()
    await eventually(async () => assert.isTrue(await isAtEnd(log(ada))))
  })

  it("tells that the connection is lost, and loses nothing that is said or sent meanwhile", async () => {
    const [ada, grace] = await Promise.all([world.open("Ada Lovelace"), world.open("Grace Hopper")])
    await Promise.all([choose(ada, "The office"), choose(grace, "The office")])
    await ada.context().setOffline(true)
    await world.admin("POST", "/sessions/drop", { subscriberId: await subscriber(world, "ada.lovelace") })
    await eventually(async () => assert.include(await ada.getByRole("status").innerText(), "You are offline"))
    await say(grace, "Are you there?")
    await shoot(ada, "offline")
    await ada.context().setOffline(false)
    await eventually(async () => {
      assert.deepStrictEqual(await saying(ada, "Are you there?"), ["stored"])
      assert.strictEqual(await ada.getByRole("status").innerText(), "")
    })
    await say(ada, "Here again")
    await eventually(async () => assert.deepStrictEqual(await saying(grace, "Here again"), ["stored"]))
    assert.deepStrictEqual(await saying(ada, "Here again"), ["stored"])
  })

  const noSockets = { match: { on: "connect" }, action: { type: "refuse" } }
  const noHistory = (action: unknown) => ({ match: { on: "http", method: "GET", path: "*/messages" }, action })

  it.each<[string, string, ReadonlyArray<unknown>]>([
    ["reconnecting", "There is no connection", [noSockets]],
    ["polling", "messages may arrive late", [noSockets]],
    ["catching-up", "Catching up", [noHistory({ type: "delay", millis: 2000 })]],
    ["unreadable", "Messages can't be loaded", [noHistory({ type: "answer", status: 503 })]],
    ["refused", "Sign in again", []]
  ])("says how messages come through, and nothing once they do: %s", async (name, text, rules) => {
    const ada = await world.open("Ada Lovelace")
    await choose(ada, "The office")
    await world.admin("PUT", "/faults", { rules })
    if (name === "refused") await world.admin("POST", "/tokens/expire", { token: world.token("Ada Lovelace") })
    await world.admin("POST", "/sessions/drop", {})
    const banner = ada.getByRole("status")
    await eventually(async () => assert.include(await banner.innerText(), text))
    await shoot(ada, `banner-${name}`)
    assert.deepStrictEqual(await violations(ada), [])
    if (name === "refused") return
    await world.admin("PUT", "/faults", { rules: [] })
    await eventually(async () => assert.strictEqual(await banner.innerText(), ""))
  })

  it("shows everything once the server is there that was not when the page was opened", async () => {
    await world.admin("PUT", "/faults", {
      rules: [{ match: { on: "http", path: "/api/*" }, action: { type: "answer", status: 503 } }, noSockets]
    })
    const ada = await world.open("Ada Lovelace")
    await eventually(async () => assert.include(await ada.getByRole("status").innerText(), "There is no connection"))
    await shoot(ada, "cold-start")
    assert.strictEqual(await ada.getByRole("alert").count(), 0)
    await world.admin("PUT", "/faults", { rules: [] })
    await choose(ada, "The office")
    await eventually(async () => assert.isAtLeast(await log(ada).locator("li").count(), 100))
    await eventually(async () => assert.strictEqual(await ada.getByRole("status").innerText(), ""))
  })

  it("shows a room that was left briefly at once", async () => {
    const ada = await world.open("Ada Lovelace")
    await choose(ada, "The office")
    await choose(ada, "Library")
    const room = (name: string) => ada.getByRole("navigation").getByRole("button", { name })
    // what a reader sees in the first picture
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

  it("keeps a message that was refused, until it is sent again", async () => {
    const ada = await world.open("Ada Lovelace")
    await choose(ada, "The office")
    await world.admin("PUT", "/faults", {
      rules: [{
        match: { on: "http", method: "POST", path: "/api/fabric/messages" },
        action: { type: "answer", status: 422 },
        times: 1
      }]
    })
    await say(ada, "Difference engine, anyone?")
    await eventually(async () => assert.deepStrictEqual(await saying(ada, "Difference engine"), ["failed"]))
    await shoot(ada, "failed")
    await ada.getByRole("button", { name: "Try again" }).click()
    await eventually(async () => assert.deepStrictEqual(await saying(ada, "Difference engine"), ["stored"]))
  })

  it("can be used by keyboard alone", async () => {
    const ada = await world.open(null)
    await ada.getByRole("link", { name: "Ada Lovelace" }).focus()
    await ada.keyboard.press("Enter")
    await ada.getByRole("navigation").getByRole("button", { name: "The office" }).waitFor()
    await ada.keyboard.press("Tab")
    const chosen = await ada.evaluate(() => document.activeElement?.textContent)
    await ada.keyboard.press("Enter")
    await eventually(async () =>
      assert.isTrue(await composer(ada).evaluate((element) => element === document.activeElement))
    )
    assert.include(chosen ?? "", await ada.locator(".title h2").innerText())
    await ada.keyboard.type("Typed, not clicked")
    await ada.keyboard.press("Enter")
    await eventually(async () => assert.deepStrictEqual(await saying(ada, "Typed, not clicked"), ["stored"]))
    // back into the history, which scrolls by keys
    await ada.keyboard.press("Shift+Tab")
    assert.isTrue(await log(ada).evaluate((element) => element === document.activeElement))
  })

  it.each(["light", "dark"] as const)("has nothing that axe finds fault with, %s", async (colorScheme) => {
    const welcome = await world.open(null, { colorScheme })
    await welcome.getByRole("link").first().waitFor()
    assert.deepStrictEqual(await violations(welcome), [])
    await shoot(welcome, `welcome-${colorScheme}`)
    const ada = await world.open("Ada Lovelace", { colorScheme })
    await ada.getByRole("navigation").getByRole("button", { name: "Alan Turing" }).waitFor()
    assert.deepStrictEqual(await violations(ada), [])
    await choose(ada, "The office")
    await world.admin("PUT", "/faults", {
      rules: [{
        match: { on: "http", method: "POST", path: "/api/fabric/messages" },
        action: { type: "answer", status: 422 },
        times: 1
      }]
    })
    await say(ada, "Does the moth get a chair?")
    await eventually(async () => assert.deepStrictEqual(await saying(ada, "Does the moth get a chair?"), ["failed"]))
    await say(ada, "I will bring the punched cards")
    await eventually(async () =>
      assert.deepStrictEqual(await saying(ada, "I will bring the punched cards"), ["stored"])
    )
    await ada.context().setOffline(true)
    await world.admin("POST", "/sessions/drop", {})
    await ada.getByText("You are offline").waitFor()
    assert.deepStrictEqual(await violations(ada), [])
    // the failed message ends with what to do about it, which is in sight
    await eventually(async () => assert.isTrue(await isAtEnd(log(ada))))
    await shoot(ada, colorScheme)
  })

  it("fits a telephone", async () => {
    const ada = await world.open("Ada Lovelace", { viewport: { width: 390, height: 780 }, colorScheme: "dark" })
    await ada.getByRole("navigation").getByRole("button", { name: "Library" }).waitFor()
    await shoot(ada, "telephone-list")
    await choose(ada, "The office")
    await shoot(ada, "telephone")
    assert.deepStrictEqual(await violations(ada), [])
    assert.isFalse(await ada.evaluate(() => document.documentElement.scrollWidth > innerWidth))
    await ada.getByRole("button", { name: "Back to the conversations" }).click()
    assert.isTrue(await ada.getByRole("navigation").isVisible())
  })
})

/** Whether the end of a history is in sight. */
const isAtEnd = (log: Locator): Promise<boolean> =>
  log.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 2)

/** The id of somebody, by the name they sign in with. */
const subscriber = async ({ admin }: World, name: string): Promise<string> => {
  const ready = JSON.stringify(await admin("GET", ""))
  return new RegExp(`"id":"([^"]+)","name":"${name}"`).exec(ready)?.[1] ?? ""
}
