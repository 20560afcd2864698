"use client"
import type { Reason } from "@effect-signalwire/promise"
import { useSyncExternalStore } from "react"
import { useStores } from "../SignalWireProvider.ts"

const getNull = () => null

/** Returns why data is still loading: the reason of the connection state, or else the reason of the last read. */
export const useLoadingReason = (isLoading: boolean, readReason: Reason | null): Reason | null => {
  const { connection } = useStores()
  const get = () => isLoading ? connection.get().reason ?? readReason : null
  return useSyncExternalStore(connection.subscribe, get, getNull)
}
