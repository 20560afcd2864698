import type { Info } from "@effect-signalwire/sandbox/Sandbox"
import { assert, describe, it, vi } from "@effect/vitest"
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { createInterface } from "node:readline"
import { request, temporary } from "./support.ts"

const main = process.env["SANDBOX_PROGRAM"] ?? join(import.meta.dirname, "../src/main.ts")

/** Runs the program. */
const run = (...args: ReadonlyArray<string>) => runWith(process.env, ...args)

/** Runs the program with other environment variables. */
const runWith = (env: NodeJS.ProcessEnv, ...args: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"], env })
  let errors = ""
  child.stderr.on("data", (data) => {
    errors += String(data)
  })
  const lines: Array<string> = []
  const reader = createInterface(child.stdout)
  reader.on("line", (line) => lines.push(line))
  const exited = once(child, "exit").then(([code]) => Number(code ?? -1))
  return {
    lines,
    exited,
    errors: () => errors,
    kill: async (signal: NodeJS.Signals) => {
      child.kill(signal)
      return await exited
    },
    ready: async (): Promise<Info> => {
      await Promise.race([once(reader, "line"), exited])
      return JSON.parse(lines[0] ?? "{}")
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL")
      await exited
    }
  }
}

describe("the program", { timeout: 120_000 }, () => {
  it("prints one line of JSON when it is ready, and exits cleanly on SIGTERM although a socket is open", async () => {
    await using sandbox = run("--json")
    const info = await sandbox.ready()
    assert.sameMembers(Object.keys(info), ["http", "ws", "admin", "projectId", "apiToken", "subscribers", "rooms"])
    assert.deepStrictEqual(info.subscribers.map(({ name }) => name), ["ada", "grace"])
    assert.deepStrictEqual(info.rooms.map(({ name }) => name), ["office"])
    assert.strictEqual(info.admin, `${info.http}/_sandbox`)
    const socket = new WebSocket(info.ws)
    await once(socket, "open")
    await request(info, "GET", "/_sandbox")
    assert.strictEqual(await sandbox.kill("SIGTERM"), 0)
    assert.strictEqual(sandbox.lines.length, 1)
    assert.strictEqual(sandbox.errors(), "")
  })
  it("keeps confirmed messages in its file when it is killed", async () => {
    using directory = temporary()
    const args = ["--json", "--data", join(directory.path, "data.db")]
    await using first = run(...args)
    const before = await first.ready()
    const [ada, grace] = before.subscribers
    const sent = await request(before, "POST", "/api/fabric/messages", {
      token: ada?.token ?? "",
      body: { conversation_id: grace?.addressId, text: "kept", metadata: { a: [1, null] }, details: { b: {} } }
    })
    assert.strictEqual(sent.status, 200)
    const stored = (await request(before, "GET", "/_sandbox/messages")).body
    await first.kill("SIGKILL")
    await using second = run(...args)
    const after = await second.ready()
    assert.strictEqual(after.projectId, before.projectId)
    assert.deepStrictEqual(after.rooms, before.rooms)
    assert.deepStrictEqual((await request(after, "GET", "/_sandbox/messages")).body, stored)
    const seen = await request(after, "GET", "/api/fabric/messages", { token: grace?.token ?? "" })
    assert.deepStrictEqual(seen.body.data[0].metadata, { a: [1, null] })
  })
  it("fails if another process uses the file", async () => {
    using directory = temporary()
    const args = ["--json", "--data", join(directory.path, "data.db")]
    await using first = run(...args)
    await first.ready()
    await using second = run(...args)
    assert.strictEqual(await second.exited, 1)
    assert.include(second.errors(), "is in use by another process")
    assert.strictEqual(second.errors().trim().split("\n").length, 1)
    assert.deepStrictEqual(second.lines, [])
  })
  it("adds subscribers and rooms once", async () => {
    using directory = temporary()
    const args = ["--json", "--data", join(directory.path, "data.db"), "--subscribers", "hedy,radia", "--rooms", "lab"]
    await using first = run(...args)
    const before = await first.ready()
    await first.kill("SIGTERM")
    await using second = run(...args)
    const after = await second.ready()
    assert.deepStrictEqual(after.subscribers.map(({ id }) => id), before.subscribers.map(({ id }) => id))
    assert.deepStrictEqual(after.subscribers.map(({ name }) => name), ["hedy", "radia"])
  })
  it("serves HTTPS with a certificate", async (context) => {
    using directory = temporary()
    const [cert, key] = [join(directory.path, "cert.pem"), join(directory.path, "key.pem")]
    try {
      execFileSync("openssl", [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        key,
        "-out",
        cert
      ], { stdio: "ignore" })
    } catch {
      context.skip("There is no openssl")
    }
    await using sandbox = run("--json", "--tls", cert, key)
    const info = await sandbox.ready()
    assert.match(info.http, /^https:/)
    assert.match(info.ws, /^wss:/)
    const { Agent, get } = await import("node:https")
    const agent = new Agent({ ca: readFileSync(cert) })
    const [response] = await once(get(info.admin, { agent }), "response")
    assert.strictEqual(response.statusCode, 200)
    agent.destroy()
  })
  it("prints the link to its page first, without --json", async () => {
    await using sandbox = run("--port", "0")
    await vi.waitFor(() => assert.isAtLeast(sandbox.lines.length, 6), { timeout: 60_000 })
    const links = sandbox.lines.filter((line) => /^ {2}\w+ +(?:http|ws):/.test(line))
    const [page = "", http = ""] = links.map((line) => line.trim().split(/ +/)[1])
    assert.match(links[0] ?? "", /^ {2}Page /)
    assert.strictEqual(page, `${http}/_sandbox/page`)
    assert.strictEqual((await fetch(page)).headers.get("x-content-type-options"), "nosniff")
  })
  it.runIf(process.platform === "linux")("opens its page, and prints nothing else", async () => {
    using directory = temporary()
    const [opener, opened] = [join(directory.path, "xdg-open"), join(directory.path, "opened")]
    writeFileSync(opener, `#!/bin/sh\nprintf '%s|' "$@" > "${opened}.part" && mv "${opened}.part" "${opened}"\n`)
    chmodSync(opener, 0o755)
    const env = { ...process.env, PATH: `${directory.path}${delimiter}${process.env["PATH"]}` }
    await using sandbox = runWith(env, "--json", "--open")
    const info = await sandbox.ready()
    await vi.waitFor(() => assert.isTrue(existsSync(opened)), { timeout: 60_000 })
    assert.strictEqual(readFileSync(opened, "utf8"), `${info.admin}/page|`)
    assert.strictEqual(await sandbox.kill("SIGTERM"), 0)
    assert.strictEqual(sandbox.lines.length, 1)
    assert.strictEqual(sandbox.errors(), "")
  })
  it.runIf(process.platform === "linux")("continues if its page cannot be opened", async () => {
    using directory = temporary()
    await using sandbox = runWith({ ...process.env, PATH: directory.path }, "--json", "--open")
    const info = await sandbox.ready()
    await vi.waitFor(() => assert.include(sandbox.errors(), "could not be opened"), { timeout: 60_000 })
    assert.strictEqual(sandbox.errors().trim().split("\n").length, 1)
    assert.strictEqual((await request(info, "GET", "/_sandbox")).status, 200)
  })
  it("prints nothing to standard output if an argument is invalid", async () => {
    await using sandbox = run("--json", "--bogus")
    assert.notStrictEqual(await sandbox.exited, 0)
    assert.deepStrictEqual(sandbox.lines, [])
    assert.include(sandbox.errors(), "--bogus")
  })
  it("reports invalid arguments", async () => {
    const usageErrors = [
      [["--tls", main], "--tls CERT KEY"],
      [["--tls", main, main], "the certificate or its key cannot be read"],
      [["--port", "99999"], "99999 is not a port"],
      [["--data", main], "file is not a database"]
    ] as const
    await Promise.all(usageErrors.map(async ([args, message]) => {
      await using sandbox = run(...args)
      assert.notStrictEqual(await sandbox.exited, 0)
      assert.include(sandbox.errors(), message)
      assert.notInclude(sandbox.errors(), "    at ")
    }))
  })
})
