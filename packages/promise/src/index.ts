/**
 * SignalWire's Conversation namespace for plain TypeScript.
 *
 * @since 0.1.0
 */
export { ConversationError } from "@effect-signalwire/conversation/ConversationError"
export type { Policy } from "@effect-signalwire/conversation/Conversations"
export type { GapReason } from "@effect-signalwire/conversation/TimelineEvent"
export type {
  Address,
  Conversation,
  ConversationEvent,
  ConversationMessage,
  JoinConversationResponse
} from "@effect-signalwire/schema/Documented"
export type { JsonObject } from "@effect-signalwire/schema/JsonObject"
export type { MalformedValue } from "@effect-signalwire/schema/Malformed"
export { type FieldError, mayHeal, type Reason } from "@effect-signalwire/schema/Reason"
export type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
export type { AddressApi, GetAddressesOptions, GetAddressOptions } from "./AddressApi.ts"
export type { ChatApi, ChatSubscribeOptions, ChatSubscribeParams, GetChatMessagesOptions } from "./ChatApi.ts"
export {
  checkMessage,
  type ConversationApi,
  type FindMessageOptions,
  type GetConversationMessagesOptions,
  type GetMessagesOptions,
  type JoinOptions,
  type ListOptions,
  type MessagesOptions,
  type SendMessageOptions,
  type SubscribeOptions,
  type Subscription,
  type TimelineOptions
} from "./ConversationApi.ts"
export type { Page } from "./internal/page.ts"
export type { RunOptions } from "./internal/runner.ts"
export type { OnMessage } from "./internal/subscribing.ts"
export {
  type Connection,
  SignalWire,
  type SignalWireClient,
  type SignalWireLogger,
  type SignalWireOptions
} from "./SignalWire.ts"
export type { Gap, TimelineEvent } from "./Timeline.ts"
