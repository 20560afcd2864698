/** Row 1 where code can't be generated from text: under a Content-Security-Policy, and at some edges. */
import { measure } from "./decodePage.ts"
import type { Benchmark } from "./harness.ts"

export const benchmark: Benchmark = {
  about: "The same page in a process that may not generate code from text, as under a Content-Security-Policy.",
  run: () => measure("history page, code generation blocked", 2.3)
}
