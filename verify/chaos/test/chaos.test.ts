/** A short run of `pnpm chaos`, as a separate process, which must also end by itself. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "vitest"

const program = fileURLToPath(new URL("../src/chaos.ts", import.meta.url))

describe("with broken and frozen connections, lost responses and a killed server", () => {
  it.for(
    [
      { seed: 1, dialect: "address" },
      { seed: 7, dialect: "group" }
    ]
  )(
    "P1.1 P1.2 P2.1 P3.1 P4.1 P7.2: every message is delivered once, in order, and sent once (seed $seed, dialect $dialect)",
    { timeout: 400_000 },
    async ({ dialect, seed }) => {
      const args = [
        "--disconnects",
        "15",
        "--sends",
        "40",
        "--kills",
        "2",
        "--seed",
        String(seed),
        "--dialect",
        dialect
      ]
      const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] })
      let output = ""
      child.stdout.on("data", (text) => output += String(text))
      child.stderr.on("data", (text) => output += String(text))
      const [code] = await once(child, "exit")
      assert.strictEqual(code, 0, output)
      assert.include(output, "no message lost or repeated, all in order, all sent once")
    }
  )
})
