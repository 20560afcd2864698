/**
 * Admin routes that list sessions and close their sockets.
 */
import { decoder } from "@effect-signalwire/schema/SchemaDecoder"
import * as Effect from "effect/Effect"
import * as Admin from "../Admin.ts"
import { type AddRoute, jsonBody } from "./adminRouting.ts"
import type { Service } from "./contract.ts"
import { json } from "./http.ts"

const decodeDrop = decoder(Admin.DropSessions)
const decodeDisconnect = decoder(Admin.DisconnectSessions)

export const add = Effect.fnUntraced(function*(route: AddRoute, backend: Service) {
  yield* route(
    "GET",
    "/sessions",
    Effect.sync(() => {
      const list: Admin.SessionList = {
        sessions: backend.sessions().map(({ connection, protocol, subscriberId, unacked, unackedBytes }) => ({
          protocol,
          subscriberId,
          connected: connection !== undefined,
          unacked: unacked.size,
          bytes: unackedBytes + (connection?.queuedBytes() ?? 0)
        }))
      }
      return json(list)
    })
  )
  /** The open sockets of one subscriber, or of all. */
  const connectionsOf = (subscriberId: string | null | undefined) =>
    backend.sessions().flatMap((session) =>
      session.connection !== undefined && (subscriberId ?? session.subscriberId) === session.subscriberId
        ? [session.connection]
        : []
    )
  const dropped = (connections: ReadonlyArray<unknown>) => {
    const body: Admin.SessionsDropped = { dropped: connections.length }
    return json(body)
  }
  yield* route(
    "POST",
    "/sessions/drop",
    Effect.map(jsonBody(decodeDrop), ({ code, subscriberId }) => {
      const connections = connectionsOf(subscriberId)
      for (const connection of connections) connection.close(code ?? null)
      return dropped(connections)
    })
  )
  yield* route(
    "POST",
    "/sessions/disconnect",
    Effect.map(jsonBody(decodeDisconnect), ({ restart, subscriberId }) => {
      const connections = connectionsOf(subscriberId)
      for (const connection of connections) connection.disconnect(restart ?? false)
      return dropped(connections)
    })
  )
})
