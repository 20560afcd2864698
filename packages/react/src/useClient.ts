"use client"
/**
 * The hook that returns the client, for calls that have no hook of their own.
 *
 * @since 0.1.0
 */
import { useSyncExternalStore } from "react"
import type { ClientState } from "./internal/clientSource.ts"
import { useStores } from "./SignalWireProvider.ts"

/**
 * Returns the provider's client. Its `status` is `pending` at first, and then `ready`, or `failed` when the client
 * could not be created. A client that failed because of its token is created once the provider gets another one.
 */
export const useClient = (): ClientState => {
  const { state } = useStores().source
  return useSyncExternalStore(state.subscribe, state.get, state.get)
}
