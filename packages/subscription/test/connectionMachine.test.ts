import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import { type Event, idle, type SessionOutcome, type State, transition } from "../src/internal/connectionMachine.ts"

const reason = new Reason.Transport({ detail: "gone" })
const resume = { protocol: "signalwire_a_b_c", authorizationState: "state" }

const start: Event = { _tag: "Start", retryAfter: null }
const delay = (delayMillis: number): Event => ({ _tag: "DelayComputed", delayMillis })
const scheduleEnded: Event = { _tag: "ScheduleEnded" }
const elapsed: Event = { _tag: "BackoffElapsed" }
const connectNow: Event = { _tag: "ConnectNow" }
const refreshed: Event = { _tag: "TokenRefreshed" }
const ready: Event = { _tag: "SessionReady", resume, resumed: false }
const driverFailed: Event = { _tag: "DriverFailed", reason }
const reset: Event = { _tag: "Reset" }
const close: Event = { _tag: "Close" }

interface EndOptions {
  readonly random?: number
  readonly resetsBackoff?: boolean
  readonly retryAfterMillis?: number
}

const ended = (
  outcome: SessionOutcome,
  { random = 0.5, resetsBackoff = false, retryAfterMillis = 0 }: EndOptions = {}
): Event => ({ _tag: "SessionEnded", outcome, reason, resume: null, resetsBackoff, retryAfterMillis, random })

const refreshFailed = (isRetryable: boolean): Event => ({
  _tag: "TokenRefreshFailed",
  reason: new Reason.Unauthorized({ detail: "no", isRetryable })
})

/** The state after these events. */
const after = (...events: ReadonlyArray<Event>): State => events.reduce<State>(transition, idle)

const contextOf = (state: State) => "context" in state ? state.context : undefined
const attemptOf = (state: State) => contextOf(state)?.attempt
const delayOf = (state: State) => state._tag === "BackingOff" ? state.delayMillis : undefined

describe("the connection's state machine", () => {
  it("connects when a session is needed", () => {
    assert.strictEqual(after(start)._tag, "Connecting")
  })

  it("P8.5: waits before the first dial while the server still asks for a delay, and reports why", () => {
    const state = after({ _tag: "Start", retryAfter: { delayMillis: 7000, reason } })
    assert.deepInclude(state, { _tag: "BackingOff", minDelayMillis: 7000, reason, rejection: null })
    assert.strictEqual(delayOf(transition(state, delay(500))), 7000)
    assert.strictEqual(contextOf(transition(state, elapsed))?.lastReason, reason)
  })

  it("is connected once a session is ready", () => {
    assert.strictEqual(after(start, ready)._tag, "Connected")
  })

  it("P8.2: counts the failures in a row", () => {
    const failures = [1, 2, 3].map((count) => Array.from({ length: count }, () => [ended("lost"), elapsed]).flat())
    assert.deepStrictEqual(failures.map((events) => attemptOf(after(start, ...events))), [1, 2, 3])
  })

  it("P8.2: counts from the beginning after a session that lasted", () => {
    const failures = [ended("lost"), elapsed, ended("lost"), elapsed]
    assert.strictEqual(attemptOf(after(start, ...failures, ready, ended("lost", { resetsBackoff: true }))), 1)
  })

  it("P8.2: continues to count after a session that did not last", () => {
    const session = [ready, ended("lost"), elapsed]
    assert.strictEqual(attemptOf(after(start, ...session, ...session, ready, ended("lost"))), 3)
  })

  it("backs off without a delay until that is computed, and then for as long as it says", () => {
    assert.isNull(delayOf(after(start, ended("lost"))))
    assert.strictEqual(delayOf(after(start, ended("lost"), delay(1234))), 1234)
  })

  it("fails with the last reason when the backoff has no further delay", () => {
    assert.deepStrictEqual(after(start, ended("lost"), scheduleEnded), { _tag: "Failed", reason })
  })

  it("P8.5: waits for as long as the server asks, and up to a quarter longer", () => {
    const state = after(start, ended("lost", { retryAfterMillis: 10_000 }))
    assert.strictEqual(delayOf(transition(state, delay(500))), 11_250)
    assert.strictEqual(delayOf(transition(state, delay(20_000))), 20_000)
  })

  it("resumes the session that was lost", () => {
    assert.deepStrictEqual(contextOf(after(start, ready, ended("lost"), elapsed))?.resume, resume)
  })

  it("resumes the last session after dials that never became ready", () => {
    assert.deepStrictEqual(contextOf(after(start, ready, ended("lost"), elapsed, ended("lost")))?.resume, resume)
  })

  it("begins a new session when the server restarts it", () => {
    assert.isNull(contextOf(after(start, ready, ended("restart")))?.resume)
  })

  it("begins a new session when the resume is rejected", () => {
    const state = after(start, ready, ended("lost"), elapsed, ended("rejected"))
    assert.strictEqual(state._tag, "BackingOff")
    assert.isNull(contextOf(state)?.resume)
  })

  it("P8.3: fails when the server rejects three new sessions in a row", () => {
    const rejected = [elapsed, ended("rejected")]
    const resuming = [start, ready, ended("lost"), ...rejected]
    assert.strictEqual(after(...resuming, ...rejected, ...rejected)._tag, "BackingOff")
    assert.deepStrictEqual(after(...resuming, ...rejected, ...rejected, ...rejected), { _tag: "Failed", reason })
  })

  it("P8.3: does not count the sessions that the server restarts as rejected", () => {
    const restarted = [ended("restart"), elapsed]
    assert.strictEqual(after(start, ...restarted, ...restarted, ...restarted)._tag, "Connecting")
  })

  it("P8.3: counts the rejected sessions from the beginning after a session that lasted", () => {
    const rejected = [ended("rejected"), elapsed]
    const lasted = [ready, ended("restart", { resetsBackoff: true }), elapsed]
    const state = after(start, ...rejected, ...rejected, ...lasted, ...rejected, ...rejected)
    assert.strictEqual(state._tag, "Connecting")
    assert.strictEqual(transition(state, ended("rejected"))._tag, "Failed")
  })

  it.each(["lost", "restart", "rejected"] as const)(
    "P8.5: waits for as long as the server asks when the session ends as %s",
    (outcome) => {
      const state = after(start, ended(outcome, { retryAfterMillis: 8000, random: 0.5 }))
      assert.deepInclude(state, { _tag: "BackingOff", minDelayMillis: 9000 })
      assert.strictEqual(delayOf(transition(state, delay(1))), 9000)
    }
  )

  it("refreshes a rejected token at once, and then begins a new session", () => {
    const state = after(start, ready, ended("unauthorized"))
    assert.strictEqual(state._tag, "RefreshingToken")
    assert.deepInclude(contextOf(state), { resume: null, isTokenRefreshed: true, lastReason: reason })
    assert.isNull(contextOf(transition(state, refreshed))?.resume)
  })

  it("P8.5: waits before it refreshes a token that was rejected right after a refresh", () => {
    const state = after(start, ended("unauthorized"), refreshed, ended("unauthorized"))
    assert.strictEqual(state._tag, "BackingOff")
    assert.strictEqual(transition(state, elapsed)._tag, "RefreshingToken")
  })

  it("P8.5: waits longer each time a session begins with a refreshed token and ends by rejecting it", () => {
    const round = [ready, ended("unauthorized"), elapsed, refreshed]
    const begin = [start, ended("unauthorized"), refreshed]
    const attempts = [1, 2, 3].map((rounds) =>
      attemptOf(after(...begin, ...Array.from({ length: rounds }, () => round).flat().slice(0, -2)))
    )
    assert.deepStrictEqual(attempts, [1, 2, 3])
  })

  it("P8.3: refreshes at once a token that may have expired again while dials were lost", () => {
    const state = after(start, ended("unauthorized"), refreshed, ended("lost"), elapsed, ended("unauthorized"))
    assert.strictEqual(state._tag, "RefreshingToken")
  })

  it("refreshes at once again after a session that lasted", () => {
    const lasted = ended("unauthorized", { resetsBackoff: true })
    assert.strictEqual(after(start, ended("unauthorized"), refreshed, ready, lasted)._tag, "RefreshingToken")
  })

  it("P8.3: waits and refreshes again after a refresh that failed and may be retried", () => {
    const state = after(start, ended("unauthorized"), refreshFailed(true))
    assert.strictEqual(state._tag, "BackingOff")
    assert.strictEqual(transition(state, elapsed)._tag, "RefreshingToken")
  })

  it("P8.3: keeps the reason of the rejection through refreshes that fail", () => {
    const state = after(start, ended("unauthorized"), refreshFailed(true), elapsed, refreshFailed(true), elapsed)
    assert.strictEqual(state._tag === "RefreshingToken" && state.rejection, reason)
  })

  it("P8.3: waits for another token when the token cannot be refreshed, and reports the rejection", () => {
    const state = after(start, ended("unauthorized"), refreshFailed(false))
    assert.strictEqual(state._tag === "AwaitingToken" && state.reason._tag, "Unauthorized")
    const later = after(start, ended("unauthorized"), refreshFailed(true), elapsed, refreshFailed(false))
    assert.deepStrictEqual([state, later].map((each) => contextOf(each)?.lastReason === reason), [true, true])
    assert.strictEqual(transition(state, elapsed)._tag, "AwaitingToken")
  })

  it("P8.3: refreshes a token at once when it is rejected, although its predecessor could not be refreshed", () => {
    const state = after(start, ended("unauthorized"), refreshFailed(false), connectNow, ended("unauthorized"))
    assert.strictEqual(state._tag, "RefreshingToken")
  })

  it("keeps what it knows of earlier dials when another token replaces one that could not be refreshed", () => {
    const awaiting = after(start, ended("lost"), elapsed, ended("unauthorized"), refreshFailed(false))
    assert.deepInclude(contextOf(awaiting), { attempt: 1, isTokenRefreshed: true })
    assert.deepStrictEqual(contextOf(transition(awaiting, connectNow)), {
      attempt: 1,
      resume: null,
      rejections: 0,
      lastReason: reason,
      isTokenRefreshed: false
    })
  })

  it("P8.7: keeps why it has failed when the driver throws afterwards", () => {
    const failed = after(start, ended("unsupported"))
    assert.strictEqual(transition(failed, { _tag: "DriverFailed", reason: new Reason.Closed() }), failed)
  })

  it.each<readonly [string, ReadonlyArray<Event>]>([
    ["during the backoff", [ended("lost")]],
    ["during the backoff before a refresh", [ended("unauthorized"), refreshFailed(true)]],
    ["during a refresh", [ended("unauthorized")]],
    ["while it waits for another token", [ended("unauthorized"), refreshFailed(false)]]
  ])("P8.6: connects at once when that is requested %s", (_, events) => {
    assert.strictEqual(after(start, ...events, connectNow)._tag, "Connecting")
  })

  const suspect: Event = { _tag: "ConnectionSuspect", reason }
  const alive: Event = { _tag: "ConnectionAlive" }
  const allStates = [
    idle,
    after(start),
    after(start, ready),
    after(start, ended("unauthorized")),
    after(start, ended("lost")),
    after(start, ended("unauthorized"), refreshFailed(false)),
    after(start, ended("unsupported")),
    after(start, close)
  ]

  it.each<readonly [Event["_tag"], Event, ReadonlyArray<State["_tag"] | "-">]>([
    ["Start", start, ["Connecting", "-", "-", "-", "-", "-", "Connecting", "-"]],
    ["SessionReady", ready, ["-", "Connected", "-", "-", "-", "-", "-", "-"]],
    ["SessionEnded", ended("lost"), ["-", "BackingOff", "BackingOff", "-", "-", "-", "-", "-"]],
    ["DelayComputed", delay(1), ["-", "-", "-", "-", "BackingOff", "-", "-", "-"]],
    ["ScheduleEnded", scheduleEnded, ["-", "-", "-", "-", "Failed", "-", "-", "-"]],
    ["BackoffElapsed", elapsed, ["-", "-", "-", "-", "Connecting", "-", "-", "-"]],
    ["ConnectNow", connectNow, ["-", "-", "-", "Connecting", "Connecting", "Connecting", "-", "-"]],
    ["TokenRefreshed", refreshed, ["-", "-", "-", "Connecting", "-", "-", "-", "-"]],
    ["TokenRefreshFailed", refreshFailed(true), ["-", "-", "-", "BackingOff", "-", "-", "-", "-"]],
    ["ConnectionSuspect", suspect, ["-", "-", "Connected", "-", "-", "-", "-", "-"]],
    ["ConnectionAlive", alive, ["-", "-", "-", "-", "-", "-", "-", "-"]],
    ["DriverFailed", driverFailed, ["Failed", "Failed", "Failed", "Failed", "Failed", "Failed", "-", "-"]],
    ["Reset", reset, ["-", "Idle", "Idle", "Idle", "Idle", "Idle", "Idle", "-"]],
    ["Close", close, ["Closed", "Closed", "Closed", "Closed", "Closed", "Closed", "Closed", "-"]]
  ])("changes its state on %s only where that means something", (_, event, expected) => {
    const followed = allStates.map((state) => {
      const next = transition(state, event)
      return next === state ? "-" : next._tag
    })
    assert.deepStrictEqual(followed, expected)
  })

  it("keeps why the connection may be dead until a frame arrives", () => {
    const suspect = after(start, ready, { _tag: "ConnectionSuspect", reason })
    assert.strictEqual(suspect._tag === "Connected" && suspect.suspectReason, reason)
    const alive = transition(suspect, { _tag: "ConnectionAlive" })
    assert.isNull(alive._tag === "Connected" ? alive.suspectReason : undefined)
    // nothing changes, so nothing is published
    assert.strictEqual(transition(alive, { _tag: "ConnectionAlive" }), alive)
  })

  it("P8.3: fails where the platform has no WebSocket, and dials again when a session is needed again", () => {
    const failed = after(start, ended("unsupported"))
    assert.deepStrictEqual(failed, { _tag: "Failed", reason })
    assert.strictEqual(transition(failed, start)._tag, "Connecting")
  })

  it.each<readonly [string, ReadonlyArray<Event>]>([
    ["connecting", [start]],
    ["connected", [start, ready]],
    ["backing off", [start, ended("lost")]],
    ["refreshing the token", [start, ended("unauthorized")]]
  ])("P8.7: fails when the driver throws while %s", (_, events) => {
    assert.deepStrictEqual(after(...events, driverFailed), { _tag: "Failed", reason })
  })

  it.each<readonly [string, ReadonlyArray<Event>]>([
    ["connecting", [start]],
    ["connected", [start, ready]],
    ["backing off", [start, ended("lost")]],
    ["refreshing the token", [start, ended("unauthorized")]],
    ["waiting for another token", [start, ended("unauthorized"), refreshFailed(false)]],
    ["failed", [start, ended("unsupported")]]
  ])("is idle after a reset while %s", (_, events) => {
    assert.deepStrictEqual(after(...events, reset), idle)
  })

  it.each<Event>([start, ready, ended("lost"), elapsed, connectNow, driverFailed, reset])(
    "stays closed on every event: $_tag",
    (event) => {
      assert.strictEqual(after(start, close, event)._tag, "Closed")
    }
  )
})
