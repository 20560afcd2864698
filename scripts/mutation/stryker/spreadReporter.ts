/**
 * Puts mutants in the order in which they are tested. Stryker has no option for this; it tests them in the order of the plan
 * that it shows to reporters.
 */
import type { MutantTestPlan } from "@stryker-mutator/api/core"
import type { Reporter } from "@stryker-mutator/api/report"
import { mutantKey } from "../mutantKey.ts"
import { spread } from "../spread.ts"

export const spreadReporter: Reporter = {
  onMutationTestingPlanReady({ mutantPlans }: { readonly mutantPlans: Array<MutantTestPlan> }) {
    const ordered = spread(mutantPlans, ({ mutant }) => ({ file: mutant.fileName, key: mutantKey(mutant) }))
    mutantPlans.splice(0, mutantPlans.length, ...ordered)
  }
}
