/** Holds what was seen and what was said of sends against what the server stored. */
import type { Seen, Watcher } from "./watcher.ts"

export interface Stored {
  readonly addressId: string
  readonly id: string
  readonly text: string
  readonly ts: number
}

export interface Send {
  readonly addressId: string
  readonly text: string
  /** Whoever sends; the order of one sender to one conversation is kept. */
  readonly by: object
  readonly number: number
  /** `stored` for success, `pending` while open, otherwise the reason of the failure. */
  outcome: string
}

/** How many of one sort are named. */
const named = 5

const few = (what: string, items: ReadonlyArray<{ readonly text: string }>): ReadonlyArray<string> =>
  items.length === 0
    ? []
    : [`${what}: ${items.length}, ${items.slice(0, named).map(({ text }) => JSON.stringify(text)).join(", ")}`]

/** What a watcher should have seen and has not. */
export const missing = (watcher: Watcher, stored: ReadonlyArray<Stored>): ReadonlyArray<Stored> => {
  const before = watcher.before()
  return before === undefined ?
    [] :
    stored.filter(({ addressId, id }) =>
      (watcher.addressId === undefined || watcher.addressId === addressId) && !before.has(id) && !watcher.ids.has(id)
    )
}

const isBefore = (a: Seen, b: Seen): boolean => a.ts < b.ts || (a.ts === b.ts && a.id < b.id)

const disordered = (seen: ReadonlyArray<Seen>): ReadonlyArray<Seen> => {
  let furthest: Seen | undefined
  return seen.filter((message) => {
    const isLate = furthest !== undefined && isBefore(message, furthest)
    if (!isLate) furthest = message
    return isLate !== (message.late === true)
  })
}

const checkWatcher = (watcher: Watcher, stored: ReadonlyArray<Stored>): ReadonlyArray<string> => {
  const known = new Set(stored.map(({ id }) => id))
  const once = new Set<string>()
  const twice = watcher.seen.filter(({ id }) => {
    const again = once.has(id)
    once.add(id)
    return again
  })
  return [
    ...few("saw twice", twice),
    // a subscription that has ended in the middle has seen what it saw
    ...(watcher.kind === "subscribe" ? [] : few("never saw", missing(watcher, stored))),
    ...few("saw what is not stored", watcher.seen.filter(({ id }) => !known.has(id))),
    ...(watcher.kind === "timeline" ? few("saw out of order, or wrongly marked late", disordered(watcher.seen)) : []),
    ...watcher.complaints.map((complaint) => `said ${complaint}`)
  ].map((violation) => `${watcher.name} ${violation}`)
}

const checkSends = (sends: ReadonlyArray<Send>, stored: ReadonlyArray<Stored>): ReadonlyArray<string> => {
  const at = new Map<string, Array<number>>()
  for (const [index, { text }] of stored.entries()) at.set(text, [...(at.get(text) ?? []), index])
  const count = ({ text }: Send): number => at.get(text)?.length ?? 0
  const furthest = new Map<object, Map<string, Send>>()
  const overtaken = sends.filter((send) => {
    const index = at.get(send.text)?.[0]
    // when a message whose outcome is open was stored, nobody can tell
    if (index === undefined || send.outcome !== "stored") return false
    const own = furthest.get(send.by) ?? new Map<string, Send>()
    furthest.set(send.by, own)
    const last = own.get(send.addressId)
    own.set(send.addressId, send)
    return last !== undefined && index < (at.get(last.text)?.[0] ?? 0)
  })
  return [
    ...few("sends stored more than once", sends.filter((send) => count(send) > 1)),
    ...few(
      "sends said to be stored that are not",
      sends.filter((send) => send.outcome === "stored" && count(send) === 0)
    ),
    ...few(
      "sends said to have failed that are stored",
      sends.filter((send) => send.outcome !== "stored" && send.outcome !== "Unconfirmed" && count(send) > 0)
    ),
    ...few("sends stored out of order", overtaken)
  ]
}

/** Everything that is not as promised, in words. */
export const check = (
  run: {
    readonly watchers: ReadonlyArray<Watcher>
    readonly sends: ReadonlyArray<Send>
    readonly stored: ReadonlyArray<Stored>
  }
): ReadonlyArray<string> => [
  ...run.watchers.flatMap((watcher) => checkWatcher(watcher, run.stored)),
  ...checkSends(run.sends, run.stored)
]
