/**
 * A model of the SignalWire service: subscribers, rooms, tokens, conversations, messages and sessions, with their rules. It
 * knows nothing of HTTP or sockets; `Routes` and `SocketProtocol` expose it over the wire.
 *
 * Every change is committed to `Storage` before it is applied and before the response is sent.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Service } from "./internal/contract.ts"
import * as Conversations from "./internal/conversations.ts"
import * as Core from "./internal/core.ts"
import * as Directory from "./internal/directory.ts"
import { toSubscriber } from "./internal/models.ts"
import { type Options, toSettings } from "./internal/options.ts"
import * as Pagination from "./internal/pagination.ts"
import * as SessionService from "./internal/sessionService.ts"
import * as Tokens from "./internal/tokens.ts"
import * as Views from "./internal/views.ts"
import type { Storage, StorageError } from "./Storage.ts"
import * as WireLog from "./WireLog.ts"

export type { Service } from "./internal/contract.ts"
export type {
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
} from "./internal/operations.ts"
export type { Options, Settings } from "./internal/options.ts"

/** The model of the service. */
export class Backend extends Context.Service<Backend, Service>()("@effect-signalwire/backend/Backend") {}

/** Makes a backend that starts with the state in its storage. */
export const make = Effect.fnUntraced(function*(
  options: Options = {}
): Effect.fn.Return<Service, StorageError, Storage> {
  const core = yield* Core.make(toSettings(options))
  const pagination = Pagination.make(core)
  const views = Views.make(core)
  const directory = Directory.make(core, pagination)
  const tokens = Tokens.make(core, directory)
  // removing tokens cannot fail with an API error
  yield* Effect.catchTag(tokens.removeExpired, "ApiError", Effect.die)
  const sessions = SessionService.make(core, tokens, views)
  const conversations = Conversations.make(core, directory, pagination, views, sessions.publish)
  return Backend.of({
    settings: core.settings,
    identity: core.identity,
    now: core.now,
    newId: core.ids.uuid,
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
    subscriber: (caller) => toSubscriber(caller.subscriber, caller.address, core.state.profileOf(caller.subscriber.id)),
    address: directory.address,
    addresses: directory.addresses,
    conversations: conversations.conversations,
    messages: conversations.messages,
    join: conversations.join,
    send: conversations.send,
    seed: conversations.seed,
    stored: conversations.stored,
    open: sessions.open,
    attach: sessions.attach,
    detach: sessions.detach,
    acknowledge: sessions.acknowledge,
    removeSession: sessions.removeSession,
    reauthenticate: sessions.reauthenticate,
    detectTokenExpiry: sessions.detectTokenExpiry,
    sessions: sessions.sessions
  })
})

/** Provides a backend. It fails with a `StorageError` if the storage cannot be read. */
export const layer = (options?: Options): Layer.Layer<Backend, StorageError, Storage> =>
  Layer.effect(Backend, make(options))
