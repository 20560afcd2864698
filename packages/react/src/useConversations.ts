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

/** What {@link useConversations} returns. */
export interface Conversations extends ConversationsState {
  /** Reads the next page, waiting for whatever may recover; does nothing when there is none. Never rejects. */
  readonly loadMore: () => Promise<void>
  /**
   * Reads the newest page again, such as after joining a conversation, or after a failure. Resolves once it is read, or
   * can't be; never rejects.
   */
  readonly refresh: () => Promise<void>
}

const getInitial = () => initial

/**
 * Returns the subscriber's conversations, most recently active first, kept in order as messages arrive. It waits for
 * whatever may recover: the status is `loading`, with the `reason`, until they can be read, and `failed`, with an
 * `error`, only for the rest.
 */
export const useConversations = (): Conversations => {
  const { loadMore, refresh, state } = useStores().conversations
  const current = useSyncExternalStore(state.subscribe, state.get, getInitial)
  const reason = useReason(current.status === "loading", current.reason)
  return { ...current, reason, loadMore, refresh }
}
