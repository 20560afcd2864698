/** The part of the wire log that the page keeps: the newest entries. */
import type { Entry, LogPart } from "./models.ts"

/** The maximum number of entries, and their maximum size as JSON, in bytes. */
export const capacity = { entries: 2000, bytes: 8 * 1024 * 1024 }

/** The memory that the text of an entry takes: engines store strings beyond Latin-1 in two bytes per character. */
const bytesOf = ({ text }: Entry): number => text.length * (/[^\0-\xff]/.test(text) ? 2 : 1)

/** Returns the newest entries within the capacity; the last one is kept however large it is. */
export const newest = (entries: ReadonlyArray<Entry>): ReadonlyArray<Entry> => {
  let bytes = 0
  const end = entries.findLastIndex((entry, index) => {
    bytes += bytesOf(entry)
    return index < entries.length - 1 && (bytes > capacity.bytes || entries.length - index > capacity.entries)
  })
  return entries.slice(end + 1)
}

/**
 * Returns the `seq` to read from, so that the last entry is read again. If it is missing then, the server's log was cleared, has
 * dropped entries that the page has not read, or the server was restarted.
 */
export const readFrom = (held: ReadonlyArray<Entry>): number => Math.max(0, (held.at(-1)?.seq ?? 0) - 1)

/** Merges what was read from {@link readFrom}; returns `null` if the complete log has to be read again. */
export const merge = (held: ReadonlyArray<Entry>, part: LogPart): ReadonlyArray<Entry> | null => {
  const last = held.at(-1)
  if (last === undefined) return newest(part.entries)
  const [again, ...added] = part.entries
  if (again?.seq !== last.seq || again.time !== last.time) return null
  return added.length === 0 ? held : newest([...held, ...added])
}
