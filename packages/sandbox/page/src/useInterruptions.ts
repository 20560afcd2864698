import type { ConnectionState } from "@effect-signalwire/promise"
import { useEffect, useRef, useState } from "react"

export interface Interruptions {
  readonly count: number
  /** The duration of the last interruption, in milliseconds; `null` if there was none. */
  readonly lastMillis: number | null
}

/** Counts the interruptions of a connection, and measures the last one: most are too short to be seen. */
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
