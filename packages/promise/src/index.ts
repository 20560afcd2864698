/**
 * SignalWire's Conversation namespace for plain TypeScript.
 *
 * @since 0.1.0
 */
export { ConversationError } from "@effect-signalwire/conversation/ConversationError"
export type { OverflowPolicy as Policy } from "@effect-signalwire/conversation/Conversations"
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
export { type FieldError, isRecoverable, type Reason } from "@effect-signalwire/schema/Reason"
export type { ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
export type { AddressApi, GetAddressesOptions, GetAddressOptions } from "./AddressApi.ts"
export type { ChatApi, ChatSubscribeOptions, ChatSubscribeParams, GetChatMessagesOptions } from "./ChatApi.ts"
export type { ConversationApi } from "./ConversationApi.ts"
export type {
  FindMessageOptions,
  GetConversationMessagesOptions,
  GetMessagesOptions,
  JoinOptions,
  ListOptions,
  MessagesOptions,
  SendMessageOptions,
  TimelineOptions
} from "./ConversationOptions.ts"
export { checkMessage } from "./internal/conversationApi.ts"
export type { Page } from "./Page.ts"
export type { RunOptions } from "./RunOptions.ts"
export { SignalWire } from "./SignalWire.ts"
export type { Connection, SignalWireClient } from "./SignalWireClient.ts"
export type { SignalWireLogger, SignalWireOptions } from "./SignalWireOptions.ts"
export type { OnMessage, SubscribeOptions, Subscription } from "./Subscription.ts"
export type { Gap, TimelineEvent } from "./TimelineEvent.ts"
