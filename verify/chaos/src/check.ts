/** Compares the received messages and the results of sends with what the server stored. */
import type { ReceivedMessage, Recorder } from "./recorder.ts"

export interface Stored {
  readonly addressId: string
  readonly id: string
  readonly text: string
  readonly ts: number
}

export interface Send {
  readonly addressId: string
  readonly text: string
  /** The sending client: sends of one client to one conversation stay in order. */
  readonly sender: object
  readonly number: number
  /** `stored` for success, `pending` while the call has not ended, otherwise the reason of the failure. */
  outcome: string
}

/** How many examples a violation lists. */
const maxExamples = 5

const summarize = (what: string, items: ReadonlyArray<{ readonly text: string }>): ReadonlyArray<string> =>
  items.length === 0
    ? []
    : [`${what}: ${items.length}, ${items.slice(0, maxExamples).map(({ text }) => JSON.stringify(text)).join(", ")}`]

/** The messages that a recorder should have received, and has not. */
export const missing = (recorder: Recorder, stored: ReadonlyArray<Stored>): ReadonlyArray<Stored> => {
  const baseline = recorder.baseline()
  return baseline === undefined ?
    [] :
    stored.filter(({ addressId, id }) =>
      (recorder.addressId === undefined || recorder.addressId === addressId) && !baseline.has(id) &&
      !recorder.receivedIds.has(id)
    )
}

const isBefore = (a: ReceivedMessage, b: ReceivedMessage): boolean => a.ts < b.ts || (a.ts === b.ts && a.id < b.id)

const outOfOrder = (received: ReadonlyArray<ReceivedMessage>): ReadonlyArray<ReceivedMessage> => {
  let newest: ReceivedMessage | undefined
  return received.filter((message) => {
    const isLate = newest !== undefined && isBefore(message, newest)
    if (!isLate) newest = message
    return isLate !== (message.late === true)
  })
}

const checkRecorder = (recorder: Recorder, stored: ReadonlyArray<Stored>): ReadonlyArray<string> => {
  const storedIds = new Set(stored.map(({ id }) => id))
  const ids = new Set<string>()
  const repeated = recorder.received.filter(({ id }) => {
    const isRepeated = ids.has(id)
    ids.add(id)
    return isRepeated
  })
  return [
    ...summarize("received twice", repeated),
    // a subscription may have ended during the run
    ...(recorder.kind === "subscribe" ? [] : summarize("did not receive", missing(recorder, stored))),
    ...summarize("received messages that are not stored", recorder.received.filter(({ id }) => !storedIds.has(id))),
    ...(recorder.kind === "timeline"
      ? summarize("received out of order, or marked late incorrectly", outOfOrder(recorder.received))
      : []),
    ...recorder.errors.map((error) => `reported ${error}`)
  ].map((violation) => `${recorder.name} ${violation}`)
}

const checkSends = (sends: ReadonlyArray<Send>, stored: ReadonlyArray<Stored>): ReadonlyArray<string> => {
  const positions = new Map<string, Array<number>>()
  for (const [index, { text }] of stored.entries()) positions.set(text, [...(positions.get(text) ?? []), index])
  const copies = ({ text }: Send): number => positions.get(text)?.length ?? 0
  const newest = new Map<object, Map<string, Send>>()
  const outOfOrderSends = sends.filter((send) => {
    const index = positions.get(send.text)?.[0]
    // the order is only defined for sends that have succeeded
    if (index === undefined || send.outcome !== "stored") return false
    const byAddress = newest.get(send.sender) ?? new Map<string, Send>()
    newest.set(send.sender, byAddress)
    const last = byAddress.get(send.addressId)
    byAddress.set(send.addressId, send)
    return last !== undefined && index < (positions.get(last.text)?.[0] ?? 0)
  })
  return [
    ...summarize("sends stored more than once", sends.filter((send) => copies(send) > 1)),
    ...summarize(
      "sends reported as stored that are not",
      sends.filter((send) => send.outcome === "stored" && copies(send) === 0)
    ),
    ...summarize(
      "sends reported as failed that are stored",
      sends.filter((send) => send.outcome !== "stored" && send.outcome !== "Unconfirmed" && copies(send) > 0)
    ),
    ...summarize("sends stored out of order", outOfOrderSends)
  ]
}

/** The violations of the promises, one line for each. */
export const check = (
  run: {
    readonly recorders: ReadonlyArray<Recorder>
    readonly sends: ReadonlyArray<Send>
    readonly stored: ReadonlyArray<Stored>
  }
): ReadonlyArray<string> => [
  ...run.recorders.flatMap((recorder) => checkRecorder(recorder, run.stored)),
  ...checkSends(run.sends, run.stored)
]
