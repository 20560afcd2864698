/** The wire log as a data structure: what it keeps of an entry, and how many entries. */
import * as WireLog from "@effect-signalwire/backend/WireLog"
import { assert, describe, it } from "@effect/vitest"
import { Secrets } from "../src/internal/secrets.ts"

const make = (redact: (text: string) => string = (text) => text) =>
  WireLog.make({ now: () => 5000, enabled: true, redact })

const socket = { connection: 1, session: null, subscriberId: null, fault: null } as const
const opened = { ...socket, on: "opened" } as const
const frameOf = (frame: string) => ({ ...socket, on: "frame", direction: "in", method: null, frame }) as const
const responseOf = (body: string) => ({ on: "response", exchange: 1, status: 200, body, fault: null }) as const
const requestOf = (body: string, path: string) =>
  ({
    on: "request",
    exchange: 1,
    method: "POST",
    path,
    authorization: null,
    subscriberId: null,
    body,
    fault: null
  }) as const

const parse = (log: WireLog.WireLog, after?: number): ReadonlyArray<Record<string, unknown>> =>
  log.lines(after).map((line) => JSON.parse(line))
const seqs = (log: WireLog.WireLog, after?: number) => parse(log, after).map(({ seq }) => seq)

const maxContentLength = 32_768

describe("a wire log", () => {
  it("numbers its entries from 1, and goes on after it was cleared", () => {
    const log = make()
    for (let n = 0; n < 2; n++) log.add(opened)
    assert.deepStrictEqual(parse(log), [1, 2].map((seq) => ({ seq, time: 5000, ...opened })))
    log.clear()
    assert.deepStrictEqual(log.lines(), [])
    log.add(opened)
    assert.deepStrictEqual(seqs(log), [3])
  })

  it("contains nothing of the time during which it is disabled", () => {
    const log = WireLog.make({ now: () => 0, enabled: false, redact: (text) => text })
    log.add(opened)
    assert.deepStrictEqual([log.isEnabled(), log.lines()], [false, []])
    log.enable(true)
    log.add(opened)
    log.enable(false)
    log.add(opened)
    assert.deepStrictEqual([log.isEnabled(), seqs(log)], [false, [1]])
  })

  it("makes a different number for each exchange and connection", () => {
    const log = make()
    assert.deepStrictEqual([log.nextId(), log.nextId(), log.nextId()], [1, 2, 3])
  })

  it("returns the entries after a number", () => {
    const log = make()
    for (let n = 0; n < 4; n++) log.add(opened)
    assert.deepStrictEqual([0, 1, 3, 4, 9].map((after) => seqs(log, after)), [[1, 2, 3, 4], [2, 3, 4], [4], [], []])
    assert.deepStrictEqual(seqs(log), [1, 2, 3, 4])
  })

  it("passes each entry to its listeners, until they unsubscribe", () => {
    const log = make()
    const lines: Array<string> = []
    const unsubscribe = log.subscribe((line) => lines.push(line))
    log.add(opened)
    log.add(frameOf("1"))
    assert.deepStrictEqual(lines, log.lines())
    unsubscribe()
    log.add(opened)
    assert.deepStrictEqual([lines.length, log.lines().length], [2, 3])
  })

  it("keeps the latest ten thousand entries, and counts those that it dropped", () => {
    const log = make()
    for (let n = 0; n < 10_000; n++) log.add(opened)
    assert.deepStrictEqual([log.lines().length, log.dropped()], [10_000, 0])
    for (let n = 0; n < 3; n++) log.add(opened)
    assert.deepStrictEqual([log.lines().length, log.dropped()], [10_000, 3])
    assert.deepStrictEqual([seqs(log)[0], seqs(log, 2)[0], seqs(log, 4)[0]], [4, 4, 5])
    for (let n = 0; n < 11_000; n++) log.add(opened)
    const kept = seqs(log)
    assert.deepStrictEqual([kept.length, kept[0], kept.at(-1), log.dropped()], [10_000, 11_004, 21_003, 11_003])
    assert.deepStrictEqual(seqs(log, 21_002), [21_003])
    log.clear()
    assert.deepStrictEqual([log.lines(), log.dropped()], [[], 0])
  })

  it("keeps as many entries as take sixteen mebibytes", () => {
    const log = make()
    const sizes: Array<number> = []
    log.subscribe((line) => sizes.push(line.length + 128))
    for (let n = 0; n < 40; n++) log.add(requestOf("", "x".repeat(700_000)))
    const dropped = log.dropped()
    const total = (from: number) => sizes.slice(from).reduce((sum, size) => sum + size, 0)
    assert.strictEqual(log.lines().length, 40 - dropped)
    assert.isAtMost(total(dropped), 16 * 1024 * 1024)
    assert.isAbove(total(dropped - 1), 16 * 1024 * 1024)
    log.clear()
    // what was cleared is not counted any more
    log.add(responseOf("x"))
    assert.deepStrictEqual([log.lines().length, log.dropped()], [1, 0])
  })
})

describe("a logged body or frame", () => {
  it.each<[string, unknown]>([
    ["", null],
    ["{\"a\":[1,null]}", { a: [1, null] }],
    ["{\"token\":\"t\",\"a\":{\"password\":1}}", { token: "[redacted]", a: { password: "[redacted]" } }],
    ["not JSON, token=t", "not JSON, token=t"],
    ["{\"token\":\"t", "{\"token\":\"[redacted]\""],
    ["a=1&token=t", "a=1&token=[redacted]"],
    [`${"[".repeat(65)}${"]".repeat(65)}`, `${"[".repeat(65)}${"]".repeat(65)}`]
  ])("is parsed if it is JSON, without its secrets: %j", (text, expected) => {
    const log = make()
    log.add(frameOf(text))
    log.add(responseOf(text))
    log.add(requestOf(text, "/a?token=t&b=c"))
    const [frame, response, request] = parse(log)
    assert.deepStrictEqual([frame?.["frame"], response?.["body"], request?.["body"]], [expected, expected, expected])
    assert.strictEqual(request?.["path"], "/a?token=[redacted]&b=c")
  })

  it("has none of the known secrets", () => {
    const log = make((text) => text.replaceAll("secret", "[redacted]"))
    log.add(frameOf("{\"a\":\"my secret\"}"))
    assert.deepStrictEqual(parse(log)[0]?.["frame"], { a: "my [redacted]" })
  })

  it("is cut if it has more than 32768 characters", () => {
    const log = make()
    const text = JSON.stringify("x".repeat(maxContentLength - 2))
    log.add(frameOf(text))
    log.add(frameOf(`${text} `))
    log.add(frameOf("y".repeat(3 * maxContentLength)))
    const [whole, cut, long] = parse(log).map(({ frame }) => String(frame))
    assert.strictEqual(whole, text.slice(1, -1))
    assert.strictEqual(cut, `${text}…`)
    assert.strictEqual(long, `${"y".repeat(maxContentLength)}…`)
  })

  it("has no part of a secret where it is cut", () => {
    const secrets = new Secrets()
    const secret = "abcdefghijklmnopqrstuvwxyz0123456789"
    secrets.add(secret)
    const log = make((text) => secrets.redact(text))
    const before = "- ".repeat((maxContentLength - 10) / 2)
    log.add(frameOf(`${before}${secret} and more`))
    log.add(frameOf(`${before.slice(0, -2)}token=${secret} and more`))
    assert.notInclude(log.lines().join(""), secret.slice(0, 4))
  })
})
