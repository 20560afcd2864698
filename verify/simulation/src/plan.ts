/**
 * What a run does: its seed and its steps. Each step has randomness of its own, which depends on the seed and on its
 * number only, so that the other steps of a run do the same when it is left out.
 */
import { SeededRandom } from "./random.ts"
import * as Setup from "./setup.ts"
import { type StepName, weightsOf } from "./steps.ts"

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

/** How many devices a run begins with. */
const beginnings = 2

/** The setup of a plan's world. */
export const setupOf = ({ seed, simplifications }: Omit<Plan, "steps">): Setup.Setup =>
  Setup.simplify(Setup.generate(new SeededRandom(`world ${seed}`)), simplifications)

/** The plan of a seed, with this many random steps after those that start the first devices. */
export const make = (seed: number, count: number): Plan => {
  const random = new SeededRandom(`steps ${seed}`)
  const weights = weightsOf(setupOf({ seed, simplifications: [] }).faultRate)
  const steps = Array.from({ length: beginnings + count }, (_, number): PlannedStep => ({
    number,
    name: number < beginnings ? "begin" : random.weighted(weights)?.name ?? "begin"
  }))
  return { seed, simplifications: [], steps }
}
