import type { ConnectionState } from "@effect-signalwire/promise"
import { useConnection } from "@effect-signalwire/react"

const tell = (connection: ConnectionState): string | null => {
  switch (connection._tag) {
    case "Reconnecting":
      return "The connection was lost. Trying again… Nothing that is said meanwhile will be missing."
    case "Failed":
      return `There is no connection. ${connection.reason.remediation}`
    case "Closed":
      return "You are signed out."
    default:
      return null
  }
}

/** How the connection stands, when that is worth a word. Its place is always there, so that readers hear it change. */
export const Banner = () => {
  const text = tell(useConnection())
  return (
    <div role="status" className="banner" data-shown={text !== null}>
      {text !== null && <span className="pulse" aria-hidden="true" />}
      {text}
    </div>
  )
}
