/** One conversation's timeline, followed into a window: from its newest page on, and back as far as is asked for. */
import type { SignalWireClient, TimelineEvent } from "@effect-signalwire/promise"
import { toError } from "./failure.ts"
import * as Retrying from "./retrying.ts"
import type { Source } from "./source.ts"
import * as Window from "./window.ts"

/** Messages that may be missing, and can't be had. Unix seconds; `to` is `null` when it reaches until now. */
export type TimelineGap = Omit<Extract<TimelineEvent, { readonly _tag: "Gap" }>, "_tag">

export interface Options {
  /** How many messages are held. */
  readonly capacity: number
  /** How many messages are read at once when older ones are asked for. */
  readonly pageSize: number
}

export interface Standing {
  readonly status: "loading" | "live" | "failed"
  readonly error: Error | null
  readonly window: Window.Window
  readonly gaps: ReadonlyArray<TimelineGap>
  readonly isLoadingOlder: boolean
  readonly olderError: Error | null
}

export interface Following {
  readonly standing: () => Standing
  /** Follows from the newest page on, until the signal. What is shown stays until that has been read. */
  readonly begin: (client: SignalWireClient, signal: AbortSignal) => void
  /** Notes that it can't be followed. */
  readonly fail: (error: unknown) => void
  /** Forgets everything. */
  readonly reset: () => void
  /** Reads the messages before; one reading at a time. */
  readonly loadOlder: () => Promise<void>
}

/** How many pages one reading of older messages reads; there may be more, which can be asked for. */
const maxPages = 100

/** How many gaps are kept. */
const maxGaps = 100

export const make = (
  addressId: string,
  source: Pick<Source, "state">,
  options: () => Options,
  heard: (message: Window.Message, clientId: string | null) => string,
  changed: () => void
): Following => {
  const initial = (): Standing => ({
    status: "loading",
    error: null,
    window: Window.make(options().capacity),
    gaps: [],
    isLoadingOlder: false,
    olderError: null
  })
  let standing = initial()
  /** Reads what stands before, for as long as it is followed. */
  let readOlder: ((window: Window.Window) => Promise<void>) | undefined
  let older: Promise<void> | undefined

  const update = (change: Partial<Standing>) => {
    standing = { ...standing, ...change }
    changed()
  }

  const follow = async ({ connection, conversation }: SignalWireClient, signal: AbortSignal): Promise<void> => {
    const window = Window.make(options().capacity)
    let gaps: ReadonlyArray<TimelineGap> = []
    let isShown = false
    for await (const event of conversation.timeline({ addressId, signal })) {
      if (signal.aborted) return
      switch (event._tag) {
        case "Message":
          window.admit(event.message, heard(event.message, event.clientId))
          break
        case "Gap":
          gaps = [...gaps, { from: event.from, to: event.to, reason: event.reason }].slice(-maxGaps)
          break
        case "CaughtUp":
          isShown = true
          if (event.through === null) window.isWhole()
      }
      // history is shown at once, not message by message
      if (isShown) update({ status: "live", error: null, window, gaps })
    }
    // it ends with the client, and this rejects with the reason
    await connection.ready({ signal })
  }

  const fail = (error: unknown) => update({ status: "failed", error: toError(error) })

  /** Reads a page before the window, waiting for whatever may heal. */
  const readPage = async (
    client: SignalWireClient,
    signal: AbortSignal,
    window: Window.Window
  ): Promise<void> => {
    const retrying = Retrying.make(client, source, signal)
    const oldest = window.oldest()
    let page = await retrying.read(() =>
      client.conversation.getConversationMessages({
        addressId,
        pageSize: options().pageSize,
        // to the end of that second, as a server may know whole seconds only; what is known already is passed over
        until: oldest === undefined ? undefined : Math.ceil(oldest.ts),
        signal
      })
    )
    const found = new Map<string, Window.Message>()
    for (let pages = 1;; pages++) {
      for (const message of page.data) if (!window.has(message.id)) found.set(message.id, message)
      // one that brought little that is new is no answer to somebody who asked for more
      if (found.size * 2 >= options().pageSize || pages >= maxPages || !page.hasNext) break
      const { nextPage } = page
      const next = await retrying.read(() => nextPage({ signal }))
      if (next === undefined) break
      page = next
    }
    if (signal.aborted) throw signal.reason
    window.admitOlder([...found.values()], page.hasNext)
  }

  return {
    standing: () => standing,
    begin: (client, signal) => {
      readOlder = (window) => readPage(client, signal, window)
      older = undefined
      update({ status: "loading", error: null, isLoadingOlder: false, olderError: null })
      follow(client, signal).catch((error: unknown) => {
        if (!signal.aborted) fail(error)
      })
    },
    fail,
    reset: () => {
      readOlder = undefined
      older = undefined
      standing = initial()
    },
    loadOlder: () => {
      const { window } = standing
      if (older !== undefined) return older
      if (readOlder === undefined || standing.status === "loading" || !window.hasOlder()) return Promise.resolve()
      update({ isLoadingOlder: true, olderError: null })
      const reading = readOlder(window).then(
        () => null,
        (error: unknown) => toError(error)
      ).then((olderError) => {
        if (older !== reading) return
        older = undefined
        update({ isLoadingOlder: false, olderError })
      })
      older = reading
      return reading
    }
  }
}
