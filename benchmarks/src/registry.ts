/** Every benchmark by its name: one program for each. */
import type { Benchmark } from "./harness.ts"

export interface Entry {
  readonly load: () => Promise<{ readonly benchmark: Benchmark }>
  /** What the process needs to be started with. */
  readonly execArgv?: ReadonlyArray<string> | undefined
}

export const registry: Readonly<Record<string, Entry>> = {
  "decode-page": { load: () => import("./decodePage.ts") },
  "decode-page-blocked": {
    load: () => import("./decodePageBlocked.ts"),
    execArgv: ["--disallow-code-generation-from-strings"]
  },
  "decode-frame": { load: () => import("./decodeFrame.ts") },
  "event-path": { load: () => import("./eventPath.ts") },
  "promise-path": { load: () => import("./promisePath.ts") },
  sending: { load: () => import("./sending.ts") },
  bundle: { load: () => import("./bundle.ts") }
}
