"use client"
/**
 * The hook that returns the state of the connection.
 *
 * @since 0.1.0
 */
import type { ConnectionState } from "@effect-signalwire/promise"
import { useSyncExternalStore } from "react"
import { idle } from "./internal/stores.ts"
import { useStores } from "./SignalWireProvider.ts"

const getIdle = () => idle

/**
 * Returns the state of the connection: `Idle`, `Connecting`, `Connected`, `Reconnecting`, `Failed` or `Closed` by
 * `_tag`. It has a `reason` while messages do not arrive live.
 */
export const useConnection = (): ConnectionState => {
  const { connection } = useStores()
  return useSyncExternalStore(connection.subscribe, connection.get, getIdle)
}
