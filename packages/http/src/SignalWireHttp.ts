/**
 * The HTTP side of the Conversation namespace: subscriber, addresses, conversations, messages, sending and joining, in
 * whichever dialect the server speaks. Every failure is a {@link SignalWireHttpError} whose `reason` says what
 * happened.
 *
 * @since 0.1.0
 */
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import { type Endpoint, isLoopback } from "@effect-signalwire/runtime/Endpoint"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Json from "@effect-signalwire/runtime/Json"
import * as Address from "@effect-signalwire/schema/Address"
import * as ClientKey from "@effect-signalwire/schema/ClientKey"
import type * as Conversation from "@effect-signalwire/schema/Conversation"
import type * as ConversationMessage from "@effect-signalwire/schema/ConversationMessage"
import type { Dialect } from "@effect-signalwire/schema/Dialect"
import type { ClientId, ConversationId, GroupId } from "@effect-signalwire/schema/Ids"
import type { JoinConversationResponse } from "@effect-signalwire/schema/JoinConversationResponse"
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import type { Page } from "@effect-signalwire/schema/Page"
import { type Invalid, Malformed, NotFound } from "@effect-signalwire/schema/Reason"
import * as SendMessage from "@effect-signalwire/schema/SendMessage"
import type { Subscriber } from "@effect-signalwire/schema/Subscriber"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Client } from "./internal/client.ts"
import * as Drift from "./internal/drift.ts"
import { failed, lift, readable } from "./internal/errors.ts"
import * as Groups from "./internal/groups.ts"
import * as Inputs from "./internal/inputs.ts"
import * as Learning from "./internal/learning.ts"
import * as Listings from "./internal/listings.ts"
import * as OverClient from "./internal/overClient.ts"
import * as OverFetch from "./internal/overFetch.ts"
import * as Pages from "./internal/pages.ts"
import * as Requests from "./internal/request.ts"
import { defaultSchedule } from "./internal/retry.ts"
import type { Listing } from "./internal/sheets.ts"
import type { Transport } from "./internal/transport.ts"
import * as Urls from "./internal/urls.ts"
import * as Posting from "./Posting.ts"
import type { SignalWireHttpError } from "./SignalWireHttpError.ts"

/** How to read a list. */
export interface PageOptions {
  /** How many items a page holds: 1 to 1000. @default as the server decides */
  readonly pageSize?: number | undefined
}

/** Which messages to read. */
export interface MessageOptions extends PageOptions {
  /** The most messages to read in all, over all pages. @default no limit */
  readonly limit?: number | undefined
  /** Only messages at or after this time: unix seconds, or a `DateTime`. */
  readonly since?: number | DateTime.DateTime | undefined
  /** Only messages at or before this time: unix seconds, or a `DateTime`. */
  readonly until?: number | DateTime.DateTime | undefined
}

/** Which messages of one conversation to read. */
export interface ConversationMessageOptions extends MessageOptions {
  /** The other side of the conversation. */
  readonly addressId: string
}

/** Which addresses to list. */
export interface AddressOptions extends PageOptions {
  /** Only addresses of this type: `room`, `subscriber`, `app`, `call`, or one to come. */
  readonly type?: string | undefined
  /** Only addresses that are shown under this name. */
  readonly displayName?: string | undefined
  /** What they are sorted by. @default as the server decides */
  readonly sortBy?: "name" | "created_at" | undefined
  /** In which direction. @default as the server decides */
  readonly sortOrder?: "asc" | "desc" | undefined
}

/** A message to send. */
export interface SendOptions {
  /** The other side of the conversation. */
  readonly addressId: string
  /** What it says; not empty. */
  readonly text: string
  /**
   * Metadata to go along with it: an object of what JSON can say. What JSON would change or lose, such as a `Date`, a
   * function or `NaN`, is refused with its path; a property that is `undefined` is left out.
   */
  readonly metadata?: JsonObject | undefined
  /** Extra details, for custom UIs for example: an object like `metadata`. */
  readonly details?: JsonObject | undefined
  /** The sender's own id of the message, by which it is recognised in history. */
  readonly clientId?: ClientId | undefined
  /**
   * Whether the `clientId` was just made, so that nothing can have been sent under it. `Conversations` then does not
   * look for it before the first send; this layer never does.
   * @default false
   */
  readonly isNew?: boolean | undefined
  /** Which of the message's objects carry the client id. @default "metadata" */
  readonly clientIdIn?: "metadata" | "both" | undefined
}

/** What the server returns for a stored message, which is neither its id nor its time. */
export interface SendReceipt {
  /** The conversation it went to. */
  readonly conversationId: ConversationId
  /** The group dialect's name of the conversation; `null` in the address dialect. */
  readonly groupId: GroupId | null
}

/**
 * What the service offers. Every failure is a `SignalWireHttpError` whose `reason` says why; once the scope is closed,
 * that is `Closed`. Reads are repeated while their failure may recover, see {@link Options.retry}.
 */
export interface Service {
  /** Who the token belongs to. */
  readonly getSubscriber: Effect.Effect<Subscriber, SignalWireHttpError>

  /** One address by its id. Fails with `NotFound` when there is none. */
  readonly getAddress: (options: { readonly id: string }) => Effect.Effect<Address.Address, SignalWireHttpError>
  /**
   * One address by its name. The name as it is written goes before one that differs by case, which is found where the
   * server's filter ignores case. Fails with `NotFound` when no address has the name.
   */
  readonly getAddressByName: (options: { readonly name: string }) => Effect.Effect<Address.Address, SignalWireHttpError>
  /** Addresses, in the order asked for: the first page. */
  readonly getAddresses: (
    options?: AddressOptions
  ) => Effect.Effect<Page<Address.Address, SignalWireHttpError>, SignalWireHttpError>
  /** All addresses, page after page as the consumer asks. */
  readonly addresses: (options?: AddressOptions) => Stream.Stream<Address.Address, SignalWireHttpError>

  /** The subscriber's conversations, most recently active first: the first page. */
  readonly getConversations: (
    options?: PageOptions
  ) => Effect.Effect<Page<Conversation.Conversation, SignalWireHttpError>, SignalWireHttpError>
  /** All conversations, each once, even when one moves to the top while they are read. */
  readonly conversations: (options?: PageOptions) => Stream.Stream<Conversation.Conversation, SignalWireHttpError>

  /** Messages of one conversation, newest first. */
  readonly getConversationMessages: (
    options: ConversationMessageOptions
  ) => Effect.Effect<Page<ConversationMessage.ConversationMessage, SignalWireHttpError>, SignalWireHttpError>
  /** Messages of one conversation, newest first, each once even when pages shift underneath. */
  readonly conversationMessages: (
    options: ConversationMessageOptions
  ) => Stream.Stream<ConversationMessage.ConversationMessage, SignalWireHttpError>

  /** Messages of all conversations, newest first. */
  readonly getMessages: (
    options?: MessageOptions
  ) => Effect.Effect<Page<ConversationMessage.ConversationMessage, SignalWireHttpError>, SignalWireHttpError>
  /** Messages of all conversations, newest first, each once even when pages shift underneath. */
  readonly messages: (
    options?: MessageOptions
  ) => Stream.Stream<ConversationMessage.ConversationMessage, SignalWireHttpError>

  /**
   * Sends a message with one request, which is repeated only when a 401 turned it away. After a failure the message may
   * be stored, unless the reason is `Invalid`, `Unauthorized`, `Forbidden`, `NotFound` or `RateLimited`, or a
   * `Transport` whose `sent` is `"no"`; `Posting` says more. The message is copied when the method is called.
   */
  readonly sendMessage: (options: SendOptions) => Effect.Effect<SendReceipt, SignalWireHttpError>
  /** Joins the conversation with an address; does nothing when already joined. */
  readonly join: (
    options: { readonly addressId: string }
  ) => Effect.Effect<JoinConversationResponse, SignalWireHttpError>

  /** The address of a group, as far as this client has learned it. */
  readonly addressOf: ConversationMessage.AddressOf
  /** The dialect in use; `undefined` until an answer told. */
  readonly dialect: Effect.Effect<Dialect | undefined>
}

/** The HTTP side of the Conversation namespace. */
export class SignalWireHttp
  extends Context.Service<SignalWireHttp, Service>()("@effect-signalwire/http/SignalWireHttp")
{}

/** Where the service is, and how long requests may take. A number as a duration is milliseconds. */
export interface Options {
  /** Where the service is. */
  readonly endpoint: Endpoint
  /**
   * The dialect that the server speaks.
   * @default "auto": detected by the first response that shows it, then remembered
   */
  readonly dialect?: "auto" | Dialect | undefined
  /**
   * How long one request may take. A send gets more time than a read, since one that was given up may be stored all the
   * same.
   * @default "10 seconds" for reads and joins, "30 seconds" for `sendMessage`
   */
  readonly timeout?: Duration.Input | undefined
  /**
   * When a read or a join is repeated after a failure that may recover. A server that limits requests and says for how
   * long is not asked before. A refused token is not repeated by this.
   * @default four times, about 0.25, 0.5, 1 and 2 seconds apart, with jitter
   */
  readonly retry?: Schedule.Schedule<unknown, SignalWireHttpError> | undefined
  /** How long a read or a join may take with all its repetitions. @default "90 seconds" */
  readonly deadline?: Duration.Input | undefined
}

const isSameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** What callers give, and how it is checked. */
type Check<I> = (options: unknown) => Result.Result<I, Invalid>

/** Checks what a method was given, as it was then, and goes on with it in a span of the method's. */
const withInput = <I, A>(
  { telemetry }: Client,
  method: string,
  options: object | undefined,
  check: Check<I>,
  use: (input: I) => Effect.Effect<A, SignalWireHttpError>
): Effect.Effect<A, SignalWireHttpError> => {
  const own = { ...options }
  return Effect.suspend(() => Effect.flatMap(lift(method, check(own)), use)).pipe(
    telemetry.span(`SignalWireHttp.${method}`)
  )
}

/** The first page of a list. */
const firstPage = <I, A>(
  client: Client,
  method: string,
  options: object | undefined,
  check: Check<I>,
  listing: (client: Client, method: string, input: I) => Listing<A>
): Effect.Effect<Page<A, SignalWireHttpError>, SignalWireHttpError> =>
  withInput(client, method, options, check, (input) => Pages.first(listing(client, method, input)))

/** All of a list. */
const streamOf = <I, A>(
  client: Client,
  method: string,
  options: object | undefined,
  check: Check<I>,
  listing: (client: Client, method: string, input: I) => Listing<A>
): Stream.Stream<A, SignalWireHttpError> => {
  const own = { ...options }
  return Stream.scoped(Stream.fromPull(Effect.gen(function*() {
    const within = yield* client.telemetry.spanScoped(`SignalWireHttp.${method}`)
    const input = yield* lift(method, check(own))
    return yield* Drift.pull(listing(client, method, input), within)
  })))
}

const getSubscriber = (client: Client): Effect.Effect<Subscriber, SignalWireHttpError> =>
  Groups.subscriber(client, "getSubscriber", true).pipe(
    Effect.tap((found) => Effect.sync(() => Groups.recognise(client, found))),
    client.telemetry.span("SignalWireHttp.getSubscriber")
  )

const getAddress = (
  client: Client,
  options: { readonly id: string }
): Effect.Effect<Address.Address, SignalWireHttpError> =>
  withInput(client, "getAddress", options, Inputs.addressById, (id) =>
    Effect.flatMap(
      Requests.repeatable(client, { method: "getAddress", request: Requests.get(client, ["addresses", id]) }),
      (answer) => readable("getAddress", Address.decode(answer))
    ))

const getAddressByName = (
  client: Client,
  options: { readonly name: string }
): Effect.Effect<Address.Address, SignalWireHttpError> => {
  const method = "getAddressByName"
  return withInput(
    client,
    method,
    options,
    Inputs.addressByName,
    (name) =>
      Effect.flatMap(Listings.addresses(client, method, { name }).open, ({ items, malformed }) => {
        // A server that ignores the filter answers with whoever comes first; two names may differ by case alone.
        const found = items.find((address) => address.name === name) ??
          items.find((address) => isSameName(address.name, name))
        if (found !== undefined) return Effect.succeed(found)
        const [unread] = malformed
        return Effect.fail(
          unread !== undefined && items.length === 0
            ? failed(method, new Malformed({ path: unread.path, detail: unread.message }))
            : failed(method, new NotFound({ detail: `no address is named "${name}"` }))
        )
      })
  )
}

const postMessage = (
  client: Client,
  body: SendMessage.AddressRequest | SendMessage.GroupRequest,
  asked: SendReceipt
): Effect.Effect<SendReceipt, SignalWireHttpError> =>
  Effect.map(
    Effect.flatMap(
      Posting.Posting,
      (posting) =>
        Requests.once(client, { method: "sendMessage", request: Requests.post(client, ["messages"], body), posting })
    ),
    (answer) => {
      const told = SendMessage.whereTo(answer)
      return {
        conversationId: told.conversationId ?? asked.conversationId,
        groupId: told.groupId ?? asked.groupId
      }
    }
  )

const sendMessage = (client: Client, given: SendOptions): Effect.Effect<SendReceipt, SignalWireHttpError> => {
  const method = "sendMessage"
  const options = Json.snapshotMessage(given)
  const send = withInput(client, method, options, Inputs.send, ({ addressId, clientId, details, metadata, text }) => {
    const mark = (object: JsonObject | undefined) => clientId === undefined ? object : ClientKey.put(object, clientId)
    const markedMetadata = mark(metadata)
    const markedDetails = options.clientIdIn === "both" ? mark(details) : details
    const content = {
      text,
      ...(markedMetadata === undefined ? undefined : { metadata: markedMetadata }),
      ...(markedDetails === undefined ? undefined : { details: markedDetails })
    }
    const post = (dialect: Dialect) =>
      dialect === "address"
        ? postMessage(
          client,
          { conversation_id: addressId, ...content },
          { conversationId: addressId, groupId: null }
        )
        : Groups.within(client, method, addressId, ({ groupId, me }) =>
          postMessage(
            client,
            { group_id: groupId, from_address_id: me, from_fabric_address_id: me, ...content },
            { conversationId: groupId, groupId }
          ))
    return client.dialect === undefined
      ? Effect.flatMap(Learning.settle(client, method, addressId), ({ dialect }) => post(dialect))
      : post(client.dialect)
  })
  return Effect.flatMap(Posting.Posting, (posting) => {
    posting.isUnderWay = false
    return send
  })
}

/**
 * Checks a message without sending it: returns the reason that {@link Service.sendMessage} would fail with before
 * anything is sent, or `undefined` where there is none.
 */
export const checkMessage = (options: Omit<SendOptions, "clientId">): Invalid | undefined => {
  const checked = Inputs.send(options)
  return Result.isFailure(checked) ? checked.failure : undefined
}

const millisOf = (input: Duration.Input): number => Duration.toMillis(Duration.fromInputUnsafe(input))

const makeOver = (
  options: Options,
  transport: Transport,
  telemetry: Instrumentation.Instrumentation
): Effect.Effect<Service, never, Credentials.Credentials | Scope.Scope> =>
  Effect.flatMap(Credentials.Credentials, (credentials) => {
    const { deadline, dialect, endpoint, retry, timeout } = options
    const client: Client = {
      origin: Urls.base(endpoint.http),
      isLoopback: isLoopback(new URL(endpoint.http).hostname),
      isClosed: false,
      transport,
      credentials,
      telemetry,
      patience: {
        repeatable: millisOf(timeout ?? "10 seconds"),
        once: millisOf(timeout ?? "30 seconds"),
        deadline: millisOf(deadline ?? "90 seconds"),
        schedule: retry ?? defaultSchedule
      },
      dialect: dialect === "auto" ? undefined : dialect,
      groups: undefined,
      learning: undefined
    }
    const service = SignalWireHttp.of({
      getSubscriber: Effect.suspend(() => getSubscriber(client)),
      getAddress: (options) => getAddress(client, options),
      getAddressByName: (options) => getAddressByName(client, options),
      getAddresses: (options) => firstPage(client, "getAddresses", options, Inputs.addresses, Listings.addresses),
      addresses: (options) => streamOf(client, "addresses", options, Inputs.addresses, Listings.addresses),
      getConversations: (options) =>
        firstPage(client, "getConversations", options, Inputs.page, Listings.conversations),
      conversations: (options) => streamOf(client, "conversations", options, Inputs.page, Listings.conversations),
      getConversationMessages: (options) =>
        firstPage(
          client,
          "getConversationMessages",
          options,
          Inputs.conversationMessages,
          Listings.messagesWith
        ),
      conversationMessages: (options) =>
        streamOf(client, "conversationMessages", options, Inputs.conversationMessages, Listings.messagesWith),
      getMessages: (options) => firstPage(client, "getMessages", options, Inputs.messages, Listings.messages),
      messages: (options) => streamOf(client, "messages", options, Inputs.messages, Listings.messages),
      sendMessage: (options) => sendMessage(client, options),
      join: (options) =>
        withInput(
          client,
          "join",
          options,
          Inputs.addressId,
          (addressId) => Learning.join(client, "join", addressId)
        ),
      addressOf: (groupId) => Groups.addressOf(client, groupId),
      dialect: Effect.sync(() => client.dialect)
    })
    return Effect.as(
      Effect.addFinalizer(() =>
        Effect.sync(() => {
          client.isClosed = true
        })
      ),
      service
    )
  })

/**
 * Builds the service; once its scope is closed, its methods fail with `Closed`. Requests go through the `HttpClient` of
 * the context; every one carries the current token of `Credentials`, and one that is refused with 401 is repeated once
 * with another token.
 *
 * **Gotchas**
 *
 * A redirect is never a good answer: it fails as `Malformed`. Give a fetch client `redirect: "manual"`, as
 * {@link layerFetch} does, so that it does not even go there, and `cache: "no-store"`, so that a read is never answered
 * from the cache of a browser.
 *
 * @category constructors
 */
export const make = (
  options: Options
): Effect.Effect<Service, never, HttpClient.HttpClient | Credentials.Credentials | Scope.Scope> =>
  makeTelling(options, Instrumentation.effect)

/**
 * {@link make} with a `Telemetry` of your own for spans and logs.
 *
 * @category constructors
 */
export const makeTelling = (
  options: Options,
  telemetry: Instrumentation.Instrumentation
): Effect.Effect<Service, never, HttpClient.HttpClient | Credentials.Credentials | Scope.Scope> =>
  Effect.flatMap(HttpClient.HttpClient, (client) => makeOver(options, OverClient.make(client), telemetry))

/**
 * The service over the `HttpClient` of the context.
 *
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<SignalWireHttp, never, HttpClient.HttpClient | Credentials.Credentials> =>
  Layer.effect(SignalWireHttp, make(options))

/**
 * A fetch client that follows no redirects, since a token belongs to one origin, and bypasses HTTP caches.
 *
 * @category layers
 */
export const layerFetchClient: Layer.Layer<HttpClient.HttpClient> = /* @__PURE__ */ Layer.provide(
  FetchHttpClient.layer,
  /* @__PURE__ */ Layer.succeed(FetchHttpClient.RequestInit, OverFetch.requestInit)
)

/**
 * The service over fetch, following no redirects.
 *
 * @category layers
 */
export const layerFetch = (options: Options): Layer.Layer<SignalWireHttp, never, Credentials.Credentials> =>
  Layer.provide(layer(options), layerFetchClient)

/** Where the service is, and the `fetch` that reaches it. */
export interface BareFetchOptions extends Options {
  /** What makes the requests. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined
}

/**
 * Builds the service over `fetch` itself, following no redirects and bypassing HTTP caches: without an `HttpClient`,
 * and so without spans of requests. It is the smallest for browsers.
 *
 * @category constructors
 */
export const makeBareFetch = (
  options: BareFetchOptions,
  telemetry: Instrumentation.Instrumentation
): Effect.Effect<Service, never, Credentials.Credentials | Scope.Scope> =>
  makeOver(options, OverFetch.make(options.fetch), telemetry)

/**
 * {@link makeBareFetch} as a layer.
 *
 * @category layers
 */
export const layerBareFetch = (
  options: BareFetchOptions
): Layer.Layer<SignalWireHttp, never, Credentials.Credentials> =>
  Layer.effect(SignalWireHttp, makeBareFetch(options, Instrumentation.effect))
