/**
 * The scorecard's own harness: it has to tell a client that keeps what it owes from one that does not.
 */
import { assert, describe, it } from "vitest"
import { address, type Contestant, ours } from "../src/scorecard/contestants.ts"
import { play } from "../src/scorecard/play.ts"
import { scenarios } from "../src/scorecard/scenarios.ts"

const played = async (id: string, contestant: Contestant) => {
  const scenario = scenarios.find((scenario) => scenario.id === id)
  if (scenario === undefined) throw new Error(`there is no scenario ${id}`)
  return play(scenario, contestant)
}

describe.concurrent("the scorecard", () => {
  it("sees our client keep a listener alive beside one that throws", async () => {
    assert.deepStrictEqual(await played("throwing-listener", ours), { mark: "kept", did: "both heard both" })
  })

  it("sees a vendor client lose the listener beside one that throws", async () => {
    assert.strictEqual((await played("throwing-listener", address)).mark, "broken")
  })

  it("sees our client find what was said while it was away", async () => {
    assert.deepStrictEqual(await played("outage-forgotten", ours), { mark: "kept", did: "3 of 3, in order" })
  })

  it("sees a vendor client miss what was said while it was away", async () => {
    assert.deepStrictEqual(await played("outage-forgotten", address), { mark: "broken", did: "lost 3 of 3" })
  })

  it("sees our client send metadata and details", async () => {
    assert.strictEqual((await played("metadata", ours)).mark, "kept")
  })

  it("sees a vendor client drop metadata and details", async () => {
    assert.deepStrictEqual(await played("metadata", address), {
      mark: "broken",
      did: "neither in event and history"
    })
  })
})
