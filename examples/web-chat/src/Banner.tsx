import type { ConnectionState } from "@effect-signalwire/promise"
import { useConnection } from "@effect-signalwire/react"
import { useEffect, useState, useSyncExternalStore } from "react"

/** How messages come through, when that is worth a word. */
const describe = (connection: ConnectionState, isOnline: boolean): string | null => {
  const { reason } = connection
  // whatever else there is to say, it waits for this
  if (reason?._tag === "Unauthorized") {
    return reason.isRetryable
      ? "Your sign-in has expired. Renewing it…"
      : "Your sign-in is no longer valid. Sign in again to go on."
  }
  switch (connection._tag) {
    case "Connected":
      if (!connection.catchingUp) return null
      return reason === null
        ? "Catching up on what you missed…"
        : "Messages can't be loaded at the moment. Trying again…"
    case "Connecting":
    case "Reconnecting":
      if (!isOnline) return "You are offline. Messages will sync when you are back."
      if (connection.polling) return "Live updates are unavailable, so messages may arrive late. Trying again…"
      return connection._tag === "Connecting"
        ? null
        : "There is no connection. Trying again… Messages will sync when it is back."
    case "Failed":
      return `There is no connection. ${connection.reason.remediation}`
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

/** Half a second: what is over sooner is not worth reading. */
const worthReading = 500

/** The text once it has stood for a while; what goes away goes at once. */
const useSteady = (text: string | null): string | null => {
  const [steady, setSteady] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSteady(text), text === null ? 0 : worthReading)
    return () => clearTimeout(timer)
  }, [text])
  return text === null ? null : steady
}

/** What there is to know about the connection. Its place is always there, so that readers hear it change. */
export const Banner = () => {
  const text = useSteady(describe(useConnection(), useSyncExternalStore(subscribe, isOnline)))
  return (
    <div role="status" className="banner" data-shown={text !== null}>
      {text !== null && <span className="pulse" aria-hidden="true" />}
      {text}
    </div>
  )
}
