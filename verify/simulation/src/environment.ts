/** What every fiber of a simulation runs with: the machine's time and tasks, chance of its own, and logs for nobody. */
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
import { source } from "./chance.ts"
import type { Machine } from "./machine.ts"
import { PlatformException } from "./platform.ts"
import { Violation } from "./Violation.ts"

export interface Environment {
  readonly context: Context.Context<never>
  readonly fork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
  /** Runs what comes to its end without time passing. */
  readonly now: <A, E>(effect: Effect.Effect<A, E>) => A
}

export const make = (options: {
  readonly machine: Machine
  readonly clock: Clock.Clock
  readonly seed: string
  /** Told of every fiber that died of a defect of its own. */
  readonly onDefect: (defect: string) => void
  /** Called with every line that is logged; what it throws, it throws into whoever logs. */
  readonly onLog?: (() => void) | undefined
}): Environment => {
  const { machine, onLog } = options
  const context = Context.make(Scheduler.Scheduler, machine.scheduler).pipe(
    Context.add(ClockService.Clock, options.clock),
    Context.add(Random.Random, source(options.seed)),
    Context.add(References.CurrentLoggers, new Set(onLog === undefined ? [] : [Logger.make(onLog)])),
    Context.add(References.MinimumLogLevel, onLog === undefined ? "None" : "All"),
    Context.add(References.TracerEnabled, false),
    Context.add(Metric.FiberRuntimeMetrics, {
      recordFiberStart: () => undefined,
      recordFiberEnd: (_, exit) => {
        if (Exit.isSuccess(exit) || !Cause.hasDies(exit.cause)) return
        const defect = Cause.squash(exit.cause)
        // how a server that is stopped says so to who still asks
        if (HttpServerResponse.isHttpServerResponse(defect) || defect instanceof PlatformException) return
        options.onDefect(defect instanceof Violation ? defect.message : Cause.pretty(exit.cause))
      }
    })
  )
  const fork = Effect.runForkWith(context)
  return {
    context,
    fork: (effect) => fork(effect),
    now: (effect) => {
      const fiber = fork(effect)
      machine.run()
      const exit = fiber.pollUnsafe()
      if (exit === undefined) throw new Error("this was to need no time")
      if (Exit.isFailure(exit)) throw new Error(Cause.pretty(exit.cause))
      return exit.value
    }
  }
}
