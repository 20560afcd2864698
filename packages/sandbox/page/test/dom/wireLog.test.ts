import { assert, describe, it } from "vitest"
import { decodeLog } from "../../src/admin/models.ts"
import { adminGet, adminSend, eventually, requestInfo } from "../support.ts"
import {
  all,
  bothShow,
  click,
  control,
  isShown,
  open,
  press,
  region,
  rows,
  search,
  select,
  shows,
  textOf,
  texts,
  write
} from "./support.ts"

/** Mounts the page, with a message in its wire log. */
const openLog = async () => {
  await using stack = new AsyncDisposableStack()
  const world = stack.use(await open())
  await write("left", "wanted")
  await bothShow(["ada wanted"])
  await eventually(() => assert.isAtLeast(rows("POST /api/fabric/messages").length, 2))
  const opened = stack.move()
  return { ...world, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** The different values of an attribute of the rows. */
const values = (name: string): ReadonlyArray<string | null> => [...new Set(rows().map((row) => row.getAttribute(name)))]

/** Waits until every row has this value. */
const only = (name: string, expected: string): Promise<void> =>
  eventually(() => assert.deepStrictEqual(values(name), [expected]))

const isOff = "Recording is off, including --log."

describe("the wire log", () => {
  it("can be filtered by kind", async () => {
    await using _ = await openLog()
    for (const [label, kind] of [["HTTP", "http"], ["frames", "frame"], ["sockets", "socket"]] as const) {
      await select("Kind of entry", label)
      await only("data-kind", kind)
    }
    assert.deepStrictEqual(values("data-direction"), [null])
  })

  it("can be filtered by direction", async () => {
    await using _ = await openLog()
    for (const [label, direction] of [["→ from clients", "in"], ["← to clients", "out"]] as const) {
      await select("Direction", label)
      await only("data-direction", direction)
    }
    // sockets have no direction
    assert.notInclude(values("data-kind"), "socket")
  })

  it("can be filtered by subscriber, including responses", async () => {
    await using _ = await openLog()
    await select("Subscriber", "grace")
    await eventually(() => assert.deepStrictEqual([...new Set(texts(all(".entries .who")))], ["grace"]))
    assert.isNotEmpty(all("[data-kind=http][data-direction=out]"))
  })

  it("can be searched for text in entries", async () => {
    await using _ = await openLog()
    await search("Search text", "WANTED")
    await eventually(() => {
      const summaries = texts(all(".entries .summary"))
      // the request, its response, an event to each subscriber, and reads of history
      assert.isAtLeast(summaries.length, 4)
      assert.isTrue(summaries.some((summary) => summary.startsWith("POST /api/fabric/messages")))
      assert.isTrue(summaries.includes("conversation.message"))
    })
    await search("Search text", "nothing has this")
    await shows("No entries match.")
    assert.isEmpty(rows())
  })

  it("shows the number of matching entries, and finds faults by their displayed text", async () => {
    await using world = await openLog()
    const { sandbox } = world
    await adminSend(sandbox, "PUT", "/faults", {
      rules: [{ match: { on: "http", path: "/api/fabric/subscriber/info" }, action: { type: "answer", status: 503 } }]
    })
    await requestInfo(sandbox)
    await eventually(() => assert.isNotEmpty(rows("fault: answer")))
    const { length } = rows("fault: answer")
    for (const text of ["fault: answer", "fault"]) {
      await search("Search text", text)
      await eventually(() => assert.match(textOf(".counts"), new RegExp(`^${length} of \\d+ entries match`)))
    }
  })

  it("hides pings by default", async () => {
    await using world = await openLog()
    await eventually(async () => {
      const { entries } = await adminGet(world.sandbox, "/log", decodeLog)
      assert.isTrue(entries.some(({ method }) => method === "signalwire.ping"))
    })
    const pings = () => rows("signalwire.ping")
    await click(control("Pings"))
    await eventually(() => assert.isNotEmpty(pings()))
    await click(control("Pings"))
    await eventually(() => assert.isEmpty(pings()))
  })

  it("shows an entry as formatted JSON", async () => {
    await using world = await openLog()
    const [row] = rows("POST /api/fabric/messages")
    const seq = Number(row?.id.replace("entry-", ""))
    if (row !== undefined) await click(row)
    const json = region("The entry as JSON").textContent
    assert.include(json, "\n  \"method\": \"POST\",\n")
    const { entries } = await adminGet(world.sandbox, "/log", decodeLog)
    assert.deepStrictEqual(JSON.parse(json), entries.find((entry) => entry.seq === seq)?.raw)
  })

  it("stays off when another client has turned it off and it was cleared", async () => {
    await using world = await openLog()
    const { sandbox } = world
    await adminSend(sandbox, "PUT", "/log", { enabled: false })
    await shows(isOff)
    await press("Clear log")
    await eventually(() => assert.isEmpty(rows()))
    // the page has polled the cleared log by then
    await write("left", "off the record")
    await bothShow(["ada wanted", "ada off the record"])
    await shows(isOff)
    assert.isFalse((await adminGet(sandbox, "/log", decodeLog)).enabled)
  })

  it("is turned on by the page, and can be turned off, on and cleared", async () => {
    await using world = await openLog()
    const { sandbox } = world
    const record = control("Record")
    assert.isTrue(record.matches(":checked"))
    await click(record)
    await shows(isOff)
    assert.isFalse((await adminGet(sandbox, "/log", decodeLog)).enabled)
    await press("Clear log")
    await eventually(() => assert.isEmpty(rows()))
    await write("left", "off the record")
    await bothShow(["ada wanted", "ada off the record"])
    assert.deepStrictEqual((await adminGet(sandbox, "/log", decodeLog)).entries, [])
    await click(record)
    await shows("Secrets are redacted.")
    assert.isFalse(isShown(isOff))
    await write("left", "on the record")
    await eventually(() => assert.isNotEmpty(rows("POST /api/fabric/messages")))
  })
})
