/** All benchmarks by name. */
import type { Benchmark } from "./harness.ts"

export interface Entry {
  readonly load: () => Promise<{ readonly benchmark: Benchmark }>
  /** The options with which Node is started. */
  readonly execArgv?: ReadonlyArray<string> | undefined
  /** Whether its figures differ little between machines, so that every change is checked against its goals. */
  readonly steady?: boolean | undefined
}

export const registry: Readonly<Record<string, Entry>> = {
  "decode-page": { load: () => import("./decodePage.ts"), steady: true },
  "decode-page-blocked": {
    load: () => import("./decodePageBlocked.ts"),
    execArgv: ["--disallow-code-generation-from-strings"],
    steady: true
  },
  "decode-frame": { load: () => import("./decodeFrame.ts"), steady: true },
  timeline: { load: () => import("./timeline.ts"), steady: true },
  importing: { load: () => import("./importing.ts") },
  "event-path": { load: () => import("./eventPath.ts") },
  "promise-path": { load: () => import("./promisePath.ts") },
  flood: { load: () => import("./flood.ts") },
  idle: { load: () => import("./idle.ts") },
  vendors: { load: () => import("./vendors.ts") },
  history: { load: () => import("./history.ts") },
  latency: { load: () => import("./latency.ts") },
  sending: { load: () => import("./sending.ts") },
  bundle: { load: () => import("./bundle.ts"), steady: true }
}
