import * as Faults from "@effect-signalwire/backend/Faults"
import type { Info } from "@effect-signalwire/sandbox/Sandbox"
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import * as Schema from "effect/Schema"
import { assert, describe, it } from "vitest"
import { decodeLog, decodeRules, type Entry } from "../../src/admin/models.ts"
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
  state,
  storedTexts,
  takeScreenshot,
  tally,
  write
} from "./support.ts"

const logOf = async (sandbox: Info): Promise<ReadonlyArray<Entry>> =>
  (await adminGet(sandbox, "/log", decodeLog)).entries

const withFault = async (sandbox: Info, fault: string): Promise<ReadonlyArray<Entry>> =>
  (await logOf(sandbox)).filter((entry) => entry.fault === fault)

describe.concurrent("a fault button", () => {
  it("drops the sockets of the selected subscriber", async () => {
    await using world = await open()
    const { page } = world
    await page.locator(".faults").getByLabel("For").selectOption("ada")
    await press(page, "Drop the sockets")
    await eventually(async () => assert.strictEqual(await notice(page), "Dropped 1 socket."))
    await eventually(async () => assert.include(await state(page, "left"), "1 interruption"))
    assert.notInclude(await state(page, "right"), "interruption")
  })

  it("makes the server unreachable for the selected subscriber only", async () => {
    await using world = await open()
    const { page, sandbox } = world
    await page.locator(".faults").getByLabel("For").selectOption("ada")
    await page.getByText("Breaks ada's sockets, existing and new, and refuses ada's API requests.").waitFor()
    await press(page, "Down for five seconds")
    await eventually(async () =>
      assert.strictEqual(await notice(page), "Dropped 1 socket; for five seconds, ada's requests fail.")
    )
    await eventually(async () => assert.include(await state(page, "left"), "Reconnecting"))
    await eventually(async () =>
      assert.match(await page.locator(".active").innerText(), /refuse: every request to \/api\/\*, for ada/)
    )
    // without a time limit
    const rules = await adminGet(sandbox, "/faults", decodeRules)
    assert.isNotEmpty(rules)
    const put = (rules: ReadonlyArray<unknown>) => adminSend(sandbox, "PUT", "/faults", { rules })
    await put(rules.map(({ action, match }) => ({ action, match })))
    await write(page, "right", "all by myself")
    await eventually(async () => assert.deepStrictEqual(await messages(page, "right"), ["grace all by myself"]))
    assert.include(await state(page, "left"), "Reconnecting")
    await put([])
    await bothShow(page, ["grace all by myself"])
    assert.strictEqual(await state(page, "right"), "Connected.")
    // the notice is cleared when the rules have ended
    await eventually(async () => assert.strictEqual(await notice(page), ""))
  })

  it("affects the selected subscriber, even if the browser normalizes the name", async () => {
    await using world = await open({ sandbox: { subscribers: ["ada  b ", "grace"] } })
    const { page, sandbox } = world
    await page.locator(".faults").getByLabel("For").selectOption({ index: 1 })
    await press(page, "Duplicate the next message")
    await eventually(async () => {
      const [rule] = await adminGet(sandbox, "/faults", decodeRules)
      assert.strictEqual(rule?.match["subscriberId"], sandbox.subscribers[0]?.id)
    })
  })

  it("keeps the focus when it clears the faults, and is disabled then", async () => {
    await using world = await open()
    const { page } = world
    const clear = page.getByRole("button", { name: "Clear faults", disabled: true })
    await clear.waitFor()
    await press(page, "Duplicate the next message")
    await page.getByRole("button", { name: "Clear faults", disabled: false }).press("Enter")
    await clear.waitFor()
    assert.isTrue(await clear.evaluate((button) => button === document.activeElement))
  })

  it("makes the server unreachable for five seconds: messages arrive once, later", async () => {
    await using world = await open()
    const { page, sandbox } = world
    await press(page, "Down for five seconds")
    await eventually(async () => {
      for (const side of ["left", "right"] as const) assert.include(await state(page, side), "Reconnecting")
    })
    await write(page, "left", "meanwhile")
    await page.getByText("sending…").waitFor()
    await eventually(async () => assert.include(await page.locator(".active").innerText(), "s left"))
    await takeScreenshot(page, "down-for-five-seconds")
    await bothShow(page, ["ada meanwhile"])
    await expectAllDelivered(page, 1)
    assert.deepStrictEqual(await storedTexts(sandbox), ["meanwhile"])
    await eventually(async () => assert.include(await page.locator(".active").innerText(), "None."))
  })

  it("loses the next response: the message is stored and shown once", async () => {
    await using world = await open()
    const { page, sandbox } = world
    await press(page, "Lose the next response")
    await eventually(async () => assert.include(await page.locator(".active").innerText(), "once"))
    await write(page, "left", "did you get this?")
    await bothShow(page, ["ada did you get this?"])
    assert.isNotEmpty(await withFault(sandbox, "loseAnswer"))
    await write(page, "left", "and this?")
    await bothShow(page, ["ada did you get this?", "ada and this?"])
    await expectAllDelivered(page, 2)
    assert.deepStrictEqual(await storedTexts(sandbox), ["did you get this?", "and this?"])
  })

  it("duplicates the next message: it is shown once", async () => {
    await using world = await open()
    const { page, sandbox } = world
    await press(page, "Duplicate the next message")
    await eventually(async () => assert.include(await page.locator(".active").innerText(), "duplicate"))
    await write(page, "left", "once")
    await write(page, "left", "and for all")
    await bothShow(page, ["ada once", "ada and for all"])
    assert.strictEqual((await withFault(sandbox, "duplicate")).length, 1)
    await expectAllDelivered(page, 2)
  })

  it("reorders two messages: they are shown in order", async () => {
    await using world = await open()
    const { page, sandbox } = world
    await press(page, "Reorder two messages")
    await eventually(async () => assert.include(await page.locator(".active").innerText(), "reorder"))
    await write(page, "left", "first")
    await write(page, "left", "second")
    await bothShow(page, ["ada first", "ada second"])
    assert.strictEqual((await withFault(sandbox, "reorder")).length, 1)
    await expectAllDelivered(page, 2)
  })

  it("returns 503 until faults are cleared: messages stay “sending” until then", async () => {
    await using world = await open()
    const { page, sandbox } = world
    await press(page, "503 for ten seconds")
    await eventually(async () => assert.match(await page.locator(".active").innerText(), /503.*\d+ s left/))
    await write(page, "left", "patience")
    await pane(page, "left").getByText("sending…").waitFor()
    await eventually(async () =>
      assert.isTrue((await logOf(sandbox)).some(({ fault, status }) => status === 503 && fault === "answer"))
    )
    assert.deepStrictEqual(await storedTexts(sandbox), [])
    await eventually(async () => assert.strictEqual((await tally(page))["pending"], 1))
    await press(page, "Clear faults")
    await expectAllDelivered(page, 1)
    assert.deepStrictEqual(await adminGet(sandbox, "/faults", decodeRules), [])
  })

  it("delays responses and messages by two seconds: all messages arrive", async () => {
    await using world = await open()
    const { page, sandbox } = world
    await press(page, "Slow for ten seconds")
    await eventually(async () => assert.include(await page.locator(".active").innerText(), "delay by 2000 ms"))
    await write(page, "left", "no hurry")
    await bothShow(page, ["ada no hurry"])
    await expectAllDelivered(page, 1)
    const entries = await logOf(sandbox)
    const send = entries.find(({ method, on, path }) =>
      on === "request" && method === "POST" && path === "/api/fabric/messages"
    )
    await eventually(async () => {
      const response = (await logOf(sandbox)).find(({ exchange, on }) =>
        on === "response" && exchange === send?.exchange
      )
      assert.isAtLeast((response?.time ?? 0) - (send?.time ?? 0), 1900)
    })
  })

  it("silences the sockets: clients notice, reconnect and catch up", async () => {
    await using world = await open()
    const { page, sandbox } = world
    await press(page, "Silence the sockets")
    await eventually(async () =>
      assert.strictEqual(await notice(page), "2 sockets will be silent from the next frame on.")
    )
    await eventually(async () => assert.isAtLeast((await withFault(sandbox, "silent")).length, 2))
    await write(page, "left", "into the silence")
    await eventually(async () => {
      for (const side of ["left", "right"] as const) assert.include(await state(page, side), "1 interruption")
    })
    await connected(page)
    await bothShow(page, ["ada into the silence"])
    await expectAllDelivered(page, 1)
  })

  it("expires tokens: each pane gets a new one and continues", async () => {
    await using world = await open()
    const { page, sandbox } = world
    await press(page, "Expire the tokens")
    await eventually(async () => assert.strictEqual(await notice(page), "Expired 2 tokens."))
    const [ada] = sandbox.subscribers
    const refused = await fetch(`${sandbox.http}/api/fabric/subscriber/info`, {
      headers: { authorization: `Bearer ${ada?.token}` }
    })
    assert.strictEqual(refused.status, 401)
    await write(page, "left", "under another token")
    await write(page, "right", "me, too")
    await expectAllDelivered(page, 2)
    // again, with the current tokens of the panes
    await press(page, "Expire the tokens")
    await write(page, "left", "and another")
    await expectAllDelivered(page, 3)
    assert.isAtLeast((await logOf(sandbox)).filter(({ status }) => status === 401).length, 3)
  })

  it("adds its rule concurrently with another one, and both are active", async () => {
    await using world = await open()
    const { page, sandbox } = world
    const buttons = page.locator(".cards button")
    await buttons.evaluateAll((all) => {
      for (const button of all) {
        if (/^(Duplicate the next message|Reorder two messages)$/.test(button.textContent ?? "")) {
          button.dispatchEvent(new MouseEvent("click", { bubbles: true }))
        }
      }
    })
    await eventually(async () => {
      const rules = await adminGet(sandbox, "/faults", decodeRules)
      assert.sameMembers(rules.map(({ action }) => action["type"]), ["duplicate", "reorder"])
    })
  })

  it("announces its result each time, even if the text is the same", async () => {
    await using world = await open()
    const { page } = world
    const status = page.locator(".faults [role=status]")
    await press(page, "Duplicate the next message")
    const message = status.getByText("A duplicate of the next message will be pushed to a client.")
    const before = await message.elementHandle()
    await press(page, "Duplicate the next message")
    // a live region is announced when a node is added to it
    await eventually(async () => assert.isFalse(await before?.evaluate((node) => node.isConnected)))
    await message.waitFor()
  })

  it("affects all subscribers again when the selected one no longer exists", async () => {
    await using first = await openProcess(["--subscribers", "hedy,grace"])
    const { page, port } = first
    await page.locator(".faults").getByLabel("For").selectOption("hedy")
    await first.stop("SIGKILL")
    await page.getByText("The sandbox does not respond; trying again…").waitFor()
    await using second = await SandboxProcess.start(["--subscribers", "ada,grace", "--port", port])
    await page.getByRole("region", { name: "Pane on the left: ada in office" }).waitFor()
    await connected(page)
    await press(page, "Expire the tokens")
    await eventually(async () => assert.strictEqual(await notice(page), "Expired 2 tokens."))
    assert.strictEqual(second.info.http, first.info.http)
  })

  it("adds its rule to the active ones", async () => {
    await using world = await open()
    const { page, sandbox } = world
    const existing = { match: { on: "connect" }, action: { type: "delay", millis: 5 }, probability: 0.5 }
    await adminSend(sandbox, "PUT", "/faults", { rules: [existing], seed: 7 })
    await press(page, "Lose the next response")
    await eventually(async () => {
      const { rules, seed } = await adminGet(sandbox, "/faults", (body) => Schema.decodeUnknownSync(Faults.Rules)(body))
      assert.deepStrictEqual(rules.map(({ action }) => action.type), ["delay", "loseAnswer"])
      assert.deepStrictEqual<unknown>(rules[0], existing)
      assert.strictEqual(seed, 7)
    })
    const active = page.locator(".active li")
    await eventually(async () =>
      assert.deepStrictEqual(await active.allInnerTexts(), [
        "delay by 5 ms: every new socket until cleared",
        "lose the response: POST request to /api/fabric/messages once"
      ])
    )
  })
})
