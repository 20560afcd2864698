/** A scenario, and what scenarios have in common. */
import type { Harness } from "../Harness.ts"
import { sleep } from "../Harness.ts"
import type { Implementation } from "../implementations/Implementation.ts"

export interface ScenarioResult {
  readonly mark: "passed" | "failed" | "unsupported"
  /** What was observed, in a few words. */
  readonly observed: string
}

export interface Scenario {
  readonly id: string
  readonly title: string
  /** How the failure is produced, and when the scenario passes. */
  readonly how: string
  readonly run: (harness: Harness, implementation: Implementation) => Promise<ScenarioResult>
}

export const makeResult = (isPassed: boolean, observed: string): ScenarioResult => ({
  mark: isPassed ? "passed" : "failed",
  observed
})

/** Waits for messages that may still be in transit. */
export const waitForPending = (): Promise<void> => sleep(2000)

/** The longest time for the delivery of a message, milliseconds. */
export const deliveryMillis = 10_000

/** The longest time for a reconnect, milliseconds. */
export const reconnectMillis = 60_000
