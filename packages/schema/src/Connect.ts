/**
 * The parameters and results of the session methods `signalwire.connect`, `signalwire.reauthenticate` and
 * `signalwire.disconnect`.
 *
 * @since 0.1.0
 */
import type * as DateTime from "effect/DateTime"
import { array, boolean, decoder, id, integer, nullish, string, struct, unknown } from "./internal/shape.ts"
import { time } from "./internal/time.ts"
import type * as WireSchemas from "./WireSchemas.ts"
import { dateTimeFromMillis, toEpochMillis } from "./WireTime.ts"

/** Parameters of `signalwire.connect`. `protocol` and `authorization_state` resume an earlier session. */
export type Params = typeof WireSchemas.ConnectParams.Type

/** The protocol version that clients of the Conversation namespace announce. */
export const version = { major: 4, minor: 0, revision: 0 } as const

/** A server's description of the token that a session is authorized with. */
export type Authorization = typeof WireSchemas.Authorization.Type

/** Returns when the token expires, or `undefined` if the server does not report it. */
export const expiryOf = (authorization: Authorization | null | undefined): DateTime.Utc | undefined => {
  const expiresAt = authorization?.fabric_subscriber?.expires_at
  return expiresAt === undefined || expiresAt === null ? undefined : dateTimeFromMillis(toEpochMillis(expiresAt))
}

/** Result of `signalwire.connect`. `protocol` identifies the session. */
export type Result = typeof WireSchemas.ConnectResult.Type

/**
 * Parameters of `signalwire.reauthenticate`, which changes the token of a live session. `project` is
 * `authorization.project_id` of the connect result.
 */
export type ReauthenticateParams = typeof WireSchemas.ReauthenticateParams.Type

/** Result of `signalwire.reauthenticate`. Every field may be missing. */
export type ReauthenticateResult = typeof WireSchemas.ReauthenticateResult.Type

/**
 * Parameters of `signalwire.disconnect`, with which the server ends the session. With `restart` the session cannot be
 * resumed.
 */
export type DisconnectParams = typeof WireSchemas.DisconnectParams.Type

const authorization = struct<Authorization>({
  jti: nullish(string),
  project_id: nullish(string),
  scope: nullish(array(string)),
  fabric_subscriber: nullish(struct<typeof WireSchemas.FabricSubscriber.Type>({
    version: nullish(integer),
    expires_at: nullish(time),
    subscriber_id: nullish(id()),
    application_id: nullish(string),
    project_id: nullish(string),
    space_id: nullish(string)
  }))
})

const makeDecodeParams = () =>
  decoder(struct<Params>({
    version: struct<Params["version"]>({ major: integer, minor: integer, revision: integer }),
    event_acks: nullish(boolean),
    agent: nullish(string),
    authentication: struct<Params["authentication"]>({ jwt_token: string }),
    protocol: nullish(string),
    authorization_state: nullish(string)
  }))

/** Decodes {@link Params}. */
export const decodeParams =
  // pure, here and below, so that client bundles drop the decoders that only servers use
  /* @__PURE__ */ makeDecodeParams()

/** Decodes {@link Result}. */
export const decodeResult = decoder(struct<Result>({
  identity: nullish(string),
  protocol: string,
  authorization,
  ice_servers: nullish(array(unknown)),
  session_restored: nullish(boolean)
}))

const makeDecodeReauthenticateParams = () =>
  decoder(struct<ReauthenticateParams>({
    authentication: struct<ReauthenticateParams["authentication"]>({ project: nullish(string), jwt_token: string })
  }))
/** Decodes {@link ReauthenticateParams}. */
export const decodeReauthenticateParams = /* @__PURE__ */ makeDecodeReauthenticateParams()
/** Decodes {@link ReauthenticateResult}. */
export const decodeReauthenticateResult = decoder(
  struct<ReauthenticateResult>({ authorization: nullish(authorization) })
)
/** Decodes {@link DisconnectParams}. */
export const decodeDisconnectParams = decoder(struct<DisconnectParams>({ restart: nullish(boolean) }))
