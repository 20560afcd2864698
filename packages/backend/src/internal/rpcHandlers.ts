/**
 * Handles the requests and responses of clients.
 */
import * as Connect from "@effect-signalwire/schema/Connect"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import * as SignalWireEvent from "@effect-signalwire/schema/SignalWireEvent"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as ApiError from "../ApiError.ts"
import type { ClientSocket } from "./clientSocket.ts"
import { eventFrame, type Session } from "./session.ts"
import * as TokenClaims from "./tokenClaims.ts"

type Request = Extract<JsonRpc.Frame, { readonly _tag: "Request" }>

const { code, method } = JsonRpc

const authorization = ({ backend: { identity } }: ClientSocket, { jti, token }: Session) => {
  const { application_id, fingerprint, scope } = TokenClaims.decode(token.token)
  return {
    jti,
    project_id: identity.projectId,
    scope: scope ?? [],
    ...(fingerprint === undefined ? undefined : { cnf: { jkt: fingerprint } }),
    fabric_subscriber: {
      version: 1,
      expires_at: token.expiresAt,
      subscriber_id: token.subscriberId,
      application_id: application_id ?? null,
      project_id: identity.projectId,
      space_id: identity.spaceId
    }
  }
}

const sendAuthorizationState = (client: ClientSocket, { state }: Session): void =>
  client.connection.send(eventFrame(client.backend.newId(), SignalWireEvent.type.authorizationState, {
    event_type: SignalWireEvent.type.authorizationState,
    params: { authorization_state: state }
  }))

const replyInvalidParams = (client: ClientSocket, request: Request, { message, path }: MalformedValue): void =>
  client.replyError(request.id, request.method, code.invalidParams, `Invalid params: ${path}: ${message}`)

const replyUnauthorized = (client: ClientSocket, request: Request): void =>
  client.replyError(
    request.id,
    request.method,
    code.authenticationFailed,
    "Authentication service failed with status ProtocolError, 401 Unauthorized: {}"
  )

const connect = Effect.fnUntraced(function*(client: ClientSocket, request: Request) {
  const { backend } = client
  if (client.session !== undefined) {
    return client.replyError(request.id, request.method, code.invalidRequest, "The session is already connected")
  }
  const params = Connect.decodeParams(request.params)
  if (Result.isFailure(params)) return replyInvalidParams(client, request, params.failure)
  const { authentication, authorization_state, event_acks, protocol } = params.success
  const opened = yield* Effect.result(backend.open({
    token: authentication.jwt_token,
    protocol: protocol ?? undefined,
    state: authorization_state ?? undefined,
    acks: event_acks ?? false
  }))
  if (Result.isFailure(opened)) {
    if (opened.failure.status !== ApiError.tooManySockets.status) return replyUnauthorized(client, request)
    client.replyError(request.id, request.method, code.permissionDenied, opened.failure.message)
    return client.closeAfterFlush(1013)
  }
  const { restored, session } = opened.success
  client.session = session
  const result: Connect.Result = {
    identity: `${backend.newId()}@sandbox`,
    protocol: session.protocol,
    authorization: authorization(client, session),
    ice_servers: [],
    session_restored: restored
  }
  backend.attach(session, client.connection, () => {
    client.reply(request.id, request.method, result)
    sendAuthorizationState(client, session)
  })
})

const reauthenticate = Effect.fnUntraced(function*(client: ClientSocket, request: Request, session: Session) {
  const params = Connect.decodeReauthenticateParams(request.params)
  if (Result.isFailure(params)) return replyInvalidParams(client, request, params.failure)
  const reauthenticated = yield* Effect.result(
    client.backend.reauthenticate(session, params.success.authentication.jwt_token)
  )
  if (Result.isFailure(reauthenticated)) return replyUnauthorized(client, request)
  client.reply(request.id, request.method, { authorization: authorization(client, session) })
  sendAuthorizationState(client, session)
})

const handleSessionRequest = (client: ClientSocket, { id, method: name }: Request, { token }: Session): void => {
  switch (name) {
    case method.ping:
      return client.reply(id, name, { timestamp: client.backend.now() / 1000 })
    case method.online:
    case method.offline:
      if (TokenClaims.decode(token.token).allowed_addresses !== undefined) {
        return client.replyError(id, name, code.permissionDenied, "A guest cannot receive calls")
      }
      return client.reply(id, name, { code: "200", message: "OK" })
    default:
      return client.replyError(id, name, code.methodNotFound, "Method not found")
  }
}

/** Handles a request, and sends the response. */
export const handleRequest = (client: ClientSocket, request: Request): Effect.Effect<void> => {
  if (request.method === method.connect) return connect(client, request)
  const { session } = client
  if (session === undefined) {
    return Effect.sync(() =>
      client.replyError(request.id, request.method, code.permissionDenied, "The session is not connected")
    )
  }
  return request.method === method.reauthenticate
    ? reauthenticate(client, request, session)
    : Effect.sync(() => handleSessionRequest(client, request, session))
}

/** Handles a response to a request of the server. The response to an event is its acknowledgement. */
export const handleResponse = (client: ClientSocket, id: JsonRpc.Id, name: string): void => {
  client.pendingRequests.delete(id)
  if (client.session !== undefined) client.backend.acknowledge(client.session, id)
  if (name === method.ping) client.unansweredPings = 0
  if (name === method.disconnect) client.closeAfterFlush(1012)
}
