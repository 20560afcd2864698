/**
 * The `Outbox` sends messages that survive the end of the process. A message is kept in a queue until the server has
 * stored it, and is delivered exactly once, however often the process ends in between.
 *
 * The queue is a `PersistedQueue` of Effect, over one of these stores:
 *
 * - SQL: `PersistedQueue.layerStoreSql`, with any of Effect's SQL clients;
 * - a browser's storage, or memory: `OutboxStore.layer` over a `KeyValueStore`, for one process at a time.
 *
 * ```ts
 * import * as Outbox from "@effect-signalwire/conversation/Outbox"
 * import * as Layer from "effect/Layer"
 * import * as PersistedQueue from "effect/persistence/PersistedQueue"
 *
 * // requires a SQL client, and the services of Conversations.layer
 * export const outbox = Outbox.layer().pipe(
 *   Layer.provide(PersistedQueue.layer),
 *   Layer.provide(PersistedQueue.layerStoreSql({ lockExpiration: "15 seconds", lockRefreshInterval: "3 seconds" }))
 * )
 * ```
 *
 * **Gotchas**
 *
 * A store that several processes share locks the messages that a process has taken, and the locks of a killed process
 * expire. With SQL, the next process waits for `lockExpiration` before it delivers anything. Make it short, but longer
 * than a process may be suspended: a process that resumes after its lock has expired delivers at the same time as its
 * successor. Keep `lockRefreshInterval` at least two seconds below the outbox's `settle`, or the successor may begin
 * with a message that was enqueued after the one that was interrupted. A process that ends in order releases its locks
 * at once.
 *
 * `PersistedQueue.layerStoreMemory` and `layerStoreRedis` return an interrupted message to the end of the queue, so it
 * is delivered last.
 *
 * @since 0.1.0
 */
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Json from "@effect-signalwire/runtime/Json"
import * as Settings from "@effect-signalwire/runtime/Settings"
import * as Streams from "@effect-signalwire/runtime/Streams"
import * as Uuid from "@effect-signalwire/runtime/Uuid"
import { type AddressIdInput, ClientId, type ClientIdInput } from "@effect-signalwire/schema/Ids"
import type { JsonObject } from "@effect-signalwire/schema/WireSchemas"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as PubSub from "effect/PubSub"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { ConversationError } from "./ConversationError.ts"
import * as Delivery from "./internal/delivery.ts"
import * as Echoes from "./internal/echoes.ts"
import { catchInvalid } from "./internal/invalidOptions.ts"
import { Entry, type OutboxEvent } from "./internal/outboxEvent.ts"
import { OutboxWorker } from "./internal/outboxWorker.ts"
import { Retrier } from "./internal/retrier.ts"

export { Entry, OutboxEvent } from "./internal/outboxEvent.ts"

/** A message to send. */
export interface Message {
  /** The address of the conversation: a room, or another subscriber. */
  readonly addressId: AddressIdInput
  /** The text of the message. */
  readonly text: string
  /** Metadata for applications. @default none */
  readonly metadata?: JsonObject | undefined
  /** Details for applications, such as custom UIs. @default none */
  readonly details?: JsonObject | undefined
  /**
   * The client id of the message: an idempotency key. A message whose id is in the queue, or was and has not been
   * cleaned up, is not added again.
   * @default a new id
   */
  readonly clientId?: ClientIdInput | undefined
}

/** The methods of the service. */
export interface Service {
  /**
   * Adds a copy of a message to the queue, and returns its client id. Once this completes, the message survives the
   * process. Fails with `PersistedQueueError` when the store is unavailable; the message may have been added all the
   * same, so give it a `clientId` to be able to repeat the call. Fails with `SchemaError` for a message that can't be
   * encoded.
   */
  readonly enqueue: (
    message: Message
  ) => Effect.Effect<ClientId, PersistedQueue.PersistedQueueError | Schema.SchemaError>
  /**
   * The outcomes of messages from now on. A slow consumer gets the newest 1024. The last outcomes are emitted while the
   * outbox closes, to consumers that outlive it.
   */
  readonly events: Stream.Stream<OutboxEvent>
}

/** Sends messages that survive the end of the process. */
export class Outbox extends Context.Service<Outbox, Service>()("@effect-signalwire/conversation/Outbox") {}

/** The name of the queue, and its timing. Durations that are numbers are milliseconds. */
export interface Options {
  /**
   * The name of the queue. Of several outboxes with one name, one delivers at a time, in the order of its messages, and
   * the others wait until it closes. Use a name of its own for each subscriber.
   * @default "outbox"
   */
  readonly name?: string | undefined
  /**
   * How long a message is looked up in history, after the response to its request was lost, before it is sent again;
   * four times as long after a timeout. After a process was killed, it is also how long the next one waits before it
   * delivers.
   * @default "5 seconds"
   */
  readonly settle?: Duration.Input | undefined
}

/** A process that ends counts as an attempt, but is no reason to give up its message. */
const maxAttempts = 2_147_483_647

const eventCapacity = 1024

/**
 * Builds an outbox, which delivers until the scope closes; a message that is being delivered then stays in the queue.
 * Recoverable failures, such as an outage, a failing server, a refused token or an unavailable store, are retried
 * without a deadline. Fails with `Invalid` for an invalid `settle`.
 */
export const make = Effect.fnUntraced(function*(
  options: Options = {}
): Effect.fn.Return<
  Service,
  ConversationError,
  SignalWireHttp.SignalWireHttp | Subscription.Subscription | PersistedQueue.PersistedQueueFactory | Scope.Scope
> {
  const settleMillis = yield* catchInvalid("outbox")(
    Effect.sync(() => Settings.millis("settle", options.settle ?? "5 seconds"))
  )
  const name = `effect-signalwire/${options.name ?? "outbox"}`
  const queue = yield* PersistedQueue.make({ name, schema: Entry, maxAttempts })
  const lock = yield* PersistedQueue.make({ name: `${name}/turn`, schema: Schema.Null, maxAttempts })
  const subscription = yield* Subscription.Subscription
  const echoes = Echoes.make()
  let newestSeconds: number | undefined
  yield* Streams.listen(subscription.signals, (signals) => {
    echoes.onSignals(signals)
    for (const signal of signals) {
      if (signal._tag === "Event") newestSeconds = Math.max(newestSeconds ?? 0, signal.event.epochSeconds)
    }
  })
  const http = yield* SignalWireHttp.SignalWireHttp
  const events = yield* PubSub.sliding<OutboxEvent>(eventCapacity)
  const worker = new OutboxWorker({
    queue,
    lock,
    delivery: Delivery.make(http, new Retrier(subscription), echoes, {
      overlapSeconds: 30,
      searchLimit: 100_000,
      settleMillis
    }),
    settleMillis,
    instrumentation: yield* Instrumentation.orEffect,
    publish: (event) => PubSub.publish(events, event)
  })
  yield* Effect.forkScoped(worker.run, { startImmediately: true })

  const enqueue = Effect.fn("Outbox.enqueue")(
    function*({ addressId, clientId, details, metadata, text }: Message) {
      const id = ClientId.make(clientId ?? (yield* Uuid.make))
      // a message with a client id of the caller's own may have been sent before
      if (clientId === undefined) worker.markUnsent(id)
      const offered = queue.offer({
        addressId,
        text,
        ...(metadata === undefined ? undefined : { metadata }),
        ...(details === undefined ? undefined : { details }),
        enqueuedAt: (yield* Clock.currentTimeMillis) / 1000,
        ...(newestSeconds === undefined ? undefined : { after: newestSeconds })
      }, { id })
      yield* Effect.onError(offered, () => Effect.sync(() => worker.unmarkUnsent(id)))
      return id
    }
  )

  return Outbox.of({
    enqueue: (message) => enqueue(Json.snapshotMessage(message)),
    events: Stream.fromPubSub(events)
  })
})

/** Provides an outbox over the services of `Conversations.layer`. Fails with `Invalid` for an invalid `settle`. */
export const layer = (options?: Options): Layer.Layer<
  Outbox,
  ConversationError,
  SignalWireHttp.SignalWireHttp | Subscription.Subscription | PersistedQueue.PersistedQueueFactory
> => Layer.effect(Outbox, make(options))
