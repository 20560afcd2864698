/**
 * A deterministic event loop with virtual time: tasks and timers run only inside of `run` and `advance`, and nothing
 * depends on the real clock.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scheduler from "effect/Scheduler"

type Task = () => void

interface Timer {
  readonly due: number
  readonly order: number
  readonly task: Task
}

/** The clock of one device, which may be wrong. */
export interface DeviceClock {
  readonly service: Clock.Clock
  /** The number of sleeps that have not ended. */
  readonly pendingTimers: () => number
  /** Moves the wall-clock time by this many milliseconds. The monotonic time, which measures durations, is unaffected. */
  readonly adjust: (millis: number) => void
  readonly wasAdjusted: () => boolean
}

/** After this many tasks without an idle moment, the loop is considered endless. */
const maxTasks = 2_000_000

const isBefore = (a: Timer, b: Timer): boolean => a.due < b.due || (a.due === b.due && a.order < b.order)

export class EventLoop {
  /** Unix milliseconds. */
  now: number
  #order = 0
  #ready: Array<Task> = []
  #soon: Array<Task> = []
  /** Sorted; the next one to fire is last. */
  readonly #timers: Array<Timer> = []

  constructor(now: number) {
    this.now = now
  }

  readonly scheduler: Scheduler.Scheduler = new Scheduler.MixedScheduler("async", (task) => {
    let cancelled = false
    this.#ready.push(() => {
      if (!cancelled) task()
    })
    return () => {
      cancelled = true
    }
  })

  /** Runs a task after the current one, before the next. */
  enqueue(task: Task): void {
    this.#soon.push(task)
  }

  /** Runs a task after a delay. Returns a function that cancels it. */
  schedule(millis: number, task: Task): Task {
    const timer: Timer = { due: this.now + millis, order: this.#order++, task }
    let low = 0
    let high = this.#timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#timers[middle]
      if (other !== undefined && isBefore(timer, other)) low = middle + 1
      else high = middle
    }
    this.#timers.splice(low, 0, timer)
    return () => {
      const index = this.#timers.indexOf(timer)
      if (index >= 0) this.#timers.splice(index, 1)
    }
  }

  /** Runs all tasks that are due now. */
  run(): void {
    let tasks = 0
    while (true) {
      while (this.#soon.length > 0) {
        const batch = this.#soon
        this.#soon = []
        for (const task of batch) task()
        tasks += batch.length
      }
      if (this.#ready.length === 0) return
      const batch = this.#ready
      this.#ready = []
      for (const task of batch) {
        task()
        if (this.#soon.length > 0) {
          const first = this.#soon
          this.#soon = []
          for (const one of first) one()
        }
      }
      tasks += batch.length
      if (tasks > maxTasks) throw new Error("the event loop does not become idle")
    }
  }

  /** Advances the time, and runs every timer that is due in between. */
  advance(millis: number): void {
    const end = this.now + millis
    this.run()
    while (true) {
      const next = this.#timers.at(-1)
      if (next === undefined || next.due > end) break
      this.#timers.pop()
      this.now = Math.max(this.now, next.due)
      next.task()
      this.run()
    }
    this.now = end
  }

  /**
   * A clock that is `skewMillis` ahead of the virtual time. With `measuresByWallClock`, its monotonic time is the
   * wall-clock time.
   */
  makeClock(skewMillis = 0, measuresByWallClock = false): DeviceClock {
    let pending = 0
    let skew = skewMillis
    let wasAdjusted = false
    const millis = () => Math.floor(this.now + skew)
    const nanos = () => BigInt(millis()) * 1_000_000n
    const monotonic = measuresByWallClock ? nanos : () => BigInt(Math.floor(this.now)) * 1_000_000n
    return {
      pendingTimers: () => pending,
      adjust: (by) => {
        skew += by
        wasAdjusted = true
      },
      wasAdjusted: () => wasAdjusted,
      service: {
        currentTimeMillisUnsafe: millis,
        currentTimeMillis: Effect.sync(millis),
        currentTimeNanosUnsafe: nanos,
        currentTimeNanos: Effect.sync(nanos),
        monotonicTimeNanosUnsafe: monotonic,
        monotonicTimeNanos: Effect.sync(monotonic),
        sleep: (duration) =>
          Effect.callback<void>((resume) => {
            pending++
            let hasEnded = false
            const end = () => {
              if (!hasEnded) pending--
              hasEnded = true
            }
            const wait = Math.ceil(Duration.toMillis(duration))
            const cancel = Number.isFinite(wait)
              ? this.schedule(wait, () => {
                end()
                resume(Effect.void)
              })
              : () => undefined
            return Effect.sync(() => {
              end()
              cancel()
            })
          })
      }
    }
  }
}
