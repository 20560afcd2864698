/**
 * A model of the service: subscribers, rooms, tokens, conversations, messages and sessions, with the rules the service
 * has for them. It knows nothing of HTTP or sockets; `Routes` and `SocketProtocol` put it on the wire.
 *
 * Every change is committed to the `Storage` before it is applied and answered.
 *
 * @since 0.1.0
 */
import type * as Address from "@effect-signalwire/schema/Address"
import * as Conversation from "@effect-signalwire/schema/Conversation"
import * as ConversationEvent from "@effect-signalwire/schema/ConversationEvent"
import type * as ConversationMessage from "@effect-signalwire/schema/ConversationMessage"
import type * as Dialect from "@effect-signalwire/schema/Dialect"
import { AddressId, GroupId, MessageId, SubscriberId } from "@effect-signalwire/schema/Ids"
import { JoinConversationResponse } from "@effect-signalwire/schema/JoinConversationResponse"
import type { JsonObject } from "@effect-signalwire/schema/JsonObject"
import * as SignalWireEvent from "@effect-signalwire/schema/SignalWireEvent"
import type * as Subscriber from "@effect-signalwire/schema/Subscriber"
import * as Token from "@effect-signalwire/schema/Token"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Semaphore from "effect/Semaphore"
import type * as Admin from "./Admin.ts"
import * as Chance from "./internal/chance.ts"
import { toAddress, toSubscriber } from "./internal/models.ts"
import { type Connection, eventFrame, type Session, Sessions } from "./internal/sessions.ts"
import { type Conversation as Group, State } from "./internal/state.ts"
import { type Bounds, Timeline } from "./internal/timeline.ts"
import { Windows } from "./internal/windows.ts"
import type * as Records from "./Records.ts"
import * as Refused from "./Refused.ts"
import { Storage, type StorageError } from "./Storage.ts"

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
   * How long a minted token is good.
   * @default "2 hours"
   */
  readonly tokenLifetime?: Duration.Input | undefined
}

/** The options with their defaults filled in; durations in milliseconds. */
export interface Settings {
  readonly host: string
  readonly dialect: Dialect.WireForm
  readonly pingInterval: number
  readonly sessionRetention: number
  readonly maxUnacked: number
  readonly maxTextLength: number
  readonly tokenLifetime: number
}

const toSettings = (options: Options): Settings => ({
  host: options.host ?? "localhost",
  dialect: options.dialect ?? "all",
  pingInterval: Duration.toMillis(options.pingInterval ?? "5 seconds"),
  sessionRetention: Duration.toMillis(options.sessionRetention ?? "5 minutes"),
  maxUnacked: options.maxUnacked ?? 2000,
  maxTextLength: options.maxTextLength ?? 10_000,
  tokenLifetime: Duration.toMillis(options.tokenLifetime ?? "2 hours")
})

// Models

/** Who asks. */
export interface Viewer {
  readonly subscriber: Records.Subscriber
  /** The address it sends from. */
  readonly address: Records.Address
  readonly token: Records.Token
}

/** Which page of a list is asked for. `token` names the window that was pinned with the first page. */
export interface PageRequest {
  readonly size: number
  readonly number: number
  readonly token: string | undefined
}

/** A page of a list. `token` names its window; there is one whenever there is a page before or after this one. */
export interface PageResult<A> {
  readonly items: ReadonlyArray<A>
  readonly hasNext: boolean
  readonly token: string | undefined
}

/** Where a message or join goes: an address, or a group with the sender's own address. */
export type Target =
  | { readonly _tag: "Address"; readonly addressId: AddressId }
  | { readonly _tag: "Group"; readonly groupId: GroupId; readonly fromAddressId: AddressId }

/** What a message says. */
export interface Content {
  readonly text: string | null
  readonly metadata: JsonObject
  readonly details: JsonObject
  readonly subtype?: string | undefined
  readonly kind?: string | null | undefined
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
  readonly id: MessageId
  /** Unix seconds. */
  readonly ts: number
  readonly groupId: GroupId
  /** The other side, as the sender names it. */
  readonly addressId: AddressId
}

/** A subscriber's pair of tokens. `expiresAt` is in unix seconds. */
export interface Minted {
  readonly subscriberId: SubscriberId
  readonly token: string
  readonly refreshToken: string
  readonly expiresAt: number
}

/** Whose conversations are asked for, and which part. Times are in unix seconds. */
export interface MessagesRequest {
  /** An address id or a group id; without it every conversation of the viewer. */
  readonly conversationId?: string | undefined
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly page: PageRequest
}

/** Filters and order of a list of addresses. */
export interface AddressesRequest {
  readonly name?: string | undefined
  readonly type?: string | undefined
  readonly displayName?: string | undefined
  readonly sortBy?: "name" | "created_at" | undefined
  readonly sortOrder?: "asc" | "desc" | undefined
  readonly page: PageRequest
}

/** What a client says when it opens a session. */
export interface OpenRequest {
  readonly token: string
  readonly protocol: string | undefined
  readonly state: string | undefined
  readonly acks: boolean
}

/** An open session. */
export interface Opened {
  readonly session: Session
  readonly restored: boolean
}

// Service

/** What the backend offers. Operations fail with a `Refused` that says what the wire answers. */
export interface Service {
  readonly settings: Settings
  readonly identity: Records.Identity
  /** Unix milliseconds, as the backend sees it. */
  readonly now: () => number
  /** A fresh id for a frame. */
  readonly newId: () => string

  /** Adds a person with an address. A name can be taken only once. */
  readonly addSubscriber: (options: {
    readonly name: string
    readonly displayName?: string | undefined
    readonly email?: string | undefined
  }) => Effect.Effect<Viewer, Refused.Refused | StorageError>
  /** Adds a room. A name can be taken only once. */
  readonly addRoom: (options: {
    readonly name: string
    readonly displayName?: string | undefined
  }) => Effect.Effect<Records.Address, Refused.Refused | StorageError>
  /** A subscriber by name or e-mail address. */
  readonly findSubscriber: (reference: string) => Records.Subscriber | undefined
  readonly findRoom: (name: string) => Records.Address | undefined
  /** Whom it serves, with a token for each that has not expired. */
  readonly ready: Effect.Effect<Admin.Ready, Refused.Refused | StorageError>

  /** Mints a pair of tokens. `expiresAt` is in unix seconds. */
  readonly mint: (
    subscriberId: string,
    options?: { readonly expiresAt?: number | undefined; readonly ttlSeconds?: number | undefined }
  ) => Effect.Effect<Minted, Refused.Refused | StorageError>
  /** Makes a token worthless from now on. */
  readonly expire: (token: string) => Effect.Effect<void, Refused.Refused | StorageError>
  /** A new pair of tokens for a refresh token. */
  readonly refresh: (refreshToken: string) => Effect.Effect<Minted, Refused.Refused | StorageError>
  /** Who a token belongs to. Fails when it is unknown or has expired. */
  readonly authenticate: (token: string) => Effect.Effect<Viewer, Refused.Refused>

  readonly subscriber: (viewer: Viewer) => Subscriber.Subscriber
  readonly address: (addressId: string) => Effect.Effect<Address.Address, Refused.Refused>
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
  /** Sends as a subscriber, without a token. */
  readonly sendAs: (
    subscriberId: string,
    addressId: string,
    content: Content
  ) => Effect.Effect<Sent, Refused.Refused | StorageError>
  /** Everything that is stored, oldest first, with the keys of both dialects; of one address when it is given. */
  readonly stored: (addressId?: string) => ReadonlyArray<ConversationEvent.Wire>

  /** Opens or resumes a session. An expired token is good enough to resume with. */
  readonly open: (request: OpenRequest) => Effect.Effect<Opened, Refused.Refused>
  /** Takes a socket into a session and sends it what is waiting; `first` is sent before anything else. */
  readonly attach: (session: Session, connection: Connection, first: () => void) => void
  readonly detach: (session: Session, connection: Connection) => void
  readonly acknowledge: (session: Session, id: string | number) => void
  /** Drops everything that is known of a session. */
  readonly forget: (session: Session) => void
  /** Gives a session another token of the same subscriber. */
  readonly reauthenticate: (session: Session, token: string) => Effect.Effect<void, Refused.Refused>
  readonly sessions: () => ReadonlyArray<Session>
}

/** The model of the service. */
export class Backend extends Context.Service<Backend, Service>()("@effect-signalwire/backend/Backend") {}

// Constructor

interface Window {
  /** Which list of whom it belongs to: a token of another list is refused. */
  readonly of: string
  readonly seq: number
  readonly ids: ReadonlyArray<string>
}

const bySort = <A>(key: (item: A) => string | number, descending: boolean) => (a: A, b: A): number => {
  const [left, right] = [key(a), key(b)]
  return (left < right ? -1 : left > right ? 1 : 0) * (descending ? -1 : 1)
}

/** Builds a backend from what its store holds. */
export const make = Effect.fnUntraced(function*(
  options: Options = {}
): Effect.fn.Return<Service, StorageError, Storage> {
  const settings = toSettings(options)
  const storage = yield* Storage
  const clock = yield* Clock.Clock
  const chance = Chance.make(yield* Random.Random)
  const state = new State()
  const sessions = new Sessions({ retention: settings.sessionRetention, maxUnacked: settings.maxUnacked })
  const windows = new Windows<Window>(chance.uuid)
  // one change at a time: a decision is made on the state that its change is applied to
  const turn = yield* Semaphore.make(1)
  const now = () => clock.currentTimeMillisUnsafe()

  const commit = (changes: ReadonlyArray<Records.Change>): Effect.Effect<void, StorageError> =>
    changes.length === 0 ? Effect.void : Effect.andThen(
      storage.commit(changes),
      Effect.sync(() => {
        for (const change of changes) state.apply(change)
      })
    )
  // what is committed must also be applied, so nobody may interrupt between the two
  const exclusively = <A, E>(effect: Effect.Effect<A, E>) => turn.withPermit(Effect.uninterruptible(effect))

  for (const change of yield* storage.load) state.apply(change)
  if (state.identity === undefined) {
    yield* commit([{
      _tag: "Founded",
      identity: { projectId: chance.uuid(), spaceId: chance.uuid(), apiToken: `PT${chance.opaque(24)}` }
    }])
  }
  const identity = state.identity ?? { projectId: "", spaceId: "", apiToken: "" }

  // Time: every message is later than all before it, were it by a microsecond
  let lastMicros = 0
  for (const { timeline } of state.conversations.values()) {
    for (const { micros } of timeline.messages) {
      // a seeded message may lie in the future, where time has to come by itself
      if (micros <= (now() + 1000) * 1000) lastMicros = Math.max(lastMicros, micros)
    }
  }
  const nextMicros = () => lastMicros = Math.max(lastMicros + 1, now() * 1000)

  // Directory
  const toViewer = (subscriberId: string, token: Records.Token): Effect.Effect<Viewer, Refused.Refused> => {
    const subscriber = state.subscribers.get(SubscriberId.make(subscriberId))
    const address = subscriber === undefined ? undefined : state.ownAddresses.get(subscriber.id)
    return subscriber === undefined || address === undefined
      ? Effect.fail(Refused.notFound)
      : Effect.succeed({ subscriber, address, token })
  }
  const noToken = (subscriberId: string): Records.Token => ({
    token: "",
    kind: "SAT",
    jti: "",
    subscriberId: SubscriberId.make(subscriberId),
    expiresAt: 0
  })
  const findSubscriber = (reference: string) => {
    for (const subscriber of state.subscribers.values()) {
      if (subscriber.name === reference || subscriber.email === reference) return subscriber
    }
    return undefined
  }
  const findRoom = (name: string) => {
    for (const address of state.addresses.values()) {
      if (address.type === "room" && address.name === name) return address
    }
    return undefined
  }
  const checkName = (name: string, taken: boolean): Effect.Effect<void, Refused.Refused> =>
    name.trim() === "" || name.length > 200
      ? Effect.fail(Refused.invalidParameter("name", "must have 1 to 200 characters"))
      : taken
      ? Effect.fail(Refused.invalidParameter("name", "is taken"))
      : Effect.void

  const addSubscriber: Service["addSubscriber"] = (options) =>
    exclusively(Effect.gen(function*() {
      yield* checkName(options.name, findSubscriber(options.name) !== undefined)
      const subscriber: Records.Subscriber = {
        id: SubscriberId.make(chance.uuid()),
        name: options.name,
        displayName: options.displayName ?? options.name,
        email: options.email ?? null,
        createdAt: now()
      }
      const address: Records.Address = {
        id: AddressId.make(chance.uuid()),
        type: "subscriber",
        name: subscriber.name,
        displayName: subscriber.displayName,
        resourceId: subscriber.id,
        createdAt: subscriber.createdAt
      }
      yield* commit([{ _tag: "SubscriberAdded", subscriber }, { _tag: "AddressAdded", address }])
      return { subscriber, address, token: noToken(subscriber.id) }
    }))
  const addRoom: Service["addRoom"] = (options) =>
    exclusively(Effect.gen(function*() {
      yield* checkName(options.name, findRoom(options.name) !== undefined)
      const address: Records.Address = {
        id: AddressId.make(chance.uuid()),
        type: "room",
        name: options.name,
        displayName: options.displayName ?? options.name,
        resourceId: chance.uuid(),
        createdAt: now()
      }
      yield* commit([{ _tag: "AddressAdded", address }])
      return address
    }))

  // Tokens
  const makeToken = (kind: Records.Token["kind"], subscriberId: SubscriberId, expiresAt: number): Records.Token => ({
    token: Token.encode(
      { alg: "dir", enc: "A256GCM", ch: settings.host, typ: kind },
      [chance.opaque(12), chance.opaque(64), chance.opaque(16)]
    ),
    kind,
    jti: chance.uuid(),
    subscriberId,
    expiresAt
  })
  const mint: Service["mint"] = (id, options) =>
    Effect.gen(function*() {
      const { subscriber } = yield* toViewer(id, noToken(id))
      const seconds = now() / 1000
      const expiresAt = options?.expiresAt ??
        Math.floor(seconds) + (options?.ttlSeconds ?? Math.floor(settings.tokenLifetime / 1000))
      const token = makeToken("SAT", subscriber.id, expiresAt)
      // outlives the token it renews, as the service's does
      const refresh = makeToken("Refresh", subscriber.id, Math.max(expiresAt, seconds) + 300)
      yield* exclusively(commit([{ _tag: "TokenMinted", token }, { _tag: "TokenMinted", token: refresh }]))
      return { subscriberId: subscriber.id, token: token.token, refreshToken: refresh.token, expiresAt }
    })
  const isExpired = (token: Records.Token) => token.expiresAt * 1000 <= now()
  const expire: Service["expire"] = (token) =>
    exclusively(Effect.suspend((): Effect.Effect<void, Refused.Refused | StorageError> =>
      state.tokens.has(token)
        ? commit([{ _tag: "TokenExpired", token, expiresAt: Math.floor(now() / 1000) - 1 }])
        : Effect.fail(Refused.notFound)
    ))
  const refresh: Service["refresh"] = (refreshToken) =>
    Effect.suspend(() => {
      const token = state.tokens.get(refreshToken)
      const attribute = "refresh_token"
      if (token === undefined) return Effect.fail(Refused.invalid("token_invalid", "The token is invalid", attribute))
      if (token.kind !== "Refresh") {
        return Effect.fail(Refused.invalid("not_a_refresh_token", "The token is not a refresh token", attribute))
      }
      return isExpired(token)
        ? Effect.fail(Refused.invalid("token_expired", "The token has expired", attribute))
        : mint(token.subscriberId)
    })
  const authenticate: Service["authenticate"] = (text) =>
    Effect.suspend(() => {
      const token = state.tokens.get(text)
      return token === undefined || token.kind !== "SAT" || isExpired(token)
        ? Effect.fail(Refused.unauthorized)
        : Effect.mapError(toViewer(token.subscriberId, token), () => Refused.unauthorized)
    })

  const currentToken = Effect.fnUntraced(function*(subscriberId: SubscriberId) {
    let best: Records.Token | undefined
    for (const token of state.tokens.values()) {
      if (token.subscriberId === subscriberId && token.kind === "SAT" && !isExpired(token)) best = token
    }
    return best ?? (yield* mint(subscriberId))
  })
  const ready: Service["ready"] = Effect.gen(function*() {
    const subscribers: Array<Admin.Ready["subscribers"][number]> = []
    for (const subscriber of state.subscribers.values()) {
      const address = state.ownAddresses.get(subscriber.id)
      if (address === undefined) continue
      const { expiresAt, token } = yield* currentToken(subscriber.id)
      subscribers.push({ id: subscriber.id, name: subscriber.name, addressId: address.id, token, expiresAt })
    }
    const rooms = [...state.addresses.values()]
      .filter((address) => address.type === "room")
      .map((address) => ({ name: address.name, addressId: address.id }))
    return { projectId: identity.projectId, apiToken: identity.apiToken, subscribers, rooms }
  })

  // Pages
  const page = <A>(
    of: string,
    request: PageRequest,
    window: () => Pick<Window, "seq" | "ids">,
    read: (window: Pick<Window, "seq" | "ids">, offset: number, count: number) => ReadonlyArray<A>
  ): Effect.Effect<PageResult<A>, Refused.Refused> =>
    Effect.suspend(() => {
      if (request.number > 0 && request.token === undefined) {
        return Effect.fail(Refused.invalid("page_token_required", "page_token is required", "page_token"))
      }
      const pinned = request.token === undefined ? undefined : windows.get(request.token)
      if (request.token !== undefined && pinned?.of !== of) {
        return Effect.fail(Refused.invalid("page_token_is_invalid", "page_token is invalid", "page_token"))
      }
      const current = pinned ?? window()
      // one more than asked for, to know whether there is a next page
      const items = read(current, request.number * request.size, request.size + 1)
      const hasNext = items.length > request.size
      const token = request.token ?? (hasNext ? windows.pin({ ...current, of }) : undefined)
      return Effect.succeed({ items: items.slice(0, request.size), hasNext, token })
    })
  const pageOf = <A, B>(
    of: string,
    request: PageRequest,
    list: () => ReadonlyArray<A>,
    idOf: (item: A) => string,
    get: (id: string) => B | undefined
  ): Effect.Effect<PageResult<B>, Refused.Refused> =>
    page(
      of,
      request,
      () => ({ seq: 0, ids: list().map(idOf) }),
      ({ ids }, offset, count) =>
        ids.slice(offset, offset + count).flatMap((id) => {
          const item = get(id)
          return item === undefined ? [] : [item]
        })
    )

  const addressOf = (id: string) => state.addresses.get(AddressId.make(id))
  const addresses: Service["addresses"] = (viewer, request) => {
    const { displayName, name, sortBy, sortOrder, type } = request
    return pageOf(
      JSON.stringify(["addresses", viewer.subscriber.id, name, type, displayName, sortBy, sortOrder]),
      request.page,
      () => {
        const found = [...state.addresses.values()].filter((address) =>
          (name === undefined || address.name === name) &&
          (type === undefined || address.type === type) &&
          (displayName === undefined || address.displayName === displayName)
        )
        return sortBy === undefined ? found : found.toSorted(
          bySort((address) => sortBy === "name" ? address.name : address.createdAt, sortOrder === "desc")
        )
      },
      (address) => address.id,
      (id) => {
        const address = addressOf(id)
        return address === undefined ? undefined : toAddress(address)
      }
    )
  }

  // Conversations
  const sides = (group: Records.Group, subscriberId: SubscriberId) => {
    const own = state.ownAddresses.get(subscriberId)
    const otherId = group.addressIds.find((id) => id !== own?.id) ?? group.addressIds[0] ?? AddressId.make("")
    return { own, otherId, other: state.addresses.get(otherId) }
  }
  const toConversation = ({ group, timeline }: Group, subscriberId: SubscriberId) => {
    const { other, otherId, own } = sides(group, subscriberId)
    const newest = timeline.newest
    return new Conversation.Conversation({
      id: otherId,
      addressId: otherId,
      groupId: group.id,
      fromAddressId: own?.id ?? null,
      name: other?.displayName ?? "",
      metadata: {},
      createdAt: DateTime.makeUnsafe(group.createdAt),
      lastMessageAt: DateTime.makeUnsafe(
        newest === undefined ? group.createdAt : Math.floor(newest.micros / 1000)
      )
    })
  }
  const activity = ({ group, timeline }: Group) => timeline.newest?.micros ?? group.createdAt * 1000
  const conversations: Service["conversations"] = (viewer, request) => {
    const id = viewer.subscriber.id
    return pageOf(
      JSON.stringify(["conversations", id]),
      request,
      () => [...state.memberships.get(id) ?? []].toSorted(bySort(activity, true)),
      ({ group }) => group.id,
      (groupId) => {
        const found = state.conversations.get(GroupId.make(groupId))
        return found === undefined ? undefined : toConversation(found, id)
      }
    )
  }

  const toFields = (message: Records.Message, group: Records.Group, viewerId: SubscriberId) => {
    const { otherId } = sides(group, viewerId)
    return {
      id: message.id,
      conversationId: otherId,
      groupId: message.groupId,
      userId: message.senderId,
      addressId: otherId,
      fromAddressId: message.fromAddressId,
      epochSeconds: message.micros / 1e6,
      type: "message",
      subtype: message.subtype,
      kind: message.kind,
      text: message.text,
      metadata: message.metadata,
      details: message.details,
      // what a client put into metadata stays there
      clientId: null
    }
  }
  const toEvent = (message: Records.Message, group: Records.Group, viewerId: SubscriberId) =>
    new ConversationEvent.ConversationEvent(toFields(message, group, viewerId), {
      hidden: message.hidden,
      conversationName: sides(group, viewerId).other?.displayName ?? null,
      userName: state.subscribers.get(message.senderId)?.displayName ?? null
    })

  const groupIdOf = (own: Records.Address, other: Records.Address): GroupId =>
    GroupId.make(other.type === "room" ? `sw_${other.id}` : `sw_${[own.id, other.id].toSorted().join("_")}`)
  const joined = (viewer: Viewer, groupId: GroupId): Group | undefined => {
    const found = state.conversations.get(groupId)
    return found?.members.has(viewer.subscriber.id) === true ? found : undefined
  }
  const nothing = new Timeline()
  const timelineOf = (viewer: Viewer, id: string | undefined): Effect.Effect<Timeline, Refused.Refused> => {
    if (id === undefined) return Effect.succeed(state.inbox(viewer.subscriber.id))
    const isGroupId = id.startsWith("sw_")
    if (isGroupId && settings.dialect !== "address") {
      const found = joined(viewer, GroupId.make(id))
      return found === undefined ? Effect.fail(Refused.notFound) : Effect.succeed(found.timeline)
    }
    if (settings.dialect === "group") {
      return Effect.fail(Refused.invalid("invalid_group_configuration", "a group id begins with sw_", "group_id"))
    }
    const other = addressOf(id)
    if (other === undefined) return Effect.fail(Refused.notFound)
    // a conversation that was not begun, or not joined, has nothing to show
    return Effect.succeed(joined(viewer, groupIdOf(viewer.address, other))?.timeline ?? nothing)
  }
  const messages: Service["messages"] = (viewer, { conversationId, page: request, since, until }) =>
    Effect.flatMap(timelineOf(viewer, conversationId), (timeline) =>
      page(
        JSON.stringify(["messages", viewer.subscriber.id, conversationId, since, until]),
        request,
        () => ({ seq: state.seq, ids: [] }),
        ({ seq }, offset, count) => {
          const bounds: Bounds = {
            seq,
            since: since === undefined ? -Infinity : Math.round(since * 1e6),
            until: until === undefined ? Infinity : Math.round(until * 1e6)
          }
          return timeline.read(bounds, offset, count).flatMap((message) => {
            const found = state.conversations.get(message.groupId)
            return found === undefined ? [] : [toFields(message, found.group, viewer.subscriber.id)]
          })
        }
      ))

  /** What has to happen before a viewer is in the conversation with an address; nothing when it is in it already. */
  const joining = (viewer: Viewer, other: Records.Address) => {
    const groupId = groupIdOf(viewer.address, other)
    const known = state.conversations.get(groupId)
    const changes: Array<Records.Change> = []
    if (known === undefined) {
      const addressIds = other.type === "room" ? [other.id] : [viewer.address.id, other.id].toSorted()
      changes.push({ _tag: "GroupAdded", group: { id: groupId, addressIds, createdAt: now() } })
    }
    const members = [viewer.subscriber.id]
    if (other.type === "subscriber") members.push(SubscriberId.make(other.resourceId))
    for (const subscriberId of members) {
      if (known?.members.has(subscriberId) !== true) {
        changes.push({ _tag: "MemberJoined", member: { groupId, subscriberId } })
      }
    }
    return { groupId, changes }
  }
  const checkSender = (viewer: Viewer, fromAddressId: string): Effect.Effect<void, Refused.Refused> =>
    fromAddressId === viewer.address.id ? Effect.void : Effect.fail(Refused.invalid(
      "from_fabric_address_id_does_not_match_subscriber",
      "from_fabric_address_id does not belong to the subscriber",
      "from_fabric_address_id"
    ))
  const illegal = (attribute: string) =>
    Refused.invalid("invalid_group_configuration", "a conversation is one room, or two subscribers", attribute)

  const join: Service["join"] = (viewer, ids, fromAddressId) =>
    exclusively(Effect.gen(function*() {
      const attribute = fromAddressId === undefined ? "conversation_id" : "fabric_address_ids"
      if (fromAddressId !== undefined) yield* checkSender(viewer, fromAddressId)
      if (ids.length === 0) return yield* Refused.invalid("no_fabric_addresses", "no addresses were given", attribute)
      const found = [...new Set(ids)].flatMap((id) => addressOf(id) ?? [])
      if (found.length < new Set(ids).size) {
        return yield* Refused.invalid("unrecognized_fabric_addresses", "an address is not known", attribute)
      }
      const others = found.filter((address) => address.id !== viewer.address.id)
      const [other] = others
      if (other === undefined || others.length > 1) return yield* illegal(attribute)
      const { changes, groupId } = joining(viewer, other)
      yield* commit(changes)
      return new JoinConversationResponse({
        conversationId: other.id,
        addressId: other.id,
        fromAddressId: viewer.address.id,
        groupId
      })
    }))

  const resolve = Effect.fnUntraced(function*(viewer: Viewer, target: Target) {
    if (target._tag === "Address") {
      const other = addressOf(target.addressId)
      if (other === undefined) return yield* Refused.notFound
      if (other.id === viewer.address.id) return yield* illegal("conversation_id")
      return { ...joining(viewer, other), addressId: other.id }
    }
    yield* checkSender(viewer, target.fromAddressId)
    if (!target.groupId.startsWith("sw_")) return yield* illegal("group_id")
    const found = joined(viewer, target.groupId)
    if (found === undefined) return yield* Refused.notFound
    return { groupId: found.group.id, changes: [], addressId: sides(found.group, viewer.subscriber.id).otherId }
  })

  const publish = (message: Records.Message): void => {
    const found = state.conversations.get(message.groupId)
    if (found === undefined) return
    for (const member of found.members) {
      const payload = ConversationEvent.encode(toEvent(message, found.group, member), settings.dialect)
      sessions.publish(member, (session) => {
        const id = chance.uuid()
        return {
          id,
          frame: eventFrame(id, SignalWireEvent.type.message, {
            event_type: SignalWireEvent.type.message,
            event_channel: session.protocol,
            timestamp: now() / 1000,
            project_id: identity.projectId,
            node_id: `${identity.spaceId}@sandbox`,
            is_author: message.senderId === member,
            params: payload
          })
        }
      })
    }
  }
  const send: Service["send"] = (viewer, target, content) =>
    exclusively(Effect.gen(function*() {
      if (content.text !== null && content.text.length > settings.maxTextLength) {
        return yield* Refused.invalid(
          "message_length_exceeds_limit",
          `text is longer than ${settings.maxTextLength} characters`,
          "text"
        )
      }
      const { addressId, changes, groupId } = yield* resolve(viewer, target)
      const message: Records.Message = {
        seq: state.seq + 1,
        id: MessageId.make(chance.uuid()),
        groupId,
        senderId: viewer.subscriber.id,
        fromAddressId: viewer.address.id,
        micros: content.ts === undefined ? nextMicros() : Math.round(content.ts * 1e6),
        subtype: content.subtype ?? "chat",
        kind: content.kind ?? null,
        text: content.text,
        metadata: content.metadata,
        details: content.details,
        hidden: content.hidden ?? false
      }
      yield* commit([...changes, { _tag: "MessageStored", message }])
      if (content.push !== false) publish(message)
      return { id: message.id, ts: message.micros / 1e6, groupId, addressId }
    }))
  const sendAs: Service["sendAs"] = (subscriberId, addressId, content) =>
    Effect.flatMap(
      toViewer(subscriberId, noToken(subscriberId)),
      (viewer) => send(viewer, { _tag: "Address", addressId: AddressId.make(addressId) }, content)
    )
  const stored: Service["stored"] = (addressId) =>
    [...state.conversations.values()]
      .filter(({ group }) => addressId === undefined || group.addressIds.some((id) => id === addressId))
      .flatMap(({ group, timeline }) =>
        timeline.messages.map((message) => ({
          message,
          // told from the sender's side, so that a pair is named by the address it was sent to
          wire: ConversationEvent.encode(toEvent(message, group, message.senderId), "all")
        }))
      )
      .toSorted(bySort(({ message }) => message.micros, false))
      .map(({ wire }) => wire)

  // Sessions
  const newState = () => `${chance.opaque(12)}:${chance.opaque(48)}`
  const open: Service["open"] = (request) =>
    Effect.gen(function*() {
      const known = request.protocol === undefined || request.state === undefined
        ? undefined
        : sessions.find(request.protocol, request.state, now())
      const shown = state.tokens.get(request.token)
      // the state proves who it is, so the token may have expired; another subscriber's token is another matter
      if (known !== undefined && (shown === undefined || shown.subscriberId === known.subscriberId)) {
        return { session: known, restored: true }
      }
      const { subscriber, token } = yield* authenticate(request.token)
      const session: Session = {
        protocol: `signalwire_${token.jti}_${chance.uuid()}_${chance.uuid()}`,
        subscriberId: subscriber.id,
        acks: request.acks,
        token,
        state: newState(),
        previousState: undefined,
        connection: undefined,
        detachedAt: now(),
        unacked: new Map(),
        unheard: 0
      }
      sessions.open(session, now())
      return { session, restored: false }
    })
  const attach: Service["attach"] = (session, connection, first) => {
    const previous = session.connection
    session.connection = connection
    session.unheard = 0
    if (previous !== undefined && previous !== connection) previous.close(1000)
    first()
    for (const frame of session.unacked.values()) connection.send(frame)
  }
  const reauthenticate: Service["reauthenticate"] = (session, text) =>
    Effect.flatMap(authenticate(text), ({ subscriber, token }) => {
      if (subscriber.id !== session.subscriberId) return Effect.fail(Refused.unauthorized)
      session.token = token
      session.previousState = session.state
      session.state = newState()
      return Effect.void
    })

  return {
    settings,
    identity,
    now,
    newId: chance.uuid,
    addSubscriber,
    addRoom,
    findSubscriber,
    findRoom,
    ready,
    mint,
    expire,
    refresh,
    authenticate,
    subscriber: (viewer) => toSubscriber(viewer.subscriber, viewer.address),
    address: (id) => {
      const address = addressOf(id)
      return address === undefined ? Effect.fail(Refused.notFound) : Effect.succeed(toAddress(address))
    },
    addresses,
    conversations,
    messages,
    join,
    send,
    sendAs,
    stored,
    open,
    attach,
    detach: (session, connection) => sessions.detach(session, connection, now()),
    acknowledge: (session, id) => sessions.acknowledge(session, id),
    forget: (session) => sessions.forget(session),
    reauthenticate,
    sessions: () => sessions.all(now())
  }
})

// Layers

/** A backend over the store that is provided. */
export const layer = (options?: Options): Layer.Layer<Backend, StorageError, Storage> =>
  Layer.effect(Backend, make(options))
