/**
 * Shrinks a failing run: leaves out steps, and simplifies the world, as long as the same promise is broken.
 *
 * The steps are shrunk by delta debugging. `effect/Arbitrary` can shrink arrays too, but only values that it has
 * generated itself, and its search is bounded by the number of candidates instead of by time.
 */
import type { Mutation } from "./mutation.ts"
import type { Plan } from "./plan.ts"
import { withoutStackTraces } from "./runs.ts"
import { simplificationNames } from "./setup.ts"
import { simulate } from "./simulate.ts"

/**
 * Removes items as long as `attempt` accepts what is left: first large blocks of them, then smaller ones, and at last
 * single ones, until none can be removed. `attempt` returns the part of the items that it needed, or `undefined`.
 */
export const minimize = <A>(
  items: ReadonlyArray<A>,
  attempt: (items: ReadonlyArray<A>) => ReadonlyArray<A> | undefined,
  hasTime: () => boolean = () => true
): ReadonlyArray<A> => {
  let kept = items
  for (let size = Math.ceil(items.length / 2); kept.length > 0; size = Math.ceil(size / 2)) {
    let isReduced = false
    // from the end, since later steps depend on earlier ones
    for (let end = kept.length; end > 0; end -= size) {
      if (!hasTime()) return kept
      if (end > kept.length) continue
      const needed = attempt([...kept.slice(0, Math.max(0, end - size)), ...kept.slice(end)])
      if (needed === undefined) continue
      kept = needed
      isReduced = true
    }
    if (size === 1 && !isReduced) break
  }
  return kept
}

/** What identifies a violation: the promises that it names, or else its words. */
const kindOf = (violation: string): string => {
  const promises = violation.match(/P\d+\.\d+/g) ?? []
  return promises.length > 0 ? promises.join(" ") : violation.split("\n", 1).join("").replace(/\S*\d\S*/g, "")
}

export interface Progress {
  /** How many runs were tried. */
  readonly runs: number
  /** How many steps are left. */
  readonly steps: number
}

export interface ShrinkOptions {
  readonly mutation?: Mutation | undefined
  /** How long to shrink, milliseconds. @default 60 seconds */
  readonly millis?: number | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export interface Shrunk {
  readonly plan: Plan
  readonly violation: string
  /** Whether no further step can be left out. Otherwise the time was over. */
  readonly isMinimal: boolean
}

/** Returns the smallest plan found that breaks the same promise as `violation`, which is that of `plan`. */
export const shrink = (plan: Plan, violation: string, options: ShrinkOptions = {}): Shrunk =>
  withoutStackTraces(() => {
    const { millis = 60_000, mutation, onProgress } = options
    const end = performance.now() + millis
    const hasTime = () => performance.now() < end
    const kind = kindOf(violation)
    let best = { plan, violation }
    let runs = 0
    /** Runs a plan. If it breaks the promise, it is the best one, and its steps up to the violation are returned. */
    const attempt = (candidate: Plan): Plan["steps"] | undefined => {
      const outcome = simulate(candidate, { mutation })
      const fails = outcome.violation !== undefined && kindOf(outcome.violation) === kind
      if (fails) {
        best = {
          plan: { ...candidate, steps: candidate.steps.slice(0, outcome.steps) },
          violation: outcome.violation ?? violation
        }
      }
      onProgress?.({ runs: ++runs, steps: best.plan.steps.length })
      return fails ? best.plan.steps : undefined
    }
    const shrinkSteps = () => minimize(best.plan.steps, (steps) => attempt({ ...best.plan, steps }), hasTime)
    shrinkSteps()
    for (const name of simplificationNames) {
      if (hasTime()) attempt({ ...best.plan, simplifications: [...best.plan.simplifications, name] })
    }
    // a simpler world may need fewer steps
    if (hasTime() && best.plan.simplifications.length > 0) shrinkSteps()
    return { ...best, isMinimal: hasTime() }
  })
