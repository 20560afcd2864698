import type * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { mkdtempDisposableSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it, vi } from "vitest"
import { decodeLog, decodeSessions } from "../../src/admin/models.ts"
import { adminGet, eventually, refuseNextSend, requestInfo, seed, storedTexts } from "../support.ts"
import {
  all,
  bothShow,
  connected,
  expectAllDelivered,
  messages,
  open,
  pane,
  press,
  region,
  respond,
  rows,
  search,
  select,
  shows,
  state,
  tally,
  textOf,
  texts,
  unresponsive,
  write
} from "./support.ts"

/** Writes a message that the sandbox refuses. */
const writeRefused = async (sandbox: Sandbox.Info, text: string) => {
  await refuseNextSend(sandbox)
  await write("left", text)
  await shows(/^Not sent/)
}

describe("the page", () => {
  it("counts stored and shown messages", async () => {
    await using world = await open()
    const { sandbox } = world
    await write("left", "one")
    await expectAllDelivered(1)
    // a message that no pane has sent is not counted
    await seed(sandbox, ["seeded"])
    await bothShow(["ada one", "ada seeded"])
    await expectAllDelivered(1)
    // different conversations cannot be compared
    await select("Conversation", "ada", pane("right"))
    await shows(/choose the same conversation in both panes/)
    // both sides of one conversation can be compared
    await select("Conversation", "grace", pane("left"))
    await connected()
    await write("right", "in private")
    await bothShow(["grace in private"])
    await expectAllDelivered(1)
    assert.deepStrictEqual(await storedTexts(sandbox), ["one", "seeded", "in private"])
  })

  it("shows a failed send as failed, and not as lost, until it is retried", async () => {
    await using world = await open()
    await writeRefused(world.sandbox, "refused at first")
    await eventually(() =>
      assert.deepStrictEqual(tally(), {
        sent: 1,
        stored: 0,
        "shown in both panes": 0,
        failed: 1,
        lost: 0,
        duplicates: 0
      })
    )
    await press("Try again")
    await expectAllDelivered(1)
  })

  it("does not count a discarded message", async () => {
    await using world = await open()
    const { sandbox } = world
    await write("left", "kept")
    await expectAllDelivered(1)
    await writeRefused(sandbox, "discarded")
    await press("Discard")
    await expectAllDelivered(1)
    assert.deepStrictEqual(await storedTexts(sandbox), ["kept"])
  })

  it("does not count a failed message after its pane acts as another subscriber", async () => {
    await using world = await open({ subscribers: ["ada", "grace", "hedy"] })
    const { sandbox } = world
    await write("left", "kept")
    await expectAllDelivered(1)
    await writeRefused(sandbox, "given up")
    await select("Act as", "hedy", pane("left"))
    await expectAllDelivered(1)
    assert.deepStrictEqual(await storedTexts(sandbox), ["kept"])
  })

  it("reads stored messages only while a message is pending", async () => {
    await using world = await open()
    using fetched = vi.spyOn(globalThis, "fetch")
    const requests = (path: string) =>
      fetched.mock.calls.filter(([input]) => typeof input === "string" && input.startsWith(`/_sandbox${path}`)).length
    await write("left", "delivered")
    await expectAllDelivered(1)
    await writeRefused(world.sandbox, "refused")
    assert.isAbove(requests("/messages"), 0)
    // there may be one more poll while the send fails
    await eventually(() => assert.strictEqual(tally()["failed"], 1))
    const before = { messages: requests("/messages"), sessions: requests("/sessions") }
    await eventually(() => assert.isAtLeast(requests("/sessions") - before.sessions, 13))
    assert.isAtMost(requests("/messages") - before.messages, 1)
  })

  it("shows the error of an invalid response, and recovers", async () => {
    await using _ = await open()
    for (
      const [response, problem] of [
        [new Response("", { status: 403, statusText: "Forbidden" }), "The sandbox returned 403: Forbidden"],
        [new Response("", { status: 500, statusText: "Broken" }), "The sandbox returned 500: Broken"],
        [Response.json({ sessions: 1 }), "expected an array at /_sandbox/sessions.sessions"],
        [new Response("<html>"), "expected JSON at /_sandbox/sessions"]
      ] as const
    ) {
      {
        using _ = respond("/sessions", async () => response.clone())
        await eventually(() => assert.include(textOf(".down"), `${problem}; trying again…`))
      }
      await eventually(() => assert.isNotEmpty(all(".down[data-shown=false]")))
    }
  })

  it("lets a pane act as another subscriber", async () => {
    await using world = await open({ subscribers: ["ada", "grace", "hedy"] })
    await press("Act as hedy in the pane on the right")
    await eventually(() => assert.isDefined(region("Pane on the right: hedy in office")))
    await connected()
    await write("right", "hello")
    await bothShow(["hedy hello"])
    await select("Act as", "grace", pane("left"))
    await connected()
    await write("left", "hello, too")
    await bothShow(["hedy hello", "grace hello, too"])
    await expectAllDelivered(2)
    assert.deepStrictEqual(await storedTexts(world.sandbox), ["hello", "hello, too"])
  })

  it("lists sessions with their pending events", async () => {
    await using world = await open()
    const sessions = () => all("tbody tr", region("Sessions"))
    await eventually(() => assert.strictEqual(sessions().length, 2))
    const [first] = await adminGet(world.sandbox, "/sessions", decodeSessions)
    const [row] = sessions()
    assert.deepStrictEqual(row === undefined ? [] : texts(all("td", row)), [
      // the end of the protocol is unique
      `…${first?.protocol.slice(-8)}`,
      "open",
      "0",
      "0 B"
    ])
  })

  it("recovers when the sandbox is restarted without its data", async () => {
    await using world = await open()
    await write("left", "before the restart")
    await expectAllDelivered(1)
    await world.sandbox.stop()
    await shows(unresponsive)
    const second = await world.restart()
    await eventually(() => assert.strictEqual(textOf(".down"), ""))
    await eventually(() => assert.deepStrictEqual(messages("left"), []))
    await connected()
    await write("right", "after the restart")
    await bothShow(["grace after the restart"])
    await expectAllDelivered(1)
    // the log is enabled again, and the page shows only entries of the new server
    await eventually(async () => {
      const { enabled, entries } = await adminGet(second, "/log", decodeLog)
      assert.isTrue(enabled)
      assert.strictEqual(rows("socket opened").length, entries.filter(({ on }) => on === "opened").length)
    })
  })

  it("continues with the same messages when the sandbox is restarted with its data", async () => {
    using directory = mkdtempDisposableSync(join(tmpdir(), "sandbox-page-"))
    const options = { data: join(directory.path, "data.db") }
    await using world = await open(options)
    await write("left", "before")
    await expectAllDelivered(1)
    await world.sandbox.stop()
    await shows(unresponsive)
    await write("left", "meanwhile")
    const second = await world.restart(options)
    await bothShow(["ada before", "ada meanwhile"])
    await expectAllDelivered(2)
    assert.deepStrictEqual(await storedTexts(second), ["before", "meanwhile"])
    await eventually(async () => assert.isTrue((await adminGet(second, "/log", decodeLog)).enabled))
  })

  it("keeps only the newest entries of a long wire log, and shows them in steps", async () => {
    // each request has two entries
    const request = async (sandbox: Sandbox.Info, times: number) => {
      await Promise.all(Array.from({ length: times }, () => requestInfo(sandbox)))
    }
    await using world = await open({ wireLog: true }, async (sandbox) => {
      for (let part = 0; part < 10; part++) await request(sandbox, 99)
    })
    await request(world.sandbox, 100)
    await eventually(() => assert.include(textOf(".counts"), "of 2000 entries match"))
    assert.strictEqual(rows().length, 200)
    await press("Show 200 more")
    await eventually(() => assert.strictEqual(rows().length, 400))
  })

  it("shows the status of a connection", async () => {
    await using _ = await open()
    assert.strictEqual(state("left"), "Connected.")
    await press("Drop the sockets")
    await eventually(() => assert.match(state("left"), /^Connected, resumed after \d+\.\d s\.1 interruption$/))
  })

  it("finds one of many subscribers", async () => {
    await using _ = await open({ subscribers: Array.from({ length: 50 }, (_, index) => `person-${index}`) })
    await search("Name of a subscriber", "PERSON-49")
    await eventually(() => assert.deepStrictEqual(texts(all("tbody th", region("Subscribers"))), ["person-49"]))
  })
})
