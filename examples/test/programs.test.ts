/** Runs each example as a user does: in a process of its own, against a sandbox in this one. */
import type { ConversationMessage } from "@effect-signalwire/promise"
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
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
import { nodeEnvironment } from "./support.ts"

const run = promisify(execFile)

const path = (name: string): string => fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url))

let sandbox: Sandbox.Started
beforeEach(async () => {
  sandbox = await Sandbox.start()
  return () => sandbox[Symbol.asyncDispose]()
})

const fixture = () => {
  const { rooms: [office], subscribers: [ada, grace] } = sandbox
  if (ada === undefined || grace === undefined || office === undefined) {
    throw new Error("the sandbox has no subscribers or rooms")
  }
  return { ada, grace, addressId: office.addressId }
}

const environment = (more: Record<string, string>) => ({ ...nodeEnvironment(), ...more })

/** Runs an example until it exits. */
const node = (name: string, args: ReadonlyArray<string>, more: Record<string, string>) =>
  run(process.execPath, [path(name), ...args], { env: environment(more), timeout: 60_000 })

/** Starts an example that runs until it gets a signal, and waits for its first line of output. */
const start = async (name: string, more: Record<string, string>, args: ReadonlyArray<string> = []) => {
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

/** Sends messages of a subscriber through the sandbox's admin API. */
const send = async (from: string, ...texts: ReadonlyArray<string>): Promise<void> => {
  const { addressId } = fixture()
  const messages = texts.map((text) => ({ from, addressId, text }))
  const response = await fetch(`${sandbox.admin}/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ messages })
  })
  assert.isTrue(response.ok)
}

const stored = async (): Promise<ReadonlyArray<string>> => {
  const response = await fetch(`${sandbox.admin}/messages?addressId=${fixture().addressId}`)
  const { messages }: { messages: ReadonlyArray<{ readonly text: string }> } = JSON.parse(await response.text())
  return messages.map(({ text }) => text)
}

const textOf = ({ text }: ConversationMessage) => text

describe("export-conversation", () => {
  it("writes every message of every page as one line, and prints their number", async () => {
    const { ada, addressId } = fixture()
    const texts = Array.from({ length: 250 }, (_, index) => `m${index}`)
    await send(ada.id, ...texts)
    for (const args of [[addressId], []]) {
      const { stderr, stdout } = await node("export-conversation", args, { SIGNALWIRE_TOKEN: ada.token })
      const lines = stdout.trimEnd().split("\n").map((line): ConversationMessage => JSON.parse(line))
      assert.deepStrictEqual(lines.map(textOf), texts.toReversed())
      assert.include(stderr, "250 messages")
    }
  })
})

/** Reads a number of server-sent events. */
const readEvents = async (url: string, count: number, headers: Record<string, string> = {}) => {
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
  it("sends every message to every browser, and missed messages to one that reconnects", async () => {
    const { ada, addressId, grace } = fixture()
    await send(ada.id, "before")
    await using server = await start("sse-server", { SIGNALWIRE_TOKEN: ada.token, PORT: "0" })
    const url = `http://127.0.0.1:${server.line.split(" ").at(-1)}/events?addressId=${addressId}`
    const listening = [readEvents(url, 2), readEvents(url, 2)]
    await Promise.all([readEvents(url, 1), readEvents(url, 1)])
    await send(grace.id, "live")
    const [first, second] = await Promise.all(listening)
    assert.deepStrictEqual(first?.map(({ message }) => message.text), ["before", "live"])
    // a message from history and a live one have different fields, but the same id
    assert.deepStrictEqual(second?.map(({ id }) => id), first?.map(({ id }) => id))

    await send(grace.id, "missed")
    const missed = await readEvents(url, 1, { "last-event-id": first?.at(-1)?.id ?? "" })
    assert.deepStrictEqual(missed.map(({ message }) => message.text), ["missed"])
  })

  it("returns 404 with the supported request", async () => {
    await using server = await start("sse-server", { SIGNALWIRE_TOKEN: fixture().ada.token, PORT: "0" })
    const response = await fetch(`http://127.0.0.1:${server.line.split(" ").at(-1)}/`)
    assert.deepStrictEqual([response.status, await response.text()], [404, "GET /events?addressId=...\n"])
  })
})

describe("echo-bot", () => {
  it("replies to each message once, also to those sent while it was not running", async () => {
    const { ada, grace } = fixture()
    const folder = mkdtempSync(join(tmpdir(), "echo-bot-"))
    const startBot = () => start("echo-bot", { SIGNALWIRE_TOKEN: ada.token }, [join(folder, "bot.db")])
    const waitForStored = (...texts: ReadonlyArray<string>) =>
      vi.waitFor(async () => assert.deepStrictEqual((await stored()).toSorted(), texts.toSorted()), 50_000)
    try {
      await send(ada.id, "I am in")
      const first = await startBot()
      assert.strictEqual(first.line, "listening")
      await send(grace.id, "one")
      await waitForStored("I am in", "one", "You said: one")
      await first.end("SIGKILL")
      await send(grace.id, "two")
      await using _second = await startBot()
      await waitForStored("I am in", "one", "You said: one", "two", "You said: two")
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe("many-subscribers", () => {
  it("creates a client for each subscriber", async () => {
    const { ada, grace } = fixture()
    await send(ada.id, "hello")
    const { stdout } = await node("many-subscribers", [], {
      SIGNALWIRE_TOKENS: `ada=${ada.token} grace=${grace.token}`
    })
    assert.deepStrictEqual(stdout.trimEnd().split("\n").toSorted(), [
      "ada: office",
      "ada: office",
      "grace: no conversations"
    ])
  })
})
