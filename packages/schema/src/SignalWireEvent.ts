/**
 * The envelope of the events that a server pushes: the `params` of `signalwire.event`.
 *
 * @since 0.1.0
 */
import {
  array,
  boolean,
  decoder,
  decoderWithFastPath,
  nullish,
  string,
  struct,
  union,
  unknown
} from "./internal/shape.ts"
import { time } from "./internal/time.ts"
import { isJsonObject, isNullishString } from "./JsonObject.ts"
import type { Decoder } from "./Malformed.ts"
import type * as WireSchemas from "./WireSchemas.ts"
import { isNumericTime } from "./WireTime.ts"

/** The wire format of the envelope. Unknown event types are valid. */
export type Wire = typeof WireSchemas.SignalWireEvent.Type

const shape = struct<Wire>({
  event_type: string,
  event_channel: nullish(union(string, array(string))),
  timestamp: nullish(time),
  project_id: nullish(string),
  node_id: nullish(string),
  is_author: nullish(boolean),
  params: unknown
})

const isNullishOr = (value: unknown, is: (value: unknown) => boolean): boolean =>
  value === null || value === undefined || is(value)

/** Whether a value certainly conforms to {@link Wire}. The fast path of {@link decode}. */
const isWire = (input: unknown): input is Wire =>
  isJsonObject(input) &&
  typeof input["event_type"] === "string" &&
  isNullishString(input["event_channel"]) &&
  isNullishOr(input["timestamp"], isNumericTime) &&
  isNullishString(input["project_id"]) &&
  isNullishString(input["node_id"]) &&
  isNullishOr(input["is_author"], (value) => typeof value === "boolean") &&
  input["params"] !== undefined

/** Decodes an envelope. Its `params` are not decoded, since they depend on the event type. */
export const decode: Decoder<Wire> = decoderWithFastPath(shape, isWire)

/** The event types that this SDK handles. */
export const type = {
  message: "conversation.message",
  authorizationState: "signalwire.authorization.state"
} as const

/**
 * Whether an event of this type has a message as its payload: `conversation.message` and all other `conversation.*`.
 */
export const isConversation = (eventType: string): boolean => eventType.startsWith("conversation.")

/** Payload of `signalwire.authorization.state`: an opaque string to send when the session is resumed. */
export type AuthorizationState = typeof WireSchemas.AuthorizationState.Type

/** Decodes the payload of `signalwire.authorization.state`. */
export const decodeAuthorizationState = decoder(struct<AuthorizationState>({ authorization_state: string }))
