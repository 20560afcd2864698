"use client"
/**
 * The messages of one conversation.
 *
 * @since 0.1.0
 */
import type { Reason } from "@effect-signalwire/promise"
import { useCallback, useSyncExternalStore } from "react"
import { defaults, initial, type TimelineState } from "./internal/conversation.ts"
import { useConversation } from "./internal/useConversation.ts"
import { useReason } from "./internal/useReason.ts"

/**
 * How a timeline is held. Where several components show the same conversation, the first one decides the `capacity`, and
 * the one that mounted last the rest.
 */
export interface UseTimelineOptions {
  /** How many messages are held in memory at most. @default 1000 */
  readonly capacity?: number | undefined
  /** How many older messages are read at once. @default 50 */
  readonly pageSize?: number | undefined
  /**
   * For how many milliseconds the conversation stays subscribed after the last component that shows it unmounted, so
   * that it is shown at once to a user who comes back. At most five are kept, and none after the provider unmounts.
   * @default 30000
   */
  readonly keepAlive?: number | undefined
}

/** What {@link useTimeline} returns. */
export interface Timeline extends TimelineState {
  /** Why the status is still `loading`, where something is in the way that may recover; it then continues by itself. */
  readonly reason: Reason | null
  /**
   * Reads the messages before the first, waiting for whatever may recover; does nothing when there are none, or while
   * they are being read. Never rejects.
   */
  readonly loadOlder: () => Promise<void>
  /** Returns to the newest messages, when `hasNewer` says that they are not held any more. */
  readonly showLatest: () => void
  /** Starts again, after it failed. */
  readonly retry: () => void
}

const getInitial = () => initial

/**
 * Returns the messages of the conversation with an address, oldest first: history, live messages, and those being sent,
 * each once, through any number of reconnections. It waits for whatever may recover: at the beginning the status is
 * `loading`, with the `reason`, and later `useConnection` says how messages arrive. Without an address there are no
 * messages.
 */
export const useTimeline = (addressId: string | null | undefined, options: UseTimelineOptions = {}): Timeline => {
  const { configure, loadOlder, restart, timeline } = useConversation(addressId)
  const { capacity = defaults.capacity, keepAlive = defaults.keepAlive, pageSize = defaults.pageSize } = options
  const subscribe = useCallback((listener: () => void) => {
    configure({ capacity, pageSize, keepAlive })
    return timeline.subscribe(listener)
  }, [configure, timeline, capacity, pageSize, keepAlive])
  const state = useSyncExternalStore(subscribe, timeline.get, getInitial)
  const isLoading = state.status === "loading" && addressId !== null && addressId !== undefined
  const reason = useReason(isLoading, null)
  return { ...state, reason, loadOlder, showLatest: restart, retry: restart }
}
