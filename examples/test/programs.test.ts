/** Each example as its user runs it: a process of its own, against a sandbox that is another. */
import type { ConversationMessage } from "@effect-signalwire/promise"
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { assert, beforeEach, describe, it } from "@effect/vitest"
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { vi } from "vitest"

const run = promisify(execFile)

const path = (name: string): string => fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url))

let sandbox: SandboxProcess.SandboxProcess
beforeEach(async () => {
  sandbox = await SandboxProcess.start()
  return () => sandbox[Symbol.asyncDispose]()
})

const people = () => {
  const { rooms: [office], subscribers: [ada, grace] } = sandbox.info
  if (ada === undefined || grace === undefined || office === undefined) throw new Error("the sandbox is empty")
  return { ada, grace, addressId: office.addressId }
}

const environment = (more: Record<string, string>) => ({ PATH: process.env["PATH"], ...more })

/** Runs an example to its end. */
const node = (name: string, args: ReadonlyArray<string>, more: Record<string, string>) =>
  run(process.execPath, [path(name), ...args], { env: environment(more), timeout: 60_000 })

/** Starts an example that runs until it is told to end, once it has said its first line. */
const serve = async (name: string, more: Record<string, string>, args: ReadonlyArray<string> = []) => {
  const child: ChildProcess = spawn(process.execPath, [path(name), ...args], {
    env: environment(more),
    stdio: ["ignore", "pipe", "inherit"]
  })
  const { stdout } = child
  if (stdout === null) throw new Error("there is no standard output")
  const [line] = await once(createInterface(stdout), "line")
  const end = async (signal: NodeJS.Signals) => {
    const exit = once(child, "exit")
    child.kill(signal)
    return exit
  }
  return {
    line: String(line),
    end,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await end("SIGTERM")
    }
  }
}

/** Says something, live, as the sandbox's administrator. */
const say = async (from: string, ...texts: ReadonlyArray<string>): Promise<void> => {
  const { addressId } = people()
  const messages = texts.map((text) => ({ from, addressId, text }))
  const response = await fetch(`${sandbox.info.admin}/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ messages })
  })
  assert.isTrue(response.ok)
}

const stored = async (): Promise<ReadonlyArray<string>> => {
  const response = await fetch(`${sandbox.info.admin}/messages?addressId=${people().addressId}`)
  const { messages }: { messages: ReadonlyArray<{ readonly text: string }> } = JSON.parse(await response.text())
  return messages.map(({ text }) => text)
}

const textOf = ({ text }: ConversationMessage) => text

describe("export-conversation", () => {
  it("writes every message of every page as a line of its own, and how many there were", async () => {
    const { ada, addressId } = people()
    const texts = Array.from({ length: 250 }, (_, index) => `m${index}`)
    await say(ada.id, ...texts)
    for (const args of [[addressId], []]) {
      const { stderr, stdout } = await node("export-conversation", args, { SIGNALWIRE_TOKEN: ada.token })
      const lines = stdout.trimEnd().split("\n").map((line): ConversationMessage => JSON.parse(line))
      assert.deepStrictEqual(lines.map(textOf), texts.toReversed())
      assert.include(stderr, "250 messages")
    }
  })
})

/** Reads server-sent events until there are enough of them. */
const events = async (url: string, count: number, headers: Record<string, string> = {}) => {
  const response = await fetch(url, { headers })
  const found: Array<{ readonly id: string; readonly message: ConversationMessage }> = []
  let text = ""
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    const blocks = text.split("\n\n")
    text = blocks.pop() ?? ""
    for (const block of blocks) {
      const [id, data] = block.split("\n").map((line) => line.slice(line.indexOf(":") + 2))
      found.push({ id: id ?? "", message: JSON.parse(data ?? "") })
    }
    if (found.length >= count) return found
  }
  return found
}

describe("sse-server", () => {
  it("tells every browser what is said, and one that comes back what it has missed", async () => {
    const { ada, addressId, grace } = people()
    await say(ada.id, "before")
    await using server = await serve("sse-server", { SIGNALWIRE_TOKEN: ada.token, PORT: "0" })
    const url = `http://127.0.0.1:${server.line.split(" ").at(-1)}/events?addressId=${addressId}`
    const listening = [events(url, 2), events(url, 2)]
    await Promise.all([events(url, 1), events(url, 1)])
    await say(grace.id, "live")
    const [first, second] = await Promise.all(listening)
    assert.deepStrictEqual(first?.map(({ message }) => message.text), ["before", "live"])
    // a message from history and the same as it happened tell more or less of it, under one id
    assert.deepStrictEqual(second?.map(({ id }) => id), first?.map(({ id }) => id))

    await say(grace.id, "missed")
    const missed = await events(url, 1, { "last-event-id": first?.at(-1)?.id ?? "" })
    assert.deepStrictEqual(missed.map(({ message }) => message.text), ["missed"])
  })

  it("says what it can be asked for", async () => {
    await using server = await serve("sse-server", { SIGNALWIRE_TOKEN: people().ada.token, PORT: "0" })
    const response = await fetch(`http://127.0.0.1:${server.line.split(" ").at(-1)}/`)
    assert.deepStrictEqual([response.status, await response.text()], [404, "GET /events?addressId=...\n"])
  })
})

describe("echo-bot", () => {
  it("answers what it hears once, and what was said while it was dead", async () => {
    const { ada, grace } = people()
    const folder = mkdtempSync(join(tmpdir(), "echo-bot-"))
    const start = () => serve("echo-bot", { SIGNALWIRE_TOKEN: ada.token }, [join(folder, "bot.db")])
    const until = (...texts: ReadonlyArray<string>) =>
      vi.waitFor(async () => assert.deepStrictEqual((await stored()).toSorted(), texts.toSorted()), 50_000)
    try {
      await say(ada.id, "I am in")
      const first = await start()
      assert.strictEqual(first.line, "listening")
      await say(grace.id, "one")
      await until("I am in", "one", "You said: one")
      await first.end("SIGKILL")
      await say(grace.id, "two")
      await using _second = await start()
      await until("I am in", "one", "You said: one", "two", "You said: two")
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe("many-subscribers", () => {
  it("gives each subscriber a client of their own", async () => {
    const { ada, grace } = people()
    await say(ada.id, "hello")
    const { stdout } = await node("many-subscribers", [], {
      SIGNALWIRE_TOKENS: `ada=${ada.token} grace=${grace.token}`
    })
    assert.deepStrictEqual(stdout.trimEnd().split("\n").toSorted(), [
      "ada: office",
      "ada: office",
      "grace: nobody yet"
    ])
  })
})
