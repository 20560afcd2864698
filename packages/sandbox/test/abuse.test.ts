/** A short run of the attacks that `pnpm abuse` runs one by one and for longer. */
import { assert, describe, it } from "@effect/vitest"
import { canMeasure, run } from "./abuse/abuse.ts"
import { attacks } from "./abuse/attacks.ts"

describe("abusive clients", { timeout: 120_000 }, () => {
  it.runIf(canMeasure)(
    "do not make the memory of the sandbox grow without limit, or the sends of other clients fail",
    async () => {
      const { failures, grown, sent } = await run(attacks, 1500)
      assert.deepStrictEqual(failures, [])
      assert.isAbove(sent, 0)
      assert.isBelow(grown, 600)
    }
  )
})
