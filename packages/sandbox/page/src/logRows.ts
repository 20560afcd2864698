/** Converts entries of the wire log to rows, and filters them. */
import { isRecord } from "./admin/decoding.ts"
import type { Entry } from "./admin/models.ts"

/** `in` from a client, `out` to a client; `null` for sockets that were opened or closed. */
export type Direction = "in" | "out" | null

export type Kind = "http" | "frame" | "socket"

export interface Row {
  readonly seq: number
  readonly time: number
  readonly kind: Kind
  readonly direction: Direction
  readonly subscriberId: string | null
  readonly summary: string
  readonly fault: string | null
  /** Whether the entry is a ping or its response. */
  readonly isPing: boolean
  readonly entry: Entry
}

export interface Filter {
  readonly kind: Kind | "all"
  readonly direction: "in" | "out" | "all"
  /** `null` for all subscribers. */
  readonly subscriberId: string | null
  /** A part of the entry, case-insensitive. */
  readonly text: string
  readonly pings: boolean
}

export const defaultFilter: Filter = { kind: "all", direction: "all", subscriberId: null, text: "", pings: false }

/** The type of the event in a frame. */
const eventTypeOf = (frame: unknown): string | null => {
  const params = isRecord(frame) ? frame["params"] : undefined
  const type = isRecord(params) ? params["event_type"] : undefined
  return typeof type === "string" ? type : null
}

const frameSummary = ({ frame, method }: Entry): string => {
  const name = eventTypeOf(frame) ?? method ?? "unreadable"
  if (!isRecord(frame)) return name
  if ("error" in frame) return `${name}: error response`
  return "result" in frame ? `${name}: response` : name
}

const socketSummary = { opened: "socket opened", refused: "socket refused", closed: "socket closed" }

/** Shortens the ids in a path. */
const shortened = (path: string | null): string =>
  (path ?? "").replace(/([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "$1…")

/** Converts an entry to a row; a response gets the subscriber, method and path of its request. */
const toRow = (entry: Entry, request: Entry | undefined): Row => {
  const { fault, on, seq, time } = entry
  const row = { seq, time, fault, entry, subscriberId: entry.subscriberId, isPing: false }
  switch (on) {
    case "request":
      return { ...row, kind: "http", direction: "in", summary: `${entry.method} ${shortened(entry.path)}` }
    case "response": {
      const of = request === undefined ? "" : ` ${request.method} ${shortened(request.path)}`
      return {
        ...row,
        kind: "http",
        direction: "out",
        subscriberId: request?.subscriberId ?? null,
        summary: `${entry.status ?? "no response"}${of}`
      }
    }
    case "frame":
      return {
        ...row,
        kind: "frame",
        direction: entry.direction,
        summary: frameSummary(entry),
        isPing: entry.method === "signalwire.ping"
      }
    case "opened":
    case "refused":
    case "closed":
      return { ...row, kind: "socket", direction: null, summary: socketSummary[on] }
  }
}

/** Cached rows: an entry has the same row each time, so that it need not be rendered again. */
const rowsByEntry = new WeakMap<Entry, Row>()

/** Converts entries to rows. */
export const toRows = (entries: ReadonlyArray<Entry>): ReadonlyArray<Row> => {
  const requests = new Map<number, Entry>()
  return entries.map((entry) => {
    const { exchange, on } = entry
    if (on === "request" && exchange !== null) requests.set(exchange, entry)
    const cached = rowsByEntry.get(entry)
    if (cached !== undefined) return cached
    const row = toRow(entry, exchange === null ? undefined : requests.get(exchange))
    rowsByEntry.set(entry, row)
    return row
  })
}

/** Returns the rows that match a filter. */
export const filterRows = (rows: ReadonlyArray<Row>, filter: Filter): ReadonlyArray<Row> => {
  const text = filter.text.trim().toLowerCase()
  return rows.filter((row) =>
    (filter.pings || !row.isPing) &&
    (filter.kind === "all" || row.kind === filter.kind) &&
    (filter.direction === "all" || row.direction === filter.direction) &&
    (filter.subscriberId === null || row.subscriberId === filter.subscriberId) &&
    (text === "" || row.entry.text.includes(text) || row.summary.toLowerCase().includes(text))
  )
}
