/**
 * What went over the wire: every request, answer and frame, with what went wrong on purpose. A test can ask for it and
 * assert on it. Secrets are taken out before anything is kept, and nothing is done while nobody asks.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { isDeep } from "./internal/depth.ts"
import { bytesOf } from "./internal/memoryBudget.ts"
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

/** An entry before it is written down: bodies and frames as the text that they were. */
type Draft<E> = E extends Entry ? {
    readonly [Name in Exclude<keyof E, "seq" | "time">]: Name extends "body" | "frame" ? string : E[Name]
  }
  : never

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
  /** What is kept, oldest first, each entry as a line of JSON; with `after` only entries of a greater `seq`. */
  readonly lines: (after?: number) => ReadonlyArray<string>
  /** How many entries were forgotten because there was no room for them. */
  readonly forgotten: () => number
  /** Empties it. */
  readonly clear: () => void
  /** Passes every entry from now on to a function, as a line of JSON; the answer takes the function away again. */
  readonly listen: (listener: (line: string) => void) => () => void
}

// Constructor

/** How much is kept. */
const capacity = { entries: 10_000, bytes: 16 * 1024 * 1024 }

/** What an entry takes besides its text, in bytes. */
const overhead = 128

/** How much of one body or frame is kept, in UTF-16 code units. */
const maxText = 32_768

/** How much further is looked for secrets, so that none is cut in two and not recognized. */
const maxSecret = 2048

/** A body or frame as the log has it: parsed, and without what is under the name of a secret. */
const parsed = (text: string): unknown => {
  if (text === "") return null
  if (isDeep(text)) return redactedText(text)
  try {
    return redactedValue(JSON.parse(text))
  } catch {
    return redactedText(text)
  }
}

const lineBytes = (line: string): number => overhead + bytesOf(line)

/** How a log is made. */
export interface Options {
  /** Unix milliseconds. */
  readonly now: () => number
  /** Whether it is on from the start. */
  readonly enabled: boolean
  /** Takes the secrets of the backend out of a text; JSON stays JSON. */
  readonly redact: (text: string) => string
}

/** An empty log. */
export const make = ({ now, redact, ...options }: Options): WireLog => {
  let { enabled } = options
  let ids = 0
  let seq = 0
  let bytes = 0
  let forgotten = 0
  // the oldest are at `first`; the places before it are empty, and given back now and then
  let kept: Array<{ readonly seq: number; readonly line: string; readonly bytes: number } | undefined> = []
  let first = 0
  const listeners = new Set<(line: string) => void>()

  const shrink = (): void => {
    while (kept.length - first > capacity.entries || bytes > capacity.bytes) {
      bytes -= kept[first]?.bytes ?? 0
      kept[first] = undefined
      first++
      forgotten++
    }
    if (first > 1000 && first > kept.length / 2) {
      kept = kept.slice(first)
      first = 0
    }
  }
  /** A body or frame without secrets, and not longer than what is kept of one. */
  const content = (text: string): unknown =>
    text.length <= maxText
      ? parsed(text)
      : `${redact(redactedText(text.slice(0, maxText + maxSecret))).slice(0, maxText)}…`
  const add: WireLog["add"] = (draft) => {
    if (!enabled) return
    const stamp = { seq: ++seq, time: now() }
    const entry: Entry = draft.on === "frame"
      ? { ...stamp, ...draft, frame: content(draft.frame) }
      : draft.on === "request"
      ? { ...stamp, ...draft, path: redactedText(draft.path), body: content(draft.body) }
      : draft.on === "response"
      ? { ...stamp, ...draft, body: content(draft.body) }
      : { ...stamp, ...draft }
    const line = redact(JSON.stringify(entry))
    const size = lineBytes(line)
    kept.push({ seq, line, bytes: size })
    bytes += size
    shrink()
    for (const listener of listeners) listener(line)
  }
  return {
    isEnabled: () => enabled,
    enable: (isEnabled) => {
      enabled = isEnabled
    },
    nextId: () => ++ids,
    add,
    lines: (after = 0) => {
      // `seq` goes up by one from entry to entry
      const oldest = kept[first]?.seq ?? 0
      return kept.slice(first + Math.max(0, after + 1 - oldest)).flatMap((entry) =>
        entry === undefined ? [] : [entry.line]
      )
    },
    forgotten: () => forgotten,
    clear: () => {
      kept = []
      first = 0
      bytes = 0
      forgotten = 0
    },
    listen: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
  }
}
