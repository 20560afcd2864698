/**
 * Opening and resuming sessions, and telling them what happens.
 */
import * as ConversationEvent from "@effect-signalwire/schema/ConversationEvent"
import * as SignalWireEvent from "@effect-signalwire/schema/SignalWireEvent"
import * as Effect from "effect/Effect"
import type { Service } from "../Backend.ts"
import type * as Records from "../Records.ts"
import * as Refused from "../Refused.ts"
import type { Core } from "./core.ts"
import { bytesOf } from "./memoryBudget.ts"
import { type Connection, eventFrame, type Payload, type Session, Sessions } from "./sessions.ts"
import type { Tokens } from "./tokens.ts"
import type { Views } from "./views.ts"

export const make = (
  { budget, chance, identity, monotonicNow, now, secrets, settings, state }: Core,
  { authenticate, current, isExpired }: Tokens,
  { sides, toEvent }: Views
) => {
  const sessions = new Sessions({ retention: settings.sessionRetention, maxUnacked: settings.maxUnacked }, secrets)
  const nodeId = `${identity.spaceId}@sandbox`
  /**
   * An event for every session of every member. Nearly all of it is the same for all of them, and of a room even the
   * payload: that is written once.
   */
  const publish = (message: Records.Message): void => {
    const found = state.conversations.get(message.groupId)
    if (found === undefined) return
    const payloads = new Map<string, Payload>()
    for (const member of found.members) {
      const { otherId } = sides(found.group, member)
      let payload = payloads.get(otherId)
      if (payload === undefined) {
        const text = JSON.stringify(ConversationEvent.encode(toEvent(message, found.group, member), settings.dialect))
        payload = { text, bytes: bytesOf(text), shares: sessions.countOf(found.members) }
        payloads.set(otherId, payload)
      }
      const params = payload
      sessions.publish(member, (session) => {
        const id = chance.uuid()
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
    const state = `${chance.base64(12)}:${chance.base64(48)}`
    secrets.add(state)
    return state
  }
  const open: Service["open"] = (request) =>
    Effect.gen(function*() {
      const known = request.protocol === undefined || request.state === undefined
        ? undefined
        : sessions.find(request.protocol, request.state, monotonicNow())
      const shown = state.tokens.get(request.token) ??
        // one that was forgotten since its session was opened with it
        (known?.token.token === request.token ? known.token : undefined)
      // the state proves who it is, so the token may have expired; another subscriber's, or none of ours, is another matter
      if (known !== undefined && shown?.kind === "SAT" && shown.subscriberId === known.subscriberId) {
        // a client that got a new token meanwhile goes on with that
        if (!isExpired(shown)) known.token = shown
        return { session: known, restored: true }
      }
      const { subscriber, token } = yield* authenticate(request.token)
      if (sessions.connectedOf(subscriber.id) >= settings.maxSocketsPerSubscriber) return yield* Refused.tooMany
      const session: Session = {
        protocol: `signalwire_${token.jti}_${chance.uuid()}_${chance.uuid()}`,
        subscriberId: subscriber.id,
        acks: request.acks,
        jti: token.jti,
        token,
        lapsedToken: undefined,
        state: newState(),
        previousState: undefined,
        connection: undefined,
        detachedAt: monotonicNow(),
        unacked: new Map(),
        unackedBytes: 0,
        heldBytes: 0,
        held: budget.open(() => sessions.giveUp(session)),
        unheard: 0
      }
      sessions.open(session, monotonicNow())
      return { session, restored: false }
    })
  const attach: Service["attach"] = (session, connection, first) => {
    const previous = session.connection
    session.connection = connection
    session.unheard = 0
    // it knows, if it resumes with an expired token
    if (isExpired(current(session.token))) session.lapsedToken = session.token.token
    if (previous !== undefined && previous !== connection) previous.close(1000)
    first()
    for (const frame of session.unacked.values()) connection.send(frame)
  }
  const reauthenticate: Service["reauthenticate"] = (session, text) =>
    Effect.flatMap(authenticate(text), ({ subscriber, token }) => {
      if (subscriber.id !== session.subscriberId) return Effect.fail(Refused.unauthorized)
      session.token = token
      if (session.previousState !== undefined) secrets.delete(session.previousState)
      session.previousState = session.state
      session.state = newState()
      return Effect.void
    })

  const lapsed: Service["lapsed"] = (session) => {
    if (session.lapsedToken === session.token.token || !isExpired(current(session.token))) return false
    session.lapsedToken = session.token.token
    return true
  }

  return {
    acknowledge: (session: Session, id: string | number) => sessions.acknowledge(session, id),
    attach,
    detach: (session: Session, connection: Connection) => sessions.detach(session, connection, monotonicNow()),
    forget: (session: Session) => sessions.forget(session),
    lapsed,
    open,
    publish,
    reauthenticate,
    sessions: () => sessions.all(monotonicNow())
  }
}
