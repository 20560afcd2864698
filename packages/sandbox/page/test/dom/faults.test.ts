import * as Faults from "@effect-signalwire/backend/Faults"
import type { Info } from "@effect-signalwire/sandbox/Sandbox"
import * as Schema from "effect/Schema"
import { assert, describe, it } from "vitest"
import { decodeLog, decodeRules, type Entry } from "../../src/admin/models.ts"
import { adminGet, adminSend, eventually, requestInfo, storedTexts } from "../support.ts"
import {
  activeRules,
  all,
  bothShow,
  button,
  connected,
  expectAllDelivered,
  messages,
  notice,
  open,
  pane,
  press,
  region,
  select,
  shows,
  state,
  tally,
  texts,
  unresponsive,
  write
} from "./support.ts"

const logOf = async (sandbox: Info): Promise<ReadonlyArray<Entry>> =>
  (await adminGet(sandbox, "/log", decodeLog)).entries

const withFault = async (sandbox: Info, fault: string): Promise<ReadonlyArray<Entry>> =>
  (await logOf(sandbox)).filter((entry) => entry.fault === fault)

/** Selects the subscriber that faults affect. */
const selectTarget = (name: string) => select("For", name)

const hasNotice = (text: string) => eventually(() => assert.strictEqual(notice(), text))
const hasRule = (text: string) => eventually(() => assert.include(activeRules(), text))

/** Waits until both panes show a connection status. */
const bothAre = (status: string) =>
  eventually(() => {
    for (const side of ["left", "right"] as const) assert.include(state(side), status)
  })

describe("a fault button", () => {
  it("drops the sockets of the selected subscriber", async () => {
    await using _ = await open()
    await selectTarget("ada")
    await press("Drop the sockets")
    await hasNotice("Dropped 1 socket.")
    await eventually(() => assert.include(state("left"), "1 interruption"))
    assert.notInclude(state("right"), "interruption")
  })

  it("makes the server unreachable for the selected subscriber only", async () => {
    await using world = await open()
    const { sandbox } = world
    await selectTarget("ada")
    await shows(/^Breaks ada's sockets, existing and new, and refuses ada's API requests\./)
    await press("Down for five seconds")
    await hasNotice("Dropped 1 socket; for five seconds, ada's requests fail.")
    await eventually(() => assert.include(state("left"), "Reconnecting"))
    await hasRule("refuse: every request to /api/*, for ada")
    // without a time limit
    const rules = await adminGet(sandbox, "/faults", decodeRules)
    assert.isNotEmpty(rules)
    const put = (rules: ReadonlyArray<unknown>) => adminSend(sandbox, "PUT", "/faults", { rules })
    await put(rules.map(({ action, match }) => ({ action, match })))
    await write("right", "all by myself")
    await eventually(() => assert.deepStrictEqual(messages("right"), ["grace all by myself"]))
    assert.include(state("left"), "Reconnecting")
    await put([])
    await bothShow(["grace all by myself"])
    assert.strictEqual(state("right"), "Connected.")
    // the notice is cleared when the rules have ended
    await hasNotice("")
  })

  it("makes the server unreachable for five seconds: messages arrive once, later", async () => {
    await using world = await open()
    await press("Down for five seconds")
    await bothAre("Reconnecting")
    await write("left", "meanwhile")
    await shows("sending…")
    await hasRule("s left")
    await bothShow(["ada meanwhile"])
    await expectAllDelivered(1)
    assert.deepStrictEqual(await storedTexts(world.sandbox), ["meanwhile"])
    await hasRule("None.")
  })

  it("loses the next response: the message is stored and shown once", async () => {
    await using world = await open()
    const { sandbox } = world
    await press("Lose the next response")
    await hasRule("once")
    await write("left", "did you get this?")
    await bothShow(["ada did you get this?"])
    assert.isNotEmpty(await withFault(sandbox, "loseAnswer"))
    await write("left", "and this?")
    await bothShow(["ada did you get this?", "ada and this?"])
    await expectAllDelivered(2)
    assert.deepStrictEqual(await storedTexts(sandbox), ["did you get this?", "and this?"])
  })

  it("duplicates the next message: it is shown once", async () => {
    await using world = await open()
    await press("Duplicate the next message")
    await hasRule("duplicate")
    await write("left", "once")
    await write("left", "and for all")
    await bothShow(["ada once", "ada and for all"])
    assert.strictEqual((await withFault(world.sandbox, "duplicate")).length, 1)
    await expectAllDelivered(2)
  })

  it("reorders two messages: they are shown in order", async () => {
    await using world = await open()
    await press("Reorder two messages")
    await hasRule("reorder")
    await write("left", "first")
    await write("left", "second")
    await bothShow(["ada first", "ada second"])
    assert.strictEqual((await withFault(world.sandbox, "reorder")).length, 1)
    await expectAllDelivered(2)
  })

  it("returns 503 until faults are cleared: messages stay “sending” until then", async () => {
    await using world = await open()
    const { sandbox } = world
    await press("503 for ten seconds")
    await eventually(() => assert.match(activeRules(), /503.*\d+ s left/))
    await write("left", "patience")
    await shows("sending…", pane("left"))
    await eventually(async () =>
      assert.isTrue((await logOf(sandbox)).some(({ fault, status }) => status === 503 && fault === "answer"))
    )
    assert.deepStrictEqual(await storedTexts(sandbox), [])
    await eventually(() => assert.strictEqual(tally()["pending"], 1))
    await press("Clear faults")
    await expectAllDelivered(1)
    assert.deepStrictEqual(await adminGet(sandbox, "/faults", decodeRules), [])
  })

  it("delays responses and messages by two seconds: all messages arrive", async () => {
    await using world = await open()
    const { sandbox } = world
    await press("Slow for ten seconds")
    await hasRule("delay by 2000 ms")
    await write("left", "no hurry")
    await bothShow(["ada no hurry"])
    await expectAllDelivered(1)
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
    await press("Silence the sockets")
    await hasNotice("2 sockets will be silent from the next frame on.")
    await eventually(async () => assert.isAtLeast((await withFault(world.sandbox, "silent")).length, 2))
    await write("left", "into the silence")
    await bothAre("1 interruption")
    await connected()
    await bothShow(["ada into the silence"])
    await expectAllDelivered(1)
  })

  it("expires tokens: each pane gets a new one and continues", async () => {
    await using world = await open()
    const { sandbox } = world
    await press("Expire the tokens")
    await hasNotice("Expired 2 tokens.")
    assert.strictEqual((await requestInfo(sandbox)).status, 401)
    await write("left", "under another token")
    await write("right", "me, too")
    await expectAllDelivered(2)
    // again, with the current tokens of the panes
    await press("Expire the tokens")
    await write("left", "and another")
    await expectAllDelivered(3)
    assert.isAtLeast((await logOf(sandbox)).filter(({ status }) => status === 401).length, 3)
  })

  it("adds its rule concurrently with another one, and both are active", async () => {
    await using world = await open()
    for (const name of ["Duplicate the next message", "Reorder two messages"]) button(name).click()
    await eventually(async () => {
      const rules = await adminGet(world.sandbox, "/faults", decodeRules)
      assert.sameMembers(rules.map(({ action }) => action["type"]), ["duplicate", "reorder"])
    })
  })

  it("announces its result each time, even if the text is the same", async () => {
    await using _ = await open()
    const announced = "A duplicate of the next message will be pushed to a client."
    await press("Duplicate the next message")
    await hasNotice(announced)
    const [before] = all(".faults [role=status] > *")
    await press("Duplicate the next message")
    // a live region is announced when a node is added to it
    await eventually(() => assert.isFalse(before?.isConnected))
    await hasNotice(announced)
  })

  it("affects all subscribers again when the selected one no longer exists", async () => {
    await using world = await open({ subscribers: ["hedy", "grace"] })
    await selectTarget("hedy")
    await world.sandbox.stop()
    await shows(unresponsive)
    await world.restart({ subscribers: ["ada", "grace"] })
    await eventually(() => assert.isDefined(region("Pane on the left: ada in office")))
    await connected()
    await press("Expire the tokens")
    await hasNotice("Expired 2 tokens.")
  })

  it("adds its rule to the active ones", async () => {
    await using world = await open()
    const { sandbox } = world
    const existing = { match: { on: "connect" }, action: { type: "delay", millis: 5 }, probability: 0.5 }
    await adminSend(sandbox, "PUT", "/faults", { rules: [existing], seed: 7 })
    await press("Lose the next response")
    await eventually(async () => {
      const { rules, seed } = await adminGet(sandbox, "/faults", (body) => Schema.decodeUnknownSync(Faults.Rules)(body))
      assert.deepStrictEqual(rules.map(({ action }) => action.type), ["delay", "loseAnswer"])
      assert.deepStrictEqual<unknown>(rules[0], existing)
      assert.strictEqual(seed, 7)
    })
    await eventually(() =>
      assert.deepStrictEqual(texts(all(".active li")), [
        "delay by 5 ms: every new socket until cleared",
        "lose the response: POST request to /api/fabric/messages once"
      ])
    )
  })
})
