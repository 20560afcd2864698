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
export const maybe = <S extends Schema.Constraint>(schema: S): Schema.optionalKey<Schema.NullOr<S>> =>
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
  type: maybe(Schema.String),
  subtype: maybe(Schema.String),
  kind: maybe(Schema.String),
  conversation_id: maybe(ConversationId),
  group_id: maybe(GroupId),
  user_id: maybe(SubscriberId),
  address_id: maybe(AddressId),
  from_address_id: maybe(AddressId),
  from_fabric_address_id: maybe(AddressId),
  ts: WireTime,
  text: maybe(Schema.String),
  metadata: maybe(JsonObject),
  details: maybe(JsonObject)
}

/** A message, in any dialect. */
export const ConversationMessage = Schema.Struct(messageFields)

/** An event's payload, in any dialect. Published samples have `hidden` as a string. */
export const ConversationEvent = Schema.Struct({
  ...messageFields,
  hidden: maybe(Schema.Union([Schema.Boolean, Schema.Literals(["true", "false"])])),
  conversation_name: maybe(Schema.String),
  user_name: maybe(Schema.String)
})

/** The envelope of the events that a server pushes. Unknown event types are valid. */
export const SignalWireEvent = Schema.Struct({
  event_type: Schema.String,
  event_channel: maybe(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
  /** Unix seconds with a fraction; a string in newer declarations. */
  timestamp: maybe(WireTime),
  project_id: maybe(Schema.String),
  node_id: maybe(Schema.String),
  /** Whether the receiving subscriber caused the event. */
  is_author: maybe(Schema.Boolean),
  params: Schema.Unknown
})

/** Payload of `signalwire.authorization.state`: an opaque string to send when the session is resumed. */
export const AuthorizationState = Schema.Struct({ authorization_state: Schema.String })

/** A conversation, in any dialect. Times are whole unix milliseconds. */
export const Conversation = Schema.Struct({
  id: maybe(ConversationId),
  address_id: maybe(AddressId),
  group_id: maybe(GroupId),
  from_address_id: maybe(AddressId),
  from_fabric_address_id: maybe(AddressId),
  name: maybe(Schema.String),
  metadata: maybe(JsonObject),
  created_at: WireTime,
  last_message_at: maybe(WireTime)
})

/** An address. `created_at` is ISO 8601. */
export const Address = Schema.Struct({
  id: AddressId,
  display_name: maybe(Schema.String),
  name: maybe(Schema.String),
  type: maybe(Schema.String),
  resource_id: maybe(Schema.String),
  preview_url: maybe(Schema.String),
  cover_url: maybe(Schema.String),
  channels: maybe(Schema.Record(Schema.String, Schema.NullOr(Schema.String))),
  locked: maybe(Schema.Boolean),
  created_at: maybe(Schema.String)
})

/** A subscriber. `time_zone` is a string in the documentation and a number in the vendor's types. */
export const Subscriber = Schema.Struct({
  id: SubscriberId,
  email: maybe(Schema.String),
  first_name: maybe(Schema.String),
  last_name: maybe(Schema.String),
  display_name: maybe(Schema.String),
  job_title: maybe(Schema.String),
  time_zone: maybe(Schema.Union([Schema.String, Schema.Finite])),
  country: maybe(Schema.String),
  region: maybe(Schema.String),
  company_name: maybe(Schema.String),
  push_notification_key: maybe(Schema.String),
  app_settings: maybe(Schema.Struct({
    display_name: maybe(Schema.String),
    scopes: maybe(Schema.Array(Schema.String))
  })),
  fabric_addresses: maybe(Schema.Array(Schema.Unknown))
})

/** A page of a list. */
export const Page = Schema.Struct({
  data: Schema.Array(Schema.Unknown),
  links: maybe(Schema.Struct({
    self: maybe(Schema.String),
    first: maybe(Schema.String),
    next: maybe(Schema.String),
    prev: maybe(Schema.String)
  }))
})

const content = {
  text: Schema.String,
  metadata: Schema.optionalKey(JsonObject),
  details: Schema.optionalKey(JsonObject)
}

/** Request body of a send in the address dialect. */
export const AddressSend = Schema.Struct({ conversation_id: AddressId, ...content })

/** Body of a send in the group dialect; the sender goes under both of its names, for servers of either age. */
export const GroupSend = Schema.Struct({
  group_id: GroupId,
  from_address_id: AddressId,
  from_fabric_address_id: AddressId,
  ...content
})

const sent = {
  conversation_id: maybe(ConversationId),
  group_id: maybe(GroupId),
  from_fabric_address_id: maybe(AddressId),
  text: maybe(Schema.String)
}

/**
 * The response to a send. Neither dialect includes the id or the time of the message. The address dialect wraps the
 * response in `table`, an artefact of the server's serialiser.
 */
export const SendResponse = Schema.Struct({ ...sent, table: maybe(Schema.Struct(sent)) })

/** Request body of a join in the address dialect. */
export const AddressJoin = Schema.Struct({ conversation_id: AddressId })

/** Request body of a join in the group dialect: the address to join first, then the caller's own. */
export const GroupJoin = Schema.Struct({
  from_fabric_address_id: AddressId,
  fabric_address_ids: Schema.Array(AddressId)
})

const joined = {
  conversation_id: maybe(ConversationId),
  group_id: maybe(GroupId),
  from_fabric_address_id: maybe(AddressId),
  fabric_address_ids: maybe(Schema.Array(AddressId))
}

/** The response to a join. The address dialect wraps it in `table`, an artefact of the server's serialiser. */
export const JoinResponse = Schema.Struct({ ...joined, table: maybe(Schema.Struct(joined)) })

/** One error of a validation body. */
export const ValidationError = Schema.Struct({
  type: maybe(Schema.String),
  code: maybe(Schema.String),
  message: maybe(Schema.String),
  attribute: maybe(Schema.String),
  url: maybe(Schema.String)
})

/** The body of an error response with validation errors: `{ "errors": [...] }`. */
export const Validation = Schema.Struct({ errors: Schema.Array(ValidationError) })

/** The body of an error response from the gateway: `{ "error": "Unauthorized" }`. */
export const Gateway = Schema.Struct({ error: Schema.String })

/** The header of a token, its readable part: `ch` is the host of the socket, `typ` is `SAT` or `Refresh`. */
export const TokenHeader = Schema.Struct({
  alg: maybe(Schema.String),
  enc: maybe(Schema.String),
  ch: maybe(Schema.String),
  typ: maybe(Schema.String)
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
  event_acks: maybe(Schema.Boolean),
  agent: maybe(Schema.String),
  authentication: Schema.Struct({ jwt_token: Schema.String }),
  protocol: maybe(Schema.String),
  authorization_state: maybe(Schema.String)
})

/** A server's description of the subscriber that a token belongs to. */
export const FabricSubscriber = Schema.Struct({
  version: maybe(Schema.Int),
  /** Unix seconds. */
  expires_at: maybe(WireTime),
  subscriber_id: maybe(SubscriberId),
  application_id: maybe(Schema.String),
  project_id: maybe(Schema.String),
  space_id: maybe(Schema.String)
})

/** A server's description of the token that a session is authorized with. */
export const Authorization = Schema.Struct({
  jti: maybe(Schema.String),
  project_id: maybe(Schema.String),
  scope: maybe(Schema.Array(Schema.String)),
  fabric_subscriber: maybe(FabricSubscriber)
})

/** Result of `signalwire.connect`. `protocol` identifies the session. */
export const ConnectResult = Schema.Struct({
  identity: maybe(Schema.String),
  protocol: Schema.String,
  authorization: Authorization,
  ice_servers: maybe(Schema.Array(Schema.Unknown)),
  /** Whether an earlier session was resumed. Not every server reports it. */
  session_restored: maybe(Schema.Boolean)
})

/**
 * Parameters of `signalwire.reauthenticate`, which changes the token of a live session. `project` is
 * `authorization.project_id` of the connect result.
 */
export const ReauthenticateParams = Schema.Struct({
  authentication: Schema.Struct({ project: maybe(Schema.String), jwt_token: Schema.String })
})

/** Result of `signalwire.reauthenticate`. Every field may be missing. */
export const ReauthenticateResult = Schema.Struct({ authorization: maybe(Authorization) })

/**
 * Parameters of `signalwire.disconnect`, with which the server ends the session. With `restart` the session cannot be
 * resumed.
 */
export const DisconnectParams = Schema.Struct({ restart: maybe(Schema.Boolean) })
