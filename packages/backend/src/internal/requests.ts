/**
 * What a client asks for, and what it answers.
 */
import * as Connect from "@effect-signalwire/schema/Connect"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import type { MalformedValue } from "@effect-signalwire/schema/Malformed"
import * as SignalWireEvent from "@effect-signalwire/schema/SignalWireEvent"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Refused from "../Refused.ts"
import * as Claims from "./claims.ts"
import type { Peer } from "./peer.ts"
import { eventFrame, type Session } from "./sessions.ts"

type Request = Extract<JsonRpc.Frame, { readonly _tag: "Request" }>

const { code, method } = JsonRpc

const authorization = ({ backend: { identity } }: Peer, { jti, token }: Session) => {
  const { application_id, fingerprint, scope } = Claims.read(token.token)
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

const pushState = (peer: Peer, { state }: Session): void =>
  peer.connection.send(eventFrame(peer.backend.newId(), SignalWireEvent.type.authorizationState, {
    event_type: SignalWireEvent.type.authorizationState,
    params: { authorization_state: state }
  }))

const refuseParams = (peer: Peer, request: Request, { message, path }: MalformedValue): void =>
  peer.refuse(request.id, request.method, code.invalidParams, `Invalid params: ${path}: ${message}`)

const refuseToken = (peer: Peer, request: Request): void =>
  peer.refuse(
    request.id,
    request.method,
    code.authenticationFailed,
    "Authentication service failed with status ProtocolError, 401 Unauthorized: {}"
  )

const connect = Effect.fnUntraced(function*(peer: Peer, request: Request) {
  const { backend } = peer
  if (peer.session !== undefined) {
    return peer.refuse(request.id, request.method, code.invalidRequest, "The session is connected already")
  }
  const params = Connect.decodeParams(request.params)
  if (Result.isFailure(params)) return refuseParams(peer, request, params.failure)
  const { authentication, authorization_state, event_acks, protocol } = params.success
  const opened = yield* Effect.result(backend.open({
    token: authentication.jwt_token,
    protocol: protocol ?? undefined,
    state: authorization_state ?? undefined,
    acks: event_acks ?? false
  }))
  if (Result.isFailure(opened)) {
    if (opened.failure.status !== Refused.tooMany.status) return refuseToken(peer, request)
    peer.refuse(request.id, request.method, code.permissionDenied, opened.failure.message)
    return peer.endAfter(1013)
  }
  const { restored, session } = opened.success
  peer.session = session
  const answer: Connect.Result = {
    identity: `${backend.newId()}@sandbox`,
    protocol: session.protocol,
    authorization: authorization(peer, session),
    ice_servers: [],
    session_restored: restored
  }
  backend.attach(session, peer.connection, () => {
    peer.reply(request.id, request.method, answer)
    pushState(peer, session)
  })
})

const reauthenticate = Effect.fnUntraced(function*(peer: Peer, request: Request, session: Session) {
  const params = Connect.decodeReauthenticateParams(request.params)
  if (Result.isFailure(params)) return refuseParams(peer, request, params.failure)
  const done = yield* Effect.result(peer.backend.reauthenticate(session, params.success.authentication.jwt_token))
  if (Result.isFailure(done)) return refuseToken(peer, request)
  peer.reply(request.id, request.method, { authorization: authorization(peer, session) })
  pushState(peer, session)
})

const simple = (peer: Peer, { id, method: name }: Request, { token }: Session): void => {
  switch (name) {
    case method.ping:
      return peer.reply(id, name, { timestamp: peer.backend.now() / 1000 })
    case method.online:
    case method.offline:
      if (Claims.read(token.token).allowed_addresses !== undefined) {
        return peer.refuse(id, name, code.permissionDenied, "A guest cannot be called")
      }
      return peer.reply(id, name, { code: "200", message: "OK" })
    default:
      return peer.refuse(id, name, code.methodNotFound, "Method not found")
  }
}

/** Answers a request. */
export const onRequest = (peer: Peer, request: Request): Effect.Effect<void> => {
  if (request.method === method.connect) return connect(peer, request)
  const { session } = peer
  if (session === undefined) {
    return Effect.sync(() =>
      peer.refuse(request.id, request.method, code.permissionDenied, "The session is not connected")
    )
  }
  return request.method === method.reauthenticate
    ? reauthenticate(peer, request, session)
    : Effect.sync(() => simple(peer, request, session))
}

/** Takes an answer to a request of ours, which for an event is its acknowledgement. */
export const onAnswer = (peer: Peer, id: JsonRpc.Id, name: string): void => {
  peer.asked.delete(id)
  if (peer.session !== undefined) peer.backend.acknowledge(peer.session, id)
  if (name === method.ping) peer.unansweredPings = 0
  if (name === method.disconnect) peer.endAfter(1012)
}
