/**
 * A model of the service: subscribers, rooms, tokens, conversations, messages and sessions, with the rules the service
 * has for them. It knows nothing of HTTP or sockets; `Routes` and `SocketProtocol` put it on the wire.
 *
 * Every change is committed to the `Storage` before it is applied and answered.
 *
 * @since 0.1.0
 */
import type * as Address from "@effect-signalwire/schema/Address"
import type * as Conversation from "@effect-signalwire/schema/Conversation"
import type * as ConversationEvent from "@effect-signalwire/schema/ConversationEvent"
import type * as ConversationMessage from "@effect-signalwire/schema/ConversationMessage"
import type * as Dialect from "@effect-signalwire/schema/Dialect"
import type { AddressId, GroupId, MessageId, SubscriberId } from "@effect-signalwire/schema/Ids"
import type { JoinConversationResponse } from "@effect-signalwire/schema/JoinConversationResponse"
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import type * as Subscriber from "@effect-signalwire/schema/Subscriber"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Admin from "./Admin.ts"
import type { Claims } from "./internal/claims.ts"
import * as Connections from "./internal/connections.ts"
import * as Conversations from "./internal/conversations.ts"
import * as Core from "./internal/core.ts"
import * as Directory from "./internal/directory.ts"
import type { MemoryBudget } from "./internal/memoryBudget.ts"
import { toSubscriber } from "./internal/models.ts"
import * as Pages from "./internal/pages.ts"
import type { Connection, Session } from "./internal/sessions.ts"
import * as Tokens from "./internal/tokens.ts"
import * as Views from "./internal/views.ts"
import type * as Records from "./Records.ts"
import type * as Refused from "./Refused.ts"
import type { Storage, StorageError } from "./Storage.ts"
import * as WireLog from "./WireLog.ts"

// Options

/** How a backend behaves. */
export interface Options {
  /**
   * The `ch` claim of minted tokens: where clients find the socket.
   * @default "localhost"
   */
  readonly host?: string | undefined
  /**
   * Which bodies are accepted and which keys are written.
   * @default "all"
   */
  readonly dialect?: Dialect.WireForm | undefined
  /**
   * How often a connected client is pinged. It is given up after two pings without an answer.
   * @default "5 seconds"
   */
  readonly pingInterval?: Duration.Input | undefined
  /**
   * How long a session without a socket can be resumed.
   * @default "5 minutes"
   */
  readonly sessionRetention?: Duration.Input | undefined
  /**
   * How many events may wait for their acknowledgement before a session is given up.
   * @default 2000
   */
  readonly maxUnacked?: number | undefined
  /**
   * How long a text may be, in UTF-16 code units.
   * @default 10000
   */
  readonly maxTextLength?: number | undefined
  /**
   * The most items that a page holds, whatever is asked for.
   * @default 1000
   */
  readonly maxPageSize?: number | undefined
  /**
   * How long a minted token is good.
   * @default "2 hours"
   */
  readonly tokenLifetime?: Duration.Input | undefined
  /**
   * Whether the wire log is written from the start; it can be turned on and off later.
   * @default false
   */
  readonly wireLog?: boolean | undefined
  /**
   * How many sockets may be open at once.
   * @default 10000
   */
  readonly maxSockets?: number | undefined
  /**
   * How many of them may belong to one subscriber.
   * @default 5000
   */
  readonly maxSocketsPerSubscriber?: number | undefined
  /**
   * How many bytes may be held in all for clients that do not read what is sent to them, or do not finish what they send.
   * Beyond that, the client that holds the most is disconnected: a socket is closed with 1013, a request gets
   * 503, or its connection breaks where its body was read already.
   * @default 67108864
   */
  readonly maxHeldBytes?: number | undefined
  /**
   * How many bytes of memory the stored records may take, roughly; what comes beyond that is refused with 507.
   * @default 1073741824
   */
  readonly maxStoredBytes?: number | undefined
  /**
   * What the links of a page begin with, such as `https://space.example.test`.
   * @default nothing: the links are relative
   */
  readonly linkOrigin?: string | undefined
}

/** The options with their defaults filled in; durations in milliseconds. */
export interface Settings {
  /** The `ch` claim of minted tokens. */
  readonly host: string
  /** Which bodies are accepted and which keys are written. */
  readonly dialect: Dialect.WireForm
  /** Between two pings: milliseconds. */
  readonly pingInterval: number
  /** For a session without a socket: milliseconds. */
  readonly sessionRetention: number
  /** Events that may wait for their acknowledgement. */
  readonly maxUnacked: number
  /** UTF-16 code units. */
  readonly maxTextLength: number
  /** Items. */
  readonly maxPageSize: number
  /** Milliseconds. */
  readonly tokenLifetime: number
  /** Whether the wire log is written from the start. */
  readonly wireLog: boolean
  /** Sockets at once. */
  readonly maxSockets: number
  /** Sockets at once of one subscriber. */
  readonly maxSocketsPerSubscriber: number
  /** Held in all for clients that are slow. */
  readonly maxHeldBytes: number
  /** Of memory, for what is stored. */
  readonly maxStoredBytes: number
  /** What the links of a page begin with; empty for relative ones. */
  readonly linkOrigin: string
}

const toSettings = (options: Options): Settings => ({
  host: options.host ?? "localhost",
  dialect: options.dialect ?? "all",
  pingInterval: Duration.toMillis(options.pingInterval ?? "5 seconds"),
  sessionRetention: Duration.toMillis(options.sessionRetention ?? "5 minutes"),
  maxUnacked: options.maxUnacked ?? 2000,
  maxTextLength: options.maxTextLength ?? 10_000,
  maxPageSize: options.maxPageSize ?? 1000,
  tokenLifetime: Duration.toMillis(options.tokenLifetime ?? "2 hours"),
  wireLog: options.wireLog ?? false,
  maxSockets: options.maxSockets ?? 10_000,
  maxSocketsPerSubscriber: options.maxSocketsPerSubscriber ?? 5000,
  maxHeldBytes: options.maxHeldBytes ?? 64 * 1024 * 1024,
  maxStoredBytes: options.maxStoredBytes ?? 1024 * 1024 * 1024,
  linkOrigin: options.linkOrigin ?? ""
})

// Models

/** Who asks. */
export interface Viewer {
  /** Whose token it is. */
  readonly subscriber: Records.Subscriber
  /** The address it sends from; a guest has none. */
  readonly address: Records.Address | null
  /** The token that it showed. */
  readonly token: Records.Token
  /** What the token was minted with. A guest sees the addresses that these name, and no others. */
  readonly claims: Claims
}

/** Somebody with an address. */
export interface Member extends Viewer {
  /** The address it sends from. */
  readonly address: Records.Address
}

/** Which page of a list is asked for. `token` names the window that was pinned with the first page. */
export interface PageRequest {
  /** How many items a page holds. */
  readonly size: number
  /** Which page, the first being 0. */
  readonly number: number
  /** The window of the first page; none for the first. */
  readonly token: string | undefined
}

/** A page of a list. `token` names its window; there is one whenever there is a page before or after this one. */
export interface PageResult<A> {
  /** The items, in order. */
  readonly items: ReadonlyArray<A>
  /** Whether there is a page after this one. */
  readonly hasNext: boolean
  /** The window, for the neighbours. */
  readonly token: string | undefined
}

/** Where a message or join goes: an address, or a group with the sender's own address. */
export type Target =
  | { readonly _tag: "Address"; readonly addressId: AddressId }
  | { readonly _tag: "Group"; readonly groupId: GroupId; readonly fromAddressId: AddressId }

/** What a message says. */
export interface Content {
  /** What it says; `null` for log entries. */
  readonly text: string | null
  /** Metadata to go along with it. */
  readonly metadata: JsonObject
  /** Extra details. */
  readonly details: JsonObject
  /** `chat` or `log`. @default "chat" */
  readonly subtype?: string | undefined
  /** For log entries what happened, such as `call_started`. */
  readonly kind?: string | null | undefined
  /** Whether clients are told not to show it. @default false */
  readonly hidden?: boolean | undefined
  /** Unix seconds; by default now, and after every message so far. */
  readonly ts?: number | undefined
  /**
   * Whether sessions are told; `false` leaves the message to be found in history.
   * @default true
   */
  readonly push?: boolean | undefined
}

/** What was stored. */
export interface Sent {
  /** The id it was given. */
  readonly id: MessageId
  /** Unix seconds. */
  readonly ts: number
  /** The group it went to. */
  readonly groupId: GroupId
  /** The other side, as the sender names it. */
  readonly addressId: AddressId
  /** The address it was sent from. */
  readonly fromAddressId: AddressId
}

/** A subscriber's pair of tokens. `expiresAt` is in unix seconds. */
export interface Minted {
  /** Whose tokens they are. */
  readonly subscriberId: SubscriberId
  /** The subscriber access token. */
  readonly token: string
  /** What another pair is had for. */
  readonly refreshToken: string
  /** Unix seconds. */
  readonly expiresAt: number
}

/** Whose conversations are asked for, and which part. Times are in unix seconds. */
export interface MessagesRequest {
  /** An address id or a group id; without it every conversation of the viewer. */
  readonly conversationId?: string | undefined
  /** Unix seconds, included. */
  readonly since?: number | undefined
  /** Unix seconds, included. */
  readonly until?: number | undefined
  /** Which page. */
  readonly page: PageRequest
}

/** Filters and order of a list of addresses. */
export interface AddressesRequest {
  /** More than one when the request can be read in more than one way. */
  readonly names?: ReadonlyArray<string> | undefined
  /** Only addresses of this type. */
  readonly type?: string | undefined
  /** Only addresses that are shown under this name. */
  readonly displayName?: string | undefined
  /** What they are sorted by. */
  readonly sortBy?: "name" | "created_at" | undefined
  /** In which direction. */
  readonly sortOrder?: "asc" | "desc" | undefined
  /** Which page. */
  readonly page: PageRequest
}

/** What a client says when it opens a session. */
export interface OpenRequest {
  /** The token it authenticates with. */
  readonly token: string
  /** The session it wants to resume. */
  readonly protocol: string | undefined
  /** The state that it was given of that session. */
  readonly state: string | undefined
  /** Whether it acknowledges events. */
  readonly acks: boolean
}

/** An open session. */
export interface Opened {
  /** The session. */
  readonly session: Session
  /** Whether it is the one that was asked for. */
  readonly restored: boolean
}

// Service

/** What the backend offers. Operations fail with a `Refused` that says what the wire answers. */
export interface Service {
  /** How it behaves. */
  readonly settings: Settings
  /** The project it stands for. */
  readonly identity: Records.Project
  /** Unix milliseconds, as the backend sees it. */
  readonly now: () => number
  /** A fresh id for a frame. */
  readonly newId: () => string
  /** The sockets that are open, whether they have a session or not. */
  readonly sockets: Set<Connection>
  /** What is held for clients that are slow. */
  readonly budget: MemoryBudget
  /** What went over the wire, for those who ask. */
  readonly wireLog: WireLog.WireLog

  /** Adds a person with an address. A name can be taken only once. */
  readonly addSubscriber: (options: {
    readonly name: string
    readonly displayName?: string | undefined
    readonly email?: string | undefined
  }) => Effect.Effect<Member, Refused.Refused | StorageError>
  /** Adds a room. A name can be taken only once. */
  readonly addRoom: (options: {
    readonly name: string
    readonly displayName?: string | undefined
  }) => Effect.Effect<Records.Address, Refused.Refused | StorageError>
  /** A subscriber by name or e-mail address. */
  readonly findSubscriber: (reference: string) => Records.Subscriber | undefined
  /** A room by its name. */
  readonly findRoom: (name: string) => Records.Address | undefined
  /** Whom it serves, with a token for each that has not expired. */
  readonly ready: Effect.Effect<Admin.Ready, Refused.Refused | StorageError>

  /**
   * Mints a pair of tokens. `expiresAt` is in unix seconds. One that its client may renew by itself lives a minute,
   * unless it is bound to a key.
   */
  readonly mint: (
    subscriberId: string,
    options?: {
      readonly expiresAt?: number | undefined
      readonly ttlSeconds?: number | undefined
      readonly claims?: Claims | undefined
      readonly bound?: boolean | undefined
    }
  ) => Effect.Effect<Minted, Refused.Refused | StorageError>
  /** Mints a pair of tokens for somebody without an address, who sees only what is allowed. */
  readonly mintGuest: (options: {
    readonly allowed: ReadonlyArray<string>
    /** The parameter that named the addresses. */
    readonly attribute: string
    readonly expiresAt: number | undefined
  }) => Effect.Effect<Minted, Refused.Refused | StorageError>
  /** Makes a token worthless from now on. */
  readonly expire: (token: string) => Effect.Effect<void, Refused.Refused | StorageError>
  /** A new pair of tokens for a refresh token. */
  readonly refresh: (refreshToken: string) => Effect.Effect<Minted, Refused.Refused | StorageError>
  /** Who a token belongs to. Fails when it is unknown or has expired. */
  readonly authenticate: (token: string) => Effect.Effect<Viewer, Refused.Refused>

  /** Who the viewer is. */
  readonly subscriber: (viewer: Viewer) => Subscriber.Subscriber
  /** One address that the viewer may see. */
  readonly address: (viewer: Viewer, addressId: string) => Effect.Effect<Address.Address, Refused.Refused>
  /** The addresses that the viewer may see. */
  readonly addresses: (
    viewer: Viewer,
    request: AddressesRequest
  ) => Effect.Effect<PageResult<Address.Address>, Refused.Refused>

  /** Most recently active first. */
  readonly conversations: (
    viewer: Viewer,
    page: PageRequest
  ) => Effect.Effect<PageResult<Conversation.Conversation>, Refused.Refused>
  /** Newest first. */
  readonly messages: (
    viewer: Viewer,
    request: MessagesRequest
  ) => Effect.Effect<PageResult<ConversationMessage.Fields>, Refused.Refused>
  /** Joins, once or again. In the group form the ids are those of the body: the target's, and the caller's own. */
  readonly join: (
    viewer: Viewer,
    addressIds: ReadonlyArray<string>,
    fromAddressId?: string
  ) => Effect.Effect<JoinConversationResponse, Refused.Refused | StorageError>
  /** Stores a message and tells every session of every member. */
  readonly send: (
    viewer: Viewer,
    target: Target,
    content: Content
  ) => Effect.Effect<Sent, Refused.Refused | StorageError>
  /** Stores messages as if their senders had sent them, all or none, in this order; needs no tokens. */
  readonly seed: (
    messages: ReadonlyArray<{
      readonly subscriberId: string
      readonly addressId: string
      readonly content: Content
    }>
  ) => Effect.Effect<ReadonlyArray<Sent>, Refused.Refused | StorageError>
  /** Everything that is stored, oldest first, with the keys of both dialects; of one address when it is given. */
  readonly stored: (addressId?: string) => Iterable<ConversationEvent.Wire>

  /** Opens or resumes a session. An expired token is good enough to resume with. */
  readonly open: (request: OpenRequest) => Effect.Effect<Opened, Refused.Refused>
  /** Takes a socket into a session and sends it what is waiting; `first` is sent before anything else. */
  readonly attach: (session: Session, connection: Connection, first: () => void) => void
  /** Takes the socket away from a session, which can be resumed for a while. */
  readonly detach: (session: Session, connection: Connection) => void
  /** Notes that an event has arrived. */
  readonly acknowledge: (session: Session, id: string | number) => void
  /** Drops everything that is known of a session. */
  readonly forget: (session: Session) => void
  /** Gives a session another token of the same subscriber. */
  readonly reauthenticate: (session: Session, token: string) => Effect.Effect<void, Refused.Refused>
  /** Whether a session's token has expired since this was last said. */
  readonly lapsed: (session: Session) => boolean
  /** The sessions, connected or not. */
  readonly sessions: () => ReadonlyArray<Session>
}

/** The model of the service. */
export class Backend extends Context.Service<Backend, Service>()("@effect-signalwire/backend/Backend") {}

// Constructor

/** Builds a backend from what its store holds. */
export const make = Effect.fnUntraced(function*(
  options: Options = {}
): Effect.fn.Return<Service, StorageError, Storage> {
  const core = yield* Core.make(toSettings(options))
  const pages = Pages.make(core)
  const views = Views.make(core)
  const directory = Directory.make(core, pages)
  const tokens = Tokens.make(core, directory)
  // nothing is added, so nothing is refused
  yield* Effect.catchTag(tokens.removeExpired, "Refused", Effect.die)
  const connections = Connections.make(core, tokens, views)
  const conversations = Conversations.make(core, directory, pages, views, connections.publish)
  return Backend.of({
    settings: core.settings,
    identity: core.identity,
    now: core.now,
    newId: core.chance.uuid,
    sockets: new Set(),
    budget: core.budget,
    wireLog: WireLog.make({
      now: core.now,
      enabled: core.settings.wireLog,
      redact: (text) => core.secrets.redact(text)
    }),
    addSubscriber: directory.addSubscriber,
    addRoom: directory.addRoom,
    findSubscriber: directory.findSubscriber,
    findRoom: directory.findRoom,
    ready: tokens.ready,
    mint: tokens.mint,
    mintGuest: tokens.mintGuest,
    expire: tokens.expire,
    refresh: tokens.refresh,
    authenticate: tokens.authenticate,
    subscriber: (viewer) => toSubscriber(viewer.subscriber, viewer.address, core.state.profileOf(viewer.subscriber.id)),
    address: directory.address,
    addresses: directory.addresses,
    conversations: conversations.conversations,
    messages: conversations.messages,
    join: conversations.join,
    send: conversations.send,
    seed: conversations.seed,
    stored: conversations.stored,
    open: connections.open,
    attach: connections.attach,
    detach: connections.detach,
    acknowledge: connections.acknowledge,
    forget: connections.forget,
    reauthenticate: connections.reauthenticate,
    lapsed: connections.lapsed,
    sessions: connections.sessions
  })
})

// Layers

/** A backend over the store that is provided. */
export const layer = (options?: Options): Layer.Layer<Backend, StorageError, Storage> =>
  Layer.effect(Backend, make(options))
