import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import * as Effect from "effect/Effect"

/** The shortest time between two reports. Milliseconds. */
const reportIntervalMillis = 30_000

/** How many malformed values a report lists; it counts all of them. */
const maxListed = 10

/**
 * Logs malformed frames and events: the first at once, later ones at most every 30 seconds, so that a server that sends
 * nothing else does not flood the log.
 */
export class MalformedReporter {
  private readonly instrumentation: Instrumentation
  private reportedAt = Number.NEGATIVE_INFINITY
  private unreported = 0

  constructor(instrumentation: Instrumentation) {
    this.instrumentation = instrumentation
  }

  report(malformed: ReadonlyArray<MalformedValue>): Effect.Effect<void> {
    return Effect.flatMap(Monotonic.millis, (now) => {
      this.unreported += malformed.length
      if (now - this.reportedAt < reportIntervalMillis) return Effect.void
      const count = this.unreported
      this.reportedAt = now
      this.unreported = 0
      return this.instrumentation.warn(
        "skipped malformed frames or events",
        [malformed.slice(0, maxListed)],
        { count }
      )
    })
  }
}
