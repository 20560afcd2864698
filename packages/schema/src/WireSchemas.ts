/**
 * Effect schemas of all wire formats, for servers, tools, and programs that compose their own. The clients use
 * hand-written decoders of the same formats instead, so that they need not load Effect's Schema.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { AddressId, ConversationId, GroupId, MessageId, SubscriberId } from "./Ids.ts"
import { isTimeString, maxEpochMillis } from "./WireTime.ts"

/** The schema of a key that may be missing or `null`. */
export const nullish = <S extends Schema.Constraint>(schema: S): Schema.optionalKey<Schema.NullOr<S>> =>
  Schema.optionalKey(Schema.NullOr(schema))

/** A free-form object of JSON values, such as `metadata` and `details`. */
export const JsonObject = Schema.Record(Schema.String, Schema.Unknown)
export type JsonObject = typeof JsonObject.Type

/** A time: a number within the range of `Date`, or such a number as a string. */
export const WireTime = Schema.Union([
  Schema.Finite.check(Schema.isBetween({ minimum: -maxEpochMillis, maximum: maxEpochMillis })),
  Schema.String.check(Schema.makeFilter(isTimeString, { expected: "a time written as a number" }))
])

const messageFields = {
  id: MessageId,
  type: nullish(Schema.String),
  subtype: nullish(Schema.String),
  kind: nullish(Schema.String),
  conversation_id: nullish(ConversationId),
  group_id: nullish(GroupId),
  user_id: nullish(SubscriberId),
  address_id: nullish(AddressId),
  from_address_id: nullish(AddressId),
  from_fabric_address_id: nullish(AddressId),
  ts: WireTime,
  text: nullish(Schema.String),
  metadata: nullish(JsonObject),
  details: nullish(JsonObject)
}

/** A message, in any dialect. */
export const ConversationMessage = Schema.Struct(messageFields)

/** An event's payload, in any dialect. Published samples have `hidden` as a string. */
export const ConversationEvent = Schema.Struct({
  ...messageFields,
  hidden: nullish(Schema.Union([Schema.Boolean, Schema.Literals(["true", "false"])])),
  conversation_name: nullish(Schema.String),
  user_name: nullish(Schema.String)
})

/** The envelope of the events that a server pushes. Unknown event types are valid. */
export const SignalWireEvent = Schema.Struct({
  event_type: Schema.String,
  event_channel: nullish(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
  /** Unix seconds with a fraction; a string in newer declarations. */
  timestamp: nullish(WireTime),
  project_id: nullish(Schema.String),
  node_id: nullish(Schema.String),
  /** Whether the receiving subscriber caused the event. */
  is_author: nullish(Schema.Boolean),
  params: Schema.Unknown
})

/** Payload of `signalwire.authorization.state`: an opaque string to send when the session is resumed. */
export const AuthorizationState = Schema.Struct({ authorization_state: Schema.String })

/** A conversation, in any dialect. Times are whole unix milliseconds. */
export const Conversation = Schema.Struct({
  id: nullish(ConversationId),
  address_id: nullish(AddressId),
  group_id: nullish(GroupId),
  from_address_id: nullish(AddressId),
  from_fabric_address_id: nullish(AddressId),
  name: nullish(Schema.String),
  metadata: nullish(JsonObject),
  created_at: WireTime,
  last_message_at: nullish(WireTime)
})

/** An address. `created_at` is ISO 8601. */
export const Address = Schema.Struct({
  id: AddressId,
  display_name: nullish(Schema.String),
  name: nullish(Schema.String),
  type: nullish(Schema.String),
  resource_id: nullish(Schema.String),
  preview_url: nullish(Schema.String),
  cover_url: nullish(Schema.String),
  channels: nullish(Schema.Record(Schema.String, Schema.NullOr(Schema.String))),
  locked: nullish(Schema.Boolean),
  created_at: nullish(Schema.String)
})

/** A subscriber. `time_zone` is a string in the documentation and a number in the vendor's types. */
export const Subscriber = Schema.Struct({
  id: SubscriberId,
  email: nullish(Schema.String),
  first_name: nullish(Schema.String),
  last_name: nullish(Schema.String),
  display_name: nullish(Schema.String),
  job_title: nullish(Schema.String),
  time_zone: nullish(Schema.Union([Schema.String, Schema.Finite])),
  country: nullish(Schema.String),
  region: nullish(Schema.String),
  company_name: nullish(Schema.String),
  push_notification_key: nullish(Schema.String),
  app_settings: nullish(Schema.Struct({
    display_name: nullish(Schema.String),
    scopes: nullish(Schema.Array(Schema.String))
  })),
  fabric_addresses: nullish(Schema.Array(Schema.Unknown))
})

/** A page of a list. */
export const Page = Schema.Struct({
  data: Schema.Array(Schema.Unknown),
  links: nullish(Schema.Struct({
    self: nullish(Schema.String),
    first: nullish(Schema.String),
    next: nullish(Schema.String),
    prev: nullish(Schema.String)
  }))
})

const content = {
  text: Schema.String,
  metadata: Schema.optionalKey(JsonObject),
  details: Schema.optionalKey(JsonObject)
}

/** Request body of a send in the address dialect. */
export const AddressSend = Schema.Struct({ conversation_id: AddressId, ...content })

/** Request body of a send in the group dialect. The sender has two keys, since older servers read another one. */
export const GroupSend = Schema.Struct({
  group_id: GroupId,
  from_address_id: AddressId,
  from_fabric_address_id: AddressId,
  ...content
})

const sent = {
  conversation_id: nullish(ConversationId),
  group_id: nullish(GroupId),
  from_fabric_address_id: nullish(AddressId),
  text: nullish(Schema.String)
}

/**
 * The response to a send. Neither dialect includes the id or the time of the message. The address dialect wraps the
 * response in `table`, an artefact of the server's serialiser.
 */
export const SendResponse = Schema.Struct({ ...sent, table: nullish(Schema.Struct(sent)) })

/** Request body of a join in the address dialect. */
export const AddressJoin = Schema.Struct({ conversation_id: AddressId })

/** Request body of a join in the group dialect: the address to join first, then the caller's own. */
export const GroupJoin = Schema.Struct({
  from_fabric_address_id: AddressId,
  fabric_address_ids: Schema.Array(AddressId)
})

const joined = {
  conversation_id: nullish(ConversationId),
  group_id: nullish(GroupId),
  from_fabric_address_id: nullish(AddressId),
  fabric_address_ids: nullish(Schema.Array(AddressId))
}

/** The response to a join. The address dialect wraps it in `table`, an artefact of the server's serialiser. */
export const JoinResponse = Schema.Struct({ ...joined, table: nullish(Schema.Struct(joined)) })

/** One error of a validation body. */
export const ValidationError = Schema.Struct({
  type: nullish(Schema.String),
  code: nullish(Schema.String),
  message: nullish(Schema.String),
  attribute: nullish(Schema.String),
  url: nullish(Schema.String)
})

/** The body of an error response with validation errors: `{ "errors": [...] }`. */
export const Validation = Schema.Struct({ errors: Schema.Array(ValidationError) })

/** The body of an error response from the gateway: `{ "error": "Unauthorized" }`. */
export const Gateway = Schema.Struct({ error: Schema.String })

/** The header of a token, its readable part: `ch` is the host of the socket, `typ` is `SAT` or `Refresh`. */
export const TokenHeader = Schema.Struct({
  alg: nullish(Schema.String),
  enc: nullish(Schema.String),
  ch: nullish(Schema.String),
  typ: nullish(Schema.String)
})

/** The error of a JSON-RPC request. `code` is a JSON-RPC error code, or the string code of a coded result. */
export const RpcError = Schema.Struct({
  code: Schema.Union([Schema.Finite, Schema.String]),
  message: Schema.String,
  data: Schema.optionalKey(Schema.Unknown)
})

/** A coded result: some methods wrap their result with a code of its own. */
export const CodedResult = Schema.Struct({
  code: Schema.String,
  message: Schema.optionalKey(Schema.String),
  result: Schema.optionalKey(Schema.Unknown)
})

/** Parameters of `signalwire.connect`. `protocol` and `authorization_state` resume an earlier session. */
export const ConnectParams = Schema.Struct({
  version: Schema.Struct({ major: Schema.Int, minor: Schema.Int, revision: Schema.Int }),
  event_acks: nullish(Schema.Boolean),
  agent: nullish(Schema.String),
  authentication: Schema.Struct({ jwt_token: Schema.String }),
  protocol: nullish(Schema.String),
  authorization_state: nullish(Schema.String)
})

/** A server's description of the subscriber that a token belongs to. */
export const FabricSubscriber = Schema.Struct({
  version: nullish(Schema.Int),
  /** Unix seconds. */
  expires_at: nullish(WireTime),
  subscriber_id: nullish(SubscriberId),
  application_id: nullish(Schema.String),
  project_id: nullish(Schema.String),
  space_id: nullish(Schema.String)
})

/** A server's description of the token that a session is authorized with. */
export const Authorization = Schema.Struct({
  jti: nullish(Schema.String),
  project_id: nullish(Schema.String),
  scope: nullish(Schema.Array(Schema.String)),
  fabric_subscriber: nullish(FabricSubscriber)
})

/** Result of `signalwire.connect`. `protocol` identifies the session. */
export const ConnectResult = Schema.Struct({
  identity: nullish(Schema.String),
  protocol: Schema.String,
  authorization: Authorization,
  ice_servers: nullish(Schema.Array(Schema.Unknown)),
  /** Whether an earlier session was resumed. Not every server reports it. */
  session_restored: nullish(Schema.Boolean)
})

/**
 * Parameters of `signalwire.reauthenticate`, which changes the token of a live session. `project` is
 * `authorization.project_id` of the connect result.
 */
export const ReauthenticateParams = Schema.Struct({
  authentication: Schema.Struct({ project: nullish(Schema.String), jwt_token: Schema.String })
})

/** Result of `signalwire.reauthenticate`. Every field may be missing. */
export const ReauthenticateResult = Schema.Struct({ authorization: nullish(Authorization) })

/**
 * Parameters of `signalwire.disconnect`, with which the server ends the session. With `restart` the session cannot be
 * resumed.
 */
export const DisconnectParams = Schema.Struct({ restart: nullish(Schema.Boolean) })
