/**
 * The envelope of everything a server pushes: the `params` of `signalwire.event`.
 *
 * @since 0.1.0
 */
import { anything, decoder, either, list, maybe, quickDecoder, struct, text, truth } from "./internal/shape.ts"
import { time } from "./internal/time.ts"
import { isJsonObject, isNullishString } from "./JsonObject.ts"
import type { Decoder } from "./Malformed.ts"
import type * as Schemas from "./Wire.ts"
import { isNumericTime } from "./WireTime.ts"

/** The envelope on the wire. Unknown event types are data, not errors. */
export type Wire = typeof Schemas.SignalWireEvent.Type

const shape = struct<Wire>({
  event_type: text,
  event_channel: maybe(either(text, list(text))),
  timestamp: maybe(time),
  project_id: maybe(text),
  node_id: maybe(text),
  is_author: maybe(truth),
  params: anything
})

const isMaybe = (value: unknown, is: (value: unknown) => boolean): boolean =>
  value === null || value === undefined || is(value)

/** Whether it is certainly what {@link Wire} describes. */
const isWire = (input: unknown): input is Wire =>
  isJsonObject(input) &&
  typeof input["event_type"] === "string" &&
  isNullishString(input["event_channel"]) &&
  isMaybe(input["timestamp"], isNumericTime) &&
  isNullishString(input["project_id"]) &&
  isNullishString(input["node_id"]) &&
  isMaybe(input["is_author"], (value) => typeof value === "boolean") &&
  input["params"] !== undefined

/** Reads an envelope; its `params` are the event's own matter. */
export const decode: Decoder<Wire> = quickDecoder(shape, isWire)

/** Event types this SDK knows. */
export const type = {
  message: "conversation.message",
  authorizationState: "signalwire.authorization.state"
} as const

/** Whether the payload is a message: `conversation.message` and the `conversation.*` types that may follow it. */
export const isConversation = (eventType: string): boolean => eventType.startsWith("conversation.")

/** Payload of `signalwire.authorization.state`: an opaque text to send back when a session is resumed. */
export type AuthorizationState = typeof Schemas.AuthorizationState.Type

/** Reads the payload of `signalwire.authorization.state`. */
export const decodeAuthorizationState = decoder(struct<AuthorizationState>({ authorization_state: text }))
