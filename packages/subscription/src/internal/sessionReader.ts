/** Reads a session's frames until the session ends: writes the replies, emits the signals. */
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import type * as Connect from "@effect-signalwire/schema/Connect"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ResumeParams } from "./connectionMachine.ts"
import type { FrameReader, ReadResult, SessionEnd } from "./frameReader.ts"
import type { Liveness } from "./liveness.ts"
import type { SessionEvents } from "./sessionEvents.ts"
import type { SessionTasks } from "./sessionTasks.ts"
import type { OpenSocket } from "./socket.ts"

/** How a session ended. */
export interface SessionResult extends SessionEnd {
  /** How to resume the session; `null` if it never became ready. */
  readonly resume: ResumeParams | null
  /** For how long it was ready, in milliseconds. */
  readonly readyMillis: number
  /** How long the server asked the client to wait, in milliseconds; 0 if it did not. */
  readonly retryAfterMillis: number
}

export interface Options {
  readonly socket: OpenSocket
  readonly frames: FrameReader
  readonly tasks: SessionTasks
  readonly liveness: Liveness
  readonly events: SessionEvents
  /** Runs when the connect request has succeeded, before the signals of that batch are emitted. */
  readonly onConnect: (
    result: Connect.Result,
    resume: ResumeParams
  ) => Effect.Effect<void, never, Scope.Scope>
}

/** Reads batch after batch, and returns how the session ended. */
export const readSession = Effect.fnUntraced(function*(
  { events, frames, liveness, onConnect, socket, tasks }: Options
): Effect.fn.Return<SessionResult, never, Scope.Scope> {
  let readyAt: number | undefined
  let retryAfterMillis = 0

  const reply = ({ end, replies }: ReadResult): Effect.Effect<SessionEnd | undefined> => {
    const written = Effect.catch(socket.writeAll(replies), tasks.fail)
    // yields, so that subscribers run before the replies are written, and frames that arrive meanwhile form one batch
    return Effect.as(Effect.andThen(Effect.yieldNow, written), end)
  }
  const emit = (result: ReadResult) => {
    if (result.signals.length > 0) events.onSignals(result.signals)
    return result.malformed.length === 0
      ? reply(result)
      : Effect.andThen(events.onMalformed(result.malformed), reply(result))
  }
  const read = (batch: ReadonlyArray<unknown>): Effect.Effect<SessionEnd | undefined, never, Scope.Scope> => {
    const result = frames.read(batch)
    const resume = frames.resumeParams()
    if (result.connectResult === undefined || resume === null) return emit(result)
    const { connectResult } = result
    return Effect.flatMap(Monotonic.millis, (now) => {
      readyAt = now
      return Effect.flatMap(onConnect(connectResult, resume), () => emit(result))
    })
  }
  // made once, so that nothing references the last batch while the next one is awaited
  const readBatch = Effect.matchEffect(socket.pull, {
    onSuccess: (batch) => {
      const onAlive = liveness.onFrames()
      return onAlive === undefined ? read(batch) : Effect.andThen(onAlive, read(batch))
    },
    onFailure: (failure): Effect.Effect<SessionEnd> => {
      retryAfterMillis = failure.retryAfterMillis
      return Effect.succeed({ outcome: "lost", reason: tasks.failure() ?? failure.reason })
    }
  })

  let end: SessionEnd | undefined
  while (end === undefined) end = yield* readBatch
  const readyMillis = readyAt === undefined ? 0 : (yield* Monotonic.millis) - readyAt
  return { ...end, resume: frames.resumeParams(), readyMillis, retryAfterMillis }
})
