import { afterEach, assert, beforeEach, describe, it, vi } from "vitest"
import { admin, UnreachableError } from "../../src/admin/api.ts"
import * as Poller from "../../src/admin/poller.ts"

describe("the page", () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it("polls less often while the sandbox does not respond", async () => {
    const startedAt = Date.now()
    const polledAt: Array<number> = []
    const fail = () => Promise.reject(new UnreachableError("The sandbox does not respond"))
    const directory = () => {
      polledAt.push(Date.now() - startedAt)
      return fail()
    }
    const poller = Poller.make({ ...admin, directory, sessions: fail, rules: fail, log: fail })
    const stop = poller.start()
    await vi.advanceTimersByTimeAsync(20_000)
    stop()
    assert.deepStrictEqual(polledAt, [0, 1000, 3000, 7000, 12_000, 17_000])
  })
})
