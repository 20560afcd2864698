/**
 * Streams of what happens in this process, such as changes of a token. Users run them like any other stream; the client
 * packages listen to them synchronously, where the order matters, and without a fiber.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { SingleConsumerQueue } from "./SingleConsumerQueue.ts"
import { catchUnexpected } from "./Thrown.ts"

/** Pulls the next array of items of a stream. */
export type ArrayPull<A, E = never, R = never> = Pull.Pull<NonEmptyReadonlyArray<A>, E, void, R>

/** Calls a listener with each value, within the call that emits the value, until the scope closes. */
export type Listen<A> = (listener: (value: A) => void) => Effect.Effect<void, never, Scope.Scope>

const listenKey = "~@effect-signalwire/runtime/Streams/listen"

/** A stream whose values can also be received synchronously. */
interface ListenerStream<A> extends Stream.Stream<A> {
  readonly [listenKey]: Listen<A>
}

const isListenerStream = <A>(stream: Stream.Stream<A>): stream is ListenerStream<A> => listenKey in stream

/** How many values are kept for a consumer that does not keep up: the newest. */
const maxPending = 1024

/** Pulls the values that a listener receives, until the scope closes. The newest of those not pulled yet are kept. */
const pullListened = <A>(listen: Listen<A>): Effect.Effect<ArrayPull<A>, never, Scope.Scope> =>
  Effect.suspend(() => {
    const values = new SingleConsumerQueue<A>()
    const onValue = (value: A): void => {
      if (values.size === maxPending) values.drop()
      values.offer(value)
    }
    return Effect.as(listen(onValue), values.take)
  })

/**
 * Makes a stream of the values that a listener receives. {@link listen} calls its listener from `listen` itself, while
 * every other use runs it as a stream. A consumer that does not keep up receives the newest 1024 values.
 */
export const fromListen = <A>(register: Listen<A>): Stream.Stream<A> =>
  Object.assign(
    Stream.unwrap(Effect.map(pullListened(register), (pull) => Stream.fromPull(Effect.succeed(pull)))),
    { [listenKey]: register }
  )

/** Opens a stream in a scope. `Stream.toPull` does the same, and adds more than 4 kB to a browser bundle. */
export const toPull = <A, E, R>(
  stream: Stream.Stream<A, E, R>,
  scope: Scope.Scope
): Effect.Effect<ArrayPull<A, E, R>, never, R> => Channel.toPullScoped(Stream.toChannel(stream), scope)

/**
 * Calls `listener` with each value of a stream until the scope closes: within the call that emits the value for streams
 * of {@link fromListen}, and from a fiber for all others. The listener must not throw. `onDefect` handles exceptions of
 * the stream, and an interruption within it; the stream ends with them.
 */
export const listen = <A>(
  stream: Stream.Stream<A>,
  listener: (value: A) => void,
  onDefect: (defect: unknown) => Effect.Effect<void> = Effect.die
): Effect.Effect<void, never, Scope.Scope> => {
  if (isListenerStream(stream)) return catchUnexpected(stream[listenKey](listener), onDefect)
  const run = Stream.runForEachArray(stream, (values) => Effect.sync(() => values.forEach((value) => listener(value))))
  return Effect.asVoid(Effect.forkScoped(catchUnexpected(run, onDefect), { startImmediately: true }))
}
