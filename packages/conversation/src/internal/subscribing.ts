/** `Conversations.subscription` and `timeline`: what each starts with, and their streams. */
import type * as SignalWireHttp from "@effect-signalwire/http/SignalWireHttp"
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import * as Settings from "@effect-signalwire/runtime/Settings"
import { ConversationEvent } from "@effect-signalwire/schema/ConversationEvent"
import { invalidParameter, Timeout } from "@effect-signalwire/schema/Reason"
import type * as Subscription from "@effect-signalwire/subscription/Subscription"
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { ConversationError } from "../ConversationError.ts"
import type { Cursor } from "../Cursor.ts"
import type { ConnectionMonitor } from "./connectionMonitor.ts"
import type { OverflowPolicy, SubscriptionOptions, TimelineOptions } from "./conversationsOptions.ts"
import type { HistoryReader } from "./historyReader.ts"
import * as HistorySlice from "./historySlice.ts"
import { catchInvalid } from "./invalidOptions.ts"
import * as LiveSequence from "./liveSequence.ts"
import type { MetricsRecorder } from "./metricsRecorder.ts"
import { buffer } from "./overflowPolicy.ts"
import { historyPageSize, readPage, searchLimit } from "./reading.ts"
import type { Reconciler } from "./reconciler.ts"

export interface Dependencies {
  readonly http: SignalWireHttp.Service
  readonly subscription: Subscription.Service
  readonly monitor: ConnectionMonitor
  readonly reader: HistoryReader
  readonly reconciler: Reconciler
  readonly metrics: MetricsRecorder
  readonly instrumentation: Instrumentation
  readonly tuning: LiveSequence.LiveOptions
  /** How long a subscription waits for a session. Milliseconds. */
  readonly readyMillis: number
}

/** The options of a subscription or timeline. */
interface StartOptions {
  readonly addressId?: string
  readonly timeout?: Duration.Input | undefined
  readonly policy?: OverflowPolicy | undefined
  readonly cursor?: Cursor | undefined
}

/** Throws `Invalid`, which names the option, for invalid options. */
const checkOptions = ({ cursor, policy = "suspend", timeout = 0 }: StartOptions): void => {
  Settings.millis("timeout", timeout)
  if (policy === "suspend") return
  const { capacity, strategy } = policy
  if ((strategy !== "sliding" && strategy !== "dropping") || !Number.isSafeInteger(capacity) || capacity < 1) {
    const forms = "\"suspend\", or { strategy: \"sliding\" or \"dropping\", capacity: a positive integer }"
    throw invalidParameter("policy", `must be ${forms}`)
  }
  // its buffer pulls ahead of the consumer, so the cursor would be saved beyond what was consumed
  if (cursor !== undefined) throw invalidParameter("policy", "must be \"suspend\" together with a cursor")
}

/**
 * Opens a sequence in a span that ends with the scope. Fails with `Timeout` when that takes too long, and with `Invalid`
 * for invalid options.
 */
const open = (
  { instrumentation, monitor, ...dependencies }: Dependencies,
  { addressId, ...given }: StartOptions,
  sequence: Pick<LiveSequence.Options, "method" | "history" | "isIncluded" | "awaitReady" | "start">
): Effect.Effect<LiveSequence.Items, ConversationError, Scope.Scope> => {
  const { method } = sequence
  const { cursor, timeout } = given
  const opening = LiveSequence.open({ ...dependencies, instrumentation, monitor, cursor, ...sequence })
  const withTimeout = (duration: Duration.Input) =>
    Effect.timeoutOrElse(opening, {
      duration,
      orElse: () =>
        Effect.flatMap(monitor.state.get, ({ reason }) =>
          Effect.fail(
            new ConversationError({
              method,
              reason: new Timeout({ millis: Duration.toMillis(duration) }),
              ...(reason === null ? undefined : { cause: reason })
            })
          ))
    })
  return Effect.andThen(
    catchInvalid(method)(Effect.sync(() => checkOptions(given))),
    Effect.flatMap(
      instrumentation.spanScoped(method, { addressId }),
      (within) =>
        Effect.map(
          within(timeout === undefined ? opening : withTimeout(timeout)),
          within
        )
    )
  )
}

/** Starts a subscription to all conversations: what its stream yields is newer than the newest message of history. */
export const openSubscription = (
  dependencies: Dependencies,
  options: SubscriptionOptions = {}
) => {
  const { onGap, policy } = options
  const { http, readyMillis, reconciler, subscription, tuning } = dependencies
  const method = "subscribe"
  return Effect.map(
    open(dependencies, options, {
      method,
      history: { key: method, method, newest: readPage(method, http.getMessages({ pageSize: historyPageSize })) },
      isIncluded: constTrue,
      awaitReady: Effect.timeoutOrElse(
        Effect.raceFirst(
          Effect.mapError(subscription.ready, ConversationError.from(method)),
          reconciler.awaitPolling
        ),
        { duration: readyMillis, orElse: () => Effect.void }
      ),
      start: (newest) =>
        Effect.map(
          HistorySlice.newestMessages(newest, tuning.overlapSeconds, searchLimit),
          (slice) => ({ slice, isEmitted: false })
        )
    }),
    (items) => toStream(toEvents(items, onGap), policy)
  )
}

/** The timeline of one conversation. */
export const timeline = (
  dependencies: Dependencies,
  options: TimelineOptions
) => {
  const { addressId, policy, since } = options
  const { http } = dependencies
  const sinceSeconds = toEpochSeconds(since)
  const method = "timeline"
  return Stream.unwrap(Effect.map(
    open(dependencies, options, {
      method,
      history: {
        key: JSON.stringify([method, addressId, sinceSeconds]),
        method,
        newest: readPage(method, http.getConversationMessages({ addressId, since, pageSize: historyPageSize }))
      },
      // a message may be pushed long after its time
      isIncluded: (event) => event.addressId === addressId && event.epochSeconds >= sinceSeconds,
      awaitReady: Effect.void,
      start: since === undefined
        ? (newest) => Effect.map(HistorySlice.newestPage(newest), (slice) => ({ slice, isEmitted: true }))
        : "everything"
    }),
    (items) => toStream(items, policy)
  ))
}

/** A value that is neither a number nor a `DateTime` is rejected when history is read. */
const toEpochSeconds = (since: TimelineOptions["since"]): number => {
  if (typeof since === "number") return since
  return DateTime.isDateTime(since) ? DateTime.toEpochMillis(since) / 1000 : Number.NEGATIVE_INFINITY
}

/**
 * The messages among the items. `onGap` runs before the messages of its batch, which has at most one gap, at the start.
 */
const toEvents = (
  items: LiveSequence.Items,
  onGap: SubscriptionOptions["onGap"]
): Pull.Pull<Arr.NonEmptyReadonlyArray<ConversationEvent>, ConversationError> =>
  Effect.flatMap(items, (batch) => {
    const events: Array<ConversationEvent> = []
    let handleGap: Effect.Effect<void> | undefined
    for (const item of batch) {
      if (item._tag === "Message") events.push(ConversationEvent.fromMessage(item.message))
      else if (item._tag === "Gap") handleGap = onGap?.(item)
    }
    const next = Arr.isArrayNonEmpty(events) ? Effect.succeed(events) : toEvents(items, onGap)
    return handleGap === undefined ? next : Effect.andThen(handleGap, next)
  })

/** A stream that can be run once: two consumers of the same items would each miss what the other one pulls. */
const toStream = <A, E>(
  items: Pull.Pull<Arr.NonEmptyReadonlyArray<A>, E>,
  policy: OverflowPolicy = "suspend"
): Stream.Stream<A, Pull.ExcludeDone<E>> => {
  let isRun = false
  const once = Effect.suspend(() => {
    if (isRun) {
      return Effect.die(new Error("the stream of a subscription can be run only once: start one for each consumer"))
    }
    isRun = true
    return Effect.succeed(items)
  })
  return policy === "suspend"
    ? Stream.fromPull(once)
    : Stream.scoped(Stream.fromPull(Effect.flatMap(once, buffer(policy))))
}
