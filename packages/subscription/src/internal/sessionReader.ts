/** Reads a session's frames until the session ends: writes the replies, emits the signals. */
import * as Monotonic from "@effect-signalwire/runtime/Monotonic"
import type * as Connect from "@effect-signalwire/schema/Connect"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { Authentication } from "./authentication.ts"
import type { ResumeParams } from "./connectionMachine.ts"
import type { FrameReader, ReadResult, SessionEnd } from "./frameReader.ts"
import type { Liveness } from "./liveness.ts"
import type { PendingRequests } from "./pendingRequests.ts"
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

export interface Dependencies {
  readonly clock: Clock.Clock
  readonly scope: Scope.Scope
  readonly socket: OpenSocket
  readonly frames: FrameReader
  readonly requests: PendingRequests
  readonly tasks: SessionTasks
  readonly liveness: Liveness
  readonly authentication: Authentication
  readonly events: SessionEvents
  /** The session that the connect request resumes. */
  readonly resume: ResumeParams | null
  /** Ends the session if it does not become ready in time. */
  readonly connectTimeout: Fiber.Fiber<unknown>
}

export class SessionReader {
  private readonly dependencies: Dependencies
  private readyAt: number | undefined
  private retryAfterMillis = 0

  constructor(dependencies: Dependencies) {
    this.dependencies = dependencies
  }

  /** Reads batch after batch, and returns how the session ended. */
  get run(): Effect.Effect<SessionResult> {
    const { frames, socket, tasks } = this.dependencies
    // made once, so that nothing references the last batch while the next one is awaited
    const readBatch = Effect.matchEffect(socket.pull, {
      onSuccess: (batch) => this.onBatch(batch),
      onFailure: ({ reason, retryAfterMillis }): Effect.Effect<SessionEnd> => {
        this.retryAfterMillis = retryAfterMillis
        return Effect.succeed({ outcome: "lost", reason: tasks.failure ?? reason })
      }
    })
    return Effect.gen({ self: this }, function*() {
      let end: SessionEnd | undefined
      while (end === undefined) end = yield* readBatch
      const readyMillis = this.readyAt === undefined ? 0 : this.now() - this.readyAt
      return { ...end, resume: frames.resumeParams(), readyMillis, retryAfterMillis: this.retryAfterMillis }
    })
  }

  private now(): number {
    return Monotonic.millisOf(this.dependencies.clock)
  }

  private onBatch(batch: ReadonlyArray<unknown>): Effect.Effect<SessionEnd | undefined> {
    const onAlive = this.dependencies.liveness.onFrames()
    return onAlive === undefined ? this.read(batch) : Effect.andThen(onAlive, this.read(batch))
  }

  private read(batch: ReadonlyArray<unknown>): Effect.Effect<SessionEnd | undefined> {
    const { frames } = this.dependencies
    const result = frames.read(batch)
    const resume = frames.resumeParams()
    return result.connectResult === undefined || resume === null
      ? this.emit(result)
      : Effect.flatMap(this.onReady(result.connectResult, resume), () => this.emit(result))
  }

  private onReady(result: Connect.Result, resume: ResumeParams): Effect.Effect<void> {
    const { authentication, connectTimeout, events, liveness, requests, scope, tasks } = this.dependencies
    return Effect.gen({ self: this }, function*() {
      this.readyAt = this.now()
      liveness.onReady()
      yield* Fiber.interrupt(connectTimeout)
      yield* authentication.noteExpiry(result)
      const resumed = result.session_restored ?? resume.protocol === this.dependencies.resume?.protocol
      yield* events.onReady(resume, resumed)
      yield* Scope.provide(authentication.keepCurrent(result, requests, tasks), scope)
    })
  }

  private emit(result: ReadResult): Effect.Effect<SessionEnd | undefined> {
    const { events } = this.dependencies
    if (result.signals.length > 0) events.onSignals(result.signals)
    return result.malformed.length === 0
      ? this.reply(result)
      : Effect.andThen(events.onMalformed(result.malformed), this.reply(result))
  }

  private reply({ end, replies }: ReadResult): Effect.Effect<SessionEnd | undefined> {
    const { socket, tasks } = this.dependencies
    const written = replies.length === 0
      ? Effect.void
      : Effect.catch(socket.writeAll(replies), (reason) => tasks.fail(reason))
    // yields, so that subscribers run before the replies are written, and frames that arrive meanwhile form one batch
    return Effect.as(end === undefined ? Effect.andThen(Effect.yieldNow, written) : written, end)
  }
}
