"use client"
/**
 * The subscriber's conversations.
 *
 * @since 0.1.0
 */
import { useSyncExternalStore } from "react"
import { type ConversationsState, initial } from "./internal/conversations.ts"
import { useStores } from "./SignalWireProvider.ts"

/** What {@link useConversations} answers. */
export interface Conversations extends ConversationsState {
  /** Reads the next page; does nothing when there is none. */
  readonly loadMore: () => Promise<void>
  /** Reads the newest again, such as after joining one, or when reading failed. */
  readonly refresh: () => Promise<void>
}

const getInitial = () => initial

/** The subscriber's conversations, most recently active first, kept in order as messages arrive. */
export const useConversations = (): Conversations => {
  const { loadMore, refresh, state } = useStores().conversations
  return { ...useSyncExternalStore(state.subscribe, state.get, getInitial), loadMore, refresh }
}
