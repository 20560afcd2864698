import * as Conformance from "@effect-signalwire/testing/Conformance"
import * as MemoryBackend from "@effect-signalwire/testing/MemoryBackend"
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

describe.each(["address", "group", "auto"] as const)(
  "a client of the dialect %s with the backend in memory",
  (dialect) => {
    for (const { name, run } of Conformance.cases(dialect)) {
      it.live(name, () => Effect.provide(run, MemoryBackend.layerTestBackend()))
    }
  }
)

describe.each(["address", "group"] as const)(
  "a client that detects the dialect of a server that supports only %s",
  (dialect) => {
    for (const { name, run } of Conformance.cases("auto")) {
      it.live(name, () => Effect.provide(run, MemoryBackend.layerTestBackend({ dialect })))
    }
  }
)
