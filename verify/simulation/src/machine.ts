/**
 * A machine of its own for a simulation: time, timers and tasks, all in the hands of whoever runs it. Nothing happens but
 * in `run` and `advance`, and nothing in them depends on the machine underneath.
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

/** A clock that may be off, and how many wait for it. */
export interface Watch {
  readonly clock: Clock.Clock
  readonly pending: () => number
  /** Sets what it shows forward, or back, as people and networks do. What measures durations takes no notice. */
  readonly jump: (millis: number) => void
  /** Whether that was done. */
  readonly hasJumped: () => boolean
}

/** Tasks between two moments at rest; more than this never come to rest. */
const maxTasks = 2_000_000

const isBefore = (a: Timer, b: Timer): boolean => a.due < b.due || (a.due === b.due && a.order < b.order)

export class Machine {
  /** Unix milliseconds. */
  now: number
  #order = 0
  #ready: Array<Task> = []
  #soon: Array<Task> = []
  /** The next one last. */
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

  /** After the task that runs now, before the next. */
  soon(task: Task): void {
    this.#soon.push(task)
  }

  /** Some time from now. Answers how to take it back. */
  after(millis: number, task: Task): Task {
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

  /** Until nothing is left to do at this moment. */
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
      if (tasks > maxTasks) throw new Error("the machine does not come to rest")
    }
  }

  /** Lets time pass, and everything happen that falls into it. */
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

  /** A clock that shows `skewMillis` more than the time. One that is `dependent` measures durations by what it shows. */
  watch(skewMillis = 0, dependent = false): Watch {
    let pending = 0
    let skew = skewMillis
    let hasJumped = false
    const millis = () => Math.floor(this.now + skew)
    const nanos = () => BigInt(millis()) * 1_000_000n
    const monotonic = dependent ? nanos : () => BigInt(Math.floor(this.now)) * 1_000_000n
    return {
      pending: () => pending,
      jump: (by) => {
        skew += by
        hasJumped = true
      },
      hasJumped: () => hasJumped,
      clock: {
        currentTimeMillisUnsafe: millis,
        currentTimeMillis: Effect.sync(millis),
        currentTimeNanosUnsafe: nanos,
        currentTimeNanos: Effect.sync(nanos),
        monotonicTimeNanosUnsafe: monotonic,
        monotonicTimeNanos: Effect.sync(monotonic),
        sleep: (duration) =>
          Effect.callback<void>((resume) => {
            pending++
            let over = false
            const end = () => {
              if (!over) pending--
              over = true
            }
            const wait = Math.ceil(Duration.toMillis(duration))
            const cancel = Number.isFinite(wait)
              ? this.after(wait, () => {
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
