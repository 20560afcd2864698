/** The methods of `Conversations` that read from the server, and `join`. */
import type * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Page from "@effect-signalwire/schema/Page"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import { ConversationError } from "../ConversationError.ts"
import type { ConversationCache } from "./conversationCache.ts"
import * as HistorySlice from "./historySlice.ts"

export interface Dependencies {
  readonly http: SignalWireHttp.Service
  readonly cache: ConversationCache
}

/** The page size of background reads and of searches. */
export const historyPageSize = 100

/** How many messages of history a search reads. */
export const searchLimit = 100_000

/** Reads a page, with the errors of this service for it and its neighbors. */
export const readPage = <A>(
  method: string,
  read: Effect.Effect<Page.Page<A, SignalWireHttpError>, SignalWireHttpError>
): Effect.Effect<Page.Page<A, ConversationError>, ConversationError> => {
  const onError = ConversationError.from(method)
  return Effect.mapBoth(read, {
    onFailure: onError,
    onSuccess: (page) => Page.mapBoth(page, { onItem: identity, onError })
  })
}

export const getConversations = ({ cache, http }: Dependencies, options?: SignalWireHttp.PageOptions) =>
  Effect.tap(
    readPage("getConversations", http.getConversations(options)),
    ({ data }) => Effect.sync(() => cache.addAll(data))
  )

export const getConversationMessages = (
  { http }: Dependencies,
  options: SignalWireHttp.ConversationMessageOptions
) => readPage("getConversationMessages", http.getConversationMessages(options))

export const getMessages = ({ http }: Dependencies, options?: SignalWireHttp.MessageOptions) =>
  readPage("getMessages", http.getMessages(options))

export const findMessage = (
  { http }: Dependencies,
  { addressId, clientId }: { readonly addressId: string; readonly clientId: string }
) => {
  const isMatch = (message: ConversationMessage) => message.clientId === clientId
  return Effect.map(
    HistorySlice.readBack(
      readPage("findMessage", http.getConversationMessages({ addressId, pageSize: historyPageSize })),
      null,
      searchLimit,
      isMatch
    ),
    ({ messages }) => Option.fromUndefinedOr(messages.find(isMatch))
  )
}

export const join = ({ http }: Dependencies, options: { readonly addressId: string }) =>
  Effect.mapError(http.join(options), ConversationError.from("join"))
