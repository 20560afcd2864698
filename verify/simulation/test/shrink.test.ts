import { assert, describe, it } from "vitest"
import * as Cases from "../src/cases.ts"
import * as Plan from "../src/plan.ts"
import { minimize, shrink } from "../src/shrink.ts"
import { simulate } from "../src/simulate.ts"

describe("minimize", () => {
  const numbers = Array.from({ length: 100 }, (_, index) => index)

  it("removes every item that is not needed, and keeps the order of the others", () => {
    const needed = [3, 42, 43, 97]
    const kept = minimize(numbers, (items) => needed.every((item) => items.includes(item)) ? items : undefined)
    assert.deepStrictEqual(kept, needed)
  })

  it("continues with the part that an attempt needed", () => {
    const attempts: Array<number> = []
    const kept = minimize(numbers, (items) => {
      attempts.push(items.length)
      return items.includes(5) ? items.slice(0, items.indexOf(5) + 1) : undefined
    })
    assert.deepStrictEqual(kept, [5])
    assert.deepStrictEqual(attempts.slice(0, 2), [50, 0])
  })

  it("stops when the time is over, with the best result so far", () => {
    let attempts = 0
    const kept = minimize(numbers, (items) => items.includes(0) ? items : undefined, () => ++attempts <= 2)
    assert.deepStrictEqual(kept, numbers.slice(0, 50))
  })
})

describe("shrink", () => {
  it("leaves out the steps and the parts of a world without which the same promise is broken", () => {
    const mutation = "repeatMessages"
    const plan = Plan.make(1, 25)
    const { violation } = simulate(plan, { mutation })
    const shrunk = shrink(plan, violation ?? "", { mutation, millis: Infinity })
    assert.include(violation, "P2.1")
    assert.include(shrunk.violation, "P2.1")
    assert.isAtMost(shrunk.plan.steps.length, 8)
    assert.include(simulate(shrunk.plan, { mutation }).violation, "P2.1")
  })
})

describe("the cases", () => {
  it.each(Cases.readAll())("%s passes, and fails with its bug if it has one", (_, { mutation, plan, violation }) => {
    assert.isUndefined(simulate(plan).violation)
    if (mutation !== undefined) assert.strictEqual(simulate(plan, { mutation }).violation, violation)
  })
})
