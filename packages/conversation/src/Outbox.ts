/**
 * Sends that survive the end of the process: a message is kept in a queue until the server has it, and delivered once,
 * however often the process ends in between.
 *
 * Where it is kept is the business of Effect's `PersistedQueue`:
 *
 * - over SQL, `PersistedQueue.layerStoreSql`, with any of Effect's SQL clients;
 * - in a browser or in memory, `OutboxStore.layer` over a `KeyValueStore`, for one process at a time.
 *
 * ```ts
 * import * as Outbox from "@effect-signalwire/conversation/Outbox"
 * import * as Layer from "effect/Layer"
 * import * as PersistedQueue from "effect/persistence/PersistedQueue"
 *
 * // a SQL client and Conversations.layer bring what else it needs
 * export const outbox = Outbox.layer().pipe(
 *   Layer.provide(PersistedQueue.layer),
 *   Layer.provide(PersistedQueue.layerStoreSql({ lockExpiration: "15 seconds", lockRefreshInterval: "3 seconds" }))
 * )
 * ```
 *
 * **Gotchas**
 *
 * A store that several processes share lends out what is taken, and what a killed process had taken is lent again once
 * that has expired. With SQL, the next process waits for `lockExpiration` before it delivers anything: make it short,
 * and yet longer than a process may be held up, for one that is held up longer and goes on delivers beside its
 * successor. Keep `lockRefreshInterval` at least two seconds below the outbox's `settle`, or the successor may begin
 * with a message that came later than the one that was interrupted. A process that ends in order gives back at once
 * what it had.
 *
 * `PersistedQueue.layerStoreMemory` and `layerStoreRedis` put what is given back behind everything else, so the message
 * that was interrupted is delivered last.
 *
 * @since 0.1.0
 */
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import * as Backoff from "@effect-signalwire/runtime/Backoff"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Json from "@effect-signalwire/runtime/Json"
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import * as Uuid from "@effect-signalwire/runtime/Uuid"
import { ClientId } from "@effect-signalwire/schema/Ids"
import * as Reason from "@effect-signalwire/schema/Reason"
import { JsonObject } from "@effect-signalwire/schema/Wire"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as PubSub from "effect/PubSub"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { ConversationError } from "./ConversationError.ts"
import * as Delivery from "./internal/delivery.ts"
import * as Echoes from "./internal/echoes.ts"
import { Healing } from "./internal/healing.ts"

/** A message that waits to be sent. */
export const Entry = Schema.Struct({
  addressId: Schema.String,
  text: Schema.String,
  metadata: Schema.optionalKey(JsonObject),
  details: Schema.optionalKey(JsonObject),
  /** Unix seconds, by this machine's clock. */
  enqueuedAt: Schema.Finite,
  /**
   * The newest message there was when it was enqueued, as far as that was known. Unix seconds, by the server's clock.
   */
  after: Schema.optionalKey(Schema.Finite)
})
export type Entry = typeof Entry.Type

/**
 * What became of a message.
 *
 * - `Sent`: the server has stored it.
 * - `Failed`: it was taken out of the queue without that: it was refused, or it is not known whether it was stored and
 *   can't be found out. `error.stored` says which.
 */
export type OutboxEvent = Data.TaggedEnum<{
  Sent: { readonly clientId: ClientId; readonly entry: Entry }
  Failed: { readonly clientId: ClientId; readonly entry: Entry; readonly error: ConversationError }
}>

/** Constructors and matchers. */
export const OutboxEvent = Data.taggedEnum<OutboxEvent>()

/** A message to send. */
export interface Message {
  /** The other side of the conversation. */
  readonly addressId: string
  /** What it says. */
  readonly text: string
  /** Data beside the text. @default none */
  readonly metadata?: JsonObject | undefined
  /** Data beside the text. @default none */
  readonly details?: JsonObject | undefined
  /**
   * The message's own id: an idempotency key. A message under an id that is in the queue, or was and has not been
   * cleaned up, is not added again.
   * @default a new one
   */
  readonly clientId?: string | undefined
}

/** What the service offers. */
export interface Service {
  /**
   * Adds a message to the queue, copied as it is now, and returns its client id; once this completes, it survives the
   * process. Fails with `PersistedQueueError` when the store can't be reached: it may have been added all the same, so
   * give it a `clientId` to be able to repeat the call. Fails with `SchemaError` for a message that can't be encoded.
   */
  readonly enqueue: (
    message: Message
  ) => Effect.Effect<ClientId, PersistedQueue.PersistedQueueError | Schema.SchemaError>
  /**
   * What becomes of messages, from now on. Of those that were not read, the newest 1024 are kept. The last ones are
   * emitted while the outbox ends, to readers that outlive it.
   */
  readonly events: Stream.Stream<OutboxEvent>
}

/** Sends that survive the end of the process. */
export class Outbox extends Context.Service<Outbox, Service>()("@effect-signalwire/conversation/Outbox") {}

/** The queue of an outbox, and its timing. A number as a duration is milliseconds. */
export interface Options {
  /**
   * Name of the queue. One outbox of a name delivers at a time, in the order of its messages; others wait until it
   * ends. Use one name for each subscriber.
   * @default "outbox"
   */
  readonly name?: string | undefined
  /**
   * How long a message is looked for, when its answer was lost, before it is sent again; four times as long after a
   * timeout. After a process that was killed, it is also how long the next one waits before it begins.
   * @default "5 seconds"
   */
  readonly settle?: Duration.Input | undefined
}

/** Until the network is back, the server well again, the store to be reached. */
const untilItWorks = Backoff.capped("1 second", "1 minute")

/** How often history may be refused, over about an hour, before a message that may have been stored is given up. */
const maxHistoryRefusals = 64

/** An end of the process counts as an attempt, and says nothing against what it had taken. */
const maxAttempts = 2_147_483_647

/**
 * Builds an outbox, which delivers until the scope closes; a message that is under way then stays in the queue. It
 * waits for whatever may recover, without a deadline: an outage, a server that fails, a refused token, a store that
 * can't be reached.
 */
export const make = Effect.fnUntraced(function*(
  options: Options = {}
): Effect.fn.Return<
  Service,
  never,
  SignalWireHttp.SignalWireHttp | Subscription.Subscription | PersistedQueue.PersistedQueueFactory | Scope.Scope
> {
  const name = `effect-signalwire/${options.name ?? "outbox"}`
  const queue = yield* PersistedQueue.make({ name, schema: Entry, maxAttempts })
  /** One element, that is never done: who has taken it is the one that delivers. */
  const turns = yield* PersistedQueue.make({ name: `${name}/turn`, schema: Schema.Null, maxAttempts })
  const settleMillis = Duration.toMillis(Duration.fromInputUnsafe(options.settle ?? "5 seconds"))
  const echoes = Echoes.make()
  const subscription = yield* Subscription.Subscription
  let newest: number | undefined
  yield* subscription.observe((signals) => {
    echoes.hear(signals)
    for (const signal of signals) {
      if (signal._tag === "Event") newest = Math.max(newest ?? 0, signal.event.epochSeconds)
    }
  })
  const delivery = Delivery.make(yield* SignalWireHttp.SignalWireHttp, new Healing(subscription), echoes, {
    overlapSeconds: 30,
    searchLimit: 100_000,
    settleMillis
  })
  const events = yield* PubSub.sliding<OutboxEvent>(1024)

  /** Messages that were enqueued here, during this turn, and not begun: every other one may have been sent before. */
  const fresh = new Set<string>()
  let hasTurn = false

  const deliver = Effect.fnUntraced(function*(entry: Entry, clientId: ClientId, quietAt: number) {
    const now = yield* Monotonic.millis
    const sentBefore = (underWayMillis: number): Delivery.Earlier => ({
      wasSent: true,
      underWayMillis,
      sentAt: null,
      sinceSeconds: entry.after ?? null
    })
    let historyRefusals = 0
    let earlier = fresh.delete(clientId) ? null : sentBefore(Math.max(quietAt - now, 0))
    return yield* Effect.suspend(() => delivery.deliver({ ...entry, clientId, earlier })).pipe(
      // without a deadline it is never late
      Effect.catchTag("Late", Effect.die),
      Effect.tapError((error) =>
        Effect.sync(() => {
          earlier = sentBefore(error._tag === "Open" ? error.underWayMillis : settleMillis)
        })
      ),
      Effect.retry({
        schedule: untilItWorks,
        // a token that was refused may be replaced
        while: (error) =>
          error._tag === "Open"
            ? error.historyRefused && ++historyRefusals < maxHistoryRefusals
            : error.isRetryable || error.reason._tag === "Unauthorized"
      }),
      Effect.match({
        onSuccess: () => OutboxEvent.Sent({ clientId, entry }),
        onFailure: (error) =>
          OutboxEvent.Failed({
            clientId,
            entry,
            error: error._tag === "Open"
              ? new ConversationError({
                method: "outbox",
                reason: new Reason.Unconfirmed({ clientId }),
                stored: "unknown",
                cause: error.cause
              })
              : ConversationError.ofSend("outbox", "no")(error)
          })
      })
    )
  })

  const tell = (outcome: OutboxEvent) =>
    Effect.andThen(
      outcome._tag === "Failed" ?
        Effect.logError("a message was not sent", outcome.error.message).pipe(
          Effect.annotateLogs({
            "signalwire.client_id": outcome.clientId,
            "signalwire.address_id": outcome.entry.addressId
          }),
          Instrumentation.guarded
        ) :
        Effect.void,
      PubSub.publish(events, outcome)
    )

  /** A store that fails, with an error or with a defect when it is told that something is done, is asked again. */
  const persistently = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A> =>
    effect.pipe(
      Effect.catchDefect(Effect.fail),
      Effect.tapError((error) =>
        Instrumentation.effect.warn("the outbox can't be read", [
          error instanceof Error ? error.message : String(error)
        ])
      ),
      Effect.retry(untilItWorks),
      Effect.orDie
    )

  /**
   * Delivers the message that comes next. Once it is known what became of it, it is taken out of the queue and told of,
   * and an interruption waits for both: nobody else would tell.
   */
  const next = (quietAt: number) =>
    Effect.uninterruptibleMask(Effect.fnUntraced(function*(restore) {
      let isKnown = false
      // a fiber of its own, which is not interrupted any more after that
      const delivering = yield* queue.take((entry, { id }) =>
        Effect.tap(deliver(entry, ClientId.make(id), quietAt), () =>
          Effect.sync(() => {
            isKnown = true
          }))
      ).pipe(
        // once it has been taken out: what stays in the queue may become something else yet
        Effect.flatMap(tell),
        Effect.catchDefect(Effect.fail),
        Effect.forkChild({ startImmediately: true })
      )
      return yield* restore(Fiber.join(delivering)).pipe(
        Effect.onInterrupt(() => isKnown ? Effect.asVoid(Fiber.await(delivering)) : Fiber.interrupt(delivering))
      )
    }))

  /** Delivers one message after the other, for as long as this process has its turn. */
  const work = Effect.fnUntraced(
    function*(_: null, { attempts }: { readonly attempts: number }) {
      // what was enqueued before may have been begun by the one whose turn it was
      fresh.clear()
      hasTurn = true
      /** What was sent before this turn has arrived by then, or never will. */
      const quietAt = (yield* Monotonic.millis) + settleMillis
      // a store that recovers what a killed process had taken may recover the turn before the message that comes next
      yield* attempts > 1 ? Effect.sleep(settleMillis) : Effect.yieldNow
      return yield* Effect.forever(persistently(next(quietAt)))
    },
    Effect.ensuring(Effect.sync(() => {
      hasTurn = false
    }))
  )

  yield* turns.offer(null, { id: "turn" }).pipe(
    Effect.andThen(turns.take(work)),
    persistently,
    Effect.forkScoped({ startImmediately: true })
  )

  const enqueue = Effect.fn("Outbox.enqueue")(
    function*({ addressId, clientId, details, metadata, text }: Message) {
      const id = ClientId.make(clientId ?? (yield* Uuid.make))
      // an id that the caller chose may have been begun before
      if (clientId === undefined && hasTurn) fresh.add(id)
      const offered = queue.offer({
        addressId,
        text,
        ...(metadata === undefined ? undefined : { metadata }),
        ...(details === undefined ? undefined : { details }),
        enqueuedAt: (yield* Clock.currentTimeMillis) / 1000,
        ...(newest === undefined ? undefined : { after: newest })
      }, { id })
      yield* Effect.onError(offered, () => Effect.sync(() => fresh.delete(id)))
      return id
    }
  )

  return Outbox.of({
    enqueue: (message) => enqueue(Json.snapshotMessage(message)),
    events: Stream.fromPubSub(events)
  })
})

/** The outbox as a layer, over the services that `Conversations.layer` offers. */
export const layer = (options?: Options): Layer.Layer<
  Outbox,
  never,
  SignalWireHttp.SignalWireHttp | Subscription.Subscription | PersistedQueue.PersistedQueueFactory
> => Layer.effect(Outbox, make(options))
