/**
 * The metrics of a client, in Effect's metric registry: every exporter that reads the registry exports them. Their
 * names are stable; they are those of OpenTelemetry's semantic conventions for messaging where those have one. Times
 * are in seconds.
 *
 * @since 0.1.0
 */
import { defaultName } from "@effect-signalwire/runtime/Instrumentation"
import * as SemanticConventions from "@effect-signalwire/runtime/SemanticConventions"
import * as Metric from "effect/Metric"

type Counter = Metric.Counter<number>
type Histogram = Metric.Histogram<number>

/** The metrics of the clients that have the same name. */
export interface ConversationMetrics {
  /**
   * Messages that were sent, or that failed with a reason whose `_tag` is `errorType`. That of a send that was
   * interrupted is `Interrupted`, and that of a defect `_OTHER`.
   */
  readonly sentMessages: (errorType?: string) => Counter
  /** The duration of sends, including the wait for their turn and the search for messages of unknown outcome. */
  readonly sendDuration: (errorType?: string) => Histogram
  /** Messages that were yielded to the consumers of subscriptions and timelines. */
  readonly consumedMessages: (operation: "subscribe" | "timeline") => Counter
  /** Sessions that became ready. A client's first session is included: all beyond one are reconnects. */
  readonly sessions: Counter
  /** Gaps that could not be closed because history does not reach back far enough: messages may be missing there. */
  readonly gaps: Counter
  /** Messages that were recovered from history because they were never pushed. */
  readonly recoveredMessages: Counter
  /** The time from the server's time of a message to its receipt, including the difference between the two clocks. */
  readonly lag: Histogram
}

type Attributes = Readonly<Record<string, string>>

/** The boundaries that OpenTelemetry specifies for the duration of operations. */
const durationBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 120]

const counter = (name: string, description: string, attributes: Attributes): Counter =>
  Metric.counter(name, { description, attributes, incremental: true })

const histogram = (
  name: string,
  description: string,
  boundaries: ReadonlyArray<number>,
  attributes: Attributes
): Histogram => Metric.histogram(name, { description, boundaries, attributes: { ...attributes, unit: "s" } })

/** Remembers what `make` returns for each key. */
const memoize = <Key, A>(make: (key: Key) => A): (key: Key) => A => {
  const known = new Map<Key, A>()
  return (key) => {
    const value = known.get(key) ?? make(key)
    known.set(key, value)
    return value
  }
}

const sendAttributes = (client: Attributes, errorType: string | undefined): Attributes => ({
  ...client,
  ...SemanticConventions.operationAttributes("sendMessage"),
  ...(errorType === undefined ? undefined : { [SemanticConventions.names.errorType]: errorType })
})

const make = (name: string): ConversationMetrics => {
  const client = SemanticConventions.clientAttributes(name)
  return {
    sentMessages: memoize((errorType) =>
      counter("messaging.client.sent.messages", "Messages that were sent", sendAttributes(client, errorType))
    ),
    sendDuration: memoize((errorType) =>
      histogram(
        "messaging.client.operation.duration",
        "Duration of sends",
        durationBoundaries,
        sendAttributes(client, errorType)
      )
    ),
    consumedMessages: memoize((operation) =>
      counter("messaging.client.consumed.messages", "Messages that were yielded to the program", {
        ...client,
        ...SemanticConventions.operationAttributes(operation)
      })
    ),
    sessions: counter("signalwire.sessions", "Sessions with the server that became ready", client),
    gaps: counter("signalwire.gaps", "Gaps that could not be closed from history", client),
    recoveredMessages: counter("signalwire.recovered.messages", "Messages that were recovered from history", client),
    lag: histogram(
      "signalwire.message.lag",
      "Time from the server's time of a message to its receipt",
      Metric.exponentialBoundaries({ start: 0.001, factor: 2, count: 18 }),
      client
    )
  }
}

const byName = /* @__PURE__ */ memoize(make)

/**
 * Returns the metrics of the clients with this name, which is `messaging.client.id` among their attributes.
 *
 * ```ts
 * import * as ConversationMetrics from "@effect-signalwire/conversation/ConversationMetrics"
 * import * as Effect from "effect/Effect"
 * import * as Metric from "effect/Metric"
 *
 * export const sent = Effect.map(
 *   Metric.value(ConversationMetrics.forClient("orders").sentMessages()),
 *   ({ count }) => count
 * )
 * ```
 */
export const forClient = (name: string = defaultName): ConversationMetrics => byName(name)
