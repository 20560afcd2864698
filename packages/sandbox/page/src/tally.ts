/** Counts the messages that the panes have sent by their state: computed from what the server has stored and what the panes show. */

/** A message that a pane has sent. */
export interface Sent {
  readonly clientId: string
  /** When it was sent, in milliseconds of the monotonic clock. */
  readonly at: number
  /** How often each pane has shown it at most: panes keep only their newest messages. */
  readonly shown: ReadonlyArray<number>
}

/** The ids of stored messages by client id; `null` until they were read. */
export type StoredIds = ReadonlyMap<string, ReadonlyArray<string>> | null

/** The messages that a pane shows. */
export interface Shown {
  /** How often each stored message is shown, by id. */
  readonly stored: ReadonlyMap<string, number>
  /** The state of messages that are not stored, by client id. */
  readonly outgoing: ReadonlyMap<string, "sending" | "failed">
}

export interface Tally {
  readonly sent: number
  readonly stored: number
  /** Stored, and shown in both panes at some time. */
  readonly shown: number
  /** Not shown in both panes yet, but not overdue. */
  readonly pending: number
  /** The send failed; it can be retried in its pane. */
  readonly failed: number
  /** Neither pending nor failed, and not stored or not shown in both panes. */
  readonly lost: number
  /** Stored more than once, or shown more than once in a pane. */
  readonly duplicates: number
}

export interface TallyInput {
  readonly sent: ReadonlyArray<Sent>
  readonly stored: StoredIds
  readonly panes: ReadonlyArray<Shown>
  /** Since when all panes have been connected and caught up, in milliseconds of the monotonic clock; `null` while they are not. */
  readonly connectedSince: number | null
  /** The current time, in milliseconds of the monotonic clock. */
  readonly now: number
}

/** After how long a message that is missing in a connected pane counts as lost, in milliseconds. */
export const lostAfter = 30_000

/** Records how often the panes show the messages; returns the same array if nothing has changed. */
export const observe = <S extends Sent>(
  sent: ReadonlyArray<S>,
  stored: StoredIds,
  panes: ReadonlyArray<Shown>
): ReadonlyArray<S> => {
  let isNew = false
  const observed = sent.map((message) => {
    const ids = stored?.get(message.clientId) ?? []
    const shown = panes.map((pane, index) =>
      Math.max(message.shown[index] ?? 0, ids.reduce((sum, id) => sum + (pane.stored.get(id) ?? 0), 0))
    )
    if (shown.every((times, index) => times === (message.shown[index] ?? 0))) return message
    isNew = true
    return { ...message, shown }
  })
  return isNew ? observed : sent
}

/** Counts the messages that were neither stored nor shown. */
export const countUnseen = (sent: ReadonlyArray<Sent>, stored: StoredIds): number =>
  sent.filter(({ clientId, shown }) => !stored?.has(clientId) && shown.every((times) => times === 0)).length

/** Counts the messages by their state. */
export const count = ({ connectedSince, now, panes, sent, stored }: TallyInput): Tally => {
  const tally = { sent: sent.length, stored: 0, shown: 0, pending: 0, failed: 0, lost: 0, duplicates: 0 }
  for (const { at, clientId, shown } of observe(sent, stored, panes)) {
    const ids = stored?.get(clientId) ?? []
    const isEverywhere = ids.length > 0 && panes.every((_, index) => (shown[index] ?? 0) > 0)
    if (ids.length > 0) tally.stored++
    if (ids.length > 1 || shown.some((times) => times > 1)) tally.duplicates++
    if (isEverywhere) {
      tally.shown++
      continue
    }
    const outgoing = panes.map((pane) => pane.outgoing.get(clientId))
    if (outgoing.includes("failed")) tally.failed++
    else if (
      stored === null || outgoing.includes("sending") || connectedSince === null ||
      now - Math.max(at, connectedSince) < lostAfter
    ) tally.pending++
    else tally.lost++
  }
  return tally
}
