/**
 * Mock layers of the client services, with just the members that a test needs. Using any other member is a defect that names it.
 *
 * ```ts
 * import * as Fixtures from "@effect-signalwire/testing/Fixtures"
 * import * as Mocks from "@effect-signalwire/testing/Mocks"
 * import * as Stream from "effect/Stream"
 *
 * const layer = Mocks.conversations({ subscribe: Stream.make(Fixtures.conversationEvent({ text: "hello" })) })
 * ```
 *
 * @since 0.1.0
 */
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import { idle } from "@effect-signalwire/subscription/ConnectionState"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"

/**
 * Provides `Conversations` with these members. The default `connection` is `Idle` and never changes, and its `ready` and
 * `reconnect` complete immediately.
 */
export const conversations = (
  members: Partial<Conversations.Service>
): Layer.Layer<Conversations.Conversations> =>
  Layer.mock(Conversations.Conversations, {
    connection: {
      current: Effect.succeed(idle),
      changes: Stream.make(idle),
      ready: Effect.void,
      reconnect: Effect.void
    },
    ...members
  })

/** Provides `SignalWireHttp` with these members. The default `addressOf` returns `null`. */
export const http = (members: Partial<SignalWireHttp.Service>): Layer.Layer<SignalWireHttp.SignalWireHttp> =>
  Layer.mock(SignalWireHttp.SignalWireHttp, { addressOf: () => null, ...members })

/**
 * Provides `Subscription` with these members. By default `signals` emits nothing, `connection` is `Idle` and
 * never changes, and `awaitWake` never completes.
 */
export const subscription = (members: Partial<Subscription.Service>): Layer.Layer<Subscription.Subscription> =>
  Layer.mock(Subscription.Subscription, {
    signals: Stream.never,
    connection: { current: Effect.succeed(idle), changes: Stream.make(idle) },
    awaitWake: Effect.never,
    ...members
  })

/** Provides `Credentials` with a token that cannot be refreshed. */
export const credentials = (token = "test-token"): Layer.Layer<Credentials.Credentials> =>
  Credentials.layer({ token: Redacted.make(token) })
