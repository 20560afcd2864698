/**
 * One conversation as components see it: what is stored, then what is on its way. Both change together, so that a message
 * is never seen twice, nor not at all, when it goes from the one to the other.
 */
import * as Following from "./following.ts"
import * as Outgoing from "./outgoing.ts"
import type { Source } from "./source.ts"
import * as Store from "./store.ts"
import type { StoredMessage } from "./window.ts"

/** A message of a timeline: stored, or on its way. */
export type TimelineMessage = StoredMessage | Outgoing.OutgoingMessage

/** A conversation's messages as they stand. */
export interface TimelineState {
  /** `loading` until history has been read; `failed` when following ended, see `error`. */
  readonly status: "loading" | "live" | "failed"
  /** Why following ended: a `ConversationError`, unless the client could not be made. */
  readonly error: Error | null
  /** Oldest first: what is stored, then what is on its way. */
  readonly messages: ReadonlyArray<TimelineMessage>
  /** Where messages may be missing that can't be had. */
  readonly gaps: ReadonlyArray<Following.TimelineGap>
  /** Whether there may be messages before the first. */
  readonly hasOlder: boolean
  /** Whether newer messages were let go of to make room for older ones; `showLatest` brings them back. */
  readonly hasNewer: boolean
  readonly isLoadingOlder: boolean
  /** Why the last reading of older messages failed; they can be asked for again. */
  readonly olderError: Error | null
}

export interface Conversation {
  readonly timeline: Store.Readable<TimelineState>
  readonly outgoing: Store.Readable<ReadonlyArray<Outgoing.OutgoingMessage>>
  readonly send: Outgoing.Outgoing["send"]
  readonly loadOlder: () => Promise<void>
  /** Follows anew from the newest page on. */
  readonly restart: () => void
  /** Takes effect when following begins. */
  readonly configure: (options: Following.Options) => void
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

export const defaults: Following.Options = { capacity: 1000, pageSize: 50 }

export const make = (addressId: string, { client }: Pick<Source, "client">): Conversation => {
  const timeline = Store.make(initial)
  const outgoing = Store.make<ReadonlyArray<Outgoing.OutgoingMessage>>([])
  let options = defaults
  let isScheduled = false
  let attempt: AbortController | undefined
  let isFollowed = false

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

  const sending = Outgoing.make(addressId, client, publishSoon)
  const following = Following.make(addressId, client, () => options, sending.heard, publishSoon)

  const restart = () => {
    if (!isFollowed) return
    attempt?.abort()
    attempt = new AbortController()
    following.begin(attempt.signal)
    publish()
  }

  const run = (signal: AbortSignal) => {
    isFollowed = true
    const unfollow = sending.follow()
    signal.addEventListener("abort", () => {
      isFollowed = false
      attempt?.abort()
      unfollow()
      following.reset()
      publish()
    }, { once: true })
    restart()
  }

  return {
    timeline: Store.whileWatched(timeline, run),
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
