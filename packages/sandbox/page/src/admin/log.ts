/** The part of the wire log that the page holds: the newest entries, each once, as the server has them. */
import type { Entry, LogPart } from "./models.ts"

/** How many entries are held. */
export const capacity = 2000

/**
 * The `seq` to read from: the last entry that is held comes again. If it does not, the server's log is another one than
 * the page's: it was cleared, has dropped entries that the page has not seen, or the server has started again.
 */
export const readFrom = (held: ReadonlyArray<Entry>): number => Math.max(0, (held.at(-1)?.seq ?? 0) - 1)

/** The entries to hold after reading from {@link readFrom}; `null` when the whole log has to be read again. */
export const merge = (held: ReadonlyArray<Entry>, part: LogPart): ReadonlyArray<Entry> | null => {
  const last = held.at(-1)
  if (last === undefined) return part.entries.slice(-capacity)
  const [again, ...added] = part.entries
  if (again?.seq !== last.seq || again.time !== last.time) return null
  return added.length === 0 ? held : [...held, ...added].slice(-capacity)
}
