/**
 * The service over a transport.
 */
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import { isLoopback } from "@effect-signalwire/runtime/Endpoint"
import { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import * as Settings from "@effect-signalwire/runtime/Settings"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { defaultSchedule } from "../RetryPolicy.ts"
import { firstPage, stream, withOptions } from "./call.ts"
import type { Client } from "./client.ts"
import type { Service } from "./contract.ts"
import * as DialectDetection from "./dialectDetection.ts"
import * as Groups from "./groups.ts"
import * as Lists from "./lists.ts"
import * as Lookups from "./lookups.ts"
import type { Options } from "./options.ts"
import { sendMessage } from "./sendMessage.ts"
import type { Transport } from "./transport.ts"
import * as Urls from "./urls.ts"
import * as Validation from "./validation.ts"

const makeClient = (
  { deadline, dialect, endpoint, retry, timeout }: Options,
  transport: Transport,
  credentials: Credentials.Service,
  instrumentation: Instrumentation
): Client => ({
  baseUrl: Urls.baseUrl(endpoint.http),
  isLoopback: isLoopback(new URL(endpoint.http).hostname),
  isClosed: false,
  transport,
  credentials,
  instrumentation: instrumentation.forService("SignalWireHttp", endpoint.http),
  timeouts: {
    attemptMillis: Settings.millis("timeout", timeout ?? "10 seconds"),
    onceMillis: Settings.millis("timeout", timeout ?? "30 seconds"),
    deadlineMillis: Settings.millis("deadline", deadline ?? "90 seconds")
  },
  retrySchedule: retry ?? defaultSchedule,
  dialect: dialect === "auto" ? undefined : dialect,
  groups: undefined,
  dialectProbes: undefined
})

/** Shared by all clients, of which a program may have thousands. */
const addresses = { validate: Validation.addresses, request: Lists.addresses }
const conversations = { validate: Validation.page, request: Lists.conversations }
const conversationMessages = { validate: Validation.conversationMessages, request: Lists.conversationMessages }
const messages = { validate: Validation.messages, request: Lists.messages }

const makeService = (client: Client): Service => ({
  getSubscriber: Effect.suspend(() => Lookups.getSubscriber(client)),
  getAddress: (options) => Lookups.getAddress(client, options),
  getAddressByName: (options) => Lookups.getAddressByName(client, options),
  getAddresses: (options) => firstPage(client, "getAddresses", addresses, options),
  addresses: (options) => stream(client, "addresses", addresses, options),
  getConversations: (options) => firstPage(client, "getConversations", conversations, options),
  conversations: (options) => stream(client, "conversations", conversations, options),
  getConversationMessages: (options) => firstPage(client, "getConversationMessages", conversationMessages, options),
  conversationMessages: (options) => stream(client, "conversationMessages", conversationMessages, options),
  getMessages: (options) => firstPage(client, "getMessages", messages, options),
  messages: (options) => stream(client, "messages", messages, options),
  sendMessage: (options) => sendMessage(client, options),
  join: (options) =>
    withOptions(
      client,
      "join",
      options,
      Validation.addressId,
      (addressId) => DialectDetection.join(client, "join", addressId)
    ),
  addressOf: (groupId) => Groups.addressOf(client, groupId),
  dialect: Effect.sync(() => Option.fromUndefinedOr(client.dialect))
})

/** Builds the service; once the scope is closed, its methods fail with `Closed`. */
export const make = Effect.fnUntraced(function*(
  options: Options,
  transport: Transport
): Effect.fn.Return<Service, never, Credentials.Credentials | Scope.Scope> {
  const client = makeClient(options, transport, yield* Credentials.Credentials, yield* Instrumentation)
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      client.isClosed = true
    })
  )
  return makeService(client)
})
