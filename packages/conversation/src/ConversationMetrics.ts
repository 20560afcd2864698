/**
 * The metrics of a client, in Effect's metric registry: every exporter that reads the registry exports them. Their
 * names are stable.
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"

/** Sessions that became ready. A client's first session is included: all beyond one are reconnects. */
export const sessions = Metric.counter("signalwire_sessions_total", {
  description: "Sessions with the server that became ready",
  incremental: true
})

/** Gaps that could not be closed because history does not reach back far enough: messages may be missing there. */
export const gaps = Metric.counter("signalwire_gaps_total", {
  description: "Gaps that could not be closed from history",
  incremental: true
})

/** Messages that were recovered from history because they were never pushed. */
export const repairs = Metric.counter("signalwire_repairs_total", {
  description: "Messages that were recovered from history",
  incremental: true
})

/** The seconds from the server's time of a message to its receipt, including the difference between the two clocks. */
export const lag = Metric.histogram("signalwire_lag_seconds", {
  description: "Seconds from the server's time of a message to its receipt",
  boundaries: Metric.exponentialBoundaries({ start: 0.001, factor: 2, count: 18 })
})

/** Sends by outcome: `Stored`, `Interrupted`, or the `_tag` of the reason of the failure. */
export const sends = Metric.frequency("signalwire_sends", {
  description: "Sends by outcome",
  preregisteredWords: ["Stored", "Unconfirmed", "Timeout"]
})

/** The duration of sends, including the wait for their turn and the search for messages of unknown outcome. */
export const sendDuration = Metric.timer("signalwire_send_duration", {
  description: "Duration of sends"
})
