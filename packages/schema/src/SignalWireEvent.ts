/**
 * The envelope of everything a server pushes: the `params` of `signalwire.event`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { maybe } from "./JsonObject.ts"
import { decoder } from "./Malformed.ts"
import { WireTime } from "./WireTime.ts"

/** The envelope on the wire. Unknown event types are data, not errors. */
export const Wire = Schema.Struct({
  event_type: Schema.String,
  event_channel: maybe(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
  /** Float seconds; text in newer declarations. */
  timestamp: maybe(WireTime),
  project_id: maybe(Schema.String),
  node_id: maybe(Schema.String),
  /** Whether the receiving subscriber caused the event. */
  is_author: maybe(Schema.Boolean),
  params: Schema.Unknown
})
export type Wire = typeof Wire.Type

/** Reads an envelope; its `params` are the event's own matter. */
export const decode = decoder(Wire)

/** Event types this SDK knows. */
export const type = {
  message: "conversation.message",
  authorizationState: "signalwire.authorization.state"
} as const

/** Whether the payload is a message: `conversation.message` and the `conversation.*` types that may follow it. */
export const isConversation = (eventType: string): boolean => eventType.startsWith("conversation.")

/** Payload of `signalwire.authorization.state`: an opaque text to send back when a session is resumed. */
export const AuthorizationState = Schema.Struct({ authorization_state: Schema.String })

/** Reads the payload of `signalwire.authorization.state`. */
export const decodeAuthorizationState = decoder(AuthorizationState)
