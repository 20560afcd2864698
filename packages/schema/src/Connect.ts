/**
 * Opening and keeping a session: the parameters and results of `signalwire.connect`, `signalwire.reauthenticate` and
 * `signalwire.disconnect`.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { SubscriberId } from "./Ids.ts"
import { maybe } from "./JsonObject.ts"
import { decoder } from "./Malformed.ts"
import { toEpochMillis, WireTime } from "./WireTime.ts"

/** What a client sends first. `protocol` and `authorization_state` resume an earlier session. */
export const Params = Schema.Struct({
  version: Schema.Struct({ major: Schema.Int, minor: Schema.Int, revision: Schema.Int }),
  event_acks: maybe(Schema.Boolean),
  agent: maybe(Schema.String),
  authentication: Schema.Struct({ jwt_token: Schema.String }),
  protocol: maybe(Schema.String),
  authorization_state: maybe(Schema.String)
})
export type Params = typeof Params.Type

/** The protocol version every client of this namespace announces. */
export const version = { major: 4, minor: 0, revision: 0 } as const

const fabricSubscriber = {
  version: maybe(Schema.Int),
  /** Unix seconds. */
  expires_at: maybe(WireTime),
  subscriber_id: maybe(SubscriberId),
  application_id: maybe(Schema.String),
  project_id: maybe(Schema.String),
  space_id: maybe(Schema.String)
}

/** What a server says about a token. */
export const Authorization = Schema.Struct({
  jti: maybe(Schema.String),
  project_id: maybe(Schema.String),
  scope: maybe(Schema.Array(Schema.String)),
  fabric_subscriber: maybe(Schema.Struct(fabricSubscriber))
})
export type Authorization = typeof Authorization.Type

/** When the token expires; `undefined` where the server does not tell. */
export const expiryOf = (authorization: Authorization | null | undefined): DateTime.Utc | undefined => {
  const expiresAt = authorization?.fabric_subscriber?.expires_at
  return expiresAt === undefined || expiresAt === null ? undefined : DateTime.makeUnsafe(toEpochMillis(expiresAt))
}

/** What a server answers. `protocol` names the session. */
export const Result = Schema.Struct({
  identity: maybe(Schema.String),
  protocol: Schema.String,
  authorization: Authorization,
  ice_servers: maybe(Schema.Array(Schema.Unknown)),
  /** Whether an earlier session goes on. Not every server tells. */
  session_restored: maybe(Schema.Boolean)
})
export type Result = typeof Result.Type

/** Changes a live session's token. `project` is `authorization.project_id` of the connect result. */
export const ReauthenticateParams = Schema.Struct({
  authentication: Schema.Struct({ project: maybe(Schema.String), jwt_token: Schema.String })
})
export type ReauthenticateParams = typeof ReauthenticateParams.Type

/** The answer to it; any part may be missing. */
export const ReauthenticateResult = Schema.Struct({ authorization: maybe(Authorization) })
export type ReauthenticateResult = typeof ReauthenticateResult.Type

/** The server ends the session; with `restart` it also forgets it. */
export const DisconnectParams = Schema.Struct({ restart: maybe(Schema.Boolean) })
export type DisconnectParams = typeof DisconnectParams.Type

/** Reads {@link Params}. */
export const decodeParams = decoder(Params)
/** Reads {@link Result}. */
export const decodeResult = decoder(Result)
/** Reads {@link ReauthenticateParams}. */
export const decodeReauthenticateParams = decoder(ReauthenticateParams)
/** Reads {@link ReauthenticateResult}. */
export const decodeReauthenticateResult = decoder(ReauthenticateResult)
/** Reads {@link DisconnectParams}. */
export const decodeDisconnectParams = decoder(DisconnectParams)
