/**
 * The transitions of the client's state machines: those that a run reaches, and all that are possible, which are found
 * by trying every event in every state. An event without an effect on a state is not listed.
 */
import type { TransitionObserver } from "@effect-signalwire/runtime/Instrumentation"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Signal from "@effect-signalwire/subscription/Signal"
import * as Fixtures from "@effect-signalwire/testing/Fixtures"
import { ConversationError } from "../../../../packages/conversation/src/ConversationError.ts"
import { Merge } from "../../../../packages/conversation/src/internal/merge.ts"
import * as Sequence from "../../../../packages/conversation/src/internal/sequence.ts"
import * as Connection from "../../../../packages/subscription/src/internal/connectionMachine.ts"
import type { Coverage } from "./Coverage.ts"

interface Tagged {
  readonly _tag: string
}

// Labels

/** The details of an event that matter for what follows it. */
const detailsOf = (event: Tagged): string => {
  if ("outcome" in event) return ` ${String(event.outcome)}`
  if ("hasMore" in event) return event.hasMore === true ? " of a part" : ""
  if ("start" in event && typeof event.start === "object" && event.start !== null && "slice" in event.start) {
    const { slice } = event.start
    return typeof slice === "object" && slice !== null && "end" in slice ? ` with a slice that ${endOf(slice.end)}` : ""
  }
  return ""
}

const endOf = (end: unknown): string => end === "limit" ? "is cut short" : "is complete"

const labelOf = (from: Tagged, event: Tagged, to: Tagged): string =>
  `${from._tag}: ${event._tag}${detailsOf(event)} -> ${to._tag}`

/** The kind of a signal. */
const kindOf = (signal: unknown): string => {
  if (typeof signal !== "object" || signal === null) return ""
  if ("cause" in signal) return String(signal.cause)
  return "_tag" in signal ? String(signal._tag) : ""
}

/** The kinds of signals that an event brings to a sequence, by the state that receives them. */
const signalLabels = (from: Tagged, event: Tagged): ReadonlyArray<string> =>
  "signals" in event && Array.isArray(event.signals)
    ? event.signals.map((signal) => `${from._tag}: ${kindOf(signal)}`)
    : []

/** Counts the transitions of a device. */
export const observeTransitions = ({ reach }: Coverage): TransitionObserver => (machine, from, event, to) => {
  if (from === to) return
  reach(machine === "connection" ? "connection transitions" : "sequence transitions", labelOf(from, event, to))
  for (const label of signalLabels(from, event)) reach("signals", label)
}

// What is possible

/** Values of every event, which cover what the transitions depend on. A missing event does not compile. */
type Samples<Event extends Tagged> = {
  readonly [Tag in Event["_tag"]]: ReadonlyArray<Extract<Event, { readonly _tag: Tag }>>
}

const flatten = <Event extends Tagged>(samples: Readonly<Record<string, ReadonlyArray<Event>>>): ReadonlyArray<Event> =>
  Object.values(samples).flat()

interface Explored {
  readonly transitions: ReadonlySet<string>
  readonly signals: ReadonlySet<string>
}

/** Tries every event in every state that is reachable. States with the same key have the same transitions. */
const explore = <State extends Tagged, Event extends Tagged>(
  initial: State,
  events: ReadonlyArray<Event>,
  transition: (state: State, event: Event) => State,
  keyOf: (state: State) => string
): Explored => {
  const transitions = new Set<string>()
  const signals = new Set<string>()
  const known = new Set([keyOf(initial)])
  const left = [initial]
  for (let from = left.pop(); from !== undefined; from = left.pop()) {
    for (const event of events) {
      const to = transition(from, event)
      if (to === from) continue
      transitions.add(labelOf(from, event, to))
      for (const label of signalLabels(from, event)) signals.add(label)
      if (known.has(keyOf(to))) continue
      known.add(keyOf(to))
      left.push(to)
    }
  }
  return { transitions, signals }
}

const reason = new Reason.Transport({ detail: "gone" })
const unauthorized = (isRetryable: boolean) => new Reason.Unauthorized({ detail: "expired", isRetryable })
const resume: Connection.ResumeParams = { protocol: "protocol", authorizationState: null }

const outcomes: Readonly<Record<Connection.SessionOutcome, true>> = {
  lost: true,
  restart: true,
  unauthorized: true,
  rejected: true,
  unsupported: true
}
const isOutcome = (name: string): name is Connection.SessionOutcome => Object.hasOwn(outcomes, name)

const connectionEvents: Samples<Connection.Event> = {
  Start: [
    { _tag: "Start", retryAfter: null },
    { _tag: "Start", retryAfter: { delayMillis: 1000, reason } }
  ],
  SessionReady: [{ _tag: "SessionReady", resume, resumed: false }],
  SessionEnded: Object.keys(outcomes).filter(isOutcome).flatMap((outcome) =>
    [null, resume].map((resume) => ({
      _tag: "SessionEnded",
      outcome,
      reason,
      resume,
      resetsBackoff: false,
      retryAfterMillis: 0,
      random: 0
    }))
  ),
  DelayComputed: [{ _tag: "DelayComputed", delayMillis: 1000 }],
  ScheduleEnded: [{ _tag: "ScheduleEnded" }],
  BackoffElapsed: [{ _tag: "BackoffElapsed" }],
  ConnectNow: [{ _tag: "ConnectNow" }],
  TokenRefreshed: [{ _tag: "TokenRefreshed" }],
  TokenRefreshFailed: [true, false].map((isRetryable) => ({
    _tag: "TokenRefreshFailed",
    reason: unauthorized(isRetryable)
  })),
  ConnectionSuspect: [{ _tag: "ConnectionSuspect", reason }],
  ConnectionAlive: [{ _tag: "ConnectionAlive" }],
  DriverFailed: [{ _tag: "DriverFailed", reason }],
  Reset: [{ _tag: "Reset" }],
  Close: [{ _tag: "Close" }]
}

const connection = explore(
  Connection.idle,
  flatten<Connection.Event>(connectionEvents),
  Connection.transition,
  // no transition depends on how often the client has dialled, or why a session ended
  (state) =>
    JSON.stringify(
      state,
      (key, value: unknown) => ["attempt", "lastReason", "reason"].includes(key) ? undefined : value
    )
)

const signals: { readonly [Kind in Signal.Discontinuity["cause"] | "Event" | "Malformed"]: Signal.Signal } = {
  Event: Signal.event(Fixtures.conversationEvent()),
  Malformed: Signal.malformed({ path: "", message: "" }),
  connected: Signal.connected(2),
  overflow: Signal.overflow,
  requested: Signal.requested
}

const message = Fixtures.conversationMessage()
const none: ReadonlyMap<string, true> = new Map()

const sequenceEvents: Samples<Sequence.Event> = {
  Started: [
    { _tag: "Started", sessions: 1, start: { slice: { end: "reached", messages: [] }, isEmitted: true } },
    { _tag: "Started", sessions: 1, start: { slice: { end: "limit", messages: [message] }, isEmitted: true } }
  ],
  StartedUnread: [{ _tag: "StartedUnread" }],
  Resumed: [
    {
      _tag: "Resumed",
      resumePoint: {
        newest: null,
        verified: null,
        forgottenThrough: null,
        previous: { recognize: () => false, ids: none.keys(), sends: none.keys() }
      }
    }
  ],
  SignalsReceived: Object.values(signals).map((signal) => ({ _tag: "SignalsReceived", signals: [signal] })),
  HistoryRead: [true, false].map((hasMore) => ({
    _tag: "HistoryRead",
    sessions: 1,
    messages: [],
    previousThrough: null,
    newestSeconds: 0,
    hasMore
  })),
  Failed: [{ _tag: "Failed", error: new ConversationError({ method: "subscribe", reason }) }],
  Ended: [{ _tag: "Ended" }]
}

const dependencies: Sequence.Dependencies = {
  merge: new Merge({ overlapSeconds: 0, memory: 100, countsLiveAsVerified: false }),
  isIncluded: () => true
}

const sequence = explore(
  Sequence.initial,
  flatten<Sequence.Event>(sequenceEvents),
  (state, event) => Sequence.transition(state, event, dependencies).state,
  // only the kinds of pending signals matter
  (state) => [state._tag, ...new Set("pending" in state ? state.pending.map(kindOf).toSorted() : [])].join(" ")
)

/** The transitions of the connection. */
export const connectionTransitions: ReadonlyArray<string> = [...connection.transitions]
/** The transitions of subscriptions and timelines. */
export const sequenceTransitions: ReadonlyArray<string> = [...sequence.transitions]
/** The kinds of signals, by the state of the sequence that receives them. */
export const signalsReceived: ReadonlyArray<string> = [...sequence.signals]
