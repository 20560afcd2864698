/** The part of the wire log that the page holds: the newest entries, each once, as the server has them. */
import type { Entry, LogPart } from "./models.ts"

/** How many entries are held, and how many bytes of them, as JSON. */
export const capacity = { entries: 2000, bytes: 8 * 1024 * 1024 }

/** How many bytes the text of an entry takes: engines hold text beyond Latin-1 in two bytes per character. */
const bytesOf = ({ text }: Entry): number => text.length * (/[^\0-\xff]/.test(text) ? 2 : 1)

/** The newest entries, as many as there is room for; the last one is held however large it is. */
export const newest = (entries: ReadonlyArray<Entry>): ReadonlyArray<Entry> => {
  let bytes = 0
  const end = entries.findLastIndex((entry, index) => {
    bytes += bytesOf(entry)
    return index < entries.length - 1 && (bytes > capacity.bytes || entries.length - index > capacity.entries)
  })
  return entries.slice(end + 1)
}

/**
 * The `seq` to read from: the last entry that is held comes again. If it does not, the server's log is another one than
 * the page's: it was cleared, has dropped entries that the page has not seen, or the server has started again.
 */
export const readFrom = (held: ReadonlyArray<Entry>): number => Math.max(0, (held.at(-1)?.seq ?? 0) - 1)

/** The entries to hold after reading from {@link readFrom}; `null` when the whole log has to be read again. */
export const merge = (held: ReadonlyArray<Entry>, part: LogPart): ReadonlyArray<Entry> | null => {
  const last = held.at(-1)
  if (last === undefined) return newest(part.entries)
  const [again, ...added] = part.entries
  if (again?.seq !== last.seq || again.time !== last.time) return null
  return added.length === 0 ? held : newest([...held, ...added])
}
