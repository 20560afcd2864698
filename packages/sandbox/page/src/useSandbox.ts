import { useEffect, useState, useSyncExternalStore } from "react"
import { admin } from "./admin/api.ts"
import * as Poller from "./admin/poller.ts"

/** Returns the latest state of the sandbox, which is polled while the component is mounted, and the poller. */
export const useSandbox = (): { readonly poller: Poller.Poller; readonly snapshot: Poller.Snapshot } => {
  const [poller] = useState(() => Poller.make(admin))
  useEffect(poller.start, [poller])
  return { poller, snapshot: useSyncExternalStore(poller.subscribe, poller.get) }
}
