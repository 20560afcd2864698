import { type ConnectionState, ConversationError, type SignalWireClient } from "@effect-signalwire/promise"
import { Forbidden, RateLimited, type Reason, Transport } from "@effect-signalwire/schema/Reason"
import { afterEach, assert, beforeEach, describe, it, vi } from "vitest"
import * as Retrying from "../src/internal/retrying.ts"
import type * as Source from "../src/internal/source.ts"
import * as Store from "../src/internal/store.ts"

const lost: Reason = new Transport({ detail: "gone" })
const failure = (reason: Reason) => new ConversationError({ method: "getConversations", reason })

const connected: ConnectionState = { _tag: "Connected", resumed: false, catchingUp: false, reason: null }
const away: ConnectionState = { _tag: "Reconnecting", attempt: 1, delayMillis: 0, polling: true, reason: lost }
const refused: ConnectionState = { ...away, delayMillis: null }

/** A reading that fails until it may succeed, and when it was tried. */
const open = (reason: Reason = lost) => {
  const connection = Store.make<ConnectionState>(away)
  const state = Store.make<Source.ClientState>({ status: "pending", client: null, error: null })
  const ending = new AbortController()
  let watchers = 0
  const onChange = (callback: (state: ConnectionState) => void) => {
    watchers++
    callback(connection.get())
    const stop = connection.subscribe(() => callback(connection.get()))
    return () => {
      watchers--
      stop()
    }
  }
  const client: Pick<SignalWireClient, "connection"> = {
    connection: { state: away, onChange, ready: () => Promise.resolve() }
  }
  const retrying = Retrying.make(client, { state }, ending.signal)
  const began = Date.now()
  const tried: Array<number> = []
  const reasons: Array<Reason> = []
  let isWell = false
  const result = retrying.read(() => {
    tried.push(Date.now() - began)
    return isWell ? Promise.resolve("read") : Promise.reject(failure(reason))
  }, (why) => void reasons.push(why))
  return {
    connection,
    state,
    ending,
    retrying,
    tried,
    reasons,
    result,
    watchers: () => watchers,
    heal: () => {
      isWell = true
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

describe("P8.2: reading what can't be read now", () => {
  it("tries again after pauses that grow up to half a minute, and by chance are half as long", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1)
    const { heal, reasons, result, tried } = open()
    await vi.advanceTimersByTimeAsync(121_000)
    assert.deepStrictEqual(tried, [0, 1000, 3000, 7000, 15_000, 31_000, 61_000, 91_000, 121_000])
    assert.strictEqual(reasons.length, tried.length)
    vi.spyOn(Math, "random").mockReturnValue(0)
    heal()
    await vi.advanceTimersByTimeAsync(30_000)
    assert.strictEqual(await result, "read")
    const { tried: early } = open()
    await vi.advanceTimersByTimeAsync(3500)
    assert.deepStrictEqual(early, [0, 500, 1500, 3500])
  })

  it.each<[string, ConnectionState, ConnectionState]>([
    ["messages come through again", away, connected],
    ["there is another token", refused, away]
  ])("tries at once when %s", async (_, before, after) => {
    vi.spyOn(Math, "random").mockReturnValue(1)
    const { connection, heal, result, tried } = open()
    connection.set(before)
    await vi.advanceTimersByTimeAsync(15_000)
    heal()
    connection.set(after)
    await vi.advanceTimersByTimeAsync(250)
    assert.strictEqual(await result, "read")
    assert.strictEqual(tried.at(-1), 15_250)
  })

  it("tries at once when the client has got another token", async () => {
    const { heal, result, state } = open()
    await vi.advanceTimersByTimeAsync(10_000)
    heal()
    state.set({ ...state.get() })
    await vi.advanceTimersByTimeAsync(250)
    assert.strictEqual(await result, "read")
  })

  it("does not try for a change that promises nothing", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1)
    const { connection, tried } = open()
    await vi.advanceTimersByTimeAsync(15_500)
    connection.set(refused)
    connection.set({ ...refused })
    await vi.advanceTimersByTimeAsync(1000)
    assert.strictEqual(tried.at(-1), 15_000)
  })

  it("leaves a server alone for as long as it asks for, unless it is asked to read", async () => {
    const { connection, heal, result, retrying, tried } = open(new RateLimited({ retryAfterMillis: 60_000 }))
    await vi.advanceTimersByTimeAsync(1000)
    connection.set(connected)
    await vi.advanceTimersByTimeAsync(58_000)
    assert.deepStrictEqual(tried, [0])
    heal()
    retrying.nudge()
    assert.strictEqual(await result, "read")
  })

  it("fails at once for what does not heal", async () => {
    const { result, tried } = open(new Forbidden({ detail: "no" }))
    await result.then(assert.fail, (error: unknown) => assert.containSubset(error, { reason: { _tag: "Forbidden" } }))
    assert.deepStrictEqual(tried, [0])
  })

  it("P7.2: stops with its signal, and leaves no timer and no listener", async () => {
    const { ending, result, tried, watchers } = open()
    await vi.advanceTimersByTimeAsync(100)
    assert.strictEqual(watchers(), 1)
    ending.abort()
    await result.then(assert.fail, (error: unknown) => assert.containSubset(error, { name: "AbortError" }))
    assert.deepStrictEqual([vi.getTimerCount(), watchers()], [0, 0])
    await vi.advanceTimersByTimeAsync(60_000)
    assert.deepStrictEqual(tried, [0])
  })
})
