/**
 * Opening and keeping a session: the parameters and results of `signalwire.connect`, `signalwire.reauthenticate` and
 * `signalwire.disconnect`.
 *
 * @since 0.1.0
 */
import type * as DateTime from "effect/DateTime"
import { anything, decoder, id, integer, list, maybe, struct, text, truth } from "./internal/shape.ts"
import { time } from "./internal/time.ts"
import type * as Schemas from "./Wire.ts"
import { moment, toEpochMillis } from "./WireTime.ts"

/** What a client sends first. `protocol` and `authorization_state` resume an earlier session. */
export type Params = typeof Schemas.ConnectParams.Type

/** The protocol version every client of this namespace announces. */
export const version = { major: 4, minor: 0, revision: 0 } as const

/** What a server says about a token. */
export type Authorization = typeof Schemas.Authorization.Type

/** When the token expires; `undefined` where the server does not tell. */
export const expiryOf = (authorization: Authorization | null | undefined): DateTime.Utc | undefined => {
  const expiresAt = authorization?.fabric_subscriber?.expires_at
  return expiresAt === undefined || expiresAt === null ? undefined : moment(toEpochMillis(expiresAt))
}

/** What a server answers. `protocol` names the session. */
export type Result = typeof Schemas.ConnectResult.Type

/** Changes a live session's token. `project` is `authorization.project_id` of the connect result. */
export type ReauthenticateParams = typeof Schemas.ReauthenticateParams.Type

/** The answer to it; any part may be missing. */
export type ReauthenticateResult = typeof Schemas.ReauthenticateResult.Type

/** The server ends the session; with `restart` it also forgets it. */
export type DisconnectParams = typeof Schemas.DisconnectParams.Type

const authorization = struct<Authorization>({
  jti: maybe(text),
  project_id: maybe(text),
  scope: maybe(list(text)),
  fabric_subscriber: maybe(struct<typeof Schemas.FabricSubscriber.Type>({
    version: maybe(integer),
    expires_at: maybe(time),
    subscriber_id: maybe(id()),
    application_id: maybe(text),
    project_id: maybe(text),
    space_id: maybe(text)
  }))
})

const makeDecodeParams = () =>
  decoder(struct<Params>({
    version: struct<Params["version"]>({ major: integer, minor: integer, revision: integer }),
    event_acks: maybe(truth),
    agent: maybe(text),
    authentication: struct<Params["authentication"]>({ jwt_token: text }),
    protocol: maybe(text),
    authorization_state: maybe(text)
  }))

/** Reads {@link Params}. */
export const decodeParams =
  // pure, here and below, so that the bundle of a client does not carry what servers read
  /* @__PURE__ */ makeDecodeParams()

/** Reads {@link Result}. */
export const decodeResult = decoder(struct<Result>({
  identity: maybe(text),
  protocol: text,
  authorization,
  ice_servers: maybe(list(anything)),
  session_restored: maybe(truth)
}))

const makeDecodeReauthenticateParams = () =>
  decoder(struct<ReauthenticateParams>({
    authentication: struct<ReauthenticateParams["authentication"]>({ project: maybe(text), jwt_token: text })
  }))
/** Reads {@link ReauthenticateParams}. */
export const decodeReauthenticateParams = /* @__PURE__ */ makeDecodeReauthenticateParams()
/** Reads {@link ReauthenticateResult}. */
export const decodeReauthenticateResult = decoder(
  struct<ReauthenticateResult>({ authorization: maybe(authorization) })
)
/** Reads {@link DisconnectParams}. */
export const decodeDisconnectParams = decoder(struct<DisconnectParams>({ restart: maybe(truth) }))
