/**
 * What went over the wire: every request, answer and frame, with what went wrong on purpose. A test can ask for it and
 * assert on it. Secrets are taken out before anything is kept, and nothing is done while nobody asks.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { isDeep } from "./internal/depth.ts"
import { redactedText, redactedValue } from "./internal/redaction.ts"

// Models

const moment = {
  /** Counts entries from 1, also across what was forgotten or cleared. */
  seq: Schema.Int,
  /** Unix milliseconds. */
  time: Schema.Finite
}

/** A REST request. Its answer has the same `exchange`. */
export const RequestEntry = Schema.Struct({
  ...moment,
  on: Schema.Literal("request"),
  exchange: Schema.Int,
  method: Schema.String,
  /** Path and query. */
  path: Schema.String,
  /** The scheme of its credentials: `Bearer [redacted]`. */
  authorization: Schema.NullOr(Schema.String),
  subscriberId: Schema.NullOr(Schema.String),
  /** What was sent: JSON as such, anything else as text, nothing as `null`. */
  body: Schema.Unknown,
  /** The type of the action that was carried out. */
  fault: Schema.NullOr(Schema.String)
})

/** An answer, or with a `status` of `null` that there was none. */
export const ResponseEntry = Schema.Struct({
  ...moment,
  on: Schema.Literal("response"),
  exchange: Schema.Int,
  status: Schema.NullOr(Schema.Int),
  body: Schema.Unknown,
  fault: Schema.NullOr(Schema.String)
})

/** A socket opens, is turned away, or ends. Its frames have the same `connection`. */
export const SocketEntry = Schema.Struct({
  ...moment,
  on: Schema.Literals(["opened", "refused", "closed"]),
  connection: Schema.Int,
  /** The protocol of its session. */
  session: Schema.NullOr(Schema.String),
  subscriberId: Schema.NullOr(Schema.String),
  fault: Schema.NullOr(Schema.String)
})

/** A frame: as it came, or as it would have been written if nothing had gone wrong. */
export const FrameEntry = Schema.Struct({
  ...moment,
  on: Schema.Literal("frame"),
  connection: Schema.Int,
  session: Schema.NullOr(Schema.String),
  subscriberId: Schema.NullOr(Schema.String),
  /** `in` comes from the client, `out` goes to it. */
  direction: Schema.Literals(["in", "out"]),
  /** The JSON-RPC method, of a request or of the request that is answered. */
  method: Schema.NullOr(Schema.String),
  /** JSON as such, anything else as text. */
  frame: Schema.Unknown,
  fault: Schema.NullOr(Schema.String)
})

/** One line of the log. */
export const Entry = Schema.Union([RequestEntry, ResponseEntry, SocketEntry, FrameEntry])
export type Entry = typeof Entry.Type

type Draft<E> = E extends Entry ? Omit<E, "seq" | "time"> : never

// Service

/** The log of a backend. */
export interface WireLog {
  /** Whether anything is written down. */
  readonly isEnabled: () => boolean
  /** Turns it on or off. */
  readonly enable: (isEnabled: boolean) => void
  /** Numbers for exchanges and connections. */
  readonly nextId: () => number
  /** Writes an entry down; its secrets are taken out here. Does nothing while the log is off. */
  readonly add: (draft: Draft<Entry>) => void
  /** What is kept, oldest first. */
  readonly entries: () => ReadonlyArray<Entry>
  /** How many entries were forgotten because there was no room for them. */
  readonly forgotten: () => number
  /** Empties it. */
  readonly clear: () => void
  /** Is told every entry from now on, as it is written; the answer takes it away again. */
  readonly listen: (listener: (entry: Entry) => void) => () => void
}

// Constructor

/** How much is kept. */
const capacity = { entries: 10_000, characters: 16 * 1024 * 1024 }

/** How much of one body or frame is kept, in UTF-16 code units. */
const maxText = 65_536

/** A body or frame as the log shows it: parsed and without secrets. */
const shown = (value: unknown): unknown => {
  if (typeof value !== "string") return redactedValue(value)
  if (value === "") return null
  if (value.length > maxText) return `${redactedText(value.slice(0, maxText))}… (${value.length} characters)`
  if (isDeep(value)) return redactedText(value)
  try {
    return redactedValue(JSON.parse(value))
  } catch {
    return redactedText(value)
  }
}

const sizeOf = (draft: Draft<Entry>): number => {
  const value = "frame" in draft ? draft.frame : "body" in draft ? draft.body : ""
  return 200 + (typeof value === "string" ? Math.min(value.length, maxText) : 0)
}

/** An empty log. */
export const make = (now: () => number, options: { readonly enabled: boolean }): WireLog => {
  let { enabled } = options
  let ids = 0
  let seq = 0
  let characters = 0
  let forgotten = 0
  // the oldest are at `first`; the space before it is given back now and then
  let kept: Array<{ readonly entry: Entry; readonly size: number }> = []
  let first = 0
  const listeners = new Set<(entry: Entry) => void>()

  const shrink = (): void => {
    while (kept.length - first > capacity.entries || characters > capacity.characters) {
      characters -= kept[first]?.size ?? 0
      first++
      forgotten++
    }
    if (first > capacity.entries) {
      kept = kept.slice(first)
      first = 0
    }
  }
  const add: WireLog["add"] = (draft) => {
    if (!enabled) return
    const size = sizeOf(draft)
    const stamp = { seq: ++seq, time: now() }
    const entry: Entry = draft.on === "frame"
      ? { ...stamp, ...draft, frame: shown(draft.frame) }
      : draft.on === "request"
      ? { ...stamp, ...draft, path: redactedText(draft.path), body: shown(draft.body) }
      : draft.on === "response"
      ? { ...stamp, ...draft, body: shown(draft.body) }
      : { ...stamp, ...draft }
    kept.push({ entry, size })
    characters += size
    shrink()
    for (const listener of listeners) listener(entry)
  }
  return {
    isEnabled: () => enabled,
    enable: (isEnabled) => {
      enabled = isEnabled
    },
    nextId: () => ++ids,
    add,
    entries: () => kept.slice(first).map(({ entry }) => entry),
    forgotten: () => forgotten,
    clear: () => {
      kept = []
      first = 0
      characters = 0
      forgotten = 0
    },
    listen: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
  }
}
