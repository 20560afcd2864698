/**
 * Runs a benchmark in a process of its own, so that what one leaves behind, compiled code and garbage, is not what the
 * next is measured with.
 */
import { fork } from "node:child_process"
import type { Figure } from "./harness.ts"
import { registry } from "./registry.ts"

export interface Outcome {
  readonly about: string
  readonly figures: ReadonlyArray<Figure>
}

const isOutcome = (message: unknown): message is Outcome =>
  typeof message === "object" && message !== null && "figures" in message

/** The outcome of a benchmark, measured in another process. */
export const isolated = (name: string): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = fork(new URL("child.ts", import.meta.url), [name], {
      execArgv: ["--expose-gc", ...registry[name]?.execArgv ?? []]
    })
    let outcome: Outcome | undefined
    child.on("message", (message) => {
      if (isOutcome(message)) outcome = message
    })
    child.on("error", reject)
    child.on("exit", (code) => {
      if (outcome === undefined || code !== 0) reject(new Error(`the benchmark "${name}" ended with ${code}`))
      else resolve(outcome)
    })
  })
