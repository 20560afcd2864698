import { expect, it } from "vitest"
import { alternate, type Figure, isMissed, ratioOf, single, spreadOf } from "../src/harness.ts"

const figure = (value: number, goal: Figure["goal"]): Figure => ({
  row: "1",
  what: "anything",
  unit: "x",
  spread: single(value),
  goal
})

it("computes the median and the quartiles", () => {
  expect(spreadOf([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 2, high: 4, rounds: 5 })
})

it("computes ratios round by round, so that a slow moment has no effect", () => {
  expect(ratioOf([2, 20, 2], [1, 10, 1])).toMatchObject({ median: 2, low: 2, high: 2 })
})

it.each(
  [
    ["at most", 1.25, false],
    ["at most", 1.4, false],
    ["at most", 1.6, true],
    ["at least", 1.25, false],
    ["at least", 1.1, false],
    ["at least", 0.9, true]
  ] as const
)("with a goal of %s 1.25 and a tolerance of 0.2, %d is missed: %s", (is, value, missed) => {
  expect(isMissed(figure(value, { is, value: 1.25, tolerance: 0.2 }))).toBe(missed)
})

it("does not check goals without a tolerance, and treats NaN as missed", () => {
  expect(isMissed(figure(9, { is: "at most", value: 1 }))).toBe(false)
  expect(isMissed(figure(Number.NaN, { is: "at most", value: 1, tolerance: 0.2 }))).toBe(true)
})

it("runs the variants in alternating rounds", async () => {
  const runs: Array<string> = []
  const times = await alternate({ a: () => runs.push("a"), b: () => runs.push("b") }, { rounds: 4, blockMillis: 0 })
  expect(times.a).toHaveLength(4)
  expect(times.b).toHaveLength(4)
  expect(runs.slice(-8).join("")).toBe("abbaabba".slice(0, 8))
})
