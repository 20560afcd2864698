import { type ConnectionState, ConversationError, type SignalWireClient } from "@effect-signalwire/promise"
import { Forbidden, RateLimited, type Reason, Transport, Unauthorized } from "@effect-signalwire/schema/Reason"
import { afterEach, assert, beforeEach, describe, it, vi } from "vitest"
import { makeCountingSignal } from "../../promise/test/countingSignal.ts"
import type * as ClientSource from "../src/internal/clientSource.ts"
import * as Retry from "../src/internal/retry.ts"
import * as Store from "../src/internal/store.ts"

const transport: Reason = new Transport({ detail: "gone" })
const failure = (reason: Reason) => new ConversationError({ method: "getConversations", reason })

const connected: ConnectionState = { _tag: "Connected", resumed: false, catchingUp: false, reason: null }
const reconnecting: ConnectionState = {
  _tag: "Reconnecting",
  attempt: 1,
  delayMillis: 0,
  polling: true,
  reason: transport
}
const refused: ConnectionState = { ...reconnecting, delayMillis: null, reason: new Unauthorized({ detail: "no" }) }
/** The schedule of the backoff has not returned a delay yet. */
const undecided: ConnectionState = { ...reconnecting, delayMillis: null }

/** Runs an operation that fails until `recover` is called, and records its attempts. */
const start = (reason: Reason = transport, initial: ConnectionState = reconnecting) => {
  const connection = Store.make<ConnectionState>(initial)
  const state = Store.make<ClientSource.ClientState>({ status: "pending", client: null, error: null })
  let stateListeners = 0
  const subscribe = (listener: () => void) => {
    stateListeners++
    const stop = state.subscribe(listener)
    return () => {
      stateListeners--
      stop()
    }
  }
  const { controller, listeners: signalListeners, signal } = makeCountingSignal()
  let listeners = 0
  const onChange = (callback: (state: ConnectionState) => void) => {
    listeners++
    callback(connection.get())
    const stop = connection.subscribe(() => callback(connection.get()))
    return () => {
      listeners--
      stop()
    }
  }
  const client: Pick<SignalWireClient, "connection"> = {
    connection: { state: reconnecting, onChange, ready: () => Promise.resolve() }
  }
  const retry = Retry.make(client, { state: { ...state, subscribe } }, signal)
  const startedAt = Date.now()
  const attempts: Array<number> = []
  const reasons: Array<Reason> = []
  let hasRecovered = false
  const result = retry.run(() => {
    attempts.push(Date.now() - startedAt)
    return hasRecovered ? Promise.resolve("read") : Promise.reject(failure(reason))
  }, (why) => void reasons.push(why))
  return {
    connection,
    state,
    controller,
    retry,
    attempts,
    reasons,
    result,
    listeners: () => listeners + stateListeners,
    signalListeners,
    recover: () => {
      hasRecovered = true
    }
  }
}

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe("P8.2: an operation that fails for a reason that may recover", () => {
  it("is repeated after pauses that grow to 30 seconds, with jitter of up to half of their length", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1)
    const { recover, reasons, result, attempts } = start()
    await vi.advanceTimersByTimeAsync(121_000)
    assert.deepStrictEqual(attempts, [0, 1000, 3000, 7000, 15_000, 31_000, 61_000, 91_000, 121_000])
    assert.strictEqual(reasons.length, attempts.length)
    vi.spyOn(Math, "random").mockReturnValue(0)
    recover()
    await vi.advanceTimersByTimeAsync(30_000)
    assert.strictEqual(await result, "read")
    const { attempts: early } = start()
    await vi.advanceTimersByTimeAsync(3500)
    assert.deepStrictEqual(early, [0, 500, 1500, 3500])
  })

  it.each<[string, ConnectionState, ConnectionState]>([
    ["the connection works again", reconnecting, connected],
    ["another token is in use", refused, reconnecting]
  ])("is repeated at once when %s", async (_, before, after) => {
    vi.spyOn(Math, "random").mockReturnValue(1)
    const { connection, recover, result, attempts } = start()
    connection.set(before)
    await vi.advanceTimersByTimeAsync(15_000)
    recover()
    connection.set(after)
    await vi.advanceTimersByTimeAsync(250)
    assert.strictEqual(await result, "read")
    assert.strictEqual(attempts.at(-1), 15_250)
  })

  it("is repeated at once when the client gets another token", async () => {
    const { recover, result, state } = start()
    await vi.advanceTimersByTimeAsync(10_000)
    recover()
    state.set({ ...state.get() })
    await vi.advanceTimersByTimeAsync(250)
    assert.strictEqual(await result, "read")
  })

  it("is not repeated for other changes of the connection", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1)
    const { connection, attempts } = start()
    await vi.advanceTimersByTimeAsync(15_500)
    connection.set(undecided)
    connection.set({ ...refused, delayMillis: 0 })
    connection.set(reconnecting)
    connection.set({ _tag: "Idle", reason: null })
    connection.set({ ...connected, reason: transport })
    connection.set(refused)
    connection.set({ ...refused })
    await vi.advanceTimersByTimeAsync(1000)
    assert.strictEqual(attempts.at(-1), 15_000)
  })

  it("is not repeated sooner because the connection has worked from the beginning", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1)
    const { attempts } = start(transport, connected)
    await vi.advanceTimersByTimeAsync(3000)
    assert.deepStrictEqual(attempts, [0, 1000, 3000])
  })

  it("is not repeated before the time that the server asked for, except by retryNow", async () => {
    const { connection, recover, result, retry, attempts } = start(new RateLimited({ retryAfterMillis: 60_000 }))
    await vi.advanceTimersByTimeAsync(1000)
    connection.set(connected)
    await vi.advanceTimersByTimeAsync(58_000)
    assert.deepStrictEqual(attempts, [0])
    recover()
    retry.retryNow()
    assert.strictEqual(await result, "read")
  })

  it("is repeated when that time is over, a tenth later at most", async () => {
    using _ = vi.spyOn(Math, "random").mockReturnValue(0.999)
    const { attempts } = start(new RateLimited({ retryAfterMillis: 60_000 }))
    await vi.advanceTimersByTimeAsync(66_000)
    assert.lengthOf(attempts, 2)
    assert.isAtLeast(attempts[1] ?? 0, 65_000)
  })

  it("fails at once for a reason that can't recover", async () => {
    const { result, attempts } = start(new Forbidden({ detail: "no" }))
    await result.then(assert.fail, (error: unknown) => assert.containSubset(error, { reason: { _tag: "Forbidden" } }))
    assert.deepStrictEqual(attempts, [0])
  })

  it("P7.2: has ended each pause once when retryNow is called later", async () => {
    const { listeners, recover, result, retry } = start()
    await vi.advanceTimersByTimeAsync(10_000)
    recover()
    retry.retryNow()
    assert.strictEqual(await result, "read")
    retry.retryNow()
    assert.strictEqual(listeners(), 0)
  })

  it("P7.2: leaves no timer when its signal is aborted just before it would be repeated", async () => {
    const { connection, controller, result } = start()
    await vi.advanceTimersByTimeAsync(100)
    connection.set(connected)
    controller.abort()
    assert.strictEqual(vi.getTimerCount(), 0)
    await result.then(assert.fail, (error: unknown) => assert.containSubset(error, { name: "AbortError" }))
  })

  it("P7.2: does not wait when its signal is aborted before an attempt fails", async () => {
    const { controller, reasons, result } = start()
    controller.abort()
    await result.then(assert.fail, (error: unknown) => assert.containSubset(error, { name: "AbortError" }))
    assert.deepStrictEqual([reasons, vi.getTimerCount()], [[], 0])
  })

  it("P7.2: leaves no listener of its signal after a pause", async () => {
    const { recover, result, signalListeners } = start()
    await vi.advanceTimersByTimeAsync(30_000)
    assert.strictEqual(signalListeners(), 1)
    recover()
    await vi.advanceTimersByTimeAsync(30_000)
    assert.strictEqual(await result, "read")
    assert.strictEqual(signalListeners(), 0)
  })

  it("P7.2: stops when its signal is aborted, and leaves no timer and no listener", async () => {
    const { controller, result, attempts, listeners } = start()
    await vi.advanceTimersByTimeAsync(100)
    assert.strictEqual(listeners(), 2)
    controller.abort()
    await result.then(assert.fail, (error: unknown) => assert.containSubset(error, { name: "AbortError" }))
    assert.deepStrictEqual([vi.getTimerCount(), listeners()], [0, 0])
    await vi.advanceTimersByTimeAsync(60_000)
    assert.deepStrictEqual(attempts, [0])
  })
})
