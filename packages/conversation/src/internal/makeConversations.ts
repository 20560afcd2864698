/** Builds the `Conversations` service from the HTTP and subscription services. */
import * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import type { SignalWireHttpError } from "@effect-signalwire/http/SignalWireHttpError"
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Json from "@effect-signalwire/runtime/Json"
import { Lifetime } from "@effect-signalwire/runtime/Lifetime"
import * as Settings from "@effect-signalwire/runtime/Settings"
import * as Streams from "@effect-signalwire/runtime/Streams"
import { Closed } from "@effect-signalwire/schema/Reason"
import { closed } from "@effect-signalwire/subscription/ConnectionState"
import * as Subscription from "@effect-signalwire/subscription/Subscription"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { ConversationError } from "../ConversationError.ts"
import { ConnectionMonitor } from "./connectionMonitor.ts"
import * as ConversationCache from "./conversationCache.ts"
import type { ServiceOptions } from "./conversationsOptions.ts"
import { Conversations, type Service } from "./conversationsService.ts"
import * as Delivery from "./delivery.ts"
import * as Echoes from "./echoes.ts"
import { HistoryReader } from "./historyReader.ts"
import { catchInvalid } from "./invalidOptions.ts"
import * as MetricsRecorder from "./metricsRecorder.ts"
import { copyOptions } from "./overflowPolicy.ts"
import * as Reading from "./reading.ts"
import { Reconciler } from "./reconciler.ts"
import { Retrier } from "./retrier.ts"
import * as Sending from "./sending.ts"
import * as SendQueue from "./sendQueue.ts"
import * as Subscribing from "./subscribing.ts"

/** The interval and the grace period of polling while there is no session. Milliseconds. */
const defaultPollMillis = 15_000
const graceMillis = 5000

const closedError = (method: string, stored?: "no" | "unknown") =>
  Effect.suspend(() =>
    Effect.fail(
      new ConversationError({ method, reason: new Closed(), ...(stored === undefined ? undefined : { stored }) })
    )
  )

/** {@link make} with metrics of the caller's choice. `url` is that of the server, if it is known. */
export const makeWith = Effect.fnUntraced(function*(
  options: ServiceOptions,
  metrics: MetricsRecorder.MetricsRecorder,
  url?: string
): Effect.fn.Return<
  Service,
  never,
  SignalWireHttp.SignalWireHttp | Subscription.Subscription | Scope.Scope
> {
  const http = yield* SignalWireHttp.SignalWireHttp
  const subscription = yield* Subscription.Subscription
  const instrumentation = (yield* Instrumentation.Instrumentation).forService("Conversations", url)
  const sweep = options.sweep || undefined
  const minMillis = Settings.positiveMillis("sweep.min", sweep?.min ?? defaultPollMillis)
  const maxMillis = Settings.positiveMillis("sweep.max", sweep?.max ?? "5 minutes")
  const overlapSeconds = Settings.millis("overlap", options.overlap ?? "30 seconds") / 1000
  const settleMillis = Settings.millis("settle", options.settle ?? "5 seconds")
  const deadlineMillis = Settings.millis("sendDeadline", options.sendDeadline ?? "2 minutes")
  const readyMillis = Settings.millis("readyTimeout", options.readyTimeout ?? "10 seconds")
  const cursorMillis = Settings.millis("cursorInterval", options.cursorInterval ?? "1 second")
  const capacity = Settings.count("sendCapacity", options.sendCapacity ?? 1000)
  const memory = Settings.count("memory", options.memory ?? 8192)
  const recoveryLimit = Settings.count("recoveryLimit", options.recoveryLimit ?? 10_000)
  const session = yield* subscription.connection.current
  const monitor = new ConnectionMonitor(session)
  const retrier = new Retrier(subscription)
  const lifetime = new Lifetime()
  const reader = new HistoryReader({
    subscription,
    monitor,
    retrier,
    lifetime,
    instrumentation,
    pollMillis: minMillis
  })
  const reconciler = new Reconciler(
    {
      minMillis,
      maxMillis,
      whileConnected: options.sweep !== false,
      graceMillis
    },
    session,
    monitor,
    instrumentation,
    yield* Effect.context()
  )
  // synchronous, so that readers find the new state once a session is ready
  yield* Streams.listen(subscription.connection.changes, (state) => {
    monitor.setSession(state)
    reconciler.setSession(state)
  })
  const echoes = Echoes.make()
  const recordSignals = yield* metrics.signalRecorder
  yield* Streams.listen(subscription.signals, (signals) => {
    for (const signal of signals) {
      if (signal._tag === "Malformed") reconciler.reportMalformed(reader.tick())
      else if (signal._tag === "Discontinuity") {
        reader.tick()
        if (signal.cause === "connected") monitor.sessionStarted.emit()
      }
    }
    echoes.onSignals(signals)
    recordSignals(signals)
  })
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      reconciler.close()
      monitor.setSession(closed)
      lifetime.close()
      // sequences end when they read, even if the subscription service is not closed
      return reconciler.requestAllReads
    })
  )

  const dependencies: Reading.Dependencies & Sending.Dependencies & Subscribing.Dependencies = {
    http,
    subscription,
    monitor,
    reader,
    reconciler,
    metrics,
    instrumentation,
    cache: ConversationCache.make(http, instrumentation),
    traceMessages: options.traceMessages === true,
    inFlightMillis: 4 * settleMillis,
    idempotency: undefined,
    queue: SendQueue.make(
      Delivery.make(http, retrier, echoes, { overlapSeconds, searchLimit: Reading.searchLimit, settleMillis }),
      { deadlineMillis, capacity }
    ),
    readyMillis,
    tuning: {
      overlapSeconds,
      memory,
      recoveryLimit,
      cursorMillis,
      isReconciled: options.sweep !== false
    }
  }

  /** Fails with `Closed` when the client is closed before or during the call. */
  const method = <A>(
    name: string,
    effect: Effect.Effect<A, ConversationError>,
    attributes?: Instrumentation.Attributes
  ): Effect.Effect<A, ConversationError> =>
    instrumentation.span(name, attributes)(lifetime.run(effect, closedError(name)))
  /** Fails with `Closed` when the client is closed before the stream starts. */
  const stream = <A>(
    name: string,
    items: Stream.Stream<A, ConversationError>
  ): Stream.Stream<A, ConversationError> =>
    Stream.unwrap(Effect.suspend(() => lifetime.isClosed ? closedError(name) : Effect.succeed(items)))
  /** Ends a stream when the client is closed. */
  const untilClosed = <A, E>(items: Stream.Stream<A, E>): Stream.Stream<A, E> =>
    Stream.unwrap(Effect.map(
      Effect.flatMap(Effect.scope, (scope) => Streams.toPull(items, scope)),
      (pull) => Stream.fromPull(Effect.succeed(lifetime.run(pull, Cause.done())))
    ))
  /** A {@link stream} of a list, in a span. */
  const list = <A>(
    name: string,
    items: Stream.Stream<A, SignalWireHttpError>,
    attributes?: Instrumentation.Attributes
  ): Stream.Stream<A, ConversationError> =>
    instrumentation.spanStream(name, attributes)(
      stream(name, untilClosed(Stream.mapError(items, ConversationError.from(name))))
    )

  return Conversations.of({
    getConversations: (options) => method("getConversations", Reading.getConversations(dependencies, options)),
    getConversationMessages: (options) =>
      method("getConversationMessages", Reading.getConversationMessages(dependencies, options), options),
    getMessages: (options) => method("getMessages", Reading.getMessages(dependencies, options)),
    conversations: (options) => list("conversations", http.conversations(options)),
    conversationMessages: (options) => list("conversationMessages", http.conversationMessages(options), options),
    messages: (options) => list("messages", http.messages(options)),
    sendMessage: (options) => {
      const message = Json.snapshotMessage(options)
      const send = Sending.sendMessage(dependencies, message)
      const name = "sendMessage"
      return Effect.suspend(() =>
        lifetime.isClosed ? closedError(name, "no") : lifetime.run(send, closedError(name, "unknown"))
      ).pipe(instrumentation.span(
        name,
        message,
        // a traced message needs a span even where no tracer exports it
        { always: dependencies.traceMessages }
      ))
    },
    findMessage: (options) => method("findMessage", Reading.findMessage(dependencies, options), options),
    join: (options) => method("join", Reading.join(dependencies, options), options),
    // getters, since a process may have thousands of clients that never use most of these
    get subscribe() {
      return stream("subscribe", Stream.unwrap(Effect.suspend(() => Subscribing.openSubscription(dependencies))))
    },
    subscription: (options) =>
      lifetime.run(
        Subscribing.openSubscription(dependencies, copyOptions(options ?? {})),
        closedError("subscribe")
      ),
    timeline: (options) => stream("timeline", Subscribing.timeline(dependencies, copyOptions(options))),
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

/**
 * Builds the service from the HTTP and subscription services of the context. It is closed with the scope. Its spans and
 * logs go to the `Instrumentation` of the context, or to Effect's tracer and loggers. Fails with `Invalid` for invalid
 * options.
 */
export const make = (
  options: ServiceOptions = {}
): Effect.Effect<Service, ConversationError, SignalWireHttp.SignalWireHttp | Subscription.Subscription | Scope.Scope> =>
  makeWith(options, MetricsRecorder.make(options.name)).pipe(
    catchInvalid("layer"),
    Instrumentation.forClient(options.name)
  )
