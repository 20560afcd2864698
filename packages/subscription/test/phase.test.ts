import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Backoff from "../src/internal/backoff.ts"
import { type Ending, type Happening, type Phase, step } from "../src/internal/phase.ts"

const backoff = Backoff.make({ baseMillis: 100, capMillis: 1000 })
const reason = new Reason.Transport({ detail: "gone" })
const resume = { protocol: "signalwire_a_b_c", authorizationState: "state" }

const wanted: Happening = { _tag: "Wanted" }
const elapsed: Happening = { _tag: "Elapsed" }
const ready: Happening = { _tag: "Ready", resume, resumed: false }
const ended = (ending: Ending, chance = 0.5): Happening => ({ _tag: "Ended", ending, reason, resume: null, chance })

const after = (...happenings: ReadonlyArray<Happening>): Phase =>
  happenings.reduce<Phase>((phase, happening) => step(phase, happening, backoff), { _tag: "Idle" })

const planOf = (phase: Phase) => "plan" in phase ? phase.plan : undefined

describe("the life of the connection", () => {
  it("dials when it is wanted", () => {
    assert.strictEqual(after(wanted)._tag, "Dialling")
  })

  it("is online once a session is ready", () => {
    assert.deepStrictEqual(after(wanted, ready), { _tag: "Online", resume, resumed: false })
  })

  it("P8.2: waits longer after each failure, never longer than the cap", () => {
    const failures = Array.from({ length: 8 }, () => [ended("lost", 0.999), elapsed]).flat().slice(0, -1)
    const delays = failures.flatMap((_, index) => {
      const phase = after(wanted, ...failures.slice(0, index + 1))
      return phase._tag === "Waiting" ? [phase.delayMillis] : []
    })
    assert.deepStrictEqual(delays, [100, 200, 400, 799, 999, 999, 999, 999])
  })

  it("P8.2: begins the backoff anew after a session that was ready", () => {
    const phase = after(wanted, ended("lost"), elapsed, ended("lost"), elapsed, ready, ended("lost", 0.999))
    assert.strictEqual(phase._tag === "Waiting" && phase.delayMillis, 100)
  })

  it("goes on with the session that was lost", () => {
    assert.deepStrictEqual(planOf(after(wanted, ready, ended("lost"), elapsed))?.resume, resume)
  })

  it("goes on with the session through dials that never became ready", () => {
    assert.deepStrictEqual(planOf(after(wanted, ready, ended("lost"), elapsed, ended("lost")))?.resume, resume)
  })

  it("begins afresh when the server restarts", () => {
    assert.isNull(planOf(after(wanted, ready, ended("restart")))?.resume)
  })

  it("renews a refused token once, then fails", () => {
    const renewing = after(wanted, ended("unauthorized"))
    assert.strictEqual(renewing._tag, "Renewing")
    const again = after(wanted, ended("unauthorized"), { _tag: "Renewed" }, ended("unauthorized"))
    assert.deepStrictEqual(again, { _tag: "Failed", reason })
  })

  it("P8.3: renews again a token that may have expired while dials were lost", () => {
    const renewed = [ended("unauthorized"), { _tag: "Renewed" } as const]
    const phase = after(wanted, ...renewed, ended("lost"), elapsed, ended("unauthorized"))
    assert.strictEqual(phase._tag, "Renewing")
  })

  it("may renew a token again after a session that was ready", () => {
    const phase = after(wanted, ended("unauthorized"), { _tag: "Renewed" }, ready, ended("unauthorized"))
    assert.strictEqual(phase._tag, "Renewing")
  })

  it("fails when the token will never be renewed", () => {
    const final = new Reason.Unauthorized({ detail: "logged out" })
    const phase = after(wanted, ended("unauthorized"), { _tag: "RenewalFailed", reason: final, chance: 0 })
    assert.deepStrictEqual(phase, { _tag: "Failed", reason: final })
  })

  it("P8.3: waits when the token could not be renewed this time, and renews it again after the next dial", () => {
    const offline = new Reason.Unauthorized({ detail: "offline", isRetryable: true })
    const phase = after(wanted, ended("unauthorized"), { _tag: "RenewalFailed", reason: offline, chance: 0.5 })
    assert.strictEqual(phase._tag, "Waiting")
    assert.strictEqual(step(step(phase, elapsed, backoff), ended("unauthorized"), backoff)._tag, "Renewing")
  })

  it("drops what it resumes with when that is refused, waits, and fails when it is refused again", () => {
    const waiting = after(wanted, ready, ended("lost"), elapsed, ended("stale"))
    assert.strictEqual(waiting._tag, "Waiting")
    assert.isNull(planOf(waiting)?.resume)
    assert.strictEqual(step(step(waiting, elapsed, backoff), ended("stale"), backoff)._tag, "Failed")
  })

  it("tries afresh when it is wanted after it failed", () => {
    const failed = after(wanted, ended("stale"), elapsed, ended("stale"))
    assert.strictEqual(step(failed, wanted, backoff)._tag, "Dialling")
  })

  it.each<Happening>([wanted, ready, ended("lost"), elapsed])("stays closed whatever happens: $_tag", (happening) => {
    assert.strictEqual(after(wanted, { _tag: "Closing" }, happening)._tag, "Closed")
  })
})
