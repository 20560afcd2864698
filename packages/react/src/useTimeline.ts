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

/** How a timeline is held. Where several components show the same conversation, the first one decides. */
export interface UseTimelineOptions {
  /** How many messages are held in memory at most. @default 1000 */
  readonly capacity?: number | undefined
  /** How many older messages are read at once. @default 50 */
  readonly pageSize?: number | undefined
  /**
   * For how many milliseconds the conversation is still followed when no component shows it any more, so that it is there at
   * once for one that does. The last five are, and none once the provider is gone. @default 30000
   */
  readonly keepAlive?: number | undefined
}

/** What {@link useTimeline} answers. */
export interface Timeline extends TimelineState {
  /** Why it is still `loading`, where something is in the way that may heal: it then goes on by itself. */
  readonly reason: Reason | null
  /**
   * Reads the messages before the first, waiting for whatever may heal; does nothing when there are none, or while it is
   * read. Never rejects.
   */
  readonly loadOlder: () => Promise<void>
  /** Goes back to the newest messages, when `hasNewer` says that they were let go of. */
  readonly showLatest: () => void
  /** Follows again, after it failed. */
  readonly retry: () => void
}

const getInitial = () => initial

/**
 * The messages of the conversation with an address, oldest first: history, live messages, and those on their way. Each
 * is there once, through any number of reconnections. What may heal is waited out: at the beginning it is `loading`, with the
 * `reason`, and later `useConnection` says how messages come through. Without an address there are none.
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
