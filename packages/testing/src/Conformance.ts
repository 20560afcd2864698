/**
 * A conformance suite: what every backend must do, and what every client relies on. The cases run against any {@link TestBackend}: the
 * backend in memory, a sandbox, or the real service.
 *
 * ```ts
 * import * as Conformance from "@effect-signalwire/testing/Conformance"
 * import * as MemoryBackend from "@effect-signalwire/testing/MemoryBackend"
 * import { it } from "@effect/vitest"
 * import * as Effect from "effect/Effect"
 *
 * for (const { name, run } of Conformance.cases("address")) {
 *   it.live(name, () => Effect.provide(run, MemoryBackend.layerTestBackend()))
 * }
 * ```
 *
 * @since 0.1.0
 */
import type { Dialect } from "@effect-signalwire/schema/Dialect"
import type { Case } from "./internal/conformanceCase.ts"
import * as ConformanceConversations from "./internal/conformanceConversations.ts"
import * as ConformanceDelivery from "./internal/conformanceDelivery.ts"
import * as ConformanceFailures from "./internal/conformanceFailures.ts"
import * as ConformanceMessages from "./internal/conformanceMessages.ts"
import type * as TestBackend from "./TestBackend.ts"

export { type Case, ConformanceError } from "./internal/conformanceCase.ts"

/** Returns the cases for clients of a dialect. */
export const cases = (dialect: "auto" | Dialect): ReadonlyArray<Case> => {
  const options: TestBackend.ParticipantOptions = {
    dialect,
    settle: "300 millis",
    subscription: { backoff: { base: "20 millis", cap: "200 millis" } }
  }
  return [ConformanceConversations, ConformanceMessages, ConformanceDelivery, ConformanceFailures].flatMap((
    { cases }
  ) => cases(options))
}
