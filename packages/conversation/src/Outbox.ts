/**
 * Sends that survive the end of the process: a message is kept in a queue until the server has it, and delivered once,
 * however often the process ends in between.
 *
 * Where it is kept is the business of Effect's `PersistedQueue`: in memory, SQL or Redis.
 *
 * @since 0.1.0
 */
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import { ClientId } from "@effect-signalwire/schema/Ids"
import { JsonObject } from "@effect-signalwire/schema/JsonObject"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Uuid from "@effect-signalwire/schema/Uuid"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as PubSub from "effect/PubSub"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { ConversationError } from "./ConversationError.ts"
import * as Delivery from "./internal/delivery.ts"
import * as Echoes from "./internal/echoes.ts"

/** A message that waits to be sent. */
export const Entry = Schema.Struct({
  addressId: Schema.String,
  text: Schema.String,
  metadata: Schema.optionalKey(JsonObject),
  details: Schema.optionalKey(JsonObject),
  /** Unix seconds. */
  enqueuedAt: Schema.Finite
})
export type Entry = typeof Entry.Type

/**
 * What became of a message.
 *
 * - `Sent`: the server has it.
 * - `Failed`: it never will: it was refused, or can't be told from another, and was taken out of the queue.
 */
export type OutboxEvent = Data.TaggedEnum<{
  Sent: { readonly clientId: ClientId; readonly entry: Entry }
  Failed: { readonly clientId: ClientId; readonly entry: Entry; readonly error: ConversationError }
}>

/** Constructors and matchers. */
export const OutboxEvent = Data.taggedEnum<OutboxEvent>()

export interface Message {
  readonly addressId: string
  readonly text: string
  readonly metadata?: JsonObject | undefined
  readonly details?: JsonObject | undefined
  /** The message's own id; one that is in the queue already, or was, is not taken again. @default a new one */
  readonly clientId?: string | undefined
}

export interface Service {
  /** Takes a message; once this completes, it is kept. Answers its id. */
  readonly enqueue: (
    message: Message
  ) => Effect.Effect<ClientId, PersistedQueue.PersistedQueueError | Schema.SchemaError>
  /** What becomes of messages, from now on. */
  readonly events: Stream.Stream<OutboxEvent>
}

/** Sends that survive the end of the process. */
export class Outbox extends Context.Service<Outbox, Service>()("@effect-signalwire/conversation/Outbox") {}

export interface Options {
  /** Name of the queue. One outbox of a name delivers at a time, in the order of its messages. @default "outbox" */
  readonly name?: string | undefined
  /** As in `Conversations`: how long a message is looked for before it is sent again. @default "5 seconds" */
  readonly settle?: Duration.Input | undefined
}

/** Until the network is back, or the server is well again. */
const untilDelivered = Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("1 minute")]).pipe(
  Schedule.jittered
)

export const make = Effect.fnUntraced(function*(
  options: Options = {}
): Effect.fn.Return<
  Service,
  never,
  SignalWireHttp.SignalWireHttp | Subscription.Subscription | PersistedQueue.PersistedQueueFactory | Scope.Scope
> {
  const queue = yield* PersistedQueue.make({
    name: `effect-signalwire/${options.name ?? "outbox"}`,
    schema: Entry,
    // an end of the process counts as an attempt, and says nothing against the message
    maxAttempts: 2_147_483_647
  })
  const settleMillis = Duration.toMillis(Duration.fromInputUnsafe(options.settle ?? "5 seconds"))
  /** What an earlier process sent has arrived by then, or never will. */
  const quietAt = (yield* Clock.currentTimeMillis) + settleMillis
  const echoes = Echoes.make()
  yield* (yield* Subscription.Subscription).observe(echoes.hear)
  const delivery = Delivery.make(yield* SignalWireHttp.SignalWireHttp, echoes, {
    clockSkewSeconds: 300,
    searchLimit: 100_000,
    settleMillis
  })
  const events = yield* PubSub.sliding<OutboxEvent>(1024)

  /** Messages that were taken here and not begun: every other one may have been sent by a process that has ended. */
  const fresh = new Set<string>()

  const deliver = Effect.fnUntraced(function*(entry: Entry, clientId: ClientId) {
    const now = yield* Clock.currentTimeMillis
    let lookFirst = fresh.delete(clientId) ? null : Math.max(quietAt - now, 0)
    const outcome = yield* Effect.suspend(() =>
      delivery.deliver({ ...entry, clientId, sinceSeconds: entry.enqueuedAt, lookFirst })
    ).pipe(
      Effect.tapError(() => Effect.sync(() => lookFirst = settleMillis)),
      Effect.retry({
        schedule: untilDelivered,
        while: (error) => error._tag === "Open" ? !error.settled : error.isRetryable
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
                cause: error.cause
              })
              : ConversationError.from("outbox")(error)
          })
      })
    )
    if (outcome._tag === "Failed") yield* Effect.logError("a message was not sent", outcome.error.message)
    yield* PubSub.publish(events, outcome)
  })

  yield* queue.take((entry, { id }) => deliver(entry, ClientId.make(id))).pipe(
    Effect.tapError((error) => Effect.logWarning("the outbox could not be read", error.message)),
    Effect.retry(untilDelivered),
    Effect.forever,
    Effect.forkScoped
  )

  return Outbox.of({
    enqueue: Effect.fn("Outbox.enqueue")(function*({ addressId, clientId, details, metadata, text }) {
      const id = ClientId.make(clientId ?? (yield* Uuid.make))
      // an id that the caller chose may have been begun before
      if (clientId === undefined) fresh.add(id)
      yield* queue.offer({
        addressId,
        text,
        ...(metadata === undefined ? undefined : { metadata }),
        ...(details === undefined ? undefined : { details }),
        enqueuedAt: (yield* Clock.currentTimeMillis) / 1000
      }, { id })
      return id
    }),
    events: Stream.fromPubSub(events)
  })
})

export const layer = (options?: Options): Layer.Layer<
  Outbox,
  never,
  SignalWireHttp.SignalWireHttp | Subscription.Subscription | PersistedQueue.PersistedQueueFactory
> => Layer.effect(Outbox, make(options))
