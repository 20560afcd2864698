import { assert, describe, it } from "@effect/vitest"
import { SeenMessages } from "../src/internal/seenMessages.ts"
import { copy, message } from "./support.ts"

describe("SeenMessages", () => {
  it("returns whether a message is new", () => {
    const seen = new SeenMessages(10)
    assert.isTrue(seen.add(message("a", 1)))
    assert.isFalse(seen.add(message("a", 1)))
  })

  it("remembers at least `size` messages", () => {
    const seen = new SeenMessages(10)
    for (let id = 0; id < 100; id++) seen.add(message(`m${id}`, id))
    for (let id = 90; id < 100; id++) assert.isFalse(seen.add(message(`m${id}`, id)))
  })

  it("P7.3: forgets messages older than two generations, and returns the time of the newest one", () => {
    const seen = new SeenMessages(10)
    for (let id = 0; id < 100; id++) seen.add(message(`m${id}`, id))
    assert.isTrue(seen.add(message("m0", 0)))
    assert.strictEqual(seen.forgottenThrough(), 89)
  })

  it("P7.3: forgets up to the newest of the forgotten messages, although an older one came after it", () => {
    const seen = new SeenMessages(2)
    for (const [index, time] of [9, 1, 20, 21].entries()) seen.add(message(`m${index}`, time))
    assert.strictEqual(seen.forgottenThrough(), 9)
  })

  it("forgets no less when it is to forget messages up to an earlier time", () => {
    const seen = new SeenMessages(10)
    seen.forgetThrough(100)
    seen.forgetThrough(50)
    assert.strictEqual(seen.forgottenThrough(), 100)
  })

  it("returns the ids after a time", () => {
    const seen = new SeenMessages(3)
    for (let id = 0; id < 5; id++) seen.add(message(`m${id}`, id))
    assert.deepStrictEqual(seen.idsAfter(2), [["m3", 3], ["m4", 4]])
  })

  it("P7.3: forgets the sends of forgotten messages", () => {
    const seen = new SeenMessages(10)
    for (let n = 0; n < 100; n++) seen.add(copy(`m${n}`, n, `send ${n}`))
    assert.isFalse(seen.add(copy("again", 100, "send 99")))
    assert.isTrue(seen.add(copy("long after", 101, "send 0")))
    assert.isAtMost(seen.sends().length, 20)
  })
})
