"use client"
/**
 * The state of the connection.
 *
 * @since 0.1.0
 */
import type { ConnectionState } from "@effect-signalwire/promise"
import { useSyncExternalStore } from "react"
import { idle } from "./internal/stores.ts"
import { useStores } from "./SignalWireProvider.ts"

const getIdle = () => idle

/**
 * Returns the state of the connection, with a `reason` while messages do not arrive as they happen: `Idle`,
 * `Connecting`, `Connected`, `Reconnecting`, `Failed` or `Closed`.
 */
export const useConnection = (): ConnectionState => {
  const { connection } = useStores()
  return useSyncExternalStore(connection.subscribe, connection.get, getIdle)
}
