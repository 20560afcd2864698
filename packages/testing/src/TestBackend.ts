/**
 * The backend that a test runs against, in memory or elsewhere, and clients of it.
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

/** A backend to test against. */
export interface Service {
  /** The URLs that clients connect to. */
  readonly endpoint: Endpoint
  /** A client of the admin API. */
  readonly admin: AdminClient.AdminClient
  /** Provides the transports by which clients reach the backend. */
  readonly transports: Layer.Layer<HttpClient | WebSocketConstructor>
}

/** The backend that a test runs against. */
export class TestBackend extends Context.Service<TestBackend, Service>()("@effect-signalwire/testing/TestBackend") {}

/** Provides the backend at `endpoint`, which is reached over the given transports. */
export const layer = (endpoint: Endpoint): Layer.Layer<TestBackend, never, HttpClient | WebSocketConstructor> =>
  Layer.effect(
    TestBackend,
    Effect.gen(function*() {
      const context = yield* Effect.context<HttpClient | WebSocketConstructor>()
      return TestBackend.of({
        endpoint,
        admin: yield* AdminClient.make(endpoint.http),
        transports: Layer.succeedContext(context)
      })
    })
  )

/** A subscriber and its client. */
export interface Participant extends Conversations.Service {
  /** The ids and the token of the subscriber. */
  readonly account: Admin.SubscriberCreated
}

/** Options of a participant's client. The token and the URLs are set by default. */
export type ParticipantOptions = Partial<Conversations.Options>

/**
 * Creates a subscriber with the display name `name`, and a client that is closed with the scope. Its name starts with `name`
 * and is unique.
 */
export const participant = Effect.fnUntraced(function*(
  name: string,
  options?: ParticipantOptions
): Effect.fn.Return<Participant, ConversationError, TestBackend | Scope.Scope> {
  const { admin } = yield* TestBackend
  const account = yield* admin.createSubscriber({
    name: `${name}-${(yield* Uuid.make).slice(0, 8)}`,
    displayName: name
  })
  return { account, ...(yield* client(account.token, options)) }
})

/** Makes a client for a token; it is closed with the scope. */
export const client = Effect.fnUntraced(function*(
  token: string,
  options?: ParticipantOptions
): Effect.fn.Return<Conversations.Service, ConversationError, TestBackend | Scope.Scope> {
  const { endpoint, transports } = yield* TestBackend
  const context = yield* Layer.build(
    Conversations.layer({ token: Redacted.make(token), urls: endpoint, ...options }).pipe(Layer.provide(transports))
  )
  return Context.get(context, Conversations.Conversations)
})

/** Creates a room with a unique name that starts with `name`. Returns its address id. */
export const room = Effect.fnUntraced(function*(name: string) {
  const { admin } = yield* TestBackend
  return (yield* admin.createRoom({ name: `${name}-${(yield* Uuid.make).slice(0, 8)}` })).addressId
})
