/**
 * The `Conversations` service is SignalWire's Conversation namespace: it lists conversations and messages, sends
 * messages exactly once, joins conversations, and streams new messages without losing or repeating one.
 *
 * ```ts
 * import * as Conversations from "@effect-signalwire/conversation/Conversations"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 * import * as Stream from "effect/Stream"
 *
 * const program = Effect.gen(function*() {
 *   const { subscribe } = yield* Conversations.Conversations
 *   yield* Stream.runForEach(subscribe, ({ text }) => Effect.log(text))
 * })
 *
 * export const main = (token: string) =>
 *   Effect.provide(program, Conversations.layerFetch({ token: Redacted.make(token) }))
 * ```
 *
 * @since 0.1.0
 */
export {
  type ConfigOptions,
  environment,
  layer,
  layerBareFetch,
  layerConfig,
  layerCredentials,
  layerFetch,
  layerServices,
  layerTransports,
  makeBareFetch,
  makeCredentials,
  type Services
} from "./internal/conversationsLayers.ts"
export type {
  BareFetchOptions,
  ConnectOptions,
  Continuity,
  Options,
  OverflowPolicy,
  SendOptions,
  ServiceOptions,
  SubscriptionOptions,
  TimelineOptions
} from "./internal/conversationsOptions.ts"
export { Conversations, type Service } from "./internal/conversationsService.ts"
export type { Environment } from "./internal/environment.ts"
export { make } from "./internal/makeConversations.ts"
