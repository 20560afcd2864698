"use client"
/**
 * The client itself, for what no hook is made for.
 *
 * @since 0.1.0
 */
import { useSyncExternalStore } from "react"
import type { ClientState } from "./internal/source.ts"
import { useStores } from "./SignalWireProvider.ts"

/** The provider's client: `pending` at first, then `ready`, or `failed` when it could not be made, until there is a good token. */
export const useClient = (): ClientState => {
  const { state } = useStores().source
  return useSyncExternalStore(state.subscribe, state.get, state.get)
}
