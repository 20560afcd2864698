/** The scorecard itself: its scenarios must distinguish a client that handles a failure from one that does not. */
import { assert, describe, it } from "vitest"
import { address } from "../src/scorecard/implementations/address.ts"
import type { Implementation } from "../src/scorecard/implementations/Implementation.ts"
import { ours } from "../src/scorecard/implementations/ours.ts"
import { runScenario } from "../src/scorecard/runner.ts"
import { scenarios } from "../src/scorecard/scenarios.ts"

const run = async (id: string, implementation: Implementation) => {
  const scenario = scenarios.find((scenario) => scenario.id === id)
  if (scenario === undefined) throw new Error(`there is no scenario ${id}`)
  return runScenario(scenario, implementation)
}

describe.concurrent("the scorecard", () => {
  it("passes our client, whose listeners all receive messages when one of them throws", async () => {
    assert.deepStrictEqual(await run("throwing-listener", ours), { mark: "passed", observed: "both received both" })
  })

  it("fails a vendor client, whose other listener receives nothing when one throws", async () => {
    assert.strictEqual((await run("throwing-listener", address)).mark, "failed")
  })

  it("passes our client, which finds the messages of an outage", async () => {
    assert.deepStrictEqual(await run("outage-forgotten", ours), { mark: "passed", observed: "3 of 3, in order" })
  })

  it("fails a vendor client, which loses the messages of an outage", async () => {
    assert.deepStrictEqual(await run("outage-forgotten", address), { mark: "failed", observed: "lost 3 of 3" })
  })

  it("passes our client, which sends metadata and details", async () => {
    assert.strictEqual((await run("metadata", ours)).mark, "passed")
  })

  it("fails a vendor client, which drops metadata and details", async () => {
    assert.deepStrictEqual(await run("metadata", address), {
      mark: "failed",
      observed: "neither in event and history"
    })
  })
})
