"use client"
/**
 * The hook that returns the subscriber's conversations.
 *
 * @since 0.1.0
 */
import { useSyncExternalStore } from "react"
import { type ConversationsState, initial } from "./internal/conversationList.ts"
import { useLoadingReason } from "./internal/useLoadingReason.ts"
import { useStores } from "./SignalWireProvider.ts"

/** The result of {@link useConversations}. */
export interface Conversations extends ConversationsState {
  /**
   * Reads the next page, and retries failures that may recover. Does nothing if there are no more conversations. Never
   * rejects; `moreError` has the error.
   */
  readonly loadMore: () => Promise<void>
  /**
   * Reads the first page again, for example after joining a conversation, or after a failure. Resolves when the page
   * was read or could not be read; never rejects.
   */
  readonly refresh: () => Promise<void>
}

const getInitial = () => initial

/**
 * Returns the subscriber's conversations, most recently active first, and keeps them in order as messages arrive.
 * Failures that may recover are retried: until the first read succeeds, `status` is `loading`, and `reason` says why.
 * For other failures `status` is `failed`, with an `error`.
 */
export const useConversations = (): Conversations => {
  const { loadMore, refresh, state } = useStores().conversations
  const current = useSyncExternalStore(state.subscribe, state.get, getInitial)
  const reason = useLoadingReason(current.status === "loading", current.reason)
  return { ...current, reason, loadMore, refresh }
}
