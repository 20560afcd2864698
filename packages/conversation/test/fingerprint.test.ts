import { assert, describe, it } from "@effect/vitest"
import * as Fingerprint from "../src/internal/fingerprint.ts"

describe("a fingerprint", () => {
  it.each([
    ["", [0, 0, 0, 0]],
    ["conversa", [0x20699fbf, 0x987dd006, 0x42044245, 0xc20d6866]],
    ["dddddddd-0000-4000-8000-00000000", [0x49973909, 0xe2eb404b, 0x70535431, 0xcbcb208e]],
    ["effect-signalwire cursor", [0x8fa8a2a3, 0x6f8dab2f, 0xdc35619e, 0xf3599487]]
  ])("is made of the MurmurHash3 that others calculate: %j", (text, words) => {
    assert.deepStrictEqual(Fingerprint.hash(text).map((word) => word >>> 0), words)
  })

  it("tells strings apart that differ little, in each of its thirds", () => {
    const texts = Array.from({ length: 50_000 }, (_, n) => `dddddddd-0000-4000-8000-${String(n).padStart(12, "0")}`)
    const prints = texts.map(Fingerprint.of)
    assert.strictEqual(new Set(prints).size, texts.length)
    for (const from of [0, 5, 10]) {
      // of 50,000 random numbers of 30 bits, one or two meet another
      assert.isAbove(new Set(prints.map((print) => print.slice(from, from + 5))).size, texts.length - 12)
    }
  })

  it("is different for a string with zeros behind it", () => {
    assert.notStrictEqual(Fingerprint.of("a"), Fingerprint.of("a\0"))
  })

  it("can be told from the ones before and after it", () => {
    const prints = ["a", "b", "c"].map(Fingerprint.of)
    assert.deepStrictEqual(Fingerprint.split(prints.join("")), prints)
    assert.deepStrictEqual(Fingerprint.split(""), [])
  })
})
