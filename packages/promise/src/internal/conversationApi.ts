/** The methods of `client.conversation`. */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Branded from "@effect-signalwire/schema/Branded"
import * as Documented from "@effect-signalwire/schema/Documented"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { ConversationApi } from "../ConversationApi.ts"
import type {
  FindMessageOptions,
  GetConversationMessagesOptions,
  GetMessagesOptions,
  JoinOptions,
  ListOptions,
  MessagesOptions,
  SendMessageOptions,
  TimelineOptions
} from "../ConversationOptions.ts"
import type { RunOptions } from "../RunOptions.ts"
import type { OnMessage, SubscribeOptions } from "../Subscription.ts"
import { fromEvent } from "../TimelineEvent.ts"
import { normalizeOptions, parameterError } from "./options.ts"
import { toPage } from "./page.ts"
import { asyncMethod, iterableMethod, syncMethod } from "./publicMethod.ts"
import { subscribe, type SubscribeHost } from "./subscribe.ts"
import { requireTimeout } from "./validateOptions.ts"

/**
 * Checks a message without sending it, and without a client. Throws the `ConversationError` that
 * `client.conversation.sendMessage` would reject with if the message can never be sent, for example because its text is
 * empty: it has reason `Invalid` and `stored: "no"`.
 */
export const checkMessage: (options: Omit<SendMessageOptions, "clientId">) => void = /* @__PURE__ */ syncMethod(
  "conversation.sendMessage",
  (options: Omit<SendMessageOptions, "clientId">) => {
    const reason = SignalWireHttp.checkMessage(normalizeOptions(options))
    if (Option.isSome(reason)) {
      throw new ConversationError({ method: "sendMessage", reason: reason.value, stored: "no" })
    }
  }
)

const requireClientId = (clientId: unknown): string => {
  if (typeof clientId === "string" && clientId !== "") return clientId
  throw parameterError("clientId", "must be a non-empty string")
}

export const make = (host: SubscribeHost): ConversationApi => {
  const { runner } = host
  const use = <A, E>(
    f: (conversations: Conversations.Service) => Effect.Effect<A, E>,
    options: RunOptions
  ): Promise<A> => runner.run(Effect.flatMap(Conversations.Conversations, f), options)

  return {
    getConversations: asyncMethod("conversation.getConversations", async (_, input: ListOptions = {}) => {
      const options = normalizeOptions(input)
      const page = await use((conversations) => conversations.getConversations(options), options)
      return toPage(runner, "conversation.getConversations", page, Documented.conversation, options)
    }),
    getConversationMessages: asyncMethod(
      "conversation.getConversationMessages",
      async (_, input: GetConversationMessagesOptions) => {
        const options = normalizeOptions(input)
        const page = await use((conversations) => conversations.getConversationMessages(options), options)
        return toPage(runner, "conversation.getConversationMessages", page, Documented.message, options)
      }
    ),
    getMessages: asyncMethod("conversation.getMessages", async (_, input: GetMessagesOptions = {}) => {
      const options = normalizeOptions(input)
      const page = await use((conversations) => conversations.getMessages(options), options)
      return toPage(runner, "conversation.getMessages", page, Documented.message, options)
    }),
    subscribe: asyncMethod(
      "conversation.subscribe",
      async (mapError, callback: OnMessage, options: SubscribeOptions = {}) =>
        subscribe(host, mapError, () => true, callback, normalizeOptions(options))
    ),
    sendMessage: asyncMethod("conversation.sendMessage", async (_, input: SendMessageOptions) => {
      // for failures that don't say themselves whether the message may have been stored
      let stored: "no" | "unknown" = "no"
      try {
        const { clientId, signal, ...message } = normalizeOptions(input)
        const send: Conversations.SendOptions = clientId === undefined
          ? message
          : { ...message, clientId: Branded.clientId(requireClientId(clientId)) }
        if (!runner.isClosed()) stored = "unknown"
        return Documented.conversation(await use((conversations) => conversations.sendMessage(send), { signal }))
      } catch (error) {
        throw error instanceof ConversationError && error.stored === undefined
          ? ConversationError.fromSend(error.method, stored)(error)
          : error
      }
    }),
    findMessage: asyncMethod("conversation.findMessage", async (_, input: FindMessageOptions) => {
      const options = normalizeOptions(input)
      requireClientId(options.clientId)
      const message = await use((conversations) => conversations.findMessage(options), options)
      return Option.getOrUndefined(Option.map(message, Documented.message))
    }),
    join: asyncMethod("conversation.join", async (_, input: JoinOptions) => {
      const options = normalizeOptions(input)
      return Documented.join(await use((conversations) => conversations.join(options), options))
    }),
    messages: iterableMethod("conversation.messages", (mapError, input: MessagesOptions = {}) => {
      const options = normalizeOptions(input)
      const timeout = requireTimeout(options.timeout)
      return () =>
        runner.iterate(
          Conversations.Conversations.useSync(({ subscription }) => Stream.unwrap(subscription({ timeout }))),
          Documented.event,
          mapError,
          options
        )
    }),
    timeline: iterableMethod("conversation.timeline", (mapError, input: TimelineOptions) => {
      const options = normalizeOptions(input)
      requireTimeout(options.timeout)
      return () =>
        runner.iterate(
          Conversations.Conversations.useSync(({ timeline }) => timeline(options)),
          fromEvent,
          mapError,
          options
        )
    })
  }
}
