import { useEffect, useSyncExternalStore } from "react"
import { admin } from "./admin/api.ts"
import * as Poller from "./admin/poller.ts"

const poller = Poller.make(admin)

/** The sandbox as it was last read, and what reads it; it is read while the component is mounted. */
export const useSandbox = (): { readonly poller: Poller.Poller; readonly snapshot: Poller.Snapshot } => {
  useEffect(poller.start, [])
  return { poller, snapshot: useSyncExternalStore(poller.subscribe, poller.get) }
}
