"use client"
/**
 * How the session with the server stands.
 *
 * @since 0.1.0
 */
import type { ConnectionState } from "@effect-signalwire/promise"
import { useSyncExternalStore } from "react"
import { idle } from "./internal/stores.ts"
import { useStores } from "./SignalWireProvider.ts"

const getIdle = () => idle

/** The connection's state, and with each change the next: `Idle`, `Connecting`, `Connected`, `Reconnecting` and so on. */
export const useConnection = (): ConnectionState => {
  const { connection } = useStores()
  return useSyncExternalStore(connection.subscribe, connection.get, getIdle)
}
