/**
 * Opens, resumes and reauthenticates sessions, and pushes messages to them.
 */
import * as ConversationEvent from "@effect-signalwire/schema/ConversationEvent"
import * as SignalWireEvent from "@effect-signalwire/schema/SignalWireEvent"
import * as Effect from "effect/Effect"
import * as ApiError from "../ApiError.ts"
import type * as Records from "../Records.ts"
import type { Service } from "./contract.ts"
import type { Core } from "./core.ts"
import { type Connection, eventFrame, type Session, type SharedPayload } from "./session.ts"
import { SessionStore } from "./sessionStore.ts"
import { stringBytes } from "./stringBytes.ts"
import type { Tokens } from "./tokens.ts"
import type { Views } from "./views.ts"

export const make = (
  { budget, identity, ids, monotonicNow, now, secrets, settings, state }: Core,
  { authenticate, current, isExpired }: Tokens,
  { participants, toEvent }: Views
) => {
  const sessions = new SessionStore({ retention: settings.sessionRetention, maxUnacked: settings.maxUnacked }, secrets)
  const nodeId = `${identity.spaceId}@sandbox`
  /**
   * Pushes a message to every session of every member. Members who see the conversation under the same address, as all members
   * of a room do, share one encoded payload.
   */
  const publish = (message: Records.Message): void => {
    const conversation = state.conversations.get(message.groupId)
    if (conversation === undefined) return
    const payloads = new Map<string, SharedPayload>()
    for (const member of conversation.members) {
      const { otherId } = participants(conversation.group, member)
      let payload = payloads.get(otherId)
      if (payload === undefined) {
        const text = JSON.stringify(
          ConversationEvent.encode(toEvent(message, conversation.group, member), settings.dialect)
        )
        const shares = Math.max(1, sessions.countOf(conversation.members))
        payload = { text, bytes: stringBytes(text), shares }
        payloads.set(otherId, payload)
      }
      const params = payload
      sessions.publish(member, (session) => {
        const id = ids.uuid()
        return {
          id,
          frame: eventFrame(id, SignalWireEvent.type.message, {
            event_type: SignalWireEvent.type.message,
            event_channel: session.protocol,
            timestamp: now() / 1000,
            project_id: identity.projectId,
            node_id: nodeId,
            is_author: message.senderId === member
          }, params)
        }
      })
    }
  }

  const newState = () => {
    const state = `${ids.base64(12)}:${ids.base64(48)}`
    secrets.add(state)
    return state
  }
  const open: Service["open"] = (request) =>
    Effect.gen(function*() {
      const known = request.protocol === undefined || request.state === undefined
        ? undefined
        : sessions.find(request.protocol, request.state, monotonicNow())
      const shown = state.tokens.get(request.token) ??
        // the token of the session may have been removed since the session was opened
        (known?.token.token === request.token ? known.token : undefined)
      // the authorization state identifies the subscriber, so the token may have expired, but it must be the subscriber's
      if (known !== undefined && shown?.kind === "SAT" && shown.subscriberId === known.subscriberId) {
        // the client may have renewed its token
        if (!isExpired(shown)) known.token = shown
        return { session: known, restored: true }
      }
      const { subscriber, token } = yield* authenticate(request.token)
      if (sessions.connectedOf(subscriber.id) >= settings.maxSocketsPerSubscriber) return yield* ApiError.tooManySockets
      const session: Session = {
        protocol: `signalwire_${token.jti}_${ids.uuid()}_${ids.uuid()}`,
        subscriberId: subscriber.id,
        acks: request.acks,
        jti: token.jti,
        token,
        reportedExpiredToken: undefined,
        state: newState(),
        previousState: undefined,
        connection: undefined,
        detachedAt: monotonicNow(),
        unacked: new Map(),
        unackedBytes: 0,
        reservedBytes: 0,
        reservation: budget.open(() => sessions.evict(session)),
        eventsSinceAck: 0
      }
      sessions.open(session, monotonicNow())
      return { session, restored: false }
    })
  const attach: Service["attach"] = (session, connection, first) => {
    const previous = session.connection
    session.connection = connection
    session.eventsSinceAck = 0
    // a client that resumes with an expired token already knows
    if (isExpired(current(session.token))) session.reportedExpiredToken = session.token.token
    if (previous !== undefined && previous !== connection) previous.close(1000)
    first()
    for (const frame of session.unacked.values()) connection.send(frame)
  }
  const reauthenticate: Service["reauthenticate"] = (session, newToken) =>
    Effect.flatMap(authenticate(newToken), ({ subscriber, token }) => {
      if (subscriber.id !== session.subscriberId) return Effect.fail(ApiError.unauthorized)
      session.token = token
      if (session.previousState !== undefined) secrets.delete(session.previousState)
      session.previousState = session.state
      session.state = newState()
      return Effect.void
    })

  const detectTokenExpiry: Service["detectTokenExpiry"] = (session) => {
    if (session.reportedExpiredToken === session.token.token || !isExpired(current(session.token))) return false
    session.reportedExpiredToken = session.token.token
    return true
  }

  return {
    acknowledge: (session: Session, id: string | number) => sessions.acknowledge(session, id),
    attach,
    detach: (session: Session, connection: Connection) => sessions.detach(session, connection, monotonicNow()),
    detectTokenExpiry,
    removeSession: (session: Session) => sessions.remove(session),
    open,
    publish,
    reauthenticate,
    sessions: () => sessions.all(monotonicNow())
  }
}
