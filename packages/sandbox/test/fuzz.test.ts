/** A short run of what `pnpm fuzz` does at length. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { run, secretsIn } from "./fuzz/fuzz.ts"
import { make } from "./fuzz/generator.ts"
import { temporary } from "./support.ts"

describe("hostile traffic", { timeout: 240_000 }, () => {
  it("is answered; nobody else notices, and nobody's secrets get out", async () => {
    using directory = temporary()
    const [data, log] = [join(directory.path, "data.db"), join(directory.path, "wire.log")]
    const { findings, frames, heard, requests, secrets, stored, told } = await run({
      count: 2000,
      seed: 2,
      args: ["--data", data, "--log", log]
    })
    assert.deepStrictEqual(findings, [])
    assert.isAtLeast(requests, 800)
    assert.isAtLeast(frames, 400)
    assert.isAtLeast(told, 8)
    assert.strictEqual(heard, told)
    // nor by the log, in which everybody's secrets were written wherever they fit
    const lines = readFileSync(log, "utf8")
    assert.isAtLeast(secrets.size, 100)
    assert.isAtLeast(lines.split("\n").length, 2000)
    assert.deepStrictEqual(secretsIn(lines, secrets), [])
    for (const line of lines.trimEnd().split("\n")) JSON.parse(line)
    // what hostile traffic left in the file is read as it was sent before
    await using again = await Sandbox.start({ data, subscribers: [], rooms: [] })
    const after = await fetch(`${again.admin}/messages`).then((response) => response.text())
    assert.strictEqual(after, stored)
  })
  it("is the same again for the same seed", () => {
    const known = { secrets: ["x"], token: "t", basic: "b", subscriberId: "s", addressIds: ["a"], groupIds: ["g"] }
    const draw = (seed: number) => {
      const { bytes, frame, http } = make(seed, known)
      return Array.from({ length: 50 }, () => [http(), frame(), bytes()])
    }
    assert.deepStrictEqual(draw(1), draw(1))
    assert.notDeepEqual(draw(1), draw(2))
  })
})
