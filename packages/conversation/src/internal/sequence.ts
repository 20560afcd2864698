/**
 * The life of a sequence as a table: what each phase becomes on each happening, and what is handed on then. It has no
 * time, chance or I/O, and a missing cell does not compile.
 *
 * Its rule is one: what may hide something is not passed before history was read back to what is known.
 */
import type { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as WireTime from "@effect-signalwire/schema/WireTime"
import type { Signal } from "@effect-signalwire/subscription/Signal"
import * as Data from "effect/Data"
import type * as DateTime from "effect/DateTime"
import type { ConversationError } from "../ConversationError.ts"
import { TimelineEvent } from "../TimelineEvent.ts"
import type { Stretch } from "./history.ts"
import type { Admitted, Merge, Standing } from "./merge.ts"

/** What the sequence consists of. A live message is a `ConversationEvent` and knows more than one from history. */
export type Item = TimelineEvent

export type Phase =
  /** What was there before is not known: nothing may be let through. */
  | { readonly _tag: "Beginning"; readonly waiting: ReadonlyArray<Signal> }
  /** Nothing waits. What came between the first `covered` sessions was read. */
  | { readonly _tag: "Live"; readonly covered: number }
  /** Something may be missing here, before what waits: history is to be read. */
  | {
    readonly _tag: "Behind"
    readonly waiting: ReadonlyArray<Signal>
    /** Whether it is worth a word that nothing was missing. */
    readonly announced: boolean
  }
  | { readonly _tag: "Failed"; readonly error: ConversationError }
  | { readonly _tag: "Ended" }

/** What a sequence begins with. */
export interface Beginning {
  readonly stretch: Stretch
  /** Whether that belongs to it, or stands before it. */
  readonly shown: boolean
}

export type Happening =
  /** What was there before was read, when `sessions` of them had been ready. */
  | { readonly _tag: "Begun"; readonly sessions: number; readonly beginning: Beginning }
  /** All of history belongs to it, and none of it was read. */
  | { readonly _tag: "Unread" }
  /** It goes on where another stood. */
  | { readonly _tag: "Resumed"; readonly standing: Standing }
  | { readonly _tag: "Signals"; readonly signals: ReadonlyArray<Signal> }
  /** The next part, newest first, of what the merge asked for was read, when `sessions` of them had been ready. */
  | {
    readonly _tag: "ReadBack"
    readonly sessions: number
    readonly messages: ReadonlyArray<ConversationMessage>
    /** Up to here the parts before were read, unix seconds; `null` where this is the first, or they had nothing. */
    readonly after: number | null
    /** The newest time when the first part was begun, unix seconds. */
    readonly top: number
    /** Whether there is another part, of what is newer. */
    readonly more: boolean
  }
  /** The session ended for good, or history can't be read. */
  | { readonly _tag: "Failed"; readonly error: ConversationError }
  /** There are no signals any more. */
  | { readonly _tag: "Ended" }

export interface Step {
  readonly phase: Phase
  /** What is handed on, in this order. */
  readonly items: ReadonlyArray<Item>
  /** How many of them a read back brought: what nobody had pushed. */
  readonly found: number
}

/** What the table decides with. */
export interface Means {
  readonly merge: Merge
  /** Whether an event belongs to the sequence. */
  readonly belongs: (event: ConversationEvent) => boolean
}

export const beginning: Phase = { _tag: "Beginning", waiting: [] }

const instant = (epochSeconds: number): DateTime.Utc => WireTime.moment(epochSeconds * 1000)

const caughtUp = (merge: Merge): Item => {
  const frontier = merge.frontier()
  return TimelineEvent.CaughtUp({ through: frontier === null ? null : instant(frontier.epochSeconds) })
}

/** Not by its constructor, which costs more than the rest of what is done for a message. */
const toItem = ({ late, message }: Admitted<ConversationMessage>): Item => ({ _tag: "Message", message, late })

/**
 * The hole in what was read: it begins where it was to reach back to, or with all history when nothing was known. What comes
 * `after` other parts was to reach back to those, which may have had nothing but repetitions.
 */
const holeIn = (
  messages: ReadonlyArray<ConversationMessage>,
  after: number | null,
  merge: Merge
): Item | undefined => {
  const oldest = messages.at(-1)
  const reached = after ?? merge.reached()
  if (reached === null || (oldest !== undefined && oldest.epochSeconds <= reached)) return undefined
  return TimelineEvent.Gap({
    from: instant(after ?? merge.readBackTo() ?? 0),
    to: oldest === undefined ? null : oldest.ts,
    reason: "history-too-short"
  })
}

/** Whether something may be missing here that was not read since. What could not be read is looked for in its time. */
const isLapse = (signal: Signal, covered: number): boolean =>
  signal._tag === "Discontinuity" && !(signal.cause === "connected" && signal.session <= covered)

/** Whether a lapse is worth a word when nothing was missing: a look that was asked for is not. */
const isInterruption = (signal: Signal): boolean => signal._tag === "Discontinuity" && signal.cause !== "requested"

/** Acts on signals up to the first lapse; what comes out goes behind `items`, which are handed on with it. */
const act = (
  { belongs, merge }: Means,
  signals: ReadonlyArray<Signal>,
  covered: number,
  items: Array<Item> = [],
  found = 0
): Step => {
  for (let index = 0; index < signals.length; index++) {
    const signal = signals[index]
    if (signal?._tag === "Event") {
      const admitted = belongs(signal.event) ? merge.admit(signal.event) : undefined
      if (admitted !== undefined) items.push(toItem(admitted))
    } else if (signal?._tag === "Malformed") {
      merge.doubt()
    } else if (signal !== undefined && isLapse(signal, covered)) {
      // one look serves all the lapses that wait, and has what could not be read
      const rest = signals.slice(index)
      const waiting = rest.filter((later) => later._tag !== "Malformed" && !isLapse(later, covered))
      const announced = rest.some((later) => isLapse(later, covered) && isInterruption(later))
      return { phase: { _tag: "Behind", waiting, announced }, items, found }
    }
  }
  return { phase: { _tag: "Live", covered }, items, found }
}

/** Acts on what waits and stands within what was read, which is remembered now; the rest waits on. */
const actUpTo = (
  newest: ConversationMessage | undefined,
  signals: ReadonlyArray<Signal>,
  { belongs, merge }: Means
): { readonly items: ReadonlyArray<Item>; readonly waiting: ReadonlyArray<Signal> } => {
  const items: Array<Item> = []
  const waiting: Array<Signal> = []
  for (const signal of signals) {
    if (signal._tag !== "Event" || newest === undefined || signal.event.epochSeconds > newest.epochSeconds) {
      waiting.push(signal)
    } else if (belongs(signal.event)) {
      const admitted = merge.admitWaiting(signal.event)
      if (admitted !== undefined) items.push(toItem(admitted))
    }
  }
  return { items, waiting }
}

/** Where the sequence begins: what was read is shown or not, and not gone behind later, were it within the overlap. */
const begin = ({ shown, stretch }: Beginning, merge: Merge): Array<Item> => {
  const admitted = shown ? merge.admitAll(stretch.messages) : []
  merge.note(stretch)
  return shown ? [...admitted.map(toItem), caughtUp(merge)] : []
}

const phases = Data.taggedEnum<Phase>()
const happenings = Data.taggedEnum<Happening>()

/** One cell of the table: what a phase becomes. */
type Cell<P> = (phase: P, means: Means) => Step

/** A row of the table, for the phase of that name: a cell for every happening. */
const row = <Tag extends Phase["_tag"]>() =>
(
  cells: {
    readonly [H in Happening["_tag"]]: (
      happening: Extract<Happening, { readonly _tag: H }>
    ) => Cell<Extract<Phase, { readonly _tag: Tag }>>
  }
) => happenings.$match(cells)

const become = (phase: Phase): Step => ({ phase, items: [], found: 0 })

/** A happening that the phase does not expect leaves it as it is. */
const stay = () => become

/** There are no more signals, which will be told again when they are asked for: what is owed before that comes first. */
const owing = stay

const end = (phase: Phase) => () => become(phase)

const fromBeginning = row<"Beginning">()({
  Begun: ({ beginning, sessions }) => ({ waiting }, means) =>
    act(means, waiting, sessions, begin(beginning, means.merge)),
  Unread: () => ({ waiting }) => become({ _tag: "Behind", waiting, announced: true }),
  Resumed: ({ standing }) => ({ waiting }, { merge }) => {
    merge.resume(standing)
    return become({ _tag: "Behind", waiting, announced: true })
  },
  Signals: ({ signals }) => ({ waiting }) => become({ _tag: "Beginning", waiting: [...waiting, ...signals] }),
  ReadBack: stay,
  Failed: end,
  Ended: owing
})

const fromLive = row<"Live">()({
  Begun: stay,
  Unread: stay,
  Resumed: stay,
  Signals: ({ signals }) => ({ covered }, means) => act(means, signals, covered),
  ReadBack: stay,
  Failed: end,
  Ended: end
})

const fromBehind = row<"Behind">()({
  Begun: stay,
  Unread: stay,
  Resumed: stay,
  Signals: ({ signals }) => (phase) => become({ ...phase, waiting: [...phase.waiting, ...signals] }),
  ReadBack: ({ after, messages, more, sessions, top }) => (phase, means) => {
    const { merge } = means
    const hole = holeIn(messages, after, merge)
    const admitted = merge.admitAll(messages, top)
    const items = admitted.map(toItem)
    if (hole !== undefined) items.unshift(hole)
    const { items: late, waiting } = actUpTo(messages[0], phase.waiting, means)
    items.push(...late)
    const announced = phase.announced || items.length > 0
    if (more) {
      // the last part has the events that are newer than the first page was
      const kept = waiting.filter((signal) => signal._tag !== "Event" || signal.event.epochSeconds <= top)
      return { phase: { _tag: "Behind", waiting: kept, announced }, items, found: admitted.length }
    }
    if (announced) items.push(caughtUp(merge))
    return act(means, waiting, sessions, items, admitted.length)
  },
  Failed: end,
  Ended: owing
})

/** Nothing comes after the end, whether there was a reason for it or not. */
const fromOver = row<"Failed" | "Ended">()({
  Begun: stay,
  Unread: stay,
  Resumed: stay,
  Signals: stay,
  ReadBack: stay,
  Failed: stay,
  Ended: stay
})

const rows = phases.$match({
  Beginning: (phase) => (happening: Happening, means: Means): Step => fromBeginning(happening)(phase, means),
  Live: (phase) => (happening: Happening, means: Means): Step => fromLive(happening)(phase, means),
  Behind: (phase) => (happening: Happening, means: Means): Step => fromBehind(happening)(phase, means),
  Failed: (phase) => (happening: Happening, means: Means): Step => fromOver(happening)(phase, means),
  Ended: (phase) => (happening: Happening, means: Means): Step => fromOver(happening)(phase, means)
})

/** What a phase becomes on a happening, and what is handed on. The rows are made once: this runs with every batch. */
export const step = (phase: Phase, happening: Happening, means: Means): Step => rows(phase)(happening, means)
