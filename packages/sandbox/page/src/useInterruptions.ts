import type { ConnectionState } from "@effect-signalwire/promise"
import { useEffect, useRef, useState } from "react"

export interface Interruptions {
  readonly count: number
  /** How long the last one took, in milliseconds; `null` without any. */
  readonly lastMillis: number | null
}

/** Counts how often a connection was interrupted, and measures how long: most are over too soon to be read. */
export const useInterruptions = (connection: ConnectionState): Interruptions => {
  const [interruptions, setInterruptions] = useState<Interruptions>({ count: 0, lastMillis: null })
  const since = useRef<number | null>(null)
  const { _tag } = connection
  useEffect(() => {
    if (_tag === "Reconnecting") since.current ??= performance.now()
    if (_tag !== "Connected" || since.current === null) return
    const lastMillis = performance.now() - since.current
    since.current = null
    setInterruptions(({ count }) => ({ count: count + 1, lastMillis }))
  }, [_tag])
  return interruptions
}
