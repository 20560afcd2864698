/**
 * The state of one conversation: stored and outgoing messages. Both are published together, so that a message which
 * changes from outgoing to stored is always shown exactly once.
 */
import type { SignalWireClient } from "@effect-signalwire/promise"
import { childController } from "./abortController.ts"
import * as ClientSource from "./clientSource.ts"
import type { KeepAlive } from "./keepAlive.ts"
import type { StoredMessage } from "./messageWindow.ts"
import * as OutgoingMessages from "./outgoingMessages.ts"
import * as Store from "./store.ts"
import * as TimelineReader from "./timelineReader.ts"

/** A message of a timeline: stored or outgoing. */
export type TimelineMessage = StoredMessage | OutgoingMessages.OutgoingMessage

/** The messages of a conversation, and their loading state. */
export interface TimelineState {
  /**
   * - `loading`: the newest messages are being read.
   * - `live`: `messages` is up to date, and changes as messages arrive.
   * - `failed`: reading failed for a reason that can't recover by itself; see `error`.
   */
  readonly status: "loading" | "live" | "failed"
  /** Why the status is `failed`: a `ConversationError`, unless the client could not be created; otherwise `null`. */
  readonly error: Error | null
  /** Stored messages, oldest first, followed by outgoing ones. */
  readonly messages: ReadonlyArray<TimelineMessage>
  /** Periods in which messages may be missing that history no longer has. */
  readonly gaps: ReadonlyArray<TimelineReader.TimelineGap>
  /** Whether there may be messages before the first one. */
  readonly hasOlder: boolean
  /** Whether the newest messages were dropped to make room for older ones; `showLatest` returns to them. */
  readonly hasNewer: boolean
  /** Whether older messages are being read, including retries after failures that may recover. */
  readonly isLoadingOlder: boolean
  /** Why the last call of `loadOlder` failed; otherwise `null`. */
  readonly olderError: Error | null
}

export interface Options extends TimelineReader.Options {
  /** How long the conversation stays subscribed after its last use. Milliseconds. */
  readonly keepAlive: number
}

export interface ConversationStore {
  readonly timeline: Store.Readable<TimelineState>
  readonly outgoing: Store.Readable<ReadonlyArray<OutgoingMessages.OutgoingMessage>>
  readonly send: OutgoingMessages.OutgoingMessages["send"]
  readonly loadOlder: () => Promise<void>
  /** Reads the timeline again from the newest page on. */
  readonly restart: () => void
  /** Sets options: `keepAlive` applies to the next release, the others to the next start. */
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

export const make = (
  addressId: string,
  source: ClientSource.ClientSource,
  keepAlive: KeepAlive
): ConversationStore => {
  const timeline = Store.make(initial)
  const outgoing = Store.make<ReadonlyArray<OutgoingMessages.OutgoingMessage>>([])
  let options = defaults
  let isScheduled = false
  /** The client in use while the timeline has subscribers. */
  let current: { readonly client: SignalWireClient; readonly signal: AbortSignal } | undefined
  let attempt: AbortController | undefined

  const publish = () => {
    isScheduled = false
    const { window, ...snapshot } = reader.snapshot()
    const messages = outgoingMessages.messages()
    timeline.set({
      ...snapshot,
      messages: [...window.entries(), ...messages],
      hasOlder: window.hasOlder(),
      hasNewer: window.hasNewer()
    })
    outgoing.set(messages)
  }
  /** Publishes once for all changes of one task. */
  const schedulePublish = () => {
    if (isScheduled) return
    isScheduled = true
    setTimeout(publish)
  }

  const outgoingMessages = OutgoingMessages.make(addressId, source.client, schedulePublish)
  const reader = TimelineReader.make(addressId, source, () => options, outgoingMessages.reconcile, schedulePublish)

  const restart = () => {
    if (current === undefined) return
    attempt?.abort()
    attempt = childController(current.signal)
    reader.start(current.client, attempt.signal)
    publish()
  }

  const run = (signal: AbortSignal) => {
    const detachTimeline = outgoingMessages.attachTimeline()
    ClientSource.listen(source, signal, {
      onClient: (client, signal) => {
        current = { client, signal }
        restart()
      },
      onFailure: (error) => {
        current = undefined
        reader.fail(error)
        publish()
      }
    })
    signal.addEventListener("abort", () => {
      current = undefined
      detachTimeline()
      reader.reset()
      publish()
    })
  }

  const releasePolicy: Store.ReleasePolicy = (release) => {
    const { status, window } = reader.snapshot()
    // a failed timeline is not kept, so that the next component starts it again
    const cancelRelease = keepAlive.keep(status === "failed" ? 0 : options.keepAlive)(release)
    // the next component shows the newest messages
    if (window.hasNewer()) restart()
    return cancelRelease
  }

  return {
    timeline: Store.whileSubscribed(timeline, run, releasePolicy),
    outgoing,
    send: (text, options) => {
      const clientId = outgoingMessages.send(text, options)
      // the new message is shown after the newest ones
      if (reader.snapshot().window.hasNewer()) restart()
      publish()
      return clientId
    },
    loadOlder: reader.loadOlder,
    restart,
    configure: (next) => {
      options = next
    }
  }
}
