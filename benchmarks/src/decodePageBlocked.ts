/** Row 1 where code cannot be generated from strings: under a Content-Security-Policy, and on some edge platforms. */
import { measure } from "./decodePage.ts"
import type { Benchmark } from "./harness.ts"

export const benchmark: Benchmark = {
  about: "The same page in a process that must not generate code from strings, as under a Content-Security-Policy.",
  run: () => measure("history page, code generation blocked", 2.3)
}
