/** The failures that faults of the server justify, and when faults are active. */
import type * as Faults from "@effect-signalwire/backend/Faults"
import type { Reason } from "@effect-signalwire/schema/Reason"
import type { FaultTimes } from "./connectionOracle.ts"
import { endless } from "./faultMenu.ts"

/** The key of a failure in `allowedReasons`. */
export const failureKey = (reason: Reason): string =>
  reason._tag === "Malformed" && reason.path === "links.next" ? endless : reason._tag

/** How often a failure must occur before it ends a subscription: more than once when the client can try a remedy. */
export const timesUntilFinal = (key: string): number => {
  switch (key) {
    case "Refused":
      return 3
    case "Unauthorized":
      return 2
    default:
      return 1
  }
}

/** Records at `now` which kinds of faults are active: rules with `times` left. */
export const recordTimes = (rules: ReadonlyArray<Faults.Rule>, faultTimes: FaultTimes, now: number): void => {
  for (const { action, match, times } of rules) {
    if (times === 0) continue
    faultTimes.any = Math.max(faultTimes.any, now)
    if (match.on === "http") faultTimes.http = now
    if (action.type === "delay" || action.type === "reorder") faultTimes.delayed = now
    if (match.on === "http") continue
    if (action.type === "silent") faultTimes.silent = now
    if (action.type === "drop" || action.type === "malformed") faultTimes.lost = now
  }
}
