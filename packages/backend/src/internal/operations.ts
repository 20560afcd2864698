/**
 * What the operations of a backend take and return.
 */
import type { AddressId, GroupId, MessageId, SubscriberId } from "@effect-signalwire/schema/Ids"
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import type * as Records from "../Records.ts"
import type { Session } from "./session.ts"
import type { TokenClaims } from "./tokenClaims.ts"

/** The authenticated caller of an operation: the subscriber whose view of the conversations it is about. */
export interface Caller {
  /** The subscriber that the token belongs to. */
  readonly subscriber: Records.Subscriber
  /** The address that the subscriber sends from; `null` for a guest. */
  readonly address: Records.Address | null
  /** The token that the caller authenticated with. */
  readonly token: Records.Token
  /** The claims of the token. A guest sees only the addresses that are listed in them. */
  readonly claims: TokenClaims
}

/** A caller with an address. */
export interface Member extends Caller {
  /** The address that the subscriber sends from. */
  readonly address: Records.Address
}

/** The requested page of a list. */
export interface PageRequest {
  /** The number of items per page. */
  readonly size: number
  /** The number of the page; the first page is 0. */
  readonly number: number
  /** The page token, which identifies the snapshot of the list that the first page was read from; `undefined` for the first page. */
  readonly token: string | undefined
}

/** One page of a list. */
export interface PageResult<A> {
  /** The items, in order. */
  readonly items: ReadonlyArray<A>
  /** Whether there is a next page. */
  readonly hasNext: boolean
  /** The page token for the other pages; `undefined` if this is the only page. */
  readonly token: string | undefined
}

/** The destination of a message: an address, or a group together with the sender's own address. */
export type MessageTarget =
  | { readonly _tag: "Address"; readonly addressId: AddressId }
  | { readonly _tag: "Group"; readonly groupId: GroupId; readonly fromAddressId: AddressId }

/** The content of a message. */
export interface Content {
  /** The text; `null` for log entries. */
  readonly text: string | null
  /** The metadata. */
  readonly metadata: JsonObject
  /** The details. */
  readonly details: JsonObject
  /** `chat` or `log`. @default "chat" */
  readonly subtype?: string | undefined
  /** The kind of a log entry, such as `call_started`. */
  readonly kind?: string | null | undefined
  /** Whether clients should hide the message. @default false */
  readonly hidden?: boolean | undefined
  /** The time of the message, in unix seconds. @default now, and later than every message so far */
  readonly ts?: number | undefined
  /**
   * Whether the message is pushed to sessions. If `false`, it can only be read from history.
   * @default true
   */
  readonly push?: boolean | undefined
}

/** A message that was stored. */
export interface SentMessage {
  /** The id of the message. */
  readonly id: MessageId
  /** The time of the message, in unix seconds. */
  readonly ts: number
  /** The group that the message was sent to. */
  readonly groupId: GroupId
  /** The address that the sender sees the conversation under. */
  readonly addressId: AddressId
  /** The address that the message was sent from. */
  readonly fromAddressId: AddressId
}

/** A pair of tokens of one subscriber. */
export interface TokenPair {
  /** The subscriber that the tokens belong to. */
  readonly subscriberId: SubscriberId
  /** The subscriber access token. */
  readonly token: string
  /** The token that can be exchanged for a new pair. */
  readonly refreshToken: string
  /** When the access token expires, in unix seconds. */
  readonly expiresAt: number
}

/** Selects messages. */
export interface MessagesRequest {
  /** An address id or a group id. @default every conversation of the caller */
  readonly conversationId?: string | undefined
  /** The earliest time, inclusive, in unix seconds. */
  readonly since?: number | undefined
  /** The latest time, inclusive, in unix seconds. */
  readonly until?: number | undefined
  /** The requested page. */
  readonly page: PageRequest
}

/** Selects and sorts addresses. */
export interface AddressesRequest {
  /** Only addresses with one of these names; several if the query can be decoded in more than one way. */
  readonly names?: ReadonlyArray<string> | undefined
  /** Only addresses of this type. */
  readonly type?: string | undefined
  /** Only addresses with this display name. */
  readonly displayName?: string | undefined
  /** The field to sort by. */
  readonly sortBy?: "name" | "created_at" | undefined
  /** The sort direction. */
  readonly sortOrder?: "asc" | "desc" | undefined
  /** The requested page. */
  readonly page: PageRequest
}

/** The parameters of `signalwire.connect`. */
export interface ConnectRequest {
  /** The token to authenticate with. */
  readonly token: string
  /** The protocol of the session to resume. */
  readonly protocol: string | undefined
  /** The authorization state of the session to resume. */
  readonly state: string | undefined
  /** Whether the client acknowledges events. */
  readonly acks: boolean
}

/** A session that was opened or resumed. */
export interface OpenedSession {
  /** The session. */
  readonly session: Session
  /** Whether the requested session was resumed. */
  readonly restored: boolean
}
