/**
 * Reads the timeline of one conversation into a window of messages, live from its newest page on, and older pages on
 * request.
 */
import type { Page, SignalWireClient, TimelineEvent } from "@effect-signalwire/promise"
import type { ClientSource } from "./clientSource.ts"
import { toError } from "./errors.ts"
import * as MessageWindow from "./messageWindow.ts"
import * as Retry from "./retry.ts"

/**
 * A period in which messages may be missing that history no longer has. Times are unix seconds; `to` is `null` when the
 * gap extends to the present.
 */
export type TimelineGap = Omit<Extract<TimelineEvent, { readonly _tag: "Gap" }>, "_tag">

export interface Options {
  /** The maximum number of messages in memory. */
  readonly capacity: number
  /** The number of older messages to read at once. */
  readonly pageSize: number
}

export interface Snapshot {
  readonly status: "loading" | "live" | "failed"
  readonly error: Error | null
  readonly window: MessageWindow.MessageWindow
  readonly gaps: ReadonlyArray<TimelineGap>
  readonly isLoadingOlder: boolean
  readonly olderError: Error | null
}

/** The parts of a client that a timeline needs. */
interface ReadingClient extends Pick<SignalWireClient, "connection"> {
  readonly conversation: Pick<SignalWireClient["conversation"], "getConversationMessages" | "timeline">
}

export interface TimelineReader {
  readonly snapshot: () => Snapshot
  /**
   * Reads the timeline from the newest page on, until the signal is aborted. The current window stays until that page
   * has been read.
   */
  readonly start: (client: ReadingClient, signal: AbortSignal) => void
  /** Sets the status to `failed`. */
  readonly fail: (error: unknown) => void
  /** Returns to the initial state. */
  readonly reset: () => void
  /** Reads the page before the window; concurrent calls share one read. */
  readonly loadOlder: () => Promise<void>
}

/** The maximum number of pages that one call of `loadOlder` reads. */
const maxPages = 100

/** The maximum number of gaps in memory. */
const maxGaps = 100

/**
 * `keyOf` returns the React key of a message that the timeline yielded; `onChange` is called when the snapshot changes.
 */
export const make = (
  addressId: string,
  source: Pick<ClientSource, "state">,
  options: () => Options,
  keyOf: (message: MessageWindow.Message, clientId: string | null) => string,
  onChange: () => void
): TimelineReader => {
  const initial = (): Snapshot => ({
    status: "loading",
    error: null,
    window: MessageWindow.make(options().capacity),
    gaps: [],
    isLoadingOlder: false,
    olderError: null
  })
  let snapshot = initial()
  /** Reads messages before a window; `undefined` while no client is in use. */
  let readOlder: ((window: MessageWindow.MessageWindow) => Promise<void>) | undefined
  let loadingOlder: Promise<void> | undefined

  const update = (change: Partial<Snapshot>) => {
    snapshot = { ...snapshot, ...change }
    onChange()
  }

  const readTimeline = async (
    { connection, conversation }: ReadingClient,
    signal: AbortSignal
  ): Promise<void> => {
    const window = MessageWindow.make(options().capacity)
    let gaps: ReadonlyArray<TimelineGap> = []
    let isCaughtUp = false
    for await (const event of conversation.timeline({ addressId, signal })) {
      if (signal.aborted) return
      switch (event._tag) {
        case "Message":
          window.add(event.message, keyOf(event.message, event.clientId))
          break
        case "Gap":
          gaps = [...gaps, { from: event.from, to: event.to, reason: event.reason }].slice(-maxGaps)
          break
        case "CaughtUp":
          isCaughtUp = true
          if (event.through === null) window.markComplete()
      }
      // publish the first page as a whole, not message by message
      if (isCaughtUp) update({ status: "live", error: null, window, gaps })
    }
    // the iteration ends when the client is disconnected; this rejects with the reason
    await connection.ready({ signal })
  }

  const fail = (error: unknown) => update({ status: "failed", error: toError(error) })

  const readOlderPage = async (
    client: ReadingClient,
    signal: AbortSignal,
    window: MessageWindow.MessageWindow
  ): Promise<void> => {
    const retry = Retry.make(client, source, signal)
    const oldest = window.oldest()
    let page: Page<MessageWindow.Message> | undefined = await retry.run(() =>
      client.conversation.getConversationMessages({
        addressId,
        pageSize: options().pageSize,
        // rounded up, because a server may only know whole seconds; known messages are skipped below
        until: oldest === undefined ? undefined : Math.ceil(oldest.ts),
        signal
      })
    )
    const found = new Map<string, MessageWindow.Message>()
    for (let pages = 1; page !== undefined; pages++) {
      for (const message of page.data) if (!window.has(message.id)) found.set(message.id, message)
      // continue while the pages have mostly known messages
      if (found.size * 2 >= options().pageSize || pages >= maxPages) break
      const { nextPage }: Page<MessageWindow.Message> = page
      page = await retry.run(() => nextPage({ signal }))
    }
    if (signal.aborted) throw signal.reason
    window.addOlder([...found.values()], page?.hasNext === true)
  }

  return {
    snapshot: () => snapshot,
    start: (client, signal) => {
      readOlder = (window) => readOlderPage(client, signal, window)
      loadingOlder = undefined
      update({ status: "loading", error: null, isLoadingOlder: false, olderError: null })
      readTimeline(client, signal).catch((error: unknown) => {
        if (!signal.aborted) fail(error)
      })
    },
    fail,
    reset: () => {
      readOlder = undefined
      loadingOlder = undefined
      snapshot = initial()
    },
    loadOlder: () => {
      const { window } = snapshot
      if (loadingOlder !== undefined) return loadingOlder
      if (readOlder === undefined || snapshot.status === "loading" || !window.hasOlder()) return Promise.resolve()
      update({ isLoadingOlder: true, olderError: null })
      const loading = readOlder(window).then(
        () => null,
        (error: unknown) => toError(error)
      ).then((olderError) => {
        if (loadingOlder !== loading) return
        loadingOlder = undefined
        update({ isLoadingOlder: false, olderError })
      })
      loadingOlder = loading
      return loading
    }
  }
}
