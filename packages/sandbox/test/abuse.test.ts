/** A short run of what `pnpm abuse` does one by one and at length. */
import { assert, describe, it } from "@effect/vitest"
import { canMeasure, run } from "./abuse/abuse.ts"
import { attacks } from "./abuse/attacks.ts"

describe("clients that take what they can get", { timeout: 120_000 }, () => {
  it.runIf(canMeasure)(
    "all at once do not make the sandbox grow without end, or lose a message of somebody else",
    async () => {
      const { failed, grown, sent } = await run(attacks, 5000)
      assert.strictEqual(failed, 0)
      assert.isAbove(sent, 0)
      assert.isBelow(grown, 600)
    }
  )
})
