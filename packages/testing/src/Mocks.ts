/**
 * Each service as a layer of just the members that a test needs; using one that is left out is a defect that names it.
 *
 * ```ts
 * import * as Fixtures from "@effect-signalwire/testing/Fixtures"
 * import * as Mocks from "@effect-signalwire/testing/Mocks"
 * import * as Stream from "effect/Stream"
 *
 * const layer = Mocks.conversations({ subscribe: Stream.make(Fixtures.event({ text: "hello" })) })
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
 * A `Conversations` of these members. Without a `connection` among them, its state is `Idle` and never changes, and
 * `ready` and `reconnect` complete at once.
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

/** A `SignalWireHttp` of these members. Without `addressOf` among them, no address of a group is known. */
export const http = (members: Partial<SignalWireHttp.Service>): Layer.Layer<SignalWireHttp.SignalWireHttp> =>
  Layer.mock(SignalWireHttp.SignalWireHttp, { addressOf: () => null, ...members })

/**
 * A `Subscription` of these members. Without them, `observe` and `watchConnection` never call back, `connection` is
 * `Idle`, and `awaitWake` never completes.
 */
export const subscription = (members: Partial<Subscription.Service>): Layer.Layer<Subscription.Subscription> =>
  Layer.mock(Subscription.Subscription, {
    observe: () => Effect.void,
    connection: Effect.succeed(idle),
    watchConnection: () => Effect.void,
    awaitWake: Effect.never,
    ...members
  })

/** `Credentials` with a token that can't be renewed. */
export const credentials = (token = "test-token"): Layer.Layer<Credentials.Credentials> =>
  Credentials.layer({ token: Redacted.make(token) })
