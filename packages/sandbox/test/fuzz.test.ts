/** A short run of `pnpm fuzz`. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { run, secretsIn } from "./fuzz/fuzz.ts"
import { make } from "./fuzz/generator.ts"
import { temporary } from "./support.ts"

describe("hostile traffic", { timeout: 240_000 }, () => {
  it("gets responses, does not affect other clients, and reveals no secrets", async () => {
    using directory = temporary()
    const [data, log] = [join(directory.path, "data.db"), join(directory.path, "wire.log")]
    const { findings, frames, received, requests, secrets, sent, stored } = await run({
      count: 1000,
      seed: 2,
      args: ["--data", data, "--log", log]
    })
    assert.deepStrictEqual(findings, [])
    assert.isAtLeast(requests, 400)
    assert.isAtLeast(frames, 200)
    assert.isAtLeast(sent, 4)
    assert.strictEqual(received, sent)
    // secrets were written into every field of requests and frames, and must not be in the log
    const lines = readFileSync(log, "utf8")
    assert.isAtLeast(secrets.size, 100)
    assert.isAtLeast(lines.split("\n").length, 1000)
    assert.deepStrictEqual(secretsIn(lines, secrets), [])
    for (const line of lines.trimEnd().split("\n")) JSON.parse(line)
    // the stored messages are the same after a restart
    await using again = await Sandbox.start({ data, subscribers: [], rooms: [] })
    const after = await fetch(`${again.admin}/messages`).then((response) => response.text())
    assert.strictEqual(after, stored)
  })
  it("is reproducible with a seed", () => {
    const known = { secrets: ["x"], token: "t", basic: "b", subscriberId: "s", addressIds: ["a"], groupIds: ["g"] }
    const draw = (seed: number) => {
      const { bytes, frame, http } = make(seed, known)
      return Array.from({ length: 50 }, () => [http(), frame(), bytes()])
    }
    assert.deepStrictEqual(draw(1), draw(1))
    assert.notDeepEqual(draw(1), draw(2))
  })
})
