/** The Effect context of a simulated process: virtual time, the event loop's scheduler, seeded randomness, no log output. */
import * as Instrumentation from "@effect-signalwire/runtime/Instrumentation"
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as ClockService from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import * as References from "effect/References"
import * as Scheduler from "effect/Scheduler"
import type { EventLoop } from "./eventLoop.ts"
import { PlatformException } from "./platform.ts"
import { seeded } from "./random.ts"
import { Violation } from "./Violation.ts"

export interface Environment {
  readonly context: Context.Context<never>
  readonly fork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
  /** Runs an effect that ends without time passing, and returns its result. */
  readonly runSync: <A, E>(effect: Effect.Effect<A, E>) => A
}

/** The same instrumentation, which also passes transitions on. */
const observed = (
  base: Instrumentation.Instrumentation,
  onTransition: Instrumentation.TransitionObserver
): Instrumentation.Instrumentation => ({
  named: (name) => observed(base.named(name), onTransition),
  forService: (service, url) => observed(base.forService(service, url), onTransition),
  span: (name, attributes, options) => base.span(name, attributes, options),
  spanScoped: (name, attributes) => base.spanScoped(name, attributes),
  spanStream: (name, attributes) => base.spanStream(name, attributes),
  annotateSend: (clientId) => base.annotateSend(clientId),
  traceMetadata: (metadata) => base.traceMetadata(metadata),
  warn: (message, details, attributes) => base.warn(message, details, attributes),
  error: (message, details, attributes) => base.error(message, details, attributes),
  readFailed: (error) => base.readFailed(error),
  observeSessions: () => base.observeSessions(),
  onTransition
})

export const make = (options: {
  readonly eventLoop: EventLoop
  readonly clock: Clock.Clock
  readonly seed: string
  /** Called for every fiber that ends with a defect. */
  readonly onDefect: (defect: string) => void
  /** Called for every log message; an exception it throws reaches the code that logs. */
  readonly onLog?: (() => void) | undefined
  readonly onTransition: Instrumentation.TransitionObserver
}): Environment => {
  const { eventLoop, onLog } = options
  const context = Context.make(Scheduler.Scheduler, eventLoop.scheduler).pipe(
    Context.add(ClockService.Clock, options.clock),
    Context.add(Random.Random, seeded(options.seed)),
    Context.add(References.CurrentLoggers, new Set(onLog === undefined ? [] : [Logger.make(onLog)])),
    Context.add(References.MinimumLogLevel, onLog === undefined ? "None" : "All"),
    Context.add(Instrumentation.Instrumentation, observed(Instrumentation.effect, options.onTransition)),
    Context.add(References.TracerEnabled, false),
    Context.add(Metric.FiberRuntimeMetrics, {
      recordFiberStart: () => undefined,
      recordFiberEnd: (_, exit) => {
        if (Exit.isSuccess(exit) || !Cause.hasDies(exit.cause)) return
        const defect = Cause.squash(exit.cause)
        // a server that is stopped ends its requests with a response as the defect
        if (HttpServerResponse.isHttpServerResponse(defect) || defect instanceof PlatformException) return
        options.onDefect(defect instanceof Violation ? defect.message : Cause.pretty(exit.cause))
      }
    })
  )
  const fork = Effect.runForkWith(context)
  return {
    context,
    fork: (effect) => fork(effect),
    runSync: (effect) => {
      const fiber = fork(effect)
      eventLoop.run()
      const exit = fiber.pollUnsafe()
      if (exit === undefined) throw new Error("the effect did not end without time passing")
      if (Exit.isFailure(exit)) throw new Error(Cause.pretty(exit.cause))
      return exit.value
    }
  }
}
