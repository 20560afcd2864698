"use client"
/**
 * The client itself, for calls that have no hook.
 *
 * @since 0.1.0
 */
import { useSyncExternalStore } from "react"
import type { ClientState } from "./internal/source.ts"
import { useStores } from "./SignalWireProvider.ts"

/**
 * Returns the provider's client: the status is `pending` at first, then `ready`, or `failed` when the client could not
 * be created, until there is a valid token.
 */
export const useClient = (): ClientState => {
  const { state } = useStores().source
  return useSyncExternalStore(state.subscribe, state.get, state.get)
}
