"use client"
import type { Reason } from "@effect-signalwire/promise"
import { useSyncExternalStore } from "react"
import { useStores } from "../SignalWireProvider.ts"

const getNull = () => null

/** Why something is still loading: why no messages come through, or else what it found itself. */
export const useReason = (isLoading: boolean, own: Reason | null): Reason | null => {
  const { connection } = useStores()
  const get = () => isLoading ? connection.get().reason ?? own : null
  return useSyncExternalStore(connection.subscribe, get, getNull)
}
