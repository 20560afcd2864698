/** A short run of `pnpm chaos --outbox-kills`. */
import { assert, it } from "vitest"
import * as Outbox from "../src/outbox.ts"

it(
  "P4.3 P4.4: an outbox over SQLite, killed while it delivers, sends everything it accepted once and in order",
  { timeout: 300_000 },
  async () => {
    const { figures, trace, violations } = await Outbox.run({ seed: 2, kills: 6 })
    assert.deepStrictEqual(violations, [], trace.join("\n"))
    assert.deepInclude(figures, ["kills", 6])
  }
)
