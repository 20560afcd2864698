/**
 * The HTTP side of the Conversation namespace: subscriber, addresses, conversations, messages, sending and joining, in
 * whichever dialect the server speaks. Every failure is a {@link SignalWireHttpError} whose `reason` says what happened.
 *
 * @since 0.1.0
 */
import * as Address from "@effect-signalwire/schema/Address"
import * as ClientKey from "@effect-signalwire/schema/ClientKey"
import type * as Conversation from "@effect-signalwire/schema/Conversation"
import type * as ConversationMessage from "@effect-signalwire/schema/ConversationMessage"
import * as Credentials from "@effect-signalwire/schema/Credentials"
import type { Dialect } from "@effect-signalwire/schema/Dialect"
import type { Endpoint } from "@effect-signalwire/schema/Endpoint"
import type { ClientId, ConversationId, GroupId } from "@effect-signalwire/schema/Ids"
import type { JoinConversationResponse } from "@effect-signalwire/schema/JoinConversationResponse"
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import type { Decoder } from "@effect-signalwire/schema/Malformed"
import { spanned } from "@effect-signalwire/schema/Observed"
import type { Page } from "@effect-signalwire/schema/Page"
import { type Invalid, Malformed, NotFound } from "@effect-signalwire/schema/Reason"
import * as SendMessage from "@effect-signalwire/schema/SendMessage"
import * as Subscriber from "@effect-signalwire/schema/Subscriber"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { makeMemory } from "./internal/dialect.ts"
import * as Drift from "./internal/drift.ts"
import { failed } from "./internal/errors.ts"
import * as Groups from "./internal/groups.ts"
import * as Inputs from "./internal/inputs.ts"
import * as Learning from "./internal/learning.ts"
import * as Listings from "./internal/listings.ts"
import * as OverClient from "./internal/overClient.ts"
import * as OverFetch from "./internal/overFetch.ts"
import * as Pages from "./internal/pages.ts"
import * as Requests from "./internal/request.ts"
import { defaultSchedule } from "./internal/retry.ts"
import { type Listing, rawItems } from "./internal/sheets.ts"
import type { Request, Transport } from "./internal/transport.ts"
import * as Urls from "./internal/urls.ts"
import type { SignalWireHttpError } from "./SignalWireHttpError.ts"

/** How many items a page holds: 1 to 1000. The server decides when absent. */
export interface PageOptions {
  /** How many items a page holds: 1 to 1000. @default as the server decides */
  readonly pageSize?: number | undefined
}

/** Which messages to read. */
export interface MessageOptions extends PageOptions {
  /** The most messages to read in all, over however many pages. */
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
  /** Metadata to go along with it: an object that can be written as JSON. */
  readonly metadata?: JsonObject | undefined
  /** Extra details, for custom UIs for example: an object that can be written as JSON. */
  readonly details?: JsonObject | undefined
  /** The sender's own id of the message, by which it is recognised in history. */
  readonly clientId?: ClientId | undefined
  /** Which of the message's objects carry the client id. @default "metadata" */
  readonly clientIdIn?: "metadata" | "both" | undefined
}

/** What the server tells of a stored message: neither its id nor its time. */
export interface SendReceipt {
  /** The conversation it went to. */
  readonly conversationId: ConversationId
  /** The group dialect's name of the conversation; `null` in the address dialect. */
  readonly groupId: GroupId | null
}

/** What the service offers. Every failure is a `SignalWireHttpError` whose `reason` says why. */
export interface Service {
  /** Who the token belongs to. */
  readonly getSubscriber: Effect.Effect<Subscriber.Subscriber, SignalWireHttpError>

  /** One address by its id. Fails with `NotFound` when there is none. */
  readonly getAddress: (options: { readonly id: string }) => Effect.Effect<Address.Address, SignalWireHttpError>
  /** Fails with `NotFound` when no address has this name. */
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
   * Sends a message with one request, never repeated: whether a failure left the message stored is the caller's to
   * find out. `Invalid`, `Unauthorized`, `Forbidden`, `NotFound` and `RateLimited` say that it was not.
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

/** Where the service is, and how patiently it is asked. */
export interface Options {
  /** Where the service is. */
  readonly endpoint: Endpoint
  /** @default "auto": learned from the first answer that tells, then remembered */
  readonly dialect?: "auto" | Dialect | undefined
  /**
   * How long one attempt may take. What was sent and not answered may still be on its way, so a send is waited for longer
   * than a read, which can be asked for again.
   * @default "10 seconds" for reads, "30 seconds" for `sendMessage`
   */
  readonly timeout?: Duration.Input | undefined
  /** When a read is tried again after a failure that may heal. @default jittered exponential backoff */
  readonly retry?: Schedule.Schedule<unknown, SignalWireHttpError> | undefined
  /** How long a read may take with all its attempts. @default "90 seconds" */
  readonly deadline?: Duration.Input | undefined
}

const isSameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

const lift = <A>(method: string, checked: Result.Result<A, Invalid>): Effect.Effect<A, SignalWireHttpError> =>
  Effect.mapError(Effect.fromResult(checked), (reason) => failed(method, reason))

const decodeAs = <A>(method: string, answer: unknown, decode: Decoder<A>): Effect.Effect<A, SignalWireHttpError> =>
  Effect.mapError(
    Effect.fromResult(decode(answer)),
    ({ message, path }) => failed(method, new Malformed({ path, detail: message }))
  )

const streamOf = <A, B>(
  method: string,
  checked: Result.Result<A, Invalid>,
  listing: (method: string, input: A) => Listing<B>
): Stream.Stream<B, SignalWireHttpError> =>
  Stream.unwrap(Effect.map(lift(method, checked), (input) => Drift.stream(listing(method, input)))).pipe(
    Stream.withSpan(`SignalWireHttp.${method}`)
  )

const makeOver = Effect.fnUntraced(function*(
  options: Options,
  transport: Transport
): Effect.fn.Return<Service, never, Credentials.Credentials> {
  const origin = new URL(options.endpoint.http).origin
  const memory = makeMemory(options.dialect ?? "auto")
  const requests = Requests.make({
    transport,
    credentials: yield* Credentials.Credentials,
    timeouts: {
      repeatable: Duration.fromInputUnsafe(options.timeout ?? "10 seconds"),
      once: Duration.fromInputUnsafe(options.timeout ?? "30 seconds")
    },
    deadline: Duration.fromInputUnsafe(options.deadline ?? "90 seconds"),
    schedule: options.retry ?? defaultSchedule
  })

  const get = (path: ReadonlyArray<string>, query?: Inputs.Query): Request => ({ url: Urls.make(origin, path, query) })
  const post = (path: ReadonlyArray<string>, body: unknown): Request => ({
    url: Urls.make(origin, path),
    body: JSON.stringify(body)
  })
  const postJoin = (method: string, body: unknown) =>
    requests.repeatable({ method, request: post(["conversations", "join"], body) })

  const subscriber = (method: string, patient: boolean): Effect.Effect<Subscriber.Subscriber, SignalWireHttpError> =>
    Effect.flatMap(
      (patient ? requests.repeatable : requests.once)({ method, request: get(["subscriber", "info"]) }),
      (answer) => decodeAs(method, answer, Subscriber.decode)
    )

  const groups = Groups.make({ subscriber, postJoin })
  const learning = Learning.make({
    memory,
    groups,
    postJoin,
    glance: (method) =>
      Effect.map(requests.repeatable({ method, request: get(["conversations"], { page_size: 1 }) }), rawItems)
  })

  const lists = Listings.make({ origin, requests, memory, groups, learning })

  const getAddress: Service["getAddress"] = Effect.fn("SignalWireHttp.getAddress")(function*(options) {
    const id = yield* lift("getAddress", Inputs.addressById(options))
    const answer = yield* requests.repeatable({ method: "getAddress", request: get(["addresses", id]) })
    return yield* decodeAs("getAddress", answer, Address.decode)
  })

  const getAddressByName: Service["getAddressByName"] = Effect.fn("SignalWireHttp.getAddressByName")(
    function*(options) {
      const method = "getAddressByName"
      const name = yield* lift(method, Inputs.addressByName(options))
      const { items, malformed } = yield* lists.addresses(method, { name }).open
      // A server that ignores the filter answers with whoever comes first.
      const found = items.find((address) => isSameName(address.name, name))
      if (found !== undefined) return found
      const [unread] = malformed
      return yield* unread !== undefined && items.length === 0
        ? failed(method, new Malformed({ path: unread.path, detail: unread.message }))
        : failed(method, new NotFound({ detail: `no address is named "${name}"` }))
    }
  )

  const getAddresses: Service["getAddresses"] = Effect.fn("SignalWireHttp.getAddresses")(function*(options) {
    const query = yield* lift("getAddresses", Inputs.addresses(options))
    return yield* Pages.first(lists.addresses("getAddresses", query))
  })

  const getConversations: Service["getConversations"] = Effect.fn("SignalWireHttp.getConversations")(
    function*(options) {
      const query = yield* lift("getConversations", Inputs.page(options))
      return yield* Pages.first(lists.conversations("getConversations", query))
    }
  )

  const getConversationMessages: Service["getConversationMessages"] = Effect.fn(
    "SignalWireHttp.getConversationMessages"
  )(function*(options) {
    const input = yield* lift("getConversationMessages", Inputs.conversationMessages(options))
    return yield* Pages.first(lists.messagesWith("getConversationMessages", input.addressId, input.selection))
  })

  const getMessages: Service["getMessages"] = Effect.fn("SignalWireHttp.getMessages")(function*(options) {
    const selection = yield* lift("getMessages", Inputs.messages(options))
    return yield* Pages.first(lists.messages("getMessages", selection))
  })

  const postMessage = Effect.fnUntraced(function*(
    body: SendMessage.AddressRequest | SendMessage.GroupRequest,
    asked: SendReceipt
  ): Effect.fn.Return<SendReceipt, SignalWireHttpError> {
    const answer = yield* requests.once({ method: "sendMessage", request: post(["messages"], body) })
    // The message is stored: an answer of an unknown shape only says less.
    const decoded = Result.getOrUndefined(SendMessage.decodeResponse(answer))
    const told = decoded?.table ?? decoded
    return {
      conversationId: told?.conversation_id ?? told?.group_id ?? asked.conversationId,
      groupId: told?.group_id ?? asked.groupId
    }
  })

  const sendMessage: Service["sendMessage"] = Effect.fnUntraced(function*(options) {
    const method = "sendMessage"
    const { addressId, clientId, details, metadata, text } = yield* lift(method, Inputs.send(options))
    const mark = (object: JsonObject | undefined) => clientId === undefined ? object : ClientKey.put(object, clientId)
    const markedMetadata = mark(metadata)
    const markedDetails = options.clientIdIn === "both" ? mark(details) : details
    const content = {
      text,
      ...(markedMetadata === undefined ? undefined : { metadata: markedMetadata }),
      ...(markedDetails === undefined ? undefined : { details: markedDetails })
    }
    const dialect = memory.current() ?? (yield* learning.settle(method, addressId)).dialect
    if (dialect === "address") {
      return yield* postMessage(
        { conversation_id: addressId, ...content },
        { conversationId: addressId, groupId: null }
      )
    }
    return yield* groups.within(method, addressId, ({ groupId, me }) =>
      postMessage(
        { group_id: groupId, from_address_id: me, from_fabric_address_id: me, ...content },
        { conversationId: groupId, groupId }
      ))
  }, spanned("SignalWireHttp.sendMessage"))

  const join: Service["join"] = Effect.fn("SignalWireHttp.join")(function*(options) {
    const addressId = yield* lift("join", Inputs.addressId(options))
    return yield* learning.join("join", addressId)
  })

  return SignalWireHttp.of({
    getSubscriber: subscriber("getSubscriber", true).pipe(
      Effect.tap((found) => Effect.sync(() => groups.recognise(found))),
      Effect.withSpan("SignalWireHttp.getSubscriber")
    ),
    getAddress,
    getAddressByName,
    getAddresses,
    addresses: (options) => streamOf("addresses", Inputs.addresses(options), lists.addresses),
    getConversations,
    conversations: (options) => streamOf("conversations", Inputs.page(options), lists.conversations),
    getConversationMessages,
    conversationMessages: (options) =>
      streamOf(
        "conversationMessages",
        Inputs.conversationMessages(options),
        (method, input) => lists.messagesWith(method, input.addressId, input.selection)
      ),
    getMessages,
    messages: (options) => streamOf("messages", Inputs.messages(options), lists.messages),
    sendMessage,
    join,
    addressOf: groups.addressOf,
    dialect: Effect.sync(memory.current)
  })
})

/**
 * Builds the service. Requests go through the `HttpClient` of the context; every one carries the current token of
 * `Credentials`, and one that is refused with 401 is repeated once with a renewed token.
 *
 * **Gotchas**
 *
 * A redirect is never a good answer: it fails as `Malformed`. Give a fetch client `redirect: "manual"`, as
 * {@link layerFetch} does, so that it does not even go there.
 *
 * @category constructors
 */
export const make = (
  options: Options
): Effect.Effect<Service, never, HttpClient.HttpClient | Credentials.Credentials> =>
  Effect.flatMap(HttpClient.HttpClient, (client) => makeOver(options, OverClient.make(client)))

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
 * A fetch client that follows no redirects: a token belongs to one origin.
 *
 * @category layers
 */
export const layerFetchClient: Layer.Layer<HttpClient.HttpClient> = /* @__PURE__ */ Layer.provide(
  FetchHttpClient.layer,
  /* @__PURE__ */ Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" })
)

/**
 * The service over fetch, following no redirects.
 *
 * @category layers
 */
export const layerFetch = (options: Options): Layer.Layer<SignalWireHttp, never, Credentials.Credentials> =>
  Layer.provide(layer(options), layerFetchClient)

/** Where the service is, and what reaches it. */
export interface BareFetchOptions extends Options {
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined
}

/**
 * Builds the service over `fetch` itself, following no redirects: without an `HttpClient`, and so without spans of
 * requests. It is what browsers load least of.
 *
 * @category constructors
 */
export const makeBareFetch = (options: BareFetchOptions): Effect.Effect<Service, never, Credentials.Credentials> =>
  makeOver(options, OverFetch.make(options.fetch))

/**
 * {@link makeBareFetch} as a layer.
 *
 * @category layers
 */
export const layerBareFetch = (
  options: BareFetchOptions
): Layer.Layer<SignalWireHttp, never, Credentials.Credentials> => Layer.effect(SignalWireHttp, makeBareFetch(options))
