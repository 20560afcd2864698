/**
 * One conversation as components see it: what is stored, then what is on its way. Both change together, so that a message
 * is never seen twice, nor not at all, when it goes from the one to the other.
 */
import type { SignalWireClient } from "@effect-signalwire/promise"
import * as Aborting from "./aborting.ts"
import * as Following from "./following.ts"
import type { Keeping } from "./keeping.ts"
import * as Outgoing from "./outgoing.ts"
import * as Source from "./source.ts"
import * as Store from "./store.ts"
import type { StoredMessage } from "./window.ts"

/** A message of a timeline: stored, or on its way. */
export type TimelineMessage = StoredMessage | Outgoing.OutgoingMessage

/** A conversation's messages as they stand. */
export interface TimelineState {
  /** `loading` until history has been read; `failed` when it can't be, and is not followed any more: see `error`. */
  readonly status: "loading" | "live" | "failed"
  /** Why it is `failed`: a `ConversationError`, unless the client could not be made. */
  readonly error: Error | null
  /** Oldest first: what is stored, then what is on its way. */
  readonly messages: ReadonlyArray<TimelineMessage>
  /** Where messages may be missing that can't be had. */
  readonly gaps: ReadonlyArray<Following.TimelineGap>
  /** Whether there may be messages before the first. */
  readonly hasOlder: boolean
  /** Whether newer messages were let go of to make room for older ones; `showLatest` brings them back. */
  readonly hasNewer: boolean
  /** Whether older messages are being read. It waits for whatever may heal. */
  readonly isLoadingOlder: boolean
  /** Why the last reading of older messages failed; they can be asked for again. */
  readonly olderError: Error | null
}

export interface Options extends Following.Options {
  /** For how many milliseconds it is still followed when nobody looks any more. */
  readonly keepAlive: number
}

export interface Conversation {
  readonly timeline: Store.Readable<TimelineState>
  readonly outgoing: Store.Readable<ReadonlyArray<Outgoing.OutgoingMessage>>
  readonly send: Outgoing.Outgoing["send"]
  readonly loadOlder: () => Promise<void>
  /** Follows anew from the newest page on. */
  readonly restart: () => void
  /** Takes effect when following begins, and when nobody looks any more. */
  readonly configure: (options: Options) => void
}

export const initial: TimelineState = {
  status: "loading",
  error: null,
  messages: [],
  gaps: [],
  hasOlder: true,
  hasNewer: false,
  isLoadingOlder: false,
  olderError: null
}

export const defaults: Options = { capacity: 1000, pageSize: 50, keepAlive: 30_000 }

export const make = (addressId: string, source: Source.Source, keeping: Keeping): Conversation => {
  const timeline = Store.make(initial)
  const outgoing = Store.make<ReadonlyArray<Outgoing.OutgoingMessage>>([])
  let options = defaults
  let isScheduled = false
  /** What it is followed with, while it is. */
  let current: { readonly client: SignalWireClient; readonly signal: AbortSignal } | undefined
  let attempt: AbortController | undefined

  const publish = () => {
    isScheduled = false
    const { window, ...standing } = following.standing()
    const drafts = sending.messages()
    timeline.set({
      ...standing,
      messages: [...window.entries(), ...drafts],
      hasOlder: window.hasOlder(),
      hasNewer: window.hasNewer()
    })
    outgoing.set(drafts)
  }
  /** Once for all that comes in one go. */
  const publishSoon = () => {
    if (isScheduled) return
    isScheduled = true
    setTimeout(publish)
  }

  const sending = Outgoing.make(addressId, source.client, publishSoon)
  const following = Following.make(addressId, source, () => options, sending.heard, publishSoon)

  const restart = () => {
    if (current === undefined) return
    attempt?.abort()
    attempt = Aborting.within(current.signal)
    following.begin(current.client, attempt.signal)
    publish()
  }

  const run = (signal: AbortSignal) => {
    const unfollow = sending.follow()
    Source.use(source, signal, {
      onClient: (client, signal) => {
        current = { client, signal }
        restart()
      },
      onFailure: (error) => {
        current = undefined
        following.fail(error)
        publish()
      }
    })
    signal.addEventListener("abort", () => {
      current = undefined
      unfollow()
      following.reset()
      publish()
    }, { once: true })
  }

  const release: Store.Release = (end) => {
    const { status, window } = following.standing()
    // who comes back to one that failed has it followed anew
    const takeBack = keeping.keep(status === "failed" ? 0 : options.keepAlive)(end)
    // and wants to see the newest messages
    if (window.hasNewer()) restart()
    return takeBack
  }

  return {
    timeline: Store.whileWatched(timeline, run, release),
    outgoing,
    send: (text, options) => {
      const clientId = sending.send(text, options)
      // who sends wants to see it, after the newest
      if (following.standing().window.hasNewer()) restart()
      publish()
      return clientId
    },
    loadOlder: following.loadOlder,
    restart,
    configure: (given) => {
      options = given
    }
  }
}
