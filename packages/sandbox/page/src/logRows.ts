/** Entries of the wire log as rows: what each says in one line, and which of them a filter lets through. */
import { isRecord } from "./admin/decoding.ts"
import type { Entry } from "./admin/models.ts"

/** Where it went: `in` from a client to the server, `out` to a client; `null` for sockets that open and close. */
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
  /** Whether it is only there to keep the connection alive. */
  readonly isPing: boolean
  readonly entry: Entry
}

export interface Filter {
  readonly kind: Kind | "all"
  readonly direction: "in" | "out" | "all"
  /** `null` for everybody's. */
  readonly subscriberId: string | null
  /** Part of the entry, whatever its case. */
  readonly text: string
  readonly pings: boolean
}

export const everything: Filter = { kind: "all", direction: "all", subscriberId: null, text: "", pings: false }

/** The type of the event that a frame carries. */
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

/** A path as it is shown: without most of each id, which is in the entry. */
const shortened = (path: string | null): string =>
  (path ?? "").replace(/([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "$1…")

/** An entry as a row; a response takes what it does not have from its request. */
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

/** The rows of entries that are held: an entry has the same row each time, which then need not be drawn again. */
const rowsByEntry = new WeakMap<Entry, Row>()

/** Writes entries as rows. */
export const toRows = (entries: ReadonlyArray<Entry>): ReadonlyArray<Row> => {
  const requests = new Map<number, Entry>()
  return entries.map((entry) => {
    const { exchange, on } = entry
    if (on === "request" && exchange !== null) requests.set(exchange, entry)
    const known = rowsByEntry.get(entry)
    if (known !== undefined) return known
    const row = toRow(entry, exchange === null ? undefined : requests.get(exchange))
    rowsByEntry.set(entry, row)
    return row
  })
}

/** The rows that a filter lets through. */
export const select = (rows: ReadonlyArray<Row>, filter: Filter): ReadonlyArray<Row> => {
  const text = filter.text.trim().toLowerCase()
  return rows.filter((row) =>
    (filter.pings || !row.isPing) &&
    (filter.kind === "all" || row.kind === filter.kind) &&
    (filter.direction === "all" || row.direction === filter.direction) &&
    (filter.subscriberId === null || row.subscriberId === filter.subscriberId) &&
    (text === "" || row.entry.text.includes(text) || row.summary.toLowerCase().includes(text))
  )
}
