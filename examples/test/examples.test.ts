import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { nodeEnvironment } from "./support.ts"

const run = promisify(execFile)

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const readme = readFileSync(here("../../README.md"), "utf8")
const blocks = Array.from(readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm), ([, language, text]) => ({ language, text }))

/** Runs an example as a user does; rejects if its exit code is not 0. */
const node = (path: string, env: Record<string, string> = {}) =>
  run(process.execPath, [here(path)], { env: { ...nodeEnvironment(), ...env }, timeout: 110_000 })

describe("meeting", () => {
  it("loses and repeats no message", async () => {
    const { stdout } = await node("../src/meeting.ts")
    assert.include(stdout, "5 sent, 5 received, 0 missing, 0 repeated")
    assert.notInclude(stdout, "✗")
  })

  it("only reads when it has a token for a real service", async () => {
    await using sandbox = await Sandbox.start()
    const [ada] = sandbox.subscribers
    const { stdout } = await node("../src/meeting.ts", { SIGNALWIRE_TOKEN: ada?.token ?? "" })
    assert.include(stdout, "read only")
    const response = await fetch(`${sandbox.admin}/messages?addressId=${sandbox.rooms[0]?.addressId}`)
    assert.deepStrictEqual(await response.json(), { messages: [] })
  })

  it("prints the remediation when its token is refused", async () => {
    await using sandbox = await Sandbox.start()
    const { http, ws } = sandbox
    const failed = await node("../src/meeting.ts", {
      SIGNALWIRE_TOKEN: "invalid-token",
      SIGNALWIRE_HTTP_URL: http,
      SIGNALWIRE_WS_URL: ws
    }).then(() => undefined, (error: { readonly code: number; readonly stdout: string }) => error)
    assert.strictEqual(failed?.code, 1)
    assert.include(failed?.stdout, "Create a new subscriber token")
  })
})

describe("the README", () => {
  it("begins with the command that starts the demonstration, then the one that runs the tests", () => {
    assert.deepStrictEqual(
      blocks.slice(0, 2).map(({ text }) => text?.trim()),
      ["npx -y pnpm@12 start", "npx -y pnpm@12 test"]
    )
  })

  it.each(["promise", "effect", "outages"])("shows the compiled example: %s", (name) => {
    const shown = blocks.find(({ text }) => text?.startsWith(`// file: ${name}.ts\n`))?.text
    assert.strictEqual(shown, readFileSync(here(`../src/readme/${name}.ts`), "utf8"))
  })

  describe("examples", () => {
    let sandbox: Sandbox.Started

    beforeAll(async () => {
      sandbox = await Sandbox.start()
      return () => sandbox[Symbol.asyncDispose]()
    })

    it.each([
      ["promise", ["received Hello!", "timeline Hello!"]],
      ["effect", ["received Hello!", "timeline Hello!"]],
      ["outages", ["live", "received Your order is on its way order-7-shipped"]]
    ])("run with a token as the only configuration: %s", async (name, prints) => {
      const [ada] = sandbox.subscribers
      const { stdout } = await node(`../src/readme/${name}.ts`, { SIGNALWIRE_TOKEN: ada?.token ?? "" })
      for (const line of prints) assert.include(stdout, line)
    })
  })
})
