/**
 * A session, the socket that it is connected to, and the frames that are sent to its client.
 */
import type { SubscriberId } from "@effect-signalwire/schema/Ids"
import type { Id } from "@effect-signalwire/schema/JsonRpc"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import type { Token } from "../Records.ts"
import type { Reservation } from "./memoryBudget.ts"
import { stringBytes } from "./stringBytes.ts"

/** A frame to a client. */
export interface Frame {
  readonly text: string
  /** How much memory the frame takes, in bytes. */
  readonly bytes: number
  /** The frame's share of that memory, in bytes: several frames may share a payload. */
  readonly addedBytes: number
  /** The JSON-RPC method of the request; for a response, of the request that it responds to. */
  readonly method: string
  readonly eventType: string | undefined
}

/** The socket of a session. None of its functions waits. */
export interface Connection {
  readonly send: (frame: Frame) => void
  /** Closes the socket with a close frame of this code, or, if it is `null`, without a close frame. */
  readonly close: (code: number | null) => void
  /** Sends `signalwire.disconnect`, waits a moment for the response, and closes the socket. */
  readonly disconnect: (restart: boolean) => void
  /** Returns how many bytes are queued to be written. */
  readonly queuedBytes: () => number
}

/** What the server remembers about a client while it has no socket. */
export interface Session {
  /** Identifies the session on the wire. */
  readonly protocol: string
  readonly subscriberId: SubscriberId
  readonly acks: boolean
  /** The id of the token that the session was opened with; part of its protocol and of its authorization state. */
  readonly jti: string
  /** The token that the session was opened or last reauthenticated with. */
  token: Token
  /** The token whose expiry was reported to the client. */
  reportedExpiredToken: string | undefined
  /** What a client sends to resume the session. */
  state: string
  /** The state before; it is accepted too, because the client may not have received the current one. */
  previousState: string | undefined
  connection: Connection | undefined
  /** When the socket was closed, in milliseconds of a monotonic clock; only valid while there is no connection. */
  detachedAt: number
  /** Event frames that were not acknowledged, in order. */
  readonly unacked: Map<Id, Frame>
  /** The sum of their `bytes`. */
  unackedBytes: number
  /** The sum of their `addedBytes`, which counts against the memory budget. */
  reservedBytes: number
  readonly reservation: Reservation
  /** How many events were sent since the client last acknowledged one. */
  eventsSinceAck: number
}

/** An event payload, as JSON, that several frames share. */
export interface SharedPayload {
  readonly text: string
  readonly bytes: number
  /** How many frames share it. */
  readonly shares: number
}

/** Makes the frame of an event, with a `params` object or with `params` and a payload that is appended to them. */
export const eventFrame = (id: Id, eventType: string, params: object, payload?: SharedPayload): Frame => {
  const text = JsonRpc.request(id, JsonRpc.method.event, params)
  const frame = { method: JsonRpc.method.event, eventType }
  if (payload === undefined) {
    const bytes = stringBytes(text)
    return { ...frame, text, bytes, addedBytes: bytes }
  }
  // without the two braces that close `params` and the frame
  const head = text.slice(0, -2)
  const bytes = stringBytes(head)
  return {
    ...frame,
    bytes: bytes + payload.bytes,
    // rounded to whole numbers, so that additions and subtractions return to exactly zero
    addedBytes: bytes + Math.ceil(payload.bytes / payload.shares),
    // concatenated when the frame is written, so that all frames share the string of the payload
    get text() {
      return `${head},"params":${payload.text}}}`
    }
  }
}
