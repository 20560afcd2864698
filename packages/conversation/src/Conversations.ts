/**
 * SignalWire's Conversation namespace as one service: list conversations and messages, send, join, and follow what
 * happens without losing or repeating a message.
 *
 * @since 0.1.0
 */
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import * as Endpoint from "@effect-signalwire/runtime/Endpoint"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Json from "@effect-signalwire/runtime/Json"
import { Lifetime } from "@effect-signalwire/runtime/Lifetime"
import * as Timeouts from "@effect-signalwire/runtime/Timeouts"
import * as Token from "@effect-signalwire/runtime/Token"
import * as Uuid from "@effect-signalwire/runtime/Uuid"
import * as Branded from "@effect-signalwire/schema/Branded"
import type { Conversation } from "@effect-signalwire/schema/Conversation"
import { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import type { ClientId } from "@effect-signalwire/schema/Ids"
import type { JoinConversationResponse } from "@effect-signalwire/schema/JoinConversationResponse"
import * as Page from "@effect-signalwire/schema/Page"
import { Closed, Timeout } from "@effect-signalwire/schema/Reason"
import { closed, type ConnectionState } from "@effect-signalwire/subscription/ConnectionState"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import * as WebSockets from "@effect-signalwire/subscription/WebSockets"
import * as Arr from "effect/Array"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constTrue, identity } from "effect/Function"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import { ConversationError } from "./ConversationError.ts"
import * as ConversationTrace from "./ConversationTrace.ts"
import type { Cursor } from "./Cursor.ts"
import * as Delivery from "./internal/delivery.ts"
import * as Directory from "./internal/directory.ts"
import * as Echoes from "./internal/echoes.ts"
import { Healing } from "./internal/healing.ts"
import * as History from "./internal/history.ts"
import { HistoryReader } from "./internal/historyReader.ts"
import { Idempotency } from "./internal/idempotency.ts"
import * as Live from "./internal/live.ts"
import * as Meter from "./internal/meter.ts"
import { Monitor } from "./internal/monitor.ts"
import * as Policies from "./internal/policy.ts"
import { Reconciler } from "./internal/reconciler.ts"
import * as Sending from "./internal/sending.ts"
import type { Gap, TimelineEvent } from "./TimelineEvent.ts"

/**
 * What happens to messages that arrive faster than they are consumed. `suspend` holds 4096 (`subscription.capacity`),
 * and leaves more to history, from where they are read when it is their turn: nothing is lost. `sliding` keeps the
 * newest `capacity` and `dropping` the oldest; what they drop is lost.
 */
export type Policy = "suspend" | { readonly strategy: "sliding" | "dropping"; readonly capacity: number }

/** How to subscribe. A number as a duration is milliseconds. */
export interface SubscriptionOptions {
  /**
   * How long the beginning may take before it fails with `Timeout`, whose `cause` is the last reason known. Without it,
   * it waits for whatever may recover: an outage, a server that fails, a refused token.
   * @default no limit
   */
  readonly timeout?: Duration.Input | undefined
  /** What happens to messages that arrive faster than they are consumed. @default "suspend" */
  readonly policy?: Policy | undefined
  /**
   * Where to continue after a restart. A message counts as dealt with once the next one is asked for; the last ones
   * that were yielded before a restart may be yielded again. Fails as `Cursor.load` does.
   */
  readonly cursor?: Cursor | undefined
  /**
   * Run for messages that may be missing and can't be had, since history does not reach back over an interruption. It
   * runs where they are missing, and what came after them waits for it.
   * @default only a warning is logged
   */
  readonly onGap?: ((gap: Gap) => Effect.Effect<void>) | undefined
}

/** Which conversation to follow, and from when. Gaps are among the events of a timeline. */
export interface TimelineOptions extends Omit<SubscriptionOptions, "onGap"> {
  /** The other side of the conversation. */
  readonly addressId: string
  /**
   * Where to begin: unix seconds, or a `DateTime`, by the server's clock; older messages are left out, also those that
   * are pushed.
   * @default the newest page of history
   */
  readonly since?: number | DateTime.DateTime | undefined
}

/**
 * What the service offers. Every failure is a `ConversationError` whose `reason` says why. Once the scope of the
 * service is closed, every method fails with `Closed`, also one that is under way, and streams that are running end.
 */
export interface Service {
  /**
   * The subscriber's conversations, most recently active first: the first page. As with every read, a failure that may
   * recover is repeated, see the option `http`.
   */
  readonly getConversations: (
    options?: SignalWireHttp.PageOptions
  ) => Effect.Effect<Page.Page<Conversation, ConversationError>, ConversationError>
  /** Messages of the conversation with an address, newest first: the first page. */
  readonly getConversationMessages: (
    options: SignalWireHttp.ConversationMessageOptions
  ) => Effect.Effect<Page.Page<ConversationMessage, ConversationError>, ConversationError>
  /** Messages of all conversations, newest first: the first page. */
  readonly getMessages: (
    options?: SignalWireHttp.MessageOptions
  ) => Effect.Effect<Page.Page<ConversationMessage, ConversationError>, ConversationError>

  /** All conversations, each once; pages are read as the consumer needs them. */
  readonly conversations: (options?: SignalWireHttp.PageOptions) => Stream.Stream<Conversation, ConversationError>
  /** All messages of a conversation, newest first, each once; pages are read as the consumer needs them. */
  readonly conversationMessages: (
    options: SignalWireHttp.ConversationMessageOptions
  ) => Stream.Stream<ConversationMessage, ConversationError>
  /** All messages of all conversations, newest first, each once; pages are read as the consumer needs them. */
  readonly messages: (
    options?: SignalWireHttp.MessageOptions
  ) => Stream.Stream<ConversationMessage, ConversationError>

  /**
   * Sends a message, which is stored once, or not at all, and returns the conversation. Messages to one conversation
   * are stored in the order of the calls; `options` are copied when the method is called.
   *
   * What keeps the message from being sent, and may recover, is waited out until `sendDeadline`. When an answer is
   * lost, history is searched before anything is sent again. Every failure has `stored`: `"no"`, or `"unknown"` when
   * the message may have been stored. The reasons:
   *
   * - `Unconfirmed`: it may have been stored; history could not be read in time, or shows no client ids.
   * - `Timeout`, `Transport`, `RateLimited` or another retryable reason: it was not stored by the deadline, or a server
   *   that limits requests asks for more time than is left, or one still answers 5xx at the ninth try.
   * - `Unauthorized`: the token was refused, and no other was to be had; it does not wait for one.
   * - `Invalid`, `NotFound`, `Forbidden`: it was refused, here or by the server.
   * - `Overloaded`: `sendCapacity` is used up. `Closed`: the service is closed.
   *
   * A `clientId` of your own is an idempotency key for the conversation. Messages under one id are stored once, and the
   * calls have the same result, also when they run at the same time. The newest 1,000 messages of the conversation are
   * searched for one that another client, or an earlier process, has sent, unless `isNew` is set.
   *
   * After the first send the `lastMessageAt` of the conversation is this machine's time, since no server says when a
   * message was stored.
   */
  readonly sendMessage: (options: SignalWireHttp.SendOptions) => Effect.Effect<Conversation, ConversationError>
  /**
   * Finds the stored message with a client id among the newest 100,000 messages of the conversation, in 2,000 pages at
   * most; returns `undefined` when there is none.
   */
  readonly findMessage: (
    options: { readonly addressId: string; readonly clientId: string }
  ) => Effect.Effect<ConversationMessage | undefined, ConversationError>
  /** Joins the conversation with an address, without sending a message; does nothing when already joined. */
  readonly join: (options: { readonly addressId: string }) => Effect.Effect<JoinConversationResponse, ConversationError>

  /**
   * Every message of every conversation from now on, each once, through any number of reconnections: "now" is after the
   * stream was first pulled. To know when, for a time limit, or for what can't be had, use {@link subscription}.
   */
  readonly subscribe: Stream.Stream<ConversationEvent, ConversationError>
  /**
   * {@link subscribe} in two steps: once this completes, no message is missed. The stream lives in the same scope, and is
   * run once: running it again is a defect. For another consumer, open another subscription.
   *
   * It waits for a session, or for history to be polled, `readyTimeout` at most, and then until history can be read.
   * Both this and the stream wait for whatever may recover, and fail for the rest: `Forbidden`, `NotFound`, `Invalid`,
   * `ForeignLink`, `Malformed` for pages that lead nowhere, the failures of the cursor, and the reason of the state
   * when that becomes `Failed`. This fails with `Timeout` after `timeout` as well.
   */
  readonly subscription: (
    options?: SubscriptionOptions
  ) => Effect.Effect<Stream.Stream<ConversationEvent, ConversationError>, ConversationError, Scope.Scope>
  /**
   * History and live messages of one conversation as one sequence, oldest first, each once. `CaughtUp` marks where it
   * reaches the present, at the beginning and after every interruption; `Gap`, where messages may be missing that
   * history no longer has. It waits and fails as {@link subscription} does.
   */
  readonly timeline: (options: TimelineOptions) => Stream.Stream<TimelineEvent, ConversationError>

  /** How messages arrive: the state of the session, and what history adds to it. */
  readonly connection: {
    /** The state now. */
    readonly current: Effect.Effect<ConnectionState>
    /** The state now, then each change. */
    readonly changes: Stream.Stream<ConnectionState>
    /**
     * Waits until a session is up, without a limit, and opens one where nothing subscribes. Fails with the reason of
     * the state when that becomes `Failed`.
     */
    readonly ready: Effect.Effect<void, ConversationError>
    /**
     * Dials now, within the limit of `subscription.dialsPerMinute`: ends the wait before the next dial, or replaces the
     * session. It completes without waiting for the new session.
     */
    readonly reconnect: Effect.Effect<void, ConversationError>
  }
}

/** SignalWire's Conversation namespace as one service. */
export class Conversations extends Context.Service<Conversations, Service>()(
  "@effect-signalwire/conversation/Conversations"
) {}

/** How messages are kept complete, and sends reliable. A number as a duration is milliseconds. */
export interface Tuning {
  /**
   * How far before what history confirmed a re-read goes, for messages that become visible late.
   * @default "30 seconds"
   */
  readonly overlap?: Duration.Input | undefined
  /**
   * How often history is read, while a session is up, for messages that were never pushed: after `min` at first and
   * after a read that found one, twice as late after each that did not, up to `max`. `false` for never. While there has
   * been no session for 5 seconds it is read every `min`, with `false` every 15 seconds, so that messages arrive all
   * the same. Each interval is up to a quarter longer, by chance.
   * @default { min: "15 seconds", max: "5 minutes" }
   */
  readonly sweep?: { readonly min: Duration.Input; readonly max: Duration.Input } | false | undefined
  /** How often a cursor is written at most. @default "1 second" */
  readonly cursorInterval?: Duration.Input | undefined
  /** How many message ids to remember at least, to recognise repetition. @default 8192 */
  readonly memory?: number | undefined
  /** How many messages a re-read holds at once; what is more is read in parts. @default 10000 */
  readonly recoveryLimit?: number | undefined
  /**
   * How long a subscription waits for a session before it begins without one. It begins in any case once history is
   * polled, after 5 seconds without a session.
   * @default "10 seconds"
   */
  readonly readyTimeout?: Duration.Input | undefined
  /**
   * How long a send may take, with the wait for its turn and all it needs to find out whether the message was stored.
   * @default "2 minutes"
   */
  readonly sendDeadline?: Duration.Input | undefined
  /**
   * How long a message is looked for, when the answer to its request was lost, before it is sent again: four times as
   * long when the request timed out, and a second at most when the connection broke within a second. What the server
   * stores later than that is stored twice, and yielded once by subscriptions and timelines.
   * @default "5 seconds"
   */
  readonly settle?: Duration.Input | undefined
  /**
   * Whether messages carry the trace context of the span in which they were sent; see `ConversationTrace`. Everybody in
   * the conversation can read it.
   * @default false
   */
  readonly traceMessages?: boolean | undefined
  /** How many sends may wait or be under way at once; more fail with `Overloaded`. @default 1000 */
  readonly sendCapacity?: number | undefined
}

/** What the service's methods work with. */
interface Core {
  readonly http: SignalWireHttp.Service
  readonly subscription: Subscription.Service
  readonly lifetime: Lifetime
  readonly monitor: Monitor
  readonly reader: HistoryReader
  readonly reconciler: Reconciler
  readonly meter: Meter.Meter
  readonly telemetry: Instrumentation.Instrumentation
  readonly tuning: Live.Tuning
  readonly readyMillis: number
  readonly traceMessages: boolean
  readonly directory: Directory.Directory
  readonly sending: Sending.Sending
  /** How long a request whose outcome is open may be on its way to being stored. Milliseconds. */
  readonly underWayMillis: number
  /** Made for the first send with an id of the caller's own. */
  idempotency: Idempotency<Conversation> | undefined
}

const getConversations = ({ directory, http, telemetry }: Core, options?: SignalWireHttp.PageOptions) =>
  readPage("getConversations", http.getConversations(options)).pipe(
    Effect.tap(({ data }) => Effect.sync(() => directory.note(data))),
    telemetry.span("Conversations.getConversations")
  )

const getConversationMessages = (
  { http, telemetry }: Core,
  options: SignalWireHttp.ConversationMessageOptions
) =>
  readPage("getConversationMessages", http.getConversationMessages(options)).pipe(
    telemetry.span("Conversations.getConversationMessages")
  )

const getMessages = ({ http, telemetry }: Core, options?: SignalWireHttp.MessageOptions) =>
  readPage("getMessages", http.getMessages(options)).pipe(telemetry.span("Conversations.getMessages"))

const join = ({ http, telemetry }: Core, options: { readonly addressId: string }) =>
  http.join(options).pipe(
    Effect.mapError(ConversationError.from("join")),
    telemetry.span("Conversations.join")
  )

const sendMessage = (core: Core, given: SignalWireHttp.SendOptions) => {
  const { directory, meter, sending, telemetry, traceMessages } = core
  const deliver = (
    metadata: SignalWireHttp.SendOptions["metadata"],
    clientId: ClientId,
    attempt: Pick<Delivery.Letter, "earlier" | "onSend">
  ) =>
    Effect.flatMap(
      Effect.andThen(
        telemetry.annotate({ "signalwire.address_id": given.addressId, "signalwire.client_id": clientId }),
        meter.send(sending.send({ ...given, metadata, clientId, ...attempt }))
      ),
      (receipt) =>
        Effect.andThen(
          telemetry.annotate({ "signalwire.conversation_id": receipt.conversationId }),
          directory.afterSend(given.addressId, receipt)
        )
    )
  const send = (metadata: SignalWireHttp.SendOptions["metadata"]) => {
    const { addressId, clientId, isNew = false } = given
    if (clientId === undefined) {
      return Effect.flatMap(Uuid.make, (id) => deliver(metadata, Branded.clientId(id), { earlier: null }))
    }
    const idempotency = core.idempotency ??= new Idempotency(core.underWayMillis)
    return idempotency.once({ addressId, clientId, isNew }, (attempt) => deliver(metadata, clientId, attempt))
  }
  return (traceMessages
    ? Effect.flatMap(telemetry.traceparent, (parent) => send(ConversationTrace.mark(given.metadata, parent)))
    : send(given.metadata)).pipe(
      // a message that tells its span has one in any case
      telemetry.span("Conversations.sendMessage", { kind: "producer", always: traceMessages })
    )
}

const findMessage = (
  { http, telemetry }: Core,
  { addressId, clientId }: { readonly addressId: string; readonly clientId: string }
) => {
  const isIt = (message: ConversationMessage) => message.clientId === clientId
  return Effect.map(
    History.readBack(
      readPage("findMessage", http.getConversationMessages({ addressId, pageSize: recoveryPageSize })),
      null,
      lookLimit,
      isIt
    ),
    ({ messages }) => messages.find(isIt)
  ).pipe(telemetry.span("Conversations.findMessage"))
}

/** Begins a sequence, in so long and no longer. */
const openIn = (
  method: string,
  timeout: Duration.Input | undefined,
  open: Effect.Effect<Live.Items, ConversationError, Scope.Scope>,
  { monitor }: Core
): Effect.Effect<Live.Items, ConversationError, Scope.Scope> => {
  if (timeout === undefined) return open
  const millis = toMillis(timeout)
  return Timeouts.timeoutAfter(
    open,
    millis,
    Effect.flatMap(monitor.state.get, ({ reason }) =>
      Effect.fail(
        new ConversationError({
          method,
          reason: new Timeout({ millis }),
          ...(reason === null ? undefined : { cause: reason })
        })
      ))
  )
}

const openSubscription = (core: Core, { cursor, onGap, policy, timeout }: SubscriptionOptions = {}) => {
  const { http, meter, monitor, readyMillis, reader, reconciler, subscription, telemetry, tuning } = core
  const method = "subscribe"
  return Effect.map(
    openIn(
      method,
      timeout,
      Live.open({
        method,
        subscription,
        tuning,
        meter,
        monitor,
        reader,
        reconciler,
        telemetry,
        cursor,
        history: { key: method, method, newest: readPage(method, http.getMessages({ pageSize: recoveryPageSize })) },
        belongs: constTrue,
        settled: Timeouts.timeoutAfter(
          Effect.raceFirst(
            Effect.mapError(subscription.ready, ConversationError.from(method)),
            reconciler.untilPolling
          ),
          readyMillis,
          Effect.void
        ),
        begin: (newest) =>
          Effect.map(
            History.head(newest, tuning.overlapSeconds, lookLimit),
            (stretch) => ({ stretch, shown: false })
          )
      }),
      core
    ),
    (items) => streamOf(eventsOf(items, onGap), policy)
  )
}

const followTimeline = (core: Core, { addressId, cursor, policy, since, timeout }: TimelineOptions) => {
  const { http, meter, monitor, reader, reconciler, subscription, telemetry, tuning } = core
  const earliest = beginsAt(since)
  const method = "timeline"
  return Stream.unwrap(Effect.map(
    openIn(
      method,
      timeout,
      Live.open({
        method,
        subscription,
        tuning,
        meter,
        monitor,
        reader,
        reconciler,
        telemetry,
        cursor,
        history: {
          key: JSON.stringify([method, addressId, earliest]),
          method,
          newest: readPage(method, http.getConversationMessages({ addressId, since, pageSize: recoveryPageSize }))
        },
        // one may be pushed long after its time
        belongs: (event) => event.addressId === addressId && event.epochSeconds >= earliest,
        settled: Effect.void,
        begin: since === undefined
          ? (newest) => Effect.map(History.newestPage(newest), (stretch) => ({ stretch, shown: true }))
          : "everything"
      }),
      core
    ),
    (items) => streamOf(items, policy)
  ))
}

const makeWith = Effect.fnUntraced(function*(
  options: Tuning,
  meter: Meter.Meter,
  telemetry: Instrumentation.Instrumentation
): Effect.fn.Return<
  Service,
  never,
  SignalWireHttp.SignalWireHttp | Subscription.Subscription | Scope.Scope
> {
  const http = yield* SignalWireHttp.SignalWireHttp
  const subscription = yield* Subscription.Subscription
  const overlapSeconds = toMillis(options.overlap ?? "30 seconds") / 1000
  const settleMillis = toMillis(options.settle ?? "5 seconds")
  const minMillis = toMillis(options.sweep === false ? "15 seconds" : options.sweep?.min ?? "15 seconds")
  const session = yield* subscription.connection
  const monitor = new Monitor(session)
  const healing = new Healing(subscription)
  const lifetime = new Lifetime()
  const reader = new HistoryReader({ subscription, monitor, healing, lifetime, telemetry, pollMillis: minMillis })
  const reconciler = new Reconciler(
    {
      minMillis,
      maxMillis: toMillis(options.sweep === false ? "5 minutes" : options.sweep?.max ?? "5 minutes"),
      whileConnected: options.sweep !== false,
      patienceMillis: 5000
    },
    session,
    monitor,
    telemetry,
    yield* Effect.context()
  )
  yield* subscription.watchConnection((state) => {
    monitor.sessionIs(state)
    reconciler.sessionIs(state)
  })
  const echoes = Echoes.make()
  const count = yield* meter.listen
  yield* subscription.observe((signals) => {
    for (const signal of signals) {
      if (signal._tag === "Malformed") reconciler.couldNotRead(reader.mark())
      else if (signal._tag === "Discontinuity") {
        reader.mark()
        if (signal.cause === "connected") monitor.sessionBegins.emit()
      }
    }
    echoes.hear(signals)
    count(signals)
  })
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      reconciler.close()
      monitor.sessionIs(closed)
      lifetime.close()
    })
  )
  const core: Core = {
    http,
    subscription,
    lifetime,
    monitor,
    reader,
    reconciler,
    meter,
    telemetry,
    readyMillis: toMillis(options.readyTimeout ?? "10 seconds"),
    traceMessages: options.traceMessages === true,
    directory: Directory.make(http, telemetry),
    underWayMillis: 4 * settleMillis,
    idempotency: undefined,
    sending: Sending.make(
      Delivery.make(http, healing, echoes, { overlapSeconds, searchLimit: lookLimit, settleMillis }),
      {
        deadlineMillis: toMillis(options.sendDeadline ?? "2 minutes"),
        capacity: options.sendCapacity ?? 1000
      }
    ),
    tuning: {
      overlapSeconds,
      memory: options.memory ?? 8192,
      recoveryLimit: options.recoveryLimit ?? 10_000,
      cursorMillis: toMillis(options.cursorInterval ?? "1 second"),
      reconciles: options.sweep !== false
    }
  }
  /** A method that fails with `Closed` once the client is closed, also when it is under way then. */
  const method = <A, R>(
    name: string,
    effect: Effect.Effect<A, ConversationError, R>
  ): Effect.Effect<A, ConversationError, R> => lifetime.within(effect, closedError(name))
  /** A stream that fails with `Closed` when it begins after the client was closed. */
  const stream = <A>(
    name: string,
    items: Stream.Stream<A, ConversationError>
  ): Stream.Stream<A, ConversationError> =>
    Stream.unwrap(Effect.suspend(() => lifetime.isClosed ? closedError(name) : Effect.succeed(items)))
  return Conversations.of({
    getConversations: (options) => method("getConversations", getConversations(core, options)),
    getConversationMessages: (options) => method("getConversationMessages", getConversationMessages(core, options)),
    getMessages: (options) => method("getMessages", getMessages(core, options)),
    conversations: (options) => stream("conversations", readAll("conversations", http.conversations(options))),
    conversationMessages: (options) =>
      stream("conversationMessages", readAll("conversationMessages", http.conversationMessages(options))),
    messages: (options) => stream("messages", readAll("messages", http.messages(options))),
    sendMessage: (options) => {
      const send = sendMessage(core, Json.snapshotMessage(options))
      return Effect.suspend(() =>
        lifetime.isClosed
          ? closedError("sendMessage", "no")
          : lifetime.within(send, closedError("sendMessage", "unknown"))
      )
    },
    findMessage: (options) => method("findMessage", findMessage(core, options)),
    join: (options) => method("join", join(core, options)),
    // made when it is asked for, as the effects below are: a process may have thousands of clients
    get subscribe() {
      return stream("subscribe", Stream.unwrap(Effect.suspend(() => openSubscription(core))))
    },
    subscription: (options) => method("subscribe", openSubscription(core, Policies.snapshot(options ?? {}))),
    timeline: (options) => stream("timeline", followTimeline(core, Policies.snapshot(options))),
    connection: {
      get current() {
        return monitor.state.get
      },
      get changes() {
        return monitor.state.changes
      },
      get ready() {
        const name = "connection.ready"
        return method(name, Effect.mapError(subscription.ready, ConversationError.from(name)))
      },
      get reconnect() {
        const name = "connection.reconnect"
        return method(name, Effect.mapError(subscription.reconnect, ConversationError.from(name)))
      }
    }
  })
})

const closedError = (method: string, stored?: "no" | "unknown") =>
  Effect.suspend(() =>
    Effect.fail(
      new ConversationError({ method, reason: new Closed(), ...(stored === undefined ? undefined : { stored }) })
    )
  )

const toMillis = (input: Duration.Input): number => Duration.toMillis(Duration.fromInputUnsafe(input))

/**
 * Where a timeline begins, in unix seconds. What is neither a number nor a time is refused when history is asked for.
 */
const beginsAt = (since: TimelineOptions["since"]): number => {
  if (typeof since === "number") return since
  return DateTime.isDateTime(since) ? DateTime.toEpochMillis(since) / 1000 : Number.NEGATIVE_INFINITY
}

/** The messages among the items. Gaps are told as they are passed: a batch has one at most, before its messages. */
const eventsOf = (
  items: Live.Items,
  onGap: SubscriptionOptions["onGap"]
): Pull.Pull<Arr.NonEmptyReadonlyArray<ConversationEvent>, ConversationError> =>
  Effect.flatMap(items, (batch) => {
    const events: Array<ConversationEvent> = []
    let told: Effect.Effect<void> | undefined
    for (const item of batch) {
      if (item._tag === "Message") events.push(ConversationEvent.fromMessage(item.message))
      else if (item._tag === "Gap") told = onGap?.(item)
    }
    const next = Arr.isArrayNonEmpty(events) ? Effect.succeed(events) : eventsOf(items, onGap)
    return told === undefined ? next : Effect.andThen(told, next)
  })

/** Items as a stream that is run once: a second consumer would get what the first one misses, and miss the rest. */
const streamOf = <A, E>(
  items: Pull.Pull<Arr.NonEmptyReadonlyArray<A>, E>,
  policy: Policy = "suspend"
): Stream.Stream<A, Pull.ExcludeDone<E>> => {
  let isTaken = false
  const once = Effect.suspend(() => {
    if (isTaken) return Effect.die(new Error("this stream was run before: open a subscription for each consumer"))
    isTaken = true
    return Effect.succeed(items)
  })
  return policy === "suspend"
    ? Stream.fromPull(once)
    : Stream.scoped(Stream.fromPull(Effect.flatMap(once, Policies.keeping(policy))))
}

/** How many messages a page holds where this service reads history on its own account. */
const recoveryPageSize = 100

/** How many messages are looked through for one that was sent, or for those among which late ones may yet appear. */
const lookLimit = 100_000

const readPage = <A>(
  method: string,
  read: Effect.Effect<Page.Page<A, SignalWireHttpError>, SignalWireHttpError>
): Effect.Effect<Page.Page<A, ConversationError>, ConversationError> => {
  const onError = ConversationError.from(method)
  return Effect.mapBoth(read, {
    onFailure: onError,
    onSuccess: (page) => Page.mapBoth(page, { onItem: identity, onError })
  })
}

const readAll = <A>(
  method: string,
  items: Stream.Stream<A, SignalWireHttpError>
): Stream.Stream<A, ConversationError> => Stream.mapError(items, ConversationError.from(method))

/** Composes the service from the layers underneath; it is closed with the scope. */
export const make = (
  options: Tuning = {}
): Effect.Effect<Service, never, SignalWireHttp.SignalWireHttp | Subscription.Subscription | Scope.Scope> =>
  makeWith(options, Meter.make(), Instrumentation.effect)

/** The service over layers of your own underneath, or mocks of them. */
export const layerServices = (
  options?: Tuning
): Layer.Layer<Conversations, never, SignalWireHttp.SignalWireHttp | Subscription.Subscription> =>
  Layer.effect(Conversations, make(options))

/** Where to connect, and how. */
export interface ConnectOptions extends Endpoint.Options, Tuning {
  /**
   * The dialect that the server speaks.
   * @default "auto": detected by the first response that shows it, then remembered
   */
  readonly dialect?: SignalWireHttp.Options["dialect"]
  /** Settings of the HTTP layer: `timeout`, `retry`, `deadline`. */
  readonly http?: Omit<SignalWireHttp.Options, "endpoint" | "dialect"> | undefined
  /** Settings of the subscription layer: `heartbeat`, `backoff`, `dialsPerMinute`, `connectTimeout` and so on. */
  readonly subscription?: Omit<Subscription.Options, "endpoint" | "addressOf"> | undefined
}

/** Where to connect, how, and with which token. */
export interface Options extends ConnectOptions {
  /** A subscriber access token. */
  readonly token: Redacted.Redacted
  /**
   * How to get another token when this one is refused. Without it a refused token stays refused. When and how often it
   * runs, and what its failures mean, is described at `refresh` of `Credentials.Options`; for its time limits use
   * {@link layerCredentials}.
   */
  readonly refresh?: Effect.Effect<Redacted.Redacted, unknown> | undefined
}

/** Everything that {@link layer} offers: the composed service, and the services it is composed of. */
export type Services =
  | Conversations
  | SignalWireHttp.SignalWireHttp
  | Subscription.Subscription

type Transports = HttpClient | Socket.WebSocketConstructor

/** Builds all of them at once: a layer for each would cost every client more than the services themselves do. */
const connect = Effect.fnUntraced(function*<R>(
  options: ConnectOptions,
  makeHttp: (options: SignalWireHttp.Options) => Effect.Effect<SignalWireHttp.Service, never, R>,
  meter: Meter.Meter,
  telemetry: Instrumentation.Instrumentation
): Effect.fn.Return<
  Context.Context<Services>,
  ConversationError,
  R | Credentials.Credentials | Socket.WebSocketConstructor | Scope.Scope
> {
  const credentials = yield* Credentials.Credentials
  const token = Token.checkRedacted(yield* credentials.current)
  const endpoint = yield* Effect.mapError(
    Effect.fromResult(Result.flatMap(token, (token) => Endpoint.make(token, options))),
    (reason) => new ConversationError({ method: "layer", reason })
  )
  const http = yield* makeHttp({ ...options.http, endpoint, dialect: options.dialect })
  const subscription = yield* Subscription.makeTelling(
    { ...options.subscription, endpoint, addressOf: http.addressOf },
    telemetry
  )
  const underneath = Context.make(SignalWireHttp.SignalWireHttp, http).pipe(
    Context.add(Subscription.Subscription, subscription)
  )
  const conversations = yield* Effect.provideContext(makeWith(options, meter, telemetry), underneath)
  return Context.add(underneath, Conversations, conversations)
})

/** The services of {@link layerCredentials}, with a `Telemetry` of your own for spans and logs. */
export const makeTelling = (
  options: ConnectOptions,
  telemetry: Instrumentation.Instrumentation
): Effect.Effect<Context.Context<Services>, ConversationError, Credentials.Credentials | Transports | Scope.Scope> =>
  connect(options, (http) => SignalWireHttp.makeTelling(http, telemetry), Meter.make(), telemetry)

/** The service with its layers, over `Credentials` of your own. Fails with `Invalid` for a bad host or token. */
export const layerCredentials = (
  options: ConnectOptions = {}
): Layer.Layer<Services, ConversationError, Credentials.Credentials | Transports> =>
  Layer.effectContext(makeTelling(options, Instrumentation.effect))

/** Where to connect, how, and with which `fetch`. */
export interface BareFetchOptions extends ConnectOptions {
  /** What makes the requests. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined
}

/**
 * The services over `fetch` itself: without an `HttpClient`, spans of requests and metrics, with a `Telemetry` of your
 * own for spans and logs. They are the smallest for browsers.
 */
export const makeBareFetch = (
  options: BareFetchOptions,
  telemetry: Instrumentation.Instrumentation
): Effect.Effect<
  Context.Context<Services>,
  ConversationError,
  Credentials.Credentials | Socket.WebSocketConstructor | Scope.Scope
> =>
  connect(
    options,
    (http) => SignalWireHttp.makeBareFetch({ ...http, fetch: options.fetch }, telemetry),
    Meter.idle,
    telemetry
  )

/** {@link layerCredentials} over `fetch` itself: without an `HttpClient`, spans of requests and metrics. */
export const layerBareFetch = (
  options: BareFetchOptions = {}
): Layer.Layer<Services, ConversationError, Credentials.Credentials | Socket.WebSocketConstructor> =>
  Layer.effectContext(makeBareFetch(options, Instrumentation.effect))

/** The service with its layers. Fails with `Invalid` for a bad host or token. */
export const layer = (options: Options): Layer.Layer<Services, ConversationError, Transports> =>
  Layer.effectContext(Effect.flatMap(
    Credentials.make(options),
    (credentials) =>
      Effect.provideService(makeTelling(options, Instrumentation.effect), Credentials.Credentials, credentials)
  ))

/** What is read from a file often ends with a line break. */
const variable = (name: string) => Config.option(Config.map(Config.NonEmptyString(name), (text) => text.trim()))

const makeEnvironment = () =>
  Config.all({
    token: Config.option(Config.Redacted("SIGNALWIRE_TOKEN")),
    host: variable("SIGNALWIRE_HOST"),
    http: variable("SIGNALWIRE_HTTP_URL"),
    ws: variable("SIGNALWIRE_WS_URL")
  })
    .pipe(Config.map(({ host, http, token, ws }) => ({
      token: Option.getOrUndefined(Option.map(token, (token) => Redacted.make(Redacted.value(token).trim()))),
      host: Option.getOrUndefined(host),
      // one without the other is refused as a bad URL
      urls: Option.isNone(http) && Option.isNone(ws)
        ? undefined
        : { http: Option.getOrElse(http, () => ""), ws: Option.getOrElse(ws, () => "") }
    })))

/**
 * The options that the environment has: `SIGNALWIRE_TOKEN`, and either `SIGNALWIRE_HOST`, or `SIGNALWIRE_HTTP_URL` with
 * `SIGNALWIRE_WS_URL`. White space around them is ignored.
 */
export const environment: Config.Config<Endpoint.Options & { readonly token: Redacted.Redacted | undefined }> =
  // pure, so that bundles which do not read it go without Config
  /* @__PURE__ */ makeEnvironment()

/** The service with options from configuration; by default from the {@link environment}. */
export const layerConfig = (
  options?: Config.Wrap<Pick<Options, "token" | "host" | "urls" | "dialect">>
): Layer.Layer<Services, ConversationError | Config.ConfigError, Transports> =>
  Layer.unwrap(Effect.map(
    options === undefined
      ? Effect.flatMap(environment, ({ token, ...rest }) =>
        Result.match(Token.check(token && Redacted.value(token), "SIGNALWIRE_TOKEN"), {
          onFailure: (reason) =>
            Effect.fail(new ConversationError({ method: "layerConfig", reason })),
          onSuccess: (token) => Effect.succeed({ ...rest, token: Redacted.make(token) })
        }))
      : Config.unwrap(options),
    layer
  ))

/** Closes the service's requirements with the platform's own `fetch` and `WebSocket`, in Node and browsers alike. */
export const layerTransports: Layer.Layer<Transports> = /* @__PURE__ */ Layer.merge(
  SignalWireHttp.layerFetchClient,
  WebSockets.layer
)

/** {@link layer} over the platform's own `fetch` and `WebSocket`. */
export const layerFetch = (options: Options): Layer.Layer<Services, ConversationError> =>
  Layer.provide(layer(options), layerTransports)
