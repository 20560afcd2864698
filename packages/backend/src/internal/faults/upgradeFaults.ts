/**
 * Carries out faults on WebSocket upgrades.
 */
import * as Effect from "effect/Effect"
import type { Action } from "../../Faults.ts"

/** Whether a WebSocket upgrade succeeds. */
export type UpgradeDecision =
  | { readonly _tag: "Accepted"; readonly action: Action | undefined }
  /** The upgrade fails with an HTTP response. */
  | { readonly _tag: "Rejected"; readonly action: Extract<Action, { readonly type: "answer" }> }
  /** The connection is broken without a response. */
  | { readonly _tag: "Dropped" }

/** Decides by the fault of an upgrade, after the delay of the fault. The faults of an accepted socket are carried out later. */
export const decideByFault = (action: Action | undefined): Effect.Effect<UpgradeDecision> => {
  switch (action?.type) {
    case "refuse":
    case "drop":
    case "loseAnswer":
      return Effect.succeed({ _tag: "Dropped" })
    case "answer":
      return Effect.succeed({ _tag: "Rejected", action })
    case "delay":
      return Effect.delay(Effect.succeed<UpgradeDecision>({ _tag: "Accepted", action: undefined }), action.millis)
    default:
      return Effect.succeed({ _tag: "Accepted", action })
  }
}
