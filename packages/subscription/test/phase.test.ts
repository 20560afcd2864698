import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import * as Backoff from "../src/internal/backoff.ts"
import { type Ending, type Happening, type Phase, step } from "../src/internal/phase.ts"

const backoff = Backoff.make({ baseMillis: 100, capMillis: 1000 })
const reason = new Reason.Transport({ detail: "gone" })
const resume = { protocol: "signalwire_a_b_c", authorizationState: "state" }

const wanted: Happening = { _tag: "Wanted", rest: null }
const elapsed: Happening = { _tag: "Elapsed" }
const nudged: Happening = { _tag: "Nudged" }
const renewed: Happening = { _tag: "Renewed" }
const ready: Happening = { _tag: "Ready", resume, resumed: false }

interface End {
  readonly chance?: number
  readonly lasted?: boolean
  readonly retryAfterMillis?: number
}

const ended = (
  ending: Ending,
  { chance = 0.5, lasted = false, retryAfterMillis = 0 }: End = {}
): Happening => ({ _tag: "Ended", ending, reason, resume: null, lasted, retryAfterMillis, chance })

const renewalFailed = (isRetryable: boolean): Happening => ({
  _tag: "RenewalFailed",
  reason: new Reason.Unauthorized({ detail: "no", isRetryable }),
  chance: 0.999
})

const after = (...happenings: ReadonlyArray<Happening>): Phase =>
  happenings.reduce<Phase>((phase, happening) => step(phase, happening, backoff), { _tag: "Idle" })

const planOf = (phase: Phase) => "plan" in phase ? phase.plan : undefined
const delayOf = (phase: Phase) => phase._tag === "Waiting" ? phase.delayMillis : undefined

describe("the life of the connection", () => {
  it("dials when it is wanted", () => {
    assert.strictEqual(after(wanted)._tag, "Dialling")
  })

  it("P8.5: waits first where the server still asks to be left alone, and says why", () => {
    const phase = after({ _tag: "Wanted", rest: { delayMillis: 7000, reason } })
    assert.deepInclude(phase, { _tag: "Waiting", delayMillis: 7000, reason, refusal: null })
    assert.strictEqual(planOf(step(phase, elapsed, backoff))?.lastReason, reason)
  })

  it("is online once a session is ready", () => {
    assert.strictEqual(after(wanted, ready)._tag, "Online")
  })

  it("P8.2: waits longer after each failure, never longer than the cap", () => {
    const failures = Array.from({ length: 8 }, () => [ended("lost", { chance: 0.999 }), elapsed]).flat().slice(0, -1)
    const delays = failures.flatMap((_, index) => delayOf(after(wanted, ...failures.slice(0, index + 1))) ?? [])
    assert.deepStrictEqual(delays, [100, 200, 400, 799, 999, 999, 999, 999])
  })

  it("P8.2: begins the backoff anew after a session that lasted", () => {
    const failures = [ended("lost"), elapsed, ended("lost"), elapsed]
    assert.strictEqual(delayOf(after(wanted, ...failures, ready, ended("lost", { chance: 0.999, lasted: true }))), 100)
  })

  it("P8.2: goes on with the backoff after a session that did not last", () => {
    const session = [ready, ended("lost", { chance: 0.999 }), elapsed]
    assert.strictEqual(delayOf(after(wanted, ...session, ...session, ready, ended("lost", { chance: 0.999 }))), 400)
  })

  it("P8.5: leaves a server alone for as long as it asks, and a little longer", () => {
    assert.strictEqual(delayOf(after(wanted, ended("lost", { retryAfterMillis: 10_000 }))), 11_250)
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

  it("drops what it resumes with when that is refused", () => {
    const waiting = after(wanted, ready, ended("lost"), elapsed, ended("stale"))
    assert.strictEqual(waiting._tag, "Waiting")
    assert.isNull(planOf(waiting)?.resume)
  })

  it("P8.3: fails when it was refused three times to begin afresh", () => {
    const refused = [elapsed, ended("stale")]
    const resuming = [wanted, ready, ended("lost"), ...refused]
    assert.strictEqual(after(...resuming, ...refused, ...refused)._tag, "Waiting")
    assert.deepStrictEqual(after(...resuming, ...refused, ...refused, ...refused), { _tag: "Failed", reason })
  })

  it("renews a refused token at once", () => {
    assert.strictEqual(after(wanted, ended("unauthorized"))._tag, "Renewing")
  })

  it("P8.5: waits before it renews a token that was renewed just before it was refused", () => {
    const waiting = after(wanted, ended("unauthorized"), renewed, ended("unauthorized"))
    assert.strictEqual(waiting._tag, "Waiting")
    assert.strictEqual(step(waiting, elapsed, backoff)._tag, "Renewing")
  })

  it("P8.5: waits ever longer while sessions begin with each renewed token and end by refusing it", () => {
    const round = [ready, ended("unauthorized", { chance: 0.999 }), elapsed, renewed]
    const begin = [wanted, ended("unauthorized"), renewed]
    const delays = [1, 2, 3].map((rounds) =>
      delayOf(after(...begin, ...Array.from({ length: rounds }, () => round).flat().slice(0, -2)))
    )
    assert.deepStrictEqual(delays, [100, 200, 400])
  })

  it("P8.3: renews at once again a token that may have expired while dials were lost", () => {
    const phase = after(wanted, ended("unauthorized"), renewed, ended("lost"), elapsed, ended("unauthorized"))
    assert.strictEqual(phase._tag, "Renewing")
  })

  it("renews at once again after a session that lasted", () => {
    const phase = after(wanted, ended("unauthorized"), renewed, ready, ended("unauthorized", { lasted: true }))
    assert.strictEqual(phase._tag, "Renewing")
  })

  it("P8.3: waits and renews again when the token could not be renewed this time", () => {
    const waiting = after(wanted, ended("unauthorized"), renewalFailed(true))
    assert.strictEqual(waiting._tag, "Waiting")
    assert.strictEqual(step(waiting, elapsed, backoff)._tag, "Renewing")
  })

  it("P8.3: remembers why the token was refused, and not each renewal that failed since", () => {
    const renewing = after(wanted, ended("unauthorized"), renewalFailed(true), elapsed, renewalFailed(true), elapsed)
    assert.strictEqual(renewing._tag === "Renewing" && renewing.refusal, reason)
  })

  it("P8.3: waits for another token when there is none, and names the refusal", () => {
    const refused = after(wanted, ended("unauthorized"), renewalFailed(false))
    assert.strictEqual(refused._tag === "Refused" && refused.reason._tag, "Unauthorized")
    assert.strictEqual(step(refused, elapsed, backoff)._tag, "Refused")
  })

  it.each<readonly [string, ReadonlyArray<Happening>]>([
    ["while it waits", [ended("lost")]],
    ["while it waits to renew", [ended("unauthorized"), renewalFailed(true)]],
    ["while it renews", [ended("unauthorized")]],
    ["when the token was refused for good", [ended("unauthorized"), renewalFailed(false)]]
  ])("P8.6: dials at once when it is told to %s", (_, happenings) => {
    assert.strictEqual(after(wanted, ...happenings, nudged)._tag, "Dialling")
  })

  it("shows why the connection may be dead, until the server gives a sign of life", () => {
    const doubted = after(wanted, ready, { _tag: "Doubted", reason })
    assert.strictEqual(doubted._tag === "Online" && doubted.doubt, reason)
    const confirmed = step(doubted, { _tag: "Confirmed" }, backoff)
    assert.isNull(confirmed._tag === "Online" ? confirmed.doubt : undefined)
  })

  it("P8.3: fails where there is nothing to dial with, and tries afresh when it is wanted again", () => {
    const failed = after(wanted, ended("unsupported"))
    assert.deepStrictEqual(failed, { _tag: "Failed", reason })
    assert.strictEqual(step(failed, wanted, backoff)._tag, "Dialling")
  })

  it.each<readonly [string, ReadonlyArray<Happening>]>([
    ["dialling", [wanted]],
    ["online", [wanted, ready]],
    ["waiting", [wanted, ended("lost")]],
    ["renewing", [wanted, ended("unauthorized")]]
  ])("P8.7: fails when what drives it can't go on while %s", (_, happenings) => {
    assert.deepStrictEqual(after(...happenings, { _tag: "Broken", reason }), { _tag: "Failed", reason })
  })

  it.each<Happening>([wanted, ready, ended("lost"), elapsed, nudged, { _tag: "Broken", reason }])(
    "stays closed whatever happens: $_tag",
    (happening) => {
      assert.strictEqual(after(wanted, { _tag: "Closing" }, happening)._tag, "Closed")
    }
  )
})
