/**
 * The contract of a backend: every operation that the routes and the socket protocol use.
 */
import type * as Address from "@effect-signalwire/schema/Address"
import type * as Conversation from "@effect-signalwire/schema/Conversation"
import type * as ConversationEvent from "@effect-signalwire/schema/ConversationEvent"
import type * as ConversationMessage from "@effect-signalwire/schema/ConversationMessage"
import type { JoinConversationResponse } from "@effect-signalwire/schema/JoinConversationResponse"
import type * as Subscriber from "@effect-signalwire/schema/Subscriber"
import type * as Effect from "effect/Effect"
import type * as Admin from "../Admin.ts"
import type * as ApiError from "../ApiError.ts"
import type * as Records from "../Records.ts"
import type { StorageError } from "../Storage.ts"
import type * as WireLog from "../WireLog.ts"
import type { MemoryBudget } from "./memoryBudget.ts"
import type {
  AddressesRequest,
  Caller,
  ConnectRequest,
  Content,
  Member,
  MessagesRequest,
  MessageTarget,
  OpenedSession,
  PageRequest,
  PageResult,
  SentMessage,
  TokenPair
} from "./operations.ts"
import type { Settings } from "./options.ts"
import type { Connection, Session } from "./session.ts"
import type { TokenClaims } from "./tokenClaims.ts"

/** A backend. Its operations fail with an `ApiError`, which is the error response of the wire protocol. */
export interface Service {
  /** The options, with defaults applied. */
  readonly settings: Settings
  /** The project that the backend serves. */
  readonly identity: Records.Project
  /** Returns the current time, in unix milliseconds. */
  readonly now: () => number
  /** Returns a new id for a frame. */
  readonly newId: () => string
  /** The open sockets, with or without a session. */
  readonly sockets: Set<Connection>
  /** Limits the memory that is held for slow clients. */
  readonly budget: MemoryBudget
  /** The log of requests, responses and frames. */
  readonly wireLog: WireLog.WireLog

  /** Adds a subscriber and its address. Fails if the name is taken. */
  readonly addSubscriber: (options: {
    readonly name: string
    readonly displayName?: string | undefined
    readonly email?: string | undefined
  }) => Effect.Effect<Member, ApiError.ApiError | StorageError>
  /** Adds a room. Fails if the name is taken. */
  readonly addRoom: (options: {
    readonly name: string
    readonly displayName?: string | undefined
  }) => Effect.Effect<Records.Address, ApiError.ApiError | StorageError>
  /** Finds a subscriber by name or email address. */
  readonly findSubscriber: (reference: string) => Records.Subscriber | undefined
  /** Finds a room by name. */
  readonly findRoom: (name: string) => Records.Address | undefined
  /** Returns the project, the rooms, and the subscribers, each with a valid token. */
  readonly ready: Effect.Effect<Admin.Ready, ApiError.ApiError | StorageError>

  /**
   * Mints a pair of tokens. `expiresAt` is in unix seconds. A token with the scope `sat:refresh` is valid for one minute,
   * unless it is bound to a key.
   */
  readonly mint: (
    subscriberId: string,
    options?: {
      readonly expiresAt?: number | undefined
      readonly ttlSeconds?: number | undefined
      readonly claims?: TokenClaims | undefined
      readonly bound?: boolean | undefined
    }
  ) => Effect.Effect<TokenPair, ApiError.ApiError | StorageError>
  /** Mints a pair of tokens for a new guest, who has no address and sees only the allowed addresses. */
  readonly mintGuest: (options: {
    readonly allowed: ReadonlyArray<string>
    /** The request parameter that contained the addresses, for error messages. */
    readonly attribute: string
    readonly expiresAt: number | undefined
  }) => Effect.Effect<TokenPair, ApiError.ApiError | StorageError>
  /** Expires a token now. */
  readonly expire: (token: string) => Effect.Effect<void, ApiError.ApiError | StorageError>
  /** Exchanges a refresh token for a new pair of tokens. */
  readonly refresh: (refreshToken: string) => Effect.Effect<TokenPair, ApiError.ApiError | StorageError>
  /** Returns the subscriber that a token belongs to. Fails if the token is unknown or expired. */
  readonly authenticate: (token: string) => Effect.Effect<Caller, ApiError.ApiError>

  /** Returns the caller's own profile and addresses. */
  readonly subscriber: (caller: Caller) => Subscriber.Subscriber
  /** Returns one address that the caller can see. */
  readonly address: (caller: Caller, addressId: string) => Effect.Effect<Address.Address, ApiError.ApiError>
  /** Returns a page of the addresses that the caller can see. */
  readonly addresses: (
    caller: Caller,
    request: AddressesRequest
  ) => Effect.Effect<PageResult<Address.Address>, ApiError.ApiError>

  /** Returns a page of the caller's conversations, most recently active first. */
  readonly conversations: (
    caller: Caller,
    page: PageRequest
  ) => Effect.Effect<PageResult<Conversation.Conversation>, ApiError.ApiError>
  /** Returns a page of messages, newest first. */
  readonly messages: (
    caller: Caller,
    request: MessagesRequest
  ) => Effect.Effect<PageResult<ConversationMessage.Fields>, ApiError.ApiError>
  /**
   * Joins the conversation with an address; joining again has no effect. `fromAddressId` is the caller's own address, which
   * only requests of the group dialect contain.
   */
  readonly join: (
    caller: Caller,
    addressIds: ReadonlyArray<string>,
    fromAddressId?: string
  ) => Effect.Effect<JoinConversationResponse, ApiError.ApiError | StorageError>
  /** Stores a message and pushes it to every session of every member. */
  readonly send: (
    caller: Caller,
    target: MessageTarget,
    content: Content
  ) => Effect.Effect<SentMessage, ApiError.ApiError | StorageError>
  /** Stores messages as if their senders had sent them, all or none, in this order. No tokens are needed. */
  readonly seed: (
    messages: ReadonlyArray<{
      readonly subscriberId: string
      readonly addressId: string
      readonly content: Content
    }>
  ) => Effect.Effect<ReadonlyArray<SentMessage>, ApiError.ApiError | StorageError>
  /** Returns the stored messages, of one address or of all, oldest first, with the keys of both dialects. */
  readonly stored: (addressId?: string) => Iterable<ConversationEvent.Wire>

  /** Opens or resumes a session. A session can be resumed with an expired token. */
  readonly open: (request: ConnectRequest) => Effect.Effect<OpenedSession, ApiError.ApiError>
  /** Attaches a socket to a session, calls `first`, and then sends the unacknowledged events. */
  readonly attach: (session: Session, connection: Connection, first: () => void) => void
  /** Detaches a socket from a session, which can be resumed until its retention has passed. */
  readonly detach: (session: Session, connection: Connection) => void
  /** Acknowledges an event. */
  readonly acknowledge: (session: Session, id: string | number) => void
  /** Removes a session. */
  readonly removeSession: (session: Session) => void
  /** Replaces the token of a session by another token of the same subscriber. */
  readonly reauthenticate: (session: Session, token: string) => Effect.Effect<void, ApiError.ApiError>
  /** Returns whether the token of a session has expired; returns `true` only once per token. */
  readonly detectTokenExpiry: (session: Session) => boolean
  /** Returns all sessions, with or without a socket. */
  readonly sessions: () => ReadonlyArray<Session>
}
