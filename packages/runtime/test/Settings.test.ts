import * as Settings from "@effect-signalwire/runtime/Settings"
import { Invalid } from "@effect-signalwire/schema/Reason"
import * as Duration from "effect/Duration"
import { assert, describe, it } from "vitest"

describe("a duration", () => {
  it.each<readonly [Duration.Input, number]>([
    [0, 0],
    ["5 seconds", 5000],
    [Duration.minutes(1), 60_000],
    [5_000_000n, 5],
    [{ seconds: 2 }, 2000],
    ["Infinity", Number.POSITIVE_INFINITY]
  ])("is returned in milliseconds: %s", (input, expected) => {
    assert.strictEqual(Settings.millis("timeout", input), expected)
  })

  it.each([-1, Number.NaN, "-5 seconds", JSON.parse("\"soon\""), JSON.parse("null"), JSON.parse("false")])(
    "P9.2: is refused by its name: %s",
    (input) => {
      assert.throws(() => Settings.millis("timeout", input), Invalid, "timeout: must be a number of milliseconds")
    }
  )

  it("P9.2: is refused by its name if it must be longer than 0", () => {
    assert.strictEqual(Settings.positiveMillis("heartbeat", 1), 1)
    assert.throws(() => Settings.positiveMillis("heartbeat", "0 seconds"), Invalid, "heartbeat: must be longer than 0")
  })
})

describe("a count", () => {
  it("P9.2: is a positive integer, and refused by its name otherwise", () => {
    assert.strictEqual(Settings.count("capacity", 1), 1)
    for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => Settings.count("capacity", value), Invalid, "capacity: must be a positive integer")
    }
  })
})
