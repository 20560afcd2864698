/** Records everything that a subscription, an iterator of messages or a timeline delivers. */
import type { SignalWireClient } from "@effect-signalwire/promise"

export interface ReceivedMessage {
  readonly id: string
  readonly text: string
  readonly ts: number
  readonly addressId: string | null
  /** Only timelines report this. */
  readonly late: boolean | undefined
}

export interface Recorder {
  readonly name: string
  readonly kind: "subscribe" | "messages" | "timeline"
  /** A timeline begins with history, the others with new messages. */
  readonly from: "all" | "now"
  /** The conversation of a timeline; `undefined` for all conversations. */
  readonly addressId: string | undefined
  readonly received: Array<ReceivedMessage>
  readonly receivedIds: Set<string>
  /** Gaps and failures, none of which may occur. */
  readonly errors: Array<string>
  readonly hasEnded: () => boolean
  readonly end: () => Promise<void>
  /** From now on, every stored message must be received, except for these. */
  readonly expectAllBut: (ids: ReadonlySet<string>) => void
  /** The ids that need not be received; `undefined` while nothing is expected. */
  readonly baseline: () => ReadonlySet<string> | undefined
}

interface WireMessage {
  readonly id: string
  readonly text: string | null
  readonly ts: number
  readonly address_id: string | null
}

const make = (
  name: string,
  kind: Recorder["kind"],
  addressId: string | undefined,
  hasEnded: () => boolean,
  end: () => Promise<void>
) => {
  let baseline: ReadonlySet<string> | undefined
  const recorder: Recorder = {
    name,
    kind,
    from: kind === "timeline" ? "all" : "now",
    addressId,
    received: [],
    receivedIds: new Set(),
    errors: [],
    hasEnded,
    end,
    expectAllBut: (ids) => {
      baseline = ids
    },
    baseline: () => baseline
  }
  const add = ({ address_id, id, text, ts }: WireMessage, late: boolean | undefined): void => {
    recorder.received.push({ id, text: text ?? "", ts, addressId: address_id, late })
    recorder.receivedIds.add(id)
  }
  return { recorder, add }
}

export const subscribe = async (name: string, client: SignalWireClient): Promise<Recorder> => {
  let hasEnded = false
  // no callback runs before this resolves
  const early: Array<WireMessage> = []
  let onMessage = (message: WireMessage): void => void early.push(message)
  const errors: Array<string> = []
  const subscription = await client.conversation.subscribe((message) => onMessage(message), {
    onError: (error) => errors.push(String(error))
  })
  const created = make(name, "subscribe", undefined, () => hasEnded, async () => {
    await subscription.unsubscribe()
    hasEnded = true
  })
  for (const message of early) created.add(message, undefined)
  onMessage = (message) => {
    created.add(message, undefined)
    if (hasEnded) created.recorder.errors.push("called back after unsubscribe")
  }
  return { ...created.recorder, errors }
}

/** Records an iterable to its end. */
const record = <A>(
  name: string,
  kind: "messages" | "timeline",
  addressId: string | undefined,
  items: AsyncIterable<A>,
  on: (item: A, add: ReturnType<typeof make>["add"], fail: (error: string) => void) => void
): Recorder => {
  let hasEnded = false
  const { add, recorder } = make(name, kind, addressId, () => hasEnded, () => Promise.resolve())
  const fail = (error: string): void => void recorder.errors.push(error)
  void (async () => {
    try {
      for await (const item of items) on(item, add, fail)
    } catch (error) {
      fail(String(error))
    } finally {
      hasEnded = true
    }
  })()
  return recorder
}

export const messages = (name: string, client: SignalWireClient): Recorder =>
  record(name, "messages", undefined, client.conversation.messages(), (message, add) => add(message, undefined))

export const timeline = (
  name: string,
  client: SignalWireClient,
  addressId: string,
  onCaughtUp: () => void
): Recorder =>
  record(
    name,
    "timeline",
    addressId,
    client.conversation.timeline({ addressId, since: 0 }),
    (event, add, fail) => {
      switch (event._tag) {
        case "Message":
          return add(event.message, event.late)
        case "CaughtUp":
          return onCaughtUp()
        case "Gap":
          return fail(`a gap: ${event.reason}, from ${event.from} to ${event.to}`)
      }
    }
  )
