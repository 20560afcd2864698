/** Time for tests of the real client and the real sandbox in one process, which otherwise would wait for seconds. */
import { vi } from "vitest"

const monotonicNow = process.hrtime.bigint.bind(process.hrtime)

/** How far the monotonic clock has been advanced, in nanoseconds. It never goes back, because all tests of a run share it. */
let advancedNanos = 0n

process.hrtime.bigint = () => monotonicNow() + advancedNanos

/**
 * Makes time pass ten times as fast, for the client and the sandbox alike, and returns a function that ends this. Time
 * passes in steps of 10 ms, and I/O proceeds between them, so a busy machine causes no timeouts.
 */
export const accelerateTime = (): () => void => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] })
  const ticker = setInterval(() => {
    advancedNanos += 10_000_000n
    vi.advanceTimersByTime(10)
  }, 1)
  return () => {
    clearInterval(ticker)
    vi.useRealTimers()
  }
}
