/** The span of a client's sessions, and what is logged about them. */
import type { Reason } from "@effect-signalwire/schema/Reason"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Monotonic from "../Monotonic.ts"
import { names } from "../SemanticConventions.ts"
import { isTraced } from "../Tracing.ts"
import type { SessionObserver } from "./instrumentationContract.ts"
import { annotated, exportedSpan, ignoreDefects, runInSpan } from "./spans.ts"

/** The seconds between two times in milliseconds, to the millisecond. */
const secondsBetween = (from: number, to: number): number => Math.round(to - from) / 1000

/** A session that is ready, or an interruption of the service. `since` is in monotonic milliseconds. */
type SessionState =
  | { readonly _tag: "Ready"; readonly since: number }
  | { readonly _tag: "Interrupted"; readonly since: number; readonly reason: Reason }
  | undefined

/** One span for as long as a session is needed, with an event for all that happens to it. */
export class EffectSessionObserver implements SessionObserver {
  private readonly name: string
  private readonly attributes: Readonly<Record<string, unknown>>
  private state: SessionState
  private session = 0

  constructor(name: string, attributes: Readonly<Record<string, unknown>>) {
    this.name = name
    this.attributes = attributes
  }

  run<R>(loop: Effect.Effect<void, never, R>): Effect.Effect<void, never, R> {
    return Effect.withFiber((fiber) => {
      this.state = undefined
      if (!isTraced(fiber)) return loop
      // a root: it is not part of the trace of the subscriber that happens to be the first
      const span = Effect.makeSpan(this.name, { kind: "client", root: true, attributes: this.attributes })
      // without its span, if the tracer throws
      return Effect.matchCauseEffect(span, {
        onFailure: () => loop,
        onSuccess: (span) =>
          Effect.onExit(
            runInSpan(loop, span),
            (exit) =>
              ignoreDefects(
                Effect.clockWith((clock) => Effect.sync(() => span.end(clock.currentTimeNanosUnsafe(), exit)))
              )
          )
      })
    })
  }

  onDial(attempt: number): Effect.Effect<void> {
    return this.event("dial", { [names.dialAttempt]: attempt })
  }

  onReady(session: number, resumed: boolean): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      const { state } = this
      const now = yield* Monotonic.millis
      this.state = { _tag: "Ready", since: now }
      this.session = session
      const sessionAttributes = { [names.sessionNumber]: session }
      yield* this.event(resumed ? "resume" : "ready", sessionAttributes)
      if (state?._tag !== "Interrupted") return
      const { reason, since } = state
      const attributes = {
        ...sessionAttributes,
        [names.errorType]: reason._tag,
        [names.outageDuration]: secondsBetween(since, now)
      }
      yield* this.event("reconnect", attributes)
      yield* annotated(Effect.logInfo("reconnected", reason.message), attributes)
    })
  }

  onEnd(reason: Reason, outcome: string): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      const { session, state } = this
      const now = yield* Monotonic.millis
      const attributes = {
        [names.errorType]: reason._tag,
        ...(state?._tag === "Ready"
          ? { [names.sessionNumber]: session, [names.sessionDuration]: secondsBetween(state.since, now) }
          : undefined)
      }
      if (state?._tag === "Ready") this.state = { _tag: "Interrupted", since: now, reason }
      yield* this.event("end", attributes)
      yield* annotated(Effect.logDebug("the session ended", outcome, reason.message), attributes)
    })
  }

  private event(name: string, attributes: Record<string, unknown>): Effect.Effect<void> {
    return ignoreDefects(Effect.withFiber((fiber) => {
      exportedSpan(fiber)?.event(name, fiber.getRef(Clock.Clock).currentTimeNanosUnsafe(), attributes)
      return Effect.void
    }))
  }
}
