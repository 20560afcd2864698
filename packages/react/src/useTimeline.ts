"use client"
/**
 * The hook that returns the messages of one conversation.
 *
 * @since 0.1.0
 */
import type { Reason } from "@effect-signalwire/promise"
import { useCallback, useSyncExternalStore } from "react"
import { defaults, initial, type TimelineState } from "./internal/conversationStore.ts"
import { useConversationStore } from "./internal/useConversationStore.ts"
import { useLoadingReason } from "./internal/useLoadingReason.ts"

/**
 * The options of {@link useTimeline}. If several components show the same conversation, the `capacity` of the first one
 * applies, and the other options of the one that mounted last.
 */
export interface UseTimelineOptions {
  /** The maximum number of messages in memory. @default 1000 */
  readonly capacity?: number | undefined
  /** The number of older messages that `loadOlder` reads at once. @default 50 */
  readonly pageSize?: number | undefined
  /**
   * How long the conversation stays subscribed after the last component that shows it unmounts, in milliseconds, so
   * that its messages are there at once when the user comes back. At most five conversations are kept, and none after
   * the provider unmounts.
   * @default 30000
   */
  readonly keepAlive?: number | undefined
}

/** The result of {@link useTimeline}. */
export interface Timeline extends TimelineState {
  /** Why the status is still `loading`, if something that may recover is the cause. It continues automatically. */
  readonly reason: Reason | null
  /**
   * Reads messages before the first one, and retries failures that may recover. Does nothing if there are none, or
   * while they are being read. Never rejects; `olderError` has the error.
   */
  readonly loadOlder: () => Promise<void>
  /** Returns to the newest messages, which `hasNewer` says were dropped from memory. */
  readonly showLatest: () => void
  /** Starts again after a failure. */
  readonly retry: () => void
}

const getInitial = () => initial

/**
 * Returns the messages of the conversation with an address, oldest first: history, live messages, and those being sent.
 * Each message appears once, through any number of reconnections. Without an address there are no messages.
 *
 * Failures that may recover are retried: until the first read succeeds, `status` is `loading`, and `reason` says why;
 * later, `useConnection` says how messages arrive. For other failures `status` is `failed`, with an `error`.
 */
export const useTimeline = (addressId: string | null | undefined, options: UseTimelineOptions = {}): Timeline => {
  const { configure, loadOlder, restart, timeline } = useConversationStore(addressId)
  const { capacity = defaults.capacity, keepAlive = defaults.keepAlive, pageSize = defaults.pageSize } = options
  const subscribe = useCallback((listener: () => void) => {
    configure({ capacity, pageSize, keepAlive })
    return timeline.subscribe(listener)
  }, [configure, timeline, capacity, pageSize, keepAlive])
  const state = useSyncExternalStore(subscribe, timeline.get, getInitial)
  const isLoading = state.status === "loading" && addressId !== null && addressId !== undefined
  const reason = useLoadingReason(isLoading, null)
  return { ...state, reason, loadOlder, showLatest: restart, retry: restart }
}
