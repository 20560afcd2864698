import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Signal from "@effect-signalwire/subscription/Signal"
import { assert, describe, it } from "@effect/vitest"
import { ConversationError } from "../src/ConversationError.ts"
import type { Stretch } from "../src/internal/history.ts"
import * as Merge from "../src/internal/merge.ts"
import { beginning, type Happening, type Item, type Phase, step } from "../src/internal/sequence.ts"
import { copy, event, message, reached, savedOf } from "./support.ts"

const error = new ConversationError({ method: "timeline", reason: new Reason.Forbidden({ detail: "no" }) })

const begun = (stretch: Stretch, shown = true): Happening => ({
  _tag: "Begun",
  sessions: 1,
  beginning: { stretch, shown }
})
const signals = (...signals: ReadonlyArray<Signal.Signal>): Happening => ({ _tag: "Signals", signals })
const read = (messages: ReadonlyArray<ConversationMessage>, more: boolean, sessions = 2): Happening => ({
  _tag: "ReadBack",
  sessions,
  messages,
  after: null,
  top: Number.POSITIVE_INFINITY,
  more
})
/** All of what was asked for, newest first. */
const readBack = (...messages: ReadonlyArray<ConversationMessage>) => read(messages, false)
/** The oldest part of it. */
const readPart = (...messages: ReadonlyArray<ConversationMessage>) => read(messages, true)
const failed: Happening = { _tag: "Failed", error }
const ended: Happening = { _tag: "Ended" }

const liveAt = (id: string, epochSeconds: number) => Signal.event(event(id, epochSeconds))
const unreadable = Signal.malformed({ path: "", message: "not JSON" })

const label = (item: Item): string =>
  item._tag === "Message" ? `${item.message.id}${item.late ? " late" : ""}` : item._tag

const makeMerge = () => Merge.make({ overlapSeconds: 10, memory: 64, trustLive: true })

/** The phase after all of it, everything that was handed on, and how much of that the last one found in history. */
const after = (...happenings: ReadonlyArray<Happening>) => {
  const means = { merge: makeMerge(), belongs: () => true }
  let phase: Phase = beginning
  let found = 0
  const items: Array<string> = []
  for (const happening of happenings) {
    const taken = step(phase, happening, means)
    phase = taken.phase
    found = taken.found
    items.push(...taken.items.map(label))
  }
  return { phase, items, found }
}

const begunAtA = begun(reached(message("a", 100)))

describe("the life of a sequence", () => {
  it("begins with what history says, and has caught up", () => {
    const { items, phase } = after(begun(reached(message("b", 2), message("a", 1))))
    assert.deepStrictEqual(items, ["a", "b", "CaughtUp"])
    assert.deepStrictEqual(phase, { _tag: "Live", covered: 1 })
  })

  it("P1.4: goes back for what it could not read, however much came after it", () => {
    const { items } = after(
      begunAtA,
      signals(unreadable, liveAt("z", 1000)),
      signals(Signal.requested),
      readBack(message("z", 1000), message("unread", 150), message("a", 100))
    )
    assert.deepStrictEqual(items, ["a", "CaughtUp", "z", "unread late", "CaughtUp"])
  })

  it("goes back no further than needed once what it could not read was looked for", () => {
    const merge = makeMerge()
    let phase: Phase = beginning
    const happenings = [
      begunAtA,
      signals(Signal.overflow, unreadable),
      readBack(message("b", 200), message("a", 100)),
      signals(liveAt("z", 1000))
    ]
    for (const happening of happenings) phase = step(phase, happening, { merge, belongs: () => true }).phase
    assert.strictEqual(merge.readBackTo(), 990)
  })

  it("begins now when what was before is not shown, and does not show it later", () => {
    const lapse = signals(Signal.overflow)
    const { items } = after(begun(reached(message("a", 100)), false), lapse, readBack(message("a", 100)))
    assert.deepStrictEqual(items, ["CaughtUp"])
  })

  it("lets nothing through before it has begun", () => {
    const early = after(signals(liveAt("b", 200)))
    assert.deepStrictEqual([early.phase._tag, early.items], ["Beginning", []])
    assert.deepStrictEqual(after(signals(liveAt("b", 200)), begunAtA).items, ["a", "CaughtUp", "b"])
  })

  it("P1.5: owes a read when it goes on where another stood", () => {
    const earlier = makeMerge()
    earlier.admit(message("a", 100))
    const resumed: Happening = { _tag: "Resumed", standing: savedOf(earlier) }
    assert.strictEqual(after(resumed).phase._tag, "Behind")
    const { items, phase } = after(resumed, readBack(message("b", 101), message("a", 100)))
    assert.deepStrictEqual([items, phase._tag], [["b", "CaughtUp"], "Live"])
  })

  it("hands on what is live as it comes", () => {
    const { items, phase } = after(begunAtA, signals(liveAt("b", 101), liveAt("c", 102)), signals(liveAt("d", 103)))
    assert.deepStrictEqual([items, phase._tag], [["a", "CaughtUp", "b", "c", "d"], "Live"])
  })

  it("leaves out events that do not belong to it", () => {
    const means = { merge: makeMerge(), belongs: () => false }
    assert.deepStrictEqual(step({ _tag: "Live", covered: 0 }, signals(liveAt("a", 1)), means).items, [])
  })

  it("passes over what could not be read, for history to bring in its time", () => {
    const { items, phase } = after(begunAtA, signals(liveAt("b", 101), unreadable, liveAt("d", 103)))
    assert.deepStrictEqual([items, phase._tag], [["a", "CaughtUp", "b", "d"], "Live"])
  })

  it.each([Signal.connected(2), Signal.overflow, Signal.requested])(
    "P1.1: passes nothing that may hide something before history was read: $_tag $cause",
    (lapse) => {
      const behind = after(begunAtA, signals(liveAt("b", 101), lapse, liveAt("d", 103)))
      assert.deepStrictEqual([behind.items, behind.phase._tag], [["a", "CaughtUp", "b"], "Behind"])
    }
  )

  it("P1.1: hands on what was read, says that it caught up, and then what waits", () => {
    const behind = signals(Signal.connected(2), liveAt("d", 103))
    const { found, items, phase } = after(
      begunAtA,
      behind,
      readBack(message("c", 102), message("b", 101), message("a", 100))
    )
    assert.deepStrictEqual(items, ["a", "CaughtUp", "b", "c", "CaughtUp", "d"])
    assert.strictEqual(found, 2)
    assert.deepStrictEqual(phase, { _tag: "Live", covered: 2 })
  })

  it("keeps what is signalled while it is behind", () => {
    const { items } = after(
      begunAtA,
      signals(Signal.overflow),
      signals(liveAt("c", 102)),
      readBack(message("b", 101), message("a", 100))
    )
    assert.deepStrictEqual(items, ["a", "CaughtUp", "b", "CaughtUp", "c"])
  })

  it("reads once for all the lapses that wait", () => {
    const lapses = signals(Signal.overflow, unreadable, liveAt("b", 101), Signal.requested, Signal.connected(3))
    assert.strictEqual(after(begunAtA, lapses, readBack(message("a", 100))).phase._tag, "Live")
  })

  it("owes another read for a lapse that came after the one it owed already", () => {
    const again = [signals(Signal.overflow), signals(Signal.overflow)]
    assert.strictEqual(after(begunAtA, ...again, readBack(message("a", 100))).phase._tag, "Behind")
  })

  it("does not read again what was read after the session was ready", () => {
    const covered = signals(Signal.connected(1), liveAt("b", 101))
    assert.strictEqual(after(begunAtA, covered).phase._tag, "Live")
    const both = after(begunAtA, signals(Signal.connected(2)), read([message("a", 100)], false, 3))
    assert.deepStrictEqual(both.phase, { _tag: "Live", covered: 3 })
  })

  it("says nothing when a look that was asked for finds nothing", () => {
    const look = after(begunAtA, signals(Signal.requested), readBack(message("a", 100)))
    assert.deepStrictEqual([look.items, look.found], [["a", "CaughtUp"], 0])
  })

  it("says that it caught up after an interruption, also when a look was asked for before it", () => {
    const both = signals(Signal.requested, Signal.connected(2))
    assert.deepStrictEqual(after(begunAtA, both, readBack(message("a", 100))).items, [
      "a",
      "CaughtUp",
      "CaughtUp"
    ])
  })

  it("P3.3: tells of a gap when history does not reach back to what is known", () => {
    const { items } = after(begunAtA, signals(Signal.overflow), readBack(message("z", 200)))
    assert.deepStrictEqual(items, ["a", "CaughtUp", "Gap", "z", "CaughtUp"])
  })

  it("P2.3: tells no gap for copies that were read behind everything that was handed on, and marks nothing late", () => {
    const { items } = after(
      begun(reached(copy("second", 150, "send"), copy("first", 100, "send"), copy("other", 90, "other send"))),
      signals(liveAt("between", 120), Signal.overflow),
      readBack(copy("third", 500, "send"), message("between", 120)),
      signals(Signal.overflow),
      readBack(message("b", 600), copy("third", 500, "send"), copy("another", 489, "other send"))
    )
    assert.deepStrictEqual(items, ["other", "first", "CaughtUp", "between", "CaughtUp", "b", "CaughtUp"])
  })

  it("P2.3: tells no gap between parts, where one of them has nothing but copies that are newer than the first page was", () => {
    const part = (after: number | null, ...messages: ReadonlyArray<ConversationMessage>): Happening => ({
      _tag: "ReadBack",
      sessions: 2,
      messages,
      after,
      top: 200,
      more: after === null || after < 400
    })
    const { items } = after(
      begun(reached(copy("first", 100, "send"), copy("other", 90, "other send"))),
      signals(Signal.overflow),
      part(null, message("a", 200), copy("first", 100, "send")),
      part(200, copy("second", 300, "send"), message("a", 200)),
      part(300, copy("another", 400, "other send"), copy("second", 300, "send")),
      part(400, message("b", 500), copy("another", 400, "other send"))
    )
    assert.deepStrictEqual(items, ["other", "first", "CaughtUp", "a", "b", "CaughtUp"])
  })

  it("P3.3: tells of a gap where a part does not reach back to the one before", () => {
    const last: Happening = {
      _tag: "ReadBack",
      sessions: 2,
      messages: [message("z", 500)],
      after: 200,
      top: 500,
      more: false
    }
    const { items } = after(begunAtA, signals(Signal.overflow), readPart(message("b", 200), message("a", 100)), last)
    assert.deepStrictEqual(items, ["a", "CaughtUp", "b", "Gap", "z", "CaughtUp"])
  })

  it("P3.3: counts what was heard since the last read to the gap", () => {
    const merge = Merge.make({ overlapSeconds: 10, memory: 64, trustLive: false })
    merge.admitAll([message("a", 100)])
    merge.admit(event("b", 150))
    const phase: Phase = { _tag: "Behind", waiting: [], announced: true }
    const [gap] = step(phase, readBack(message("z", 200)), { merge, belongs: () => true }).items
    assert.deepStrictEqual(
      gap?._tag === "Gap" && [gap.from.epochMilliseconds, gap.to?.epochMilliseconds],
      [90_000, 200_000]
    )
  })

  it("P1.1: hands on each part of what is read, and leaves what waits to the parts that follow", () => {
    const parts = [
      begunAtA,
      signals(Signal.overflow, liveAt("d", 103)),
      readPart(message("c", 102), message("b", 101), message("a", 100))
    ]
    const between = after(...parts)
    assert.deepStrictEqual([between.items, between.phase._tag], [["a", "CaughtUp", "b", "c"], "Behind"])
    const whole = after(...parts, readBack(message("d", 103), message("c", 102)))
    assert.deepStrictEqual([whole.items, whole.phase._tag], [["a", "CaughtUp", "b", "c", "d", "CaughtUp"], "Live"])
  })

  it("says that it caught up when only the first part of a look that was asked for found something", () => {
    const first = readPart(message("b", 101), message("a", 100))
    const { items } = after(begunAtA, signals(Signal.requested), first, readBack(message("b", 101)))
    assert.deepStrictEqual(items, ["a", "CaughtUp", "b", "CaughtUp"])
  })

  it("P1.2: reads all of history before anything else, when all of it belongs to it", () => {
    const unread: Happening = { _tag: "Unread" }
    const whole = readBack(message("b", 2), message("a", 1))
    assert.deepStrictEqual(after(signals(liveAt("c", 3)), unread, whole).items, ["a", "b", "CaughtUp", "c"])
  })

  it("tells of no gap when nothing was known", () => {
    const { items } = after(begun(reached()), signals(Signal.overflow), readBack(message("z", 200)))
    assert.deepStrictEqual(items, ["CaughtUp", "z", "CaughtUp"])
  })

  it("reads what it owes before it ends", () => {
    const behind = [begunAtA, signals(Signal.overflow), ended]
    assert.strictEqual(after(...behind).phase._tag, "Behind")
    const caughtUp = [...behind, readBack(message("b", 101), message("a", 100))]
    assert.deepStrictEqual(after(...caughtUp).items, ["a", "CaughtUp", "b", "CaughtUp"])
    assert.strictEqual(after(...caughtUp, ended).phase._tag, "Ended")
  })

  it.each([[failed], [begunAtA, failed], [begunAtA, signals(Signal.overflow), failed]])(
    "fails in whatever it does, and keeps the reason",
    (...happenings) => {
      assert.deepStrictEqual(after(...happenings).phase, { _tag: "Failed", error })
    }
  )

  const everything = [
    begunAtA,
    { _tag: "Unread" } satisfies Happening,
    { _tag: "Resumed", standing: savedOf(makeMerge()) } satisfies Happening,
    signals(liveAt("z", 300), Signal.overflow),
    readBack(message("z", 300)),
    failed,
    ended
  ]

  it.each(everything)("hands nothing on after it failed, whatever happens: $_tag", (happening) => {
    assert.deepStrictEqual(after(failed, happening), { phase: { _tag: "Failed", error }, items: [], found: 0 })
  })

  it.each(everything)("hands nothing on after it ended, whatever happens: $_tag", (happening) => {
    const { items, phase } = after(begunAtA, ended, happening)
    assert.deepStrictEqual([phase._tag, items], ["Ended", ["a", "CaughtUp"]])
  })

  it.each([readBack(message("z", 300)), ended])(
    "waits for its beginning, whatever happens: $_tag",
    (happening) => {
      assert.deepStrictEqual(after(happening), { phase: beginning, items: [], found: 0 })
    }
  )

  it.each([begunAtA, readBack(message("z", 300))])("is not begun or read back twice: $_tag", (happening) => {
    const { items, phase } = after(begunAtA, happening)
    assert.deepStrictEqual([phase._tag, items], ["Live", ["a", "CaughtUp"]])
  })
})
