/** The methods of `client.chat`. */
import { ConversationError } from "@effect-signalwire/conversation/ConversationError"
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Documented from "@effect-signalwire/schema/Documented"
import * as PageOf from "@effect-signalwire/schema/Page"
import type { Malformed } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import type { ChatApi, ChatSubscribeOptions, ChatSubscribeParams, GetChatMessagesOptions } from "../ChatApi.ts"
import type { ConversationApi } from "../ConversationApi.ts"
import type { OnMessage } from "../Subscription.ts"
import { normalizeOptions, parameterError } from "./options.ts"
import { toPage } from "./page.ts"
import { asyncMethod } from "./publicMethod.ts"
import { subscribe, type SubscribeHost } from "./subscribe.ts"

const toError = (reason: Malformed) => new ConversationError({ method: "chat.getMessages", reason })

const isChat = ({ subtype }: ConversationMessage): boolean => subtype === "chat"

/** The callback and the options of either overload of `subscribe`. */
const splitArguments = (first: OnMessage | ChatSubscribeParams, second: ChatSubscribeOptions) => {
  if (typeof first === "function") return { callback: first, options: normalizeOptions(second) }
  const { onMessage, ...options } = normalizeOptions(first)
  return { callback: onMessage, options }
}

const isNonEmptyString = (value: unknown): boolean => typeof value === "string" && value !== ""

export const make = (host: SubscribeHost, { join, sendMessage }: ConversationApi): ChatApi => ({
  getMessages: asyncMethod("chat.getMessages", async (_, input: GetChatMessagesOptions = {}) => {
    const options = normalizeOptions(input)
    const { addressId } = options
    const page = await host.runner.run(
      Effect.flatMap(
        Conversations.Conversations,
        (conversations) =>
          Effect.flatMap(
            addressId === undefined
              ? conversations.getMessages(options)
              : conversations.getConversationMessages({ ...options, addressId }),
            (page) => PageOf.filter(page, isChat, toError)
          )
      ),
      options
    )
    return toPage(host.runner, "chat.getMessages", page, Documented.message, options)
  }),
  subscribe: asyncMethod(
    "chat.subscribe",
    async (mapError, first: OnMessage | ChatSubscribeParams, second: ChatSubscribeOptions = {}) => {
      const { callback, options } = splitArguments(first, second)
      const { addressId } = options
      if (addressId !== undefined && !isNonEmptyString(addressId)) {
        throw parameterError("addressId", "must be a non-empty string")
      }
      return subscribe(
        host,
        mapError,
        (event) => isChat(event) && (addressId === undefined || event.addressId === addressId),
        callback,
        options
      )
    }
  ),
  sendMessage: asyncMethod("chat.sendMessage", (_, options) => sendMessage(options)),
  join: asyncMethod("chat.join", (_, options) => join(options))
})
