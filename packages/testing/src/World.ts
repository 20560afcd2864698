/**
 * A backend to test against, wherever it runs, and clients of it.
 *
 * @since 0.1.0
 */
import type * as Admin from "@effect-signalwire/backend/Admin"
import type { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import type { Endpoint } from "@effect-signalwire/runtime/Endpoint"
import * as Uuid from "@effect-signalwire/runtime/Uuid"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { WebSocketConstructor } from "effect/socket/Socket"
import * as AdminClient from "./AdminClient.ts"

/** Where the backend is, how to reach it, and how to ask it for what clients can't. */
export interface Service {
  /** Where clients connect. */
  readonly endpoint: Endpoint
  /** The admin API. */
  readonly admin: AdminClient.AdminClient
  /** What clients reach it over. */
  readonly transports: Layer.Layer<HttpClient | WebSocketConstructor>
}

/** A backend to test against, wherever it runs. */
export class World extends Context.Service<World, Service>()("@effect-signalwire/testing/World") {}

/** The backend at `endpoint`, reached over the given transports. */
export const layer = (endpoint: Endpoint): Layer.Layer<World, never, HttpClient | WebSocketConstructor> =>
  Layer.effect(
    World,
    Effect.gen(function*() {
      const context = yield* Effect.context<HttpClient | WebSocketConstructor>()
      return World.of({
        endpoint,
        admin: yield* AdminClient.make(endpoint.http),
        transports: Layer.succeedContext(context)
      })
    })
  )

/** A subscriber with a client of its own. */
export interface Participant extends Conversations.Service {
  /** Who it is: ids and token. */
  readonly account: Admin.SubscriberCreated
}

/** Options of a participant's client, beside the token and the address. */
export type ParticipantOptions = Partial<Conversations.Options>

/** A new subscriber whose name begins with `name`, and its client; the client closes with the scope. */
export const participant = Effect.fnUntraced(function*(
  name: string,
  options?: ParticipantOptions
): Effect.fn.Return<Participant, ConversationError, World | Scope.Scope> {
  const { admin } = yield* World
  const account = yield* admin.createSubscriber({
    name: `${name}-${(yield* Uuid.make).slice(0, 8)}`,
    displayName: name
  })
  return { account, ...(yield* client(account.token, options)) }
})

/** A client for a token; it closes with the scope. */
export const client = Effect.fnUntraced(function*(
  token: string,
  options?: ParticipantOptions
): Effect.fn.Return<Conversations.Service, ConversationError, World | Scope.Scope> {
  const { endpoint, transports } = yield* World
  const context = yield* Layer.build(
    Conversations.layer({ token: Redacted.make(token), urls: endpoint, ...options }).pipe(Layer.provide(transports))
  )
  return Context.get(context, Conversations.Conversations)
})

/** A new room whose name begins with `name`; answers its address. */
export const room = Effect.fnUntraced(function*(name: string) {
  const { admin } = yield* World
  return (yield* admin.createRoom({ name: `${name}-${(yield* Uuid.make).slice(0, 8)}` })).addressId
})
