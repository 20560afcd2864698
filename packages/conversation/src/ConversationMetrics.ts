/**
 * What the client counts, in Effect's metric registry: any exporter that reads it shows these. Their names stay.
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"

/** Sessions that became ready. The first of a client is counted too: what is above one are reconnections. */
export const sessions = Metric.counter("signalwire_sessions_total", {
  description: "Sessions with the server that became ready",
  incremental: true
})

/** Stretches that history could not give back: messages may be missing there. */
export const gaps = Metric.counter("signalwire_gaps_total", {
  description: "Stretches of messages that could not be read back",
  incremental: true
})

/** Messages that were read back from history, for they were never heard. */
export const repairs = Metric.counter("signalwire_repairs_total", {
  description: "Messages that were read back from history",
  incremental: true
})

/** Between the server's time of a message and when it was heard: what the clocks differ by is in it. Seconds. */
export const lag = Metric.histogram("signalwire_lag_seconds", {
  description: "Time from a message's own time to when it was heard, in seconds",
  boundaries: Metric.exponentialBoundaries({ start: 0.001, factor: 2, count: 18 })
})

/** Sends, by what became of them: `Stored`, or the `_tag` of the reason why not. */
export const sends = Metric.frequency("signalwire_sends", {
  description: "Sends by outcome",
  preregisteredWords: ["Stored", "Unconfirmed", "Timeout"]
})

/** How long sends take, with their turn and all it takes to settle their outcome. */
export const sendDuration = Metric.timer("signalwire_send_duration", {
  description: "How long sends take"
})
