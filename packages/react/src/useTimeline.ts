"use client"
/**
 * The messages of one conversation.
 *
 * @since 0.1.0
 */
import { useCallback, useSyncExternalStore } from "react"
import { defaults, initial, type TimelineState } from "./internal/conversation.ts"
import { useConversation } from "./internal/useConversation.ts"

/** How a timeline is held. Where several components show the same conversation, the first one decides. */
export interface UseTimelineOptions {
  /** How many messages are held in memory at most. @default 1000 */
  readonly capacity?: number | undefined
  /** How many older messages are read at once. @default 50 */
  readonly pageSize?: number | undefined
}

/** What {@link useTimeline} answers. */
export interface Timeline extends TimelineState {
  /** Reads the messages before the first; does nothing when there are none, or while it is read. */
  readonly loadOlder: () => Promise<void>
  /** Goes back to the newest messages, when `hasNewer` says that they were let go of. */
  readonly showLatest: () => void
  /** Follows again, after it failed. */
  readonly retry: () => void
}

const getInitial = () => initial

/**
 * The messages of the conversation with an address, oldest first: history, live messages, and those on their way. Each
 * is there once, through any number of reconnections. Without an address there are none.
 */
export const useTimeline = (addressId: string | null | undefined, options: UseTimelineOptions = {}): Timeline => {
  const { configure, loadOlder, restart, timeline } = useConversation(addressId)
  const { capacity = defaults.capacity, pageSize = defaults.pageSize } = options
  const subscribe = useCallback((listener: () => void) => {
    configure({ capacity, pageSize })
    return timeline.subscribe(listener)
  }, [configure, timeline, capacity, pageSize])
  const state = useSyncExternalStore(subscribe, timeline.get, getInitial)
  return { ...state, loadOlder, showLatest: restart, retry: restart }
}
