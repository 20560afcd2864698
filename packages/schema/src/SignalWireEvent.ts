/**
 * The envelope of everything a server pushes: the `params` of `signalwire.event`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { isJsonObject, isMaybeText, maybe } from "./JsonObject.ts"
import { type Decoder, decoder, quickDecoder } from "./Malformed.ts"
import { isNumericTime, WireTime } from "./WireTime.ts"

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

const isMaybe = (value: unknown, is: (value: unknown) => boolean): boolean =>
  value === null || value === undefined || is(value)

/** Whether it is certainly what {@link Wire} describes. */
const isWire = (input: unknown): input is Wire =>
  isJsonObject(input) &&
  typeof input["event_type"] === "string" &&
  isMaybeText(input["event_channel"]) &&
  isMaybe(input["timestamp"], isNumericTime) &&
  isMaybeText(input["project_id"]) &&
  isMaybeText(input["node_id"]) &&
  isMaybe(input["is_author"], (value) => typeof value === "boolean") &&
  input["params"] !== undefined

/** Reads an envelope; its `params` are the event's own matter. */
export const decode: Decoder<Wire> = quickDecoder(Wire, isWire)

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
