import type { ConnectionState } from "@effect-signalwire/promise"
import { useConnection } from "@effect-signalwire/react"
import { useEffect, useState, useSyncExternalStore } from "react"

/** The message for a connection state, or `null` if there is no problem to report. */
const describe = (connection: ConnectionState, isOnline: boolean): string | null => {
  const { reason } = connection
  // takes precedence, because everything else waits for a valid token
  if (reason?._tag === "Unauthorized") {
    return reason.isRetryable
      ? "Your session has expired. Renewing it…"
      : "Your session has expired. Sign in again to continue."
  }
  switch (connection._tag) {
    case "Connected":
      if (!connection.catchingUp) return null
      return reason === null
        ? "Catching up on missed messages…"
        : "Messages can't be loaded right now. Retrying…"
    case "Connecting":
    case "Reconnecting":
      if (!isOnline) return "You are offline. Messages will sync when you reconnect."
      if (connection.polling) return "Live updates are unavailable, so messages may arrive late. Reconnecting…"
      return connection._tag === "Connecting"
        ? null
        : "The server can't be reached. Reconnecting… Messages will sync when you reconnect."
    case "Failed":
      return `Can't connect. ${connection.reason.remediation}`
    case "Closed":
      return "You are signed out."
    case "Idle":
      return null
  }
}

const subscribe = (listener: () => void) => {
  addEventListener("online", listener)
  addEventListener("offline", listener)
  return () => {
    removeEventListener("online", listener)
    removeEventListener("offline", listener)
  }
}

const isOnline = () => navigator.onLine

/** How long a state must last before it is shown. Milliseconds. */
const showDelay = 500

/** Returns a string once it has been the same for a while. `null` is returned at once. */
const useDebounced = (text: string | null): string | null => {
  const [debounced, setDebounced] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setDebounced(text), text === null ? 0 : showDelay)
    return () => clearTimeout(timer)
  }, [text])
  return text === null ? null : debounced
}

/** Shows problems of the connection. The element always exists, so that screen readers announce its changes. */
export const Banner = () => {
  const text = useDebounced(describe(useConnection(), useSyncExternalStore(subscribe, isOnline)))
  return (
    <div role="status" className="banner" data-shown={text !== null}>
      {text !== null && <span className="pulse" aria-hidden="true" />}
      {text}
    </div>
  )
}
