/** Time for tests of the real client and the real sandbox in one process, which otherwise would wait for seconds. */
import { vi } from "vitest"

const realNanos = process.hrtime.bigint.bind(process.hrtime)

/** The monotonic clock of the process, in nanoseconds. It never goes back, because all tests of a run share it. */
let monotonicNanos = realNanos
process.hrtime.bigint = () => monotonicNanos()

/**
 * Makes time pass about ten times as fast, for the client and the sandbox alike, and returns a function that ends this. All
 * clocks and timers advance together, in steps of 10 ms, and I/O proceeds between the steps, so that a busy machine causes no
 * timeouts.
 */
export const accelerateTime = (): () => void => {
  const startNanos = monotonicNanos()
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] })
  const startMillis = performance.now()
  monotonicNanos = () => startNanos + BigInt(Math.round((performance.now() - startMillis) * 1_000_000))
  const ticker = setInterval(() => vi.advanceTimersByTime(10), 1)
  return () => {
    clearInterval(ticker)
    const aheadNanos = monotonicNanos() - realNanos()
    vi.useRealTimers()
    monotonicNanos = () => realNanos() + aheadNanos
  }
}
