import * as Reason from "@effect-signalwire/schema/Reason"
import { assert, describe, it } from "@effect/vitest"
import type { ConnectionState } from "../src/ConnectionState.ts"
import type { DialContext, State } from "../src/internal/connectionMachine.ts"
import { connectionStateOf, dialling } from "../src/internal/connectionStateOf.ts"

const lost = new Reason.Transport({ detail: "lost" })
const refused = new Reason.Unauthorized({ detail: "refused" })
const first: DialContext = { attempt: 0, resume: null, isTokenRefreshed: false, rejections: 0, lastReason: null }
const later: DialContext = { ...first, attempt: 3, lastReason: lost }
const resume = { protocol: "p1", authorizationState: null }
const waiting = { _tag: "BackingOff", context: later, reason: refused, minDelayMillis: 0, rejection: null } as const
const reconnecting = (delayMillis: number | null, reason: Reason.Reason): ConnectionState => ({
  _tag: "Reconnecting",
  attempt: 3,
  delayMillis,
  polling: false,
  reason
})

describe("the public state", () => {
  it.each(
    [
      ["Idle", { _tag: "Idle" }, { _tag: "Idle", reason: null }],
      ["Connecting for the first time", { _tag: "Connecting", context: first }, {
        _tag: "Connecting",
        polling: false,
        reason: null
      }],
      ["Connecting again", { _tag: "Connecting", context: later }, reconnecting(0, lost)],
      ["Connected", { _tag: "Connected", context: later, resume, resumed: true, suspectReason: null }, {
        _tag: "Connected",
        resumed: true,
        catchingUp: false,
        reason: null
      }],
      [
        "Connected and suspect",
        { _tag: "Connected", context: later, resume, resumed: true, suspectReason: refused },
        reconnecting(0, refused)
      ],
      ["RefreshingToken", { _tag: "RefreshingToken", context: later, rejection: refused }, reconnecting(0, lost)],
      ["BackingOff", { ...waiting, delayMillis: 500 }, reconnecting(500, refused)],
      ["BackingOff without a delay yet", { ...waiting, delayMillis: null }, reconnecting(null, refused)],
      ["BackingOff for ever", { ...waiting, delayMillis: Number.POSITIVE_INFINITY }, reconnecting(null, refused)],
      ["AwaitingToken", { _tag: "AwaitingToken", context: later, reason: refused }, reconnecting(null, refused)],
      ["Failed", { _tag: "Failed", reason: lost }, { _tag: "Failed", reason: lost }],
      ["Closed", { _tag: "Closed" }, { _tag: "Closed", reason: null }]
    ] satisfies ReadonlyArray<readonly [string, State, ConnectionState]>
  )("of %s", (_, state, expected) => {
    assert.deepStrictEqual({ ...connectionStateOf(state) }, expected)
  })

  it("of a refresh of the first token has the rejection as its reason", () => {
    const state = connectionStateOf({ _tag: "RefreshingToken", context: first, rejection: refused })
    assert.deepInclude(state, { _tag: "Reconnecting", attempt: 0, delayMillis: 0, reason: refused })
  })

  it("of a dial that is delayed has the delay, unless it is the first dial", () => {
    assert.deepStrictEqual({ ...dialling(later, 700) }, reconnecting(700, lost))
    assert.deepInclude(dialling(first, 700), { _tag: "Connecting" })
  })
})
