/**
 * What a run does: its seed and its steps. Each step has randomness of its own, which depends on the seed and on its
 * number only, so that the other steps of a run do the same when it is left out.
 */
import { SeededRandom } from "./random.ts"
import * as Setup from "./setup.ts"
import { type StepName, weightsOf } from "./steps.ts"
import { faultsPerSeed } from "./steps/server.ts"

export interface PlannedStep {
  /** The number of the step, which seeds its randomness. */
  readonly number: number
  readonly name: StepName
}

export interface Plan {
  readonly seed: number
  /** In which ways the setup of the world differs from that of the seed. */
  readonly simplifications: ReadonlyArray<Setup.SimplificationName>
  readonly steps: ReadonlyArray<PlannedStep>
}

/** What a run begins with: two devices, and some faults if its world has any. */
const beginningOf = (faultRate: number): ReadonlyArray<StepName> => [
  "begin",
  "begin",
  ...faultRate === 0 ? [] : Array.from({ length: faultsPerSeed }, (): StepName => "meetFault")
]

/** The setup of a plan's world. */
export const setupOf = ({ seed, simplifications }: Omit<Plan, "steps">): Setup.Setup =>
  Setup.simplify(Setup.generate(new SeededRandom(`world ${seed}`), seed), simplifications)

/** The plan of a seed, with this many random steps after the beginning. */
export const make = (seed: number, count: number): Plan => {
  const random = new SeededRandom(`steps ${seed}`)
  const { faultRate } = setupOf({ seed, simplifications: [] })
  const weights = weightsOf(faultRate)
  const names = [
    ...beginningOf(faultRate),
    ...Array.from({ length: count }, () => random.weighted(weights)?.name ?? "waitBriefly")
  ]
  return { seed, simplifications: [], steps: names.map((name, number): PlannedStep => ({ number, name })) }
}
