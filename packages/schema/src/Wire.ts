/**
 * Every form on the wire, as a schema of Effect: for servers, for tools, and for whoever composes them into more. The
 * client itself reads by hand what they describe, so that it need not load them.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { AddressId, ConversationId, GroupId, MessageId, SubscriberId } from "./Ids.ts"
import { isTimeText, lastMillis } from "./WireTime.ts"

/** A key that a dialect may leave out or write as `null`. */
export const maybe = <S extends Schema.Constraint>(schema: S): Schema.optionalKey<Schema.NullOr<S>> =>
  Schema.optionalKey(Schema.NullOr(schema))

/** A free-form object of JSON values, such as `metadata` and `details`. */
export const JsonObject = Schema.Record(Schema.String, Schema.Unknown)
export type JsonObject = typeof JsonObject.Type

/** A time on the wire: a number that a date can name, or one written as text. */
export const WireTime = Schema.Union([
  Schema.Finite.check(Schema.isBetween({ minimum: -lastMillis, maximum: lastMillis })),
  Schema.String.check(Schema.makeFilter(isTimeText, { expected: "a time written as a number" }))
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

/** An event's payload, in any dialect. Published samples write `hidden` as text. */
export const ConversationEvent = Schema.Struct({
  ...messageFields,
  hidden: maybe(Schema.Union([Schema.Boolean, Schema.Literals(["true", "false"])])),
  conversation_name: maybe(Schema.String),
  user_name: maybe(Schema.String)
})

/** The envelope of everything a server pushes. Unknown event types are data, not errors. */
export const SignalWireEvent = Schema.Struct({
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

/** Payload of `signalwire.authorization.state`: an opaque text to send back when a session is resumed. */
export const AuthorizationState = Schema.Struct({ authorization_state: Schema.String })

/** A conversation, in any dialect. Times are integer milliseconds. */
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

/** An address. `created_at` is ISO-8601. */
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

/** A subscriber. `time_zone` is text in documentation and a number in the vendor's types. */
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

/** Body of a send in the address dialect. */
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
 * The answer to a send. Neither dialect tells the message's id or time; the address dialect wraps its answer in `table`,
 * an artefact of the server's serialiser.
 */
export const SendResponse = Schema.Struct({ ...sent, table: maybe(Schema.Struct(sent)) })

/** Body of a join in the address dialect. */
export const AddressJoin = Schema.Struct({ conversation_id: AddressId })

/** Body of a join in the group dialect: the target first, then the caller's own address. */
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

/** The answer to a join; the address dialect wraps it in `table`, an artefact of the server's serialiser. */
export const JoinResponse = Schema.Struct({ ...joined, table: maybe(Schema.Struct(joined)) })

/** One complaint of a validation body. */
export const ValidationError = Schema.Struct({
  type: maybe(Schema.String),
  code: maybe(Schema.String),
  message: maybe(Schema.String),
  attribute: maybe(Schema.String),
  url: maybe(Schema.String)
})

/** A refused request, validation style: `{ "errors": [...] }`. */
export const Validation = Schema.Struct({ errors: Schema.Array(ValidationError) })

/** A refused request, gateway style: `{ "error": "Unauthorized" }`. */
export const Gateway = Schema.Struct({ error: Schema.String })

/** The readable part of a token: `ch` is the socket's host, `typ` is `SAT` or `Refresh`. */
export const TokenHeader = Schema.Struct({
  alg: maybe(Schema.String),
  enc: maybe(Schema.String),
  ch: maybe(Schema.String),
  typ: maybe(Schema.String)
})

/** What went wrong with a JSON-RPC request. `code` is a JSON-RPC number, or the text code of a coded result. */
export const RpcError = Schema.Struct({
  code: Schema.Union([Schema.Finite, Schema.String]),
  message: Schema.String,
  data: Schema.optionalKey(Schema.Unknown)
})

/** A result that some methods wrap, with a code of its own. */
export const CodedResult = Schema.Struct({
  code: Schema.String,
  message: Schema.optionalKey(Schema.String),
  result: Schema.optionalKey(Schema.Unknown)
})

/** What a client sends first. `protocol` and `authorization_state` resume an earlier session. */
export const ConnectParams = Schema.Struct({
  version: Schema.Struct({ major: Schema.Int, minor: Schema.Int, revision: Schema.Int }),
  event_acks: maybe(Schema.Boolean),
  agent: maybe(Schema.String),
  authentication: Schema.Struct({ jwt_token: Schema.String }),
  protocol: maybe(Schema.String),
  authorization_state: maybe(Schema.String)
})

/** What a server says of the subscriber whose token it is. */
export const FabricSubscriber = Schema.Struct({
  version: maybe(Schema.Int),
  /** Unix seconds. */
  expires_at: maybe(WireTime),
  subscriber_id: maybe(SubscriberId),
  application_id: maybe(Schema.String),
  project_id: maybe(Schema.String),
  space_id: maybe(Schema.String)
})

/** What a server says about a token. */
export const Authorization = Schema.Struct({
  jti: maybe(Schema.String),
  project_id: maybe(Schema.String),
  scope: maybe(Schema.Array(Schema.String)),
  fabric_subscriber: maybe(FabricSubscriber)
})

/** What a server answers to who connects. `protocol` names the session. */
export const ConnectResult = Schema.Struct({
  identity: maybe(Schema.String),
  protocol: Schema.String,
  authorization: Authorization,
  ice_servers: maybe(Schema.Array(Schema.Unknown)),
  /** Whether an earlier session goes on. Not every server tells. */
  session_restored: maybe(Schema.Boolean)
})

/** Changes a live session's token. `project` is `authorization.project_id` of the connect result. */
export const ReauthenticateParams = Schema.Struct({
  authentication: Schema.Struct({ project: maybe(Schema.String), jwt_token: Schema.String })
})

/** The answer to it; any part may be missing. */
export const ReauthenticateResult = Schema.Struct({ authorization: maybe(Authorization) })

/** The server ends the session; with `restart` it also forgets it. */
export const DisconnectParams = Schema.Struct({ restart: maybe(Schema.Boolean) })
