/**
 * A log of every request, response and frame, with the faults that were carried out on them. Tests can assert on it. Secrets are
 * redacted before an entry is stored, and nothing is logged while the log is disabled.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { isNestedTooDeeply } from "./internal/jsonDepth.ts"
import { redactString, redactValue } from "./internal/redaction.ts"
import { stringBytes } from "./internal/stringBytes.ts"

// Models

const common = {
  /** The number of the entry; starts at 1 and is not reset when entries are dropped or cleared. */
  seq: Schema.Int,
  /** The time in unix milliseconds. */
  time: Schema.Finite
}

/** An HTTP request. Its response has the same `exchange`. */
export const RequestEntry = Schema.Struct({
  ...common,
  on: Schema.Literal("request"),
  exchange: Schema.Int,
  method: Schema.String,
  /** The path and query. */
  path: Schema.String,
  /** The redacted header: only the scheme is kept, as in `Bearer [redacted]`. */
  authorization: Schema.NullOr(Schema.String),
  subscriberId: Schema.NullOr(Schema.String),
  /** The body: parsed if it is JSON, otherwise a string; `null` if it is empty. */
  body: Schema.Unknown,
  /** The type of the fault that was carried out. */
  fault: Schema.NullOr(Schema.String)
})

/** An HTTP response. `status` is `null` if there was no response. */
export const ResponseEntry = Schema.Struct({
  ...common,
  on: Schema.Literal("response"),
  exchange: Schema.Int,
  status: Schema.NullOr(Schema.Int),
  body: Schema.Unknown,
  fault: Schema.NullOr(Schema.String)
})

/** A socket was opened, refused or closed. Its frames have the same `connection`. */
export const SocketEntry = Schema.Struct({
  ...common,
  on: Schema.Literals(["opened", "refused", "closed"]),
  connection: Schema.Int,
  /** The protocol of its session. */
  session: Schema.NullOr(Schema.String),
  subscriberId: Schema.NullOr(Schema.String),
  fault: Schema.NullOr(Schema.String)
})

/** A frame, as it was received, or as it would have been written without a fault. */
export const FrameEntry = Schema.Struct({
  ...common,
  on: Schema.Literal("frame"),
  connection: Schema.Int,
  session: Schema.NullOr(Schema.String),
  subscriberId: Schema.NullOr(Schema.String),
  /** `in` for frames from the client, `out` for frames to the client. */
  direction: Schema.Literals(["in", "out"]),
  /** The JSON-RPC method of the request, or, for a response, of the request that it responds to. */
  method: Schema.NullOr(Schema.String),
  /** The frame: parsed if it is JSON, otherwise a string. */
  frame: Schema.Unknown,
  fault: Schema.NullOr(Schema.String)
})

/** An entry of the log. */
export const Entry = Schema.Union([RequestEntry, ResponseEntry, SocketEntry, FrameEntry])
export type Entry = typeof Entry.Type

/** An entry before it is numbered and redacted: bodies and frames are strings. */
type EntryInput<E> = E extends Entry ? {
    readonly [Name in Exclude<keyof E, "seq" | "time">]: Name extends "body" | "frame" ? string : E[Name]
  }
  : never

// Service

/** The wire log of a backend. */
export interface WireLog {
  /** Returns whether the log is enabled. */
  readonly isEnabled: () => boolean
  /** Enables or disables the log. */
  readonly enable: (isEnabled: boolean) => void
  /** Returns a new number for an exchange or a connection. */
  readonly nextId: () => number
  /** Adds an entry, and redacts its secrets. Has no effect while the log is disabled. */
  readonly add: (entry: EntryInput<Entry>) => void
  /** Returns the entries as lines of JSON, oldest first; with `after`, only those with a greater `seq`. */
  readonly lines: (after?: number) => ReadonlyArray<string>
  /** Returns how many entries were dropped because the log was full. */
  readonly dropped: () => number
  /** Removes all entries. */
  readonly clear: () => void
  /** Calls a function with every entry from now on, as a line of JSON. Returns a function that unsubscribes it. */
  readonly subscribe: (listener: (line: string) => void) => () => void
}

// Constructor

/** The maximum number of entries, and their maximum size in bytes. */
const capacity = { entries: 10_000, bytes: 16 * 1024 * 1024 }

/** The memory that an entry takes besides its string, in bytes. */
const overhead = 128

/** The maximum length of a logged body or frame, in UTF-16 code units. */
const maxContentLength = 32_768

/** How much more of a long body or frame is redacted before it is cut, so that no secret is cut and then not recognized. */
const maxSecretLength = 2048

/** Parses a body or frame if it is JSON, and redacts fields with the names of secrets. */
const parse = (text: string): unknown => {
  if (text === "") return null
  if (isNestedTooDeeply(text)) return redactString(text)
  try {
    return redactValue(JSON.parse(text))
  } catch {
    return redactString(text)
  }
}

const lineBytes = (line: string): number => overhead + stringBytes(line)

/** Options of a wire log. */
export interface Options {
  /** Returns the current time in unix milliseconds. */
  readonly now: () => number
  /** Whether the log is enabled from the start. */
  readonly enabled: boolean
  /** Redacts the secrets of the backend in a string; valid JSON must remain valid. */
  readonly redact: (text: string) => string
}

/** Makes an empty log. */
export const make = ({ now, redact, ...options }: Options): WireLog => {
  let { enabled } = options
  let lastId = 0
  let seq = 0
  let bytes = 0
  let dropped = 0
  // a queue: the oldest entry is at `first`, and the empty slots before it are removed from time to time
  let kept: Array<{ readonly seq: number; readonly line: string; readonly bytes: number } | undefined> = []
  let first = 0
  const listeners = new Set<(line: string) => void>()

  const shrink = (): void => {
    while (kept.length - first > capacity.entries || bytes > capacity.bytes) {
      bytes -= kept[first]?.bytes ?? 0
      kept[first] = undefined
      first++
      dropped++
    }
    if (first > 1000 && first > kept.length / 2) {
      kept = kept.slice(first)
      first = 0
    }
  }
  /** Redacts a body or frame, and cuts it if it is too long. */
  const content = (text: string): unknown =>
    text.length <= maxContentLength
      ? parse(text)
      : `${redact(redactString(text.slice(0, maxContentLength + maxSecretLength))).slice(0, maxContentLength)}…`
  const add: WireLog["add"] = (input) => {
    if (!enabled) return
    const stamp = { seq: ++seq, time: now() }
    const entry: Entry = input.on === "frame"
      ? { ...stamp, ...input, frame: content(input.frame) }
      : input.on === "request"
      ? { ...stamp, ...input, path: redactString(input.path), body: content(input.body) }
      : input.on === "response"
      ? { ...stamp, ...input, body: content(input.body) }
      : { ...stamp, ...input }
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
    nextId: () => ++lastId,
    add,
    lines: (after = 0) => {
      // `seq` increases by one from entry to entry
      const oldest = kept[first]?.seq ?? 0
      return kept.slice(first + Math.max(0, after + 1 - oldest)).flatMap((entry) =>
        entry === undefined ? [] : [entry.line]
      )
    },
    dropped: () => dropped,
    clear: () => {
      kept = []
      first = 0
      bytes = 0
      dropped = 0
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
  }
}
