/** The state of a connection in words. */
import type { ConnectionState } from "@effect-signalwire/promise"

export type Tone = "good" | "busy" | "bad"

export interface Words {
  readonly tone: Tone
  readonly text: string
}

/** Describes what `useConnection` returns; `gapMillis` is how long the last interruption took, in milliseconds. */
export const describe = (connection: ConnectionState, gapMillis: number | null): Words => {
  const { reason } = connection
  if (reason?._tag === "Unauthorized") {
    return { tone: "bad", text: `${connection._tag}: the token was refused, requesting another one…` }
  }
  switch (connection._tag) {
    case "Idle":
      return { tone: "busy", text: "Idle: not subscribed yet." }
    case "Connecting":
      return { tone: "busy", text: "Connecting…" }
    case "Connected":
      if (connection.catchingUp) return { tone: "busy", text: "Connected, catching up on what was missed…" }
      return {
        tone: "good",
        text: gapMillis === null
          ? "Connected."
          : `Connected, ${connection.resumed ? "resumed" : "new session"} after ${(gapMillis / 1000).toFixed(1)} s.`
      }
    case "Reconnecting":
      return {
        tone: "bad",
        text: connection.polling
          ? "Reconnecting; meanwhile history is read every 15 seconds…"
          : `Reconnecting: ${connection.reason.message}…`
      }
    case "Failed":
      return { tone: "bad", text: `Failed: ${connection.reason.message}. ${connection.reason.remediation}` }
    case "Closed":
      return { tone: "bad", text: "Closed." }
  }
}
