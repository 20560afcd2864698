/**
 * The state machine of a sequence, which is a subscription or a timeline. It is a pure table of transitions, without
 * time, randomness or I/O; a missing cell does not compile. Its one rule: signals after a discontinuity wait until
 * history was read back.
 *
 * | Event             | in `Starting`      | in `Live`                                | in `CatchingUp`                       |
 * | ----------------- | ------------------ | ---------------------------------------- | ------------------------------------- |
 * | `Started`         | → `Live` ¹         | –                                        | –                                     |
 * | `StartedUnread`   | → `CatchingUp`     | –                                        | –                                     |
 * | `Resumed`         | → `CatchingUp`     | –                                        | –                                     |
 * | `SignalsReceived` | keeps them pending | emits; → `CatchingUp` at a discontinuity | keeps them pending                    |
 * | `HistoryRead`     | –                  | –                                        | emits; after the last part → `Live` ¹ |
 * | `Failed`          | → `Failed`         | → `Failed`                               | → `Failed`                            |
 * | `Ended`           | – ²                | → `Ended`                                | – ²                                   |
 *
 * `Failed` and `Ended` are final. A dash leaves the state as it is.
 *
 * ¹ Then the pending signals are processed, which may lead to `CatchingUp` again. ² History is to be read before the
 * end; the event comes again with the next request for signals.
 */
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as WireTime from "@effect-signalwire/schema/WireTime"
import type { Signal } from "@effect-signalwire/subscription/Signal"
import * as Data from "effect/Data"
import type * as DateTime from "effect/DateTime"
import type { ConversationError } from "../ConversationError.ts"
import { TimelineEvent } from "../TimelineEvent.ts"
import type { HistorySlice } from "./historySlice.ts"
import type { Accepted, Merge, ResumePoint } from "./merge.ts"

/** What a sequence emits. A live message is a `ConversationEvent`, which has more fields than one from history. */
export type Item = TimelineEvent

export type State =
  /** What precedes the sequence is not known yet, so nothing is emitted. */
  | { readonly _tag: "Starting"; readonly pending: ReadonlyArray<Signal> }
  /**
   * Signals are processed as they are received. History has everything from before the first `coveredSessions`
   * sessions.
   */
  | { readonly _tag: "Live"; readonly coveredSessions: number }
  /** Messages may be missing before the pending signals: history must be read. */
  | {
    readonly _tag: "CatchingUp"
    readonly pending: ReadonlyArray<Signal>
    /** Whether to emit `CaughtUp` even if no message was missing. */
    readonly emitsCaughtUp: boolean
  }
  | { readonly _tag: "Failed"; readonly error: ConversationError }
  | { readonly _tag: "Ended" }

/** What a sequence starts with. */
export interface Start {
  readonly slice: HistorySlice
  /** Whether the slice is emitted. Otherwise the sequence starts after it. */
  readonly isEmitted: boolean
}

export type Event =
  /** The start was read from history, after `sessions` sessions had become ready. */
  | { readonly _tag: "Started"; readonly sessions: number; readonly start: Start }
  /** The sequence starts with all of history, which was not read yet. */
  | { readonly _tag: "StartedUnread" }
  /** The sequence continues where a previous one stopped. */
  | { readonly _tag: "Resumed"; readonly resumePoint: ResumePoint }
  | { readonly _tag: "SignalsReceived"; readonly signals: ReadonlyArray<Signal> }
  /** The next part of what the merge asked for was read, after `sessions` sessions had become ready. */
  | {
    readonly _tag: "HistoryRead"
    readonly sessions: number
    /** Newest first. */
    readonly messages: ReadonlyArray<ConversationMessage>
    /**
     * The parts before this one had everything up to here, unix seconds; `null` for the first, or if they were empty.
     */
    readonly previousThrough: number | null
    /** The time of the newest message when the first part was begun, unix seconds. */
    readonly newestSeconds: number
    /** Whether another part, of newer messages, follows. */
    readonly hasMore: boolean
  }
  /** The session failed for good, or history can't be read. */
  | { readonly _tag: "Failed"; readonly error: ConversationError }
  /** There will be no more signals. */
  | { readonly _tag: "Ended" }

export interface Transition {
  /** The next state. */
  readonly state: State
  /** What is emitted, in this order. */
  readonly items: ReadonlyArray<Item>
  /** How many of the items were recovered from history: messages that were never pushed. */
  readonly recovered: number
}

export interface Dependencies {
  readonly merge: Merge
  /** Whether an event belongs to the sequence. */
  readonly isIncluded: (event: ConversationEvent) => boolean
}

export const initial: State = { _tag: "Starting", pending: [] }

const toUtc = (epochSeconds: number): DateTime.Utc => WireTime.dateTimeFromMillis(epochSeconds * 1000)

const caughtUp = (merge: Merge): Item => {
  const newest = merge.newest()
  return TimelineEvent.CaughtUp({ through: newest === null ? null : toUtc(newest.epochSeconds) })
}

/** A literal, since the constructor would cost more than all other work for a message. */
const toItem = ({ late, message }: Accepted<ConversationMessage>): Item => ({ _tag: "Message", message, late })

/**
 * The gap before the oldest message of a read, if it does not reach back to what is known. The first part must reach
 * back to the merge's known time, a later part to the parts before it, even if those had only duplicates.
 */
const gapBefore = (
  messages: ReadonlyArray<ConversationMessage>,
  previousThrough: number | null,
  merge: Merge
): Item | undefined => {
  const oldest = messages.at(-1)
  const known = previousThrough ?? merge.knownThrough()
  if (known === null || (oldest !== undefined && oldest.epochSeconds <= known)) return undefined
  return TimelineEvent.Gap({
    from: toUtc(previousThrough ?? merge.readBackTo() ?? 0),
    to: oldest === undefined ? null : oldest.ts,
    reason: "history-too-short"
  })
}

/** Whether messages may be missing that were not read since. A malformed event is left to the reconciler. */
const needsRead = (signal: Signal, coveredSessions: number): boolean =>
  signal._tag === "Discontinuity" && !(signal.cause === "connected" && signal.session <= coveredSessions)

/** Whether `CaughtUp` follows even if no message was missing. It does not when a read was only requested as a check. */
const isInterruption = (signal: Signal): boolean => signal._tag === "Discontinuity" && signal.cause !== "requested"

/** Processes signals up to the first discontinuity. The result is appended to `items`, which are emitted with it. */
const processSignals = (
  { isIncluded, merge }: Dependencies,
  signals: ReadonlyArray<Signal>,
  coveredSessions: number,
  items: Array<Item> = [],
  recovered = 0
): Transition => {
  for (let index = 0; index < signals.length; index++) {
    const signal = signals[index]
    if (signal?._tag === "Event") {
      const accepted = isIncluded(signal.event) ? merge.accept(signal.event) : undefined
      if (accepted !== undefined) items.push(toItem(accepted))
    } else if (signal?._tag === "Malformed") {
      merge.markUnverifiable()
    } else if (signal !== undefined && needsRead(signal, coveredSessions)) {
      // one read covers all pending discontinuities, and the events that could not be decoded
      const rest = signals.slice(index)
      const pending = rest.filter((later) => later._tag !== "Malformed" && !needsRead(later, coveredSessions))
      const emitsCaughtUp = rest.some((later) => needsRead(later, coveredSessions) && isInterruption(later))
      return { state: { _tag: "CatchingUp", pending, emitsCaughtUp }, items, recovered }
    }
  }
  return { state: { _tag: "Live", coveredSessions }, items, recovered }
}

/**
 * Processes the pending events up to the newest message of a read, while the merge still remembers all of that read.
 * The others stay pending.
 */
const processPendingThrough = (
  newest: ConversationMessage | undefined,
  signals: ReadonlyArray<Signal>,
  { isIncluded, merge }: Dependencies
): { readonly items: ReadonlyArray<Item>; readonly pending: ReadonlyArray<Signal> } => {
  const items: Array<Item> = []
  const pending: Array<Signal> = []
  for (const signal of signals) {
    if (signal._tag !== "Event" || newest === undefined || signal.event.epochSeconds > newest.epochSeconds) {
      pending.push(signal)
    } else if (isIncluded(signal.event)) {
      const accepted = merge.acceptPending(signal.event)
      if (accepted !== undefined) items.push(toItem(accepted))
    }
  }
  return { items, pending }
}

/** The items of a start. Later reads do not go back beyond it, even within the overlap. */
const startItems = ({ isEmitted, slice }: Start, merge: Merge): Array<Item> => {
  const accepted = isEmitted ? merge.acceptAll(slice.messages) : []
  merge.markSeen(slice)
  return isEmitted ? [...accepted.map(toItem), caughtUp(merge)] : []
}

const states = Data.taggedEnum<State>()
const events = Data.taggedEnum<Event>()

/** One cell of the table. */
type Cell<S> = (state: S, dependencies: Dependencies) => Transition

/** A row of the table: the transitions from one state, for every event. */
const row = <Tag extends State["_tag"]>() =>
(
  cells: {
    readonly [E in Event["_tag"]]: (
      event: Extract<Event, { readonly _tag: E }>
    ) => Cell<Extract<State, { readonly _tag: Tag }>>
  }
) => events.$match(cells)

const become = (state: State): Transition => ({ state, items: [], recovered: 0 })

/** The event leaves the state as it is. */
const stay = () => become

/** The event becomes the state: `Failed` and `Ended` are both. */
const finish = (state: State) => () => become(state)

const fromStarting = row<"Starting">()({
  Started: ({ sessions, start }) => ({ pending }, dependencies) =>
    processSignals(dependencies, pending, sessions, startItems(start, dependencies.merge)),
  StartedUnread: () => ({ pending }) => become({ _tag: "CatchingUp", pending, emitsCaughtUp: true }),
  Resumed: ({ resumePoint }) => ({ pending }, { merge }) => {
    merge.resume(resumePoint)
    return become({ _tag: "CatchingUp", pending, emitsCaughtUp: true })
  },
  SignalsReceived: ({ signals }) => ({ pending }) => become({ _tag: "Starting", pending: [...pending, ...signals] }),
  HistoryRead: stay,
  Failed: finish,
  Ended: stay
})

const fromLive = row<"Live">()({
  Started: stay,
  StartedUnread: stay,
  Resumed: stay,
  SignalsReceived: ({ signals }) => ({ coveredSessions }, dependencies) =>
    processSignals(dependencies, signals, coveredSessions),
  HistoryRead: stay,
  Failed: finish,
  Ended: finish
})

const fromCatchingUp = row<"CatchingUp">()({
  Started: stay,
  StartedUnread: stay,
  Resumed: stay,
  SignalsReceived: ({ signals }) => (state) => become({ ...state, pending: [...state.pending, ...signals] }),
  HistoryRead: ({ hasMore, messages, newestSeconds, previousThrough, sessions }) => (state, dependencies) => {
    const { merge } = dependencies
    const gap = gapBefore(messages, previousThrough, merge)
    const accepted = merge.acceptAll(messages, newestSeconds)
    const items = accepted.map(toItem)
    if (gap !== undefined) items.unshift(gap)
    const processed = processPendingThrough(messages[0], state.pending, dependencies)
    items.push(...processed.items)
    const emitsCaughtUp = state.emitsCaughtUp || items.length > 0
    if (hasMore) {
      // the last part has the events that are newer than the first page was
      const pending = processed.pending.filter((signal) =>
        signal._tag !== "Event" || signal.event.epochSeconds <= newestSeconds
      )
      return { state: { _tag: "CatchingUp", pending, emitsCaughtUp }, items, recovered: accepted.length }
    }
    if (emitsCaughtUp) items.push(caughtUp(merge))
    return processSignals(dependencies, processed.pending, sessions, items, accepted.length)
  },
  Failed: finish,
  Ended: stay
})

/** `Failed` and `Ended` are final. */
const fromFinal = row<"Failed" | "Ended">()({
  Started: stay,
  StartedUnread: stay,
  Resumed: stay,
  SignalsReceived: stay,
  HistoryRead: stay,
  Failed: stay,
  Ended: stay
})

/** The rows are made once, since a transition runs for every batch of signals. */
const table = states.$match({
  Starting: (state) => (event: Event, dependencies: Dependencies): Transition =>
    fromStarting(event)(state, dependencies),
  Live: (state) => (event: Event, dependencies: Dependencies): Transition => fromLive(event)(state, dependencies),
  CatchingUp: (state) => (event: Event, dependencies: Dependencies): Transition =>
    fromCatchingUp(event)(state, dependencies),
  Failed: (state) => (event: Event, dependencies: Dependencies): Transition => fromFinal(event)(state, dependencies),
  Ended: (state) => (event: Event, dependencies: Dependencies): Transition => fromFinal(event)(state, dependencies)
})

/** The next state after an event, and what is emitted. */
export const transition = (state: State, event: Event, dependencies: Dependencies): Transition =>
  table(state)(event, dependencies)
