import { assert, describe, it } from "@effect/vitest"
import * as Fingerprint from "../src/internal/fingerprint.ts"

describe("fingerprint", () => {
  it.each([
    ["", [0, 0, 0, 0]],
    ["conversa", [0x20699fbf, 0x987dd006, 0x42044245, 0xc20d6866]],
    ["dddddddd-0000-4000-8000-00000000", [0x49973909, 0xe2eb404b, 0x70535431, 0xcbcb208e]],
    ["effect-signalwire cursor", [0x8fa8a2a3, 0x6f8dab2f, 0xdc35619e, 0xf3599487]]
  ])("uses MurmurHash3 as other implementations calculate it: %j", (input, words) => {
    assert.deepStrictEqual(Fingerprint.hash(input).map((word) => word >>> 0), words)
  })

  it("differs for similar strings, in each of its thirds", () => {
    const inputs = Array.from({ length: 50_000 }, (_, n) => `dddddddd-0000-4000-8000-${String(n).padStart(12, "0")}`)
    const fingerprints = inputs.map(Fingerprint.of)
    assert.strictEqual(new Set(fingerprints).size, inputs.length)
    for (const from of [0, 5, 10]) {
      // of 50,000 random numbers of 30 bits, one or two collide
      assert.isAbove(
        new Set(fingerprints.map((fingerprint) => fingerprint.slice(from, from + 5))).size,
        inputs.length - 12
      )
    }
  })

  it("differs for a string with trailing zeros", () => {
    assert.notStrictEqual(Fingerprint.of("a"), Fingerprint.of("a\0"))
  })

  it("is split from a concatenation", () => {
    const fingerprints = ["a", "b", "c"].map(Fingerprint.of)
    assert.deepStrictEqual(Fingerprint.split(fingerprints.join("")), fingerprints)
    assert.deepStrictEqual(Fingerprint.split(""), [])
  })
})
