/** Those who watch: a subscription, an iterator of messages, or a timeline, with everything that it has seen. */
import type { SignalWireClient } from "@effect-signalwire/promise"

export interface Seen {
  readonly id: string
  readonly text: string
  readonly ts: number
  readonly addressId: string | null
  /** As a timeline says; others do not tell. */
  readonly late: boolean | undefined
}

export interface Watcher {
  readonly name: string
  readonly kind: "subscribe" | "messages" | "timeline"
  /** A timeline begins with history, the others with now. */
  readonly from: "all" | "now"
  /** The conversation it is about; all when absent. */
  readonly addressId: string | undefined
  readonly seen: Array<Seen>
  readonly ids: Set<string>
  /** What it said beside messages that it must not: gaps and failures. */
  readonly complaints: Array<string>
  readonly isEnded: () => boolean
  readonly end: () => Promise<void>
  /** Everything stored but this must be seen. */
  readonly openSince: (before: ReadonlySet<string>) => void
  /** `undefined` while it is not known what it must see. */
  readonly before: () => ReadonlySet<string> | undefined
}

interface Wire {
  readonly id: string
  readonly text: string | null
  readonly ts: number
  readonly address_id: string | null
}

const make = (
  name: string,
  kind: Watcher["kind"],
  addressId: string | undefined,
  isEnded: () => boolean,
  end: () => Promise<void>
) => {
  let before: ReadonlySet<string> | undefined
  const watcher: Watcher = {
    name,
    kind,
    from: kind === "timeline" ? "all" : "now",
    addressId,
    seen: [],
    ids: new Set(),
    complaints: [],
    isEnded,
    end,
    openSince: (ids) => {
      before = ids
    },
    before: () => before
  }
  const see = ({ address_id, id, text, ts }: Wire, late: boolean | undefined): void => {
    watcher.seen.push({ id, text: text ?? "", ts, addressId: address_id, late })
    watcher.ids.add(id)
  }
  return { watcher, see }
}

export const subscribe = async (name: string, client: SignalWireClient): Promise<Watcher> => {
  let isEnded = false
  // nothing is called back before this resolves
  const early: Array<Wire> = []
  let see = (message: Wire): void => void early.push(message)
  const complaints: Array<string> = []
  const subscription = await client.conversation.subscribe((message) => see(message), {
    onError: (error) => complaints.push(String(error))
  })
  const made = make(name, "subscribe", undefined, () => isEnded, async () => {
    await subscription.unsubscribe()
    isEnded = true
  })
  for (const message of early) made.see(message, undefined)
  see = (message) => {
    made.see(message, undefined)
    if (isEnded) made.watcher.complaints.push("called back after unsubscribe")
  }
  return { ...made.watcher, complaints }
}

/** Follows an iterable for as long as it goes on. */
const follow = <A>(
  name: string,
  kind: "messages" | "timeline",
  addressId: string | undefined,
  items: AsyncIterable<A>,
  on: (item: A, see: ReturnType<typeof make>["see"], complain: (complaint: string) => void) => void
): Watcher => {
  let isEnded = false
  const { see, watcher } = make(name, kind, addressId, () => isEnded, () => Promise.resolve())
  const complain = (complaint: string): void => void watcher.complaints.push(complaint)
  void (async () => {
    try {
      for await (const item of items) on(item, see, complain)
    } catch (error) {
      complain(String(error))
    } finally {
      isEnded = true
    }
  })()
  return watcher
}

export const messages = (name: string, client: SignalWireClient): Watcher =>
  follow(name, "messages", undefined, client.conversation.messages(), (message, see) => see(message, undefined))

export const timeline = (
  name: string,
  client: SignalWireClient,
  addressId: string,
  onCaughtUp: () => void
): Watcher =>
  follow(
    name,
    "timeline",
    addressId,
    client.conversation.timeline({ addressId, since: 0 }),
    (event, see, complain) => {
      switch (event._tag) {
        case "Message":
          return see(event.message, event.late)
        case "CaughtUp":
          return onCaughtUp()
        case "Gap":
          return complain(`a gap: ${event.reason}, from ${event.from} to ${event.to}`)
      }
    }
  )
