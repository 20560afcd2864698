/** The methods of `Conversations` that read from the server, and `join`. */
import type * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Page from "@effect-signalwire/schema/Page"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import { ConversationError } from "../ConversationError.ts"
import type { ConversationCache } from "./conversationCache.ts"
import * as HistorySlice from "./historySlice.ts"

export interface Dependencies {
  readonly http: SignalWireHttp.Service
  readonly cache: ConversationCache
  readonly instrumentation: Instrumentation
}

/** The page size of reads that the service makes on its own account. */
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

export const getConversations = (
  { cache, http, instrumentation }: Dependencies,
  options?: SignalWireHttp.PageOptions
) =>
  readPage("getConversations", http.getConversations(options)).pipe(
    Effect.tap(({ data }) => Effect.sync(() => cache.addAll(data))),
    instrumentation.span("Conversations.getConversations")
  )

export const getConversationMessages = (
  { http, instrumentation }: Dependencies,
  options: SignalWireHttp.ConversationMessageOptions
) =>
  readPage("getConversationMessages", http.getConversationMessages(options)).pipe(
    instrumentation.span("Conversations.getConversationMessages")
  )

export const getMessages = ({ http, instrumentation }: Dependencies, options?: SignalWireHttp.MessageOptions) =>
  readPage("getMessages", http.getMessages(options)).pipe(instrumentation.span("Conversations.getMessages"))

export const findMessage = (
  { http, instrumentation }: Dependencies,
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
    ({ messages }) => messages.find(isMatch)
  ).pipe(instrumentation.span("Conversations.findMessage"))
}

export const join = ({ http, instrumentation }: Dependencies, options: { readonly addressId: string }) =>
  http.join(options).pipe(
    Effect.mapError(ConversationError.from("join")),
    instrumentation.span("Conversations.join")
  )
