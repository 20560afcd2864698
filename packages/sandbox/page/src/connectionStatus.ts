/** Describes the state of a connection. */
import type { ConnectionState } from "@effect-signalwire/promise"

export type Tone = "good" | "busy" | "bad"

export interface ConnectionStatus {
  readonly tone: Tone
  readonly text: string
}

/** Describes a connection state. `gapMillis` is the duration of the last interruption, in milliseconds. */
export const describeConnection = (connection: ConnectionState, gapMillis: number | null): ConnectionStatus => {
  const { reason } = connection
  if (reason?._tag === "Unauthorized") {
    return { tone: "bad", text: `${connection._tag}: the token was rejected, requesting a new one…` }
  }
  switch (connection._tag) {
    case "Idle":
      return { tone: "busy", text: "Idle: not subscribed yet." }
    case "Connecting":
      return { tone: "busy", text: "Connecting…" }
    case "Connected":
      if (connection.catchingUp) return { tone: "busy", text: "Connected, catching up on missed messages…" }
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
          ? "Reconnecting; polling history every 15 seconds…"
          : `Reconnecting: ${connection.reason.message}…`
      }
    case "Failed":
      return { tone: "bad", text: `Failed: ${connection.reason.message}. ${connection.reason.remediation}` }
    case "Closed":
      return { tone: "bad", text: "Closed." }
  }
}
