/** Runs each benchmark in a separate process, so that compiled code and garbage of one do not affect the next. */
import { fork } from "node:child_process"
import type { Figure } from "./harness.ts"
import { registry } from "./registry.ts"

export interface Outcome {
  readonly about: string
  readonly figures: ReadonlyArray<Figure>
}

const isOutcome = (message: unknown): message is Outcome =>
  typeof message === "object" && message !== null && "figures" in message

/** Runs a benchmark in another process, and returns its outcome. */
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
