/** A short run of what `pnpm fuzz` does at length. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, describe, it } from "@effect/vitest"
import { join } from "node:path"
import { run } from "./fuzz/fuzz.ts"
import { make } from "./fuzz/generator.ts"
import { temporary } from "./support.ts"

describe("hostile traffic", { timeout: 240_000 }, () => {
  it("is answered; nobody else notices, and nobody's secrets get out", async () => {
    using directory = temporary()
    const data = join(directory.path, "data.db")
    const { findings, frames, heard, requests, stored, told } = await run({
      count: 2000,
      seed: 2,
      args: ["--data", data]
    })
    assert.deepStrictEqual(findings, [])
    assert.isAtLeast(requests, 800)
    assert.isAtLeast(frames, 400)
    assert.isAtLeast(told, 8)
    assert.strictEqual(heard, told)
    // what hostile traffic left in the file is read as it was told before
    await using again = await Sandbox.start({ data, subscribers: [], rooms: [] })
    const after = await fetch(`${again.admin}/messages`).then((response) => response.text())
    assert.strictEqual(after, stored)
  })
  it("is the same again for the same seed", () => {
    const known = { token: "t", basic: "b", subscriberId: "s", addressIds: ["a"], groupIds: ["g"] }
    const draw = (seed: number) => {
      const { bytes, frame, http } = make(seed, known)
      return Array.from({ length: 50 }, () => [http(), frame(), bytes()])
    }
    assert.deepStrictEqual(draw(1), draw(1))
    assert.notDeepEqual(draw(1), draw(2))
  })
})
