"use client"
/**
 * The subscriber's conversations.
 *
 * @since 0.1.0
 */
import { useSyncExternalStore } from "react"
import { type ConversationsState, initial } from "./internal/listing.ts"
import { useReason } from "./internal/useReason.ts"
import { useStores } from "./SignalWireProvider.ts"

/** What {@link useConversations} answers. */
export interface Conversations extends ConversationsState {
  /** Reads the next page, waiting for whatever may heal; does nothing when there is none. Never rejects. */
  readonly loadMore: () => Promise<void>
  /**
   * Reads the newest again, such as after joining one, or when reading failed. Resolves once they are read, or can't be; never
   * rejects.
   */
  readonly refresh: () => Promise<void>
}

const getInitial = () => initial

/**
 * The subscriber's conversations, most recently active first, kept in order as messages arrive. What may heal is waited out:
 * they are `loading`, with the `reason`, until they can be read.
 */
export const useConversations = (): Conversations => {
  const { loadMore, refresh, state } = useStores().conversations
  const current = useSyncExternalStore(state.subscribe, state.get, getInitial)
  const reason = useReason(current.status === "loading", current.reason)
  return { ...current, reason, loadMore, refresh }
}
