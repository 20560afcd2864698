import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Reason from "@effect-signalwire/schema/Reason"
import * as Signal from "@effect-signalwire/subscription/Signal"
import { assert, describe, it } from "@effect/vitest"
import { ConversationError } from "../src/ConversationError.ts"
import type { HistorySlice } from "../src/internal/historySlice.ts"
import { Merge } from "../src/internal/merge.ts"
import { type Event, initial, type Item, type State, transition } from "../src/internal/sequence.ts"
import { copy, event, limited, message, reached, resumePointOf } from "./support.ts"

const error = new ConversationError({ method: "timeline", reason: new Reason.Forbidden({ detail: "no" }) })

const started = (slice: HistorySlice, isEmitted = true): Event => ({
  _tag: "Started",
  sessions: 1,
  start: { slice, isEmitted }
})
const signals = (...signals: ReadonlyArray<Signal.Signal>): Event => ({ _tag: "SignalsReceived", signals })
const read = (messages: ReadonlyArray<ConversationMessage>, hasMore: boolean, sessions = 2): Event => ({
  _tag: "HistoryRead",
  sessions,
  messages,
  previousThrough: null,
  newestSeconds: Number.POSITIVE_INFINITY,
  hasMore
})
/** The last part of a read, newest first. */
const readBack = (...messages: ReadonlyArray<ConversationMessage>) => read(messages, false)
/** A part of a read that another one follows. */
const readPart = (...messages: ReadonlyArray<ConversationMessage>) => read(messages, true)
const failed: Event = { _tag: "Failed", error }
const ended: Event = { _tag: "Ended" }

const liveAt = (id: string, epochSeconds: number) => Signal.event(event(id, epochSeconds))
const undecodable = Signal.malformed({ path: "", message: "not JSON" })

const label = (item: Item): string =>
  item._tag === "Message" ? `${item.message.id}${item.late ? " late" : ""}` : item._tag

const makeMerge = () => new Merge({ overlapSeconds: 10, memory: 64, countsLiveAsVerified: true })

/** The state after all events, everything that was emitted, and how much the last event recovered from history. */
const after = (...events: ReadonlyArray<Event>) => {
  const dependencies = { merge: makeMerge(), isIncluded: () => true }
  let state: State = initial
  let recovered = 0
  const items: Array<string> = []
  for (const event of events) {
    const next = transition(state, event, dependencies)
    state = next.state
    recovered = next.recovered
    items.push(...next.items.map(label))
  }
  return { state, items, recovered }
}

const startedAtA = started(reached(message("a", 100)))

describe("sequence", () => {
  it("keeps only what follows an interruption for after the read: what came before it was emitted", () => {
    const { items, state } = after(startedAtA, signals(liveAt("b", 101), Signal.overflow, liveAt("c", 102)))
    assert.deepStrictEqual(items, ["a", "CaughtUp", "b"])
    assert.deepStrictEqual(state, { _tag: "CatchingUp", pending: [liveAt("c", 102)], emitsCaughtUp: true })
  })

  it("starts with messages from history, and has caught up", () => {
    const { items, state } = after(started(reached(message("b", 2), message("a", 1))))
    assert.deepStrictEqual(items, ["a", "b", "CaughtUp"])
    assert.deepStrictEqual(state, { _tag: "Live", coveredSessions: 1 })
  })

  it("P1.4: reads back to an event that could not be decoded, whatever came after it", () => {
    const { items } = after(
      startedAtA,
      signals(undecodable, liveAt("z", 1000)),
      signals(Signal.requested),
      readBack(message("z", 1000), message("undecoded", 150), message("a", 100))
    )
    assert.deepStrictEqual(items, ["a", "CaughtUp", "z", "undecoded late", "CaughtUp"])
  })

  it("does not read back further than needed after an event that could not be decoded", () => {
    const merge = makeMerge()
    let state: State = initial
    const events = [
      startedAtA,
      signals(Signal.overflow, undecodable),
      readBack(message("b", 200), message("a", 100)),
      signals(liveAt("z", 1000))
    ]
    for (const event of events) state = transition(state, event, { merge, isIncluded: () => true }).state
    assert.strictEqual(merge.readBackTo(), 990)
  })

  it("starts after messages that are not emitted, and does not emit them later", () => {
    const discontinuity = signals(Signal.overflow)
    const { items } = after(started(reached(message("a", 100)), false), discontinuity, readBack(message("a", 100)))
    assert.deepStrictEqual(items, ["CaughtUp"])
  })

  it("emits nothing before it has started", () => {
    const early = after(signals(liveAt("b", 200)))
    assert.deepStrictEqual([early.state._tag, early.items], ["Starting", []])
    assert.deepStrictEqual(after(signals(liveAt("b", 200)), startedAtA).items, ["a", "CaughtUp", "b"])
  })

  it("P1.5: reads history when it resumes", () => {
    const earlier = makeMerge()
    earlier.accept(message("a", 100))
    const resumed: Event = { _tag: "Resumed", resumePoint: resumePointOf(earlier) }
    assert.strictEqual(after(resumed).state._tag, "CatchingUp")
    const { items, state } = after(resumed, readBack(message("b", 101), message("a", 100)))
    assert.deepStrictEqual([items, state._tag], [["b", "CaughtUp"], "Live"])
  })

  it("emits CaughtUp when it resumes, even if no message was missing", () => {
    const earlier = makeMerge()
    earlier.accept(message("a", 100))
    const resumed: Event = { _tag: "Resumed", resumePoint: resumePointOf(earlier) }
    assert.deepStrictEqual(after(resumed, readBack(message("a", 100))).items, ["CaughtUp"])
  })

  it("emits CaughtUp when it starts with all of history and there is none", () => {
    assert.deepStrictEqual(after({ _tag: "StartedUnread" }, readBack()).items, ["CaughtUp"])
  })

  it("emits live messages as they are received", () => {
    const { items, state } = after(startedAtA, signals(liveAt("b", 101), liveAt("c", 102)), signals(liveAt("d", 103)))
    assert.deepStrictEqual([items, state._tag], [["a", "CaughtUp", "b", "c", "d"], "Live"])
  })

  it("ignores events that do not belong to it", () => {
    const dependencies = { merge: makeMerge(), isIncluded: () => false }
    assert.deepStrictEqual(
      transition({ _tag: "Live", coveredSessions: 0 }, signals(liveAt("a", 1)), dependencies).items,
      []
    )
  })

  it("skips events that could not be decoded, and leaves them to the reconciler", () => {
    const { items, state } = after(startedAtA, signals(liveAt("b", 101), undecodable, liveAt("d", 103)))
    assert.deepStrictEqual([items, state._tag], [["a", "CaughtUp", "b", "d"], "Live"])
  })

  it.each([Signal.connected(2), Signal.overflow, Signal.requested])(
    "P1.1: emits nothing after a discontinuity before history was read: $_tag $cause",
    (discontinuity) => {
      const behind = after(startedAtA, signals(liveAt("b", 101), discontinuity, liveAt("d", 103)))
      assert.deepStrictEqual([behind.items, behind.state._tag], [["a", "CaughtUp", "b"], "CatchingUp"])
    }
  )

  it("P1.1: emits what was read, then CaughtUp, then the pending messages", () => {
    const behind = signals(Signal.connected(2), liveAt("d", 103))
    const { items, recovered, state } = after(
      startedAtA,
      behind,
      readBack(message("c", 102), message("b", 101), message("a", 100))
    )
    assert.deepStrictEqual(items, ["a", "CaughtUp", "b", "c", "CaughtUp", "d"])
    assert.strictEqual(recovered, 2)
    assert.deepStrictEqual(state, { _tag: "Live", coveredSessions: 2 })
  })

  it("P1.1 P3.2: emits pending messages that belong among those that were read but were not read, and marks them late", () => {
    const { items } = after(
      startedAtA,
      signals(Signal.connected(2), liveAt("unread", 101.5), liveAt("d", 103)),
      readBack(message("c", 102), message("b", 101), message("a", 100))
    )
    assert.deepStrictEqual(items, ["a", "CaughtUp", "b", "c", "unread late", "CaughtUp", "d"])
  })

  it("emits a pending message of the time of the newest that was read with those that were read", () => {
    const { items } = after(
      startedAtA,
      signals(Signal.connected(2), liveAt("unread", 102), liveAt("d", 103)),
      readBack(message("c", 102), message("a", 100))
    )
    assert.deepStrictEqual(items, ["a", "CaughtUp", "c", "unread", "CaughtUp", "d"])
  })

  it("P2.1: does not emit a pending message that may have been emitted and forgotten", () => {
    const { items } = after(
      started(limited(message("b", 100), message("a", 99))),
      signals(Signal.connected(2), liveAt("before a", 98)),
      readBack(message("b", 100), message("a", 99))
    )
    assert.deepStrictEqual(items, ["a", "b", "CaughtUp", "CaughtUp"])
  })

  it("ignores pending events that do not belong to it", () => {
    const dependencies = { merge: makeMerge(), isIncluded: () => false }
    const state: State = { _tag: "CatchingUp", pending: [liveAt("other", 101)], emitsCaughtUp: false }
    assert.deepStrictEqual(
      transition(state, readBack(message("b", 102), message("a", 100)), dependencies).items.map(label),
      ["a", "b", "CaughtUp"]
    )
  })

  it("keeps signals that are received while it is catching up", () => {
    const { items } = after(
      startedAtA,
      signals(Signal.overflow),
      signals(liveAt("c", 102)),
      readBack(message("b", 101), message("a", 100))
    )
    assert.deepStrictEqual(items, ["a", "CaughtUp", "b", "CaughtUp", "c"])
  })

  it("reads once for all pending discontinuities", () => {
    const discontinuities = signals(
      Signal.overflow,
      undecodable,
      liveAt("b", 101),
      Signal.requested,
      Signal.connected(3)
    )
    assert.strictEqual(after(startedAtA, discontinuities, readBack(message("a", 100))).state._tag, "Live")
  })

  it("reads again for a discontinuity that comes while it is catching up", () => {
    const again = [signals(Signal.overflow), signals(Signal.overflow)]
    assert.strictEqual(after(startedAtA, ...again, readBack(message("a", 100))).state._tag, "CatchingUp")
  })

  it("does not read again for a session that the last read covers", () => {
    const covered = signals(Signal.connected(1), liveAt("b", 101))
    assert.strictEqual(after(startedAtA, covered).state._tag, "Live")
    const both = after(startedAtA, signals(Signal.connected(2)), read([message("a", 100)], false, 3))
    assert.deepStrictEqual(both.state, { _tag: "Live", coveredSessions: 3 })
  })

  it("emits nothing when a requested read recovers nothing", () => {
    const requested = after(startedAtA, signals(Signal.requested), readBack(message("a", 100)))
    assert.deepStrictEqual([requested.items, requested.recovered], [["a", "CaughtUp"], 0])
  })

  it("emits CaughtUp after an interruption, even if a read was requested before it", () => {
    const both = signals(Signal.requested, Signal.connected(2))
    assert.deepStrictEqual(after(startedAtA, both, readBack(message("a", 100))).items, [
      "a",
      "CaughtUp",
      "CaughtUp"
    ])
  })

  it("P3.3: emits a gap when history does not reach back to what is known", () => {
    const { items } = after(startedAtA, signals(Signal.overflow), readBack(message("z", 200)))
    assert.deepStrictEqual(items, ["a", "CaughtUp", "Gap", "z", "CaughtUp"])
  })

  it("P2.3: emits no gap for copies that are newer than all emitted messages, and marks no message late", () => {
    const { items } = after(
      started(reached(copy("second", 150, "send"), copy("first", 100, "send"), copy("other", 90, "other send"))),
      signals(liveAt("between", 120), Signal.overflow),
      readBack(copy("third", 500, "send"), message("between", 120)),
      signals(Signal.overflow),
      readBack(message("b", 600), copy("third", 500, "send"), copy("another", 489, "other send"))
    )
    assert.deepStrictEqual(items, ["other", "first", "CaughtUp", "between", "CaughtUp", "b", "CaughtUp"])
  })

  it("P2.3: emits no gap between parts when one of them has only copies that are newer than the first page was", () => {
    const part = (previousThrough: number | null, ...messages: ReadonlyArray<ConversationMessage>): Event => ({
      _tag: "HistoryRead",
      sessions: 2,
      messages,
      previousThrough,
      newestSeconds: 200,
      hasMore: previousThrough === null || previousThrough < 400
    })
    const { items } = after(
      started(reached(copy("first", 100, "send"), copy("other", 90, "other send"))),
      signals(Signal.overflow),
      part(null, message("a", 200), copy("first", 100, "send")),
      part(200, copy("second", 300, "send"), message("a", 200)),
      part(300, copy("another", 400, "other send"), copy("second", 300, "send")),
      part(400, message("b", 500), copy("another", 400, "other send"))
    )
    assert.deepStrictEqual(items, ["other", "first", "CaughtUp", "a", "b", "CaughtUp"])
  })

  it("P3.3: emits a gap when a part does not reach back to the one before it", () => {
    const last: Event = {
      _tag: "HistoryRead",
      sessions: 2,
      messages: [message("z", 500)],
      previousThrough: 200,
      newestSeconds: 500,
      hasMore: false
    }
    const { items } = after(startedAtA, signals(Signal.overflow), readPart(message("b", 200), message("a", 100)), last)
    assert.deepStrictEqual(items, ["a", "CaughtUp", "b", "Gap", "z", "CaughtUp"])
  })

  it("P3.3: includes the time since the last read in the gap", () => {
    const merge = new Merge({ overlapSeconds: 10, memory: 64, countsLiveAsVerified: false })
    merge.acceptAll([message("a", 100)])
    merge.accept(event("b", 150))
    const state: State = { _tag: "CatchingUp", pending: [], emitsCaughtUp: true }
    const [gap] = transition(state, readBack(message("z", 200)), { merge, isIncluded: () => true }).items
    assert.deepStrictEqual(
      gap?._tag === "Gap" && [gap.from.epochMilliseconds, gap.to?.epochMilliseconds],
      [90_000, 200_000]
    )
  })

  it("P1.1: emits each part of a read, and leaves pending messages to the parts that follow", () => {
    const parts = [
      startedAtA,
      signals(Signal.overflow, liveAt("d", 103)),
      readPart(message("c", 102), message("b", 101), message("a", 100))
    ]
    const between = after(...parts)
    assert.deepStrictEqual([between.items, between.state._tag], [["a", "CaughtUp", "b", "c"], "CatchingUp"])
    const whole = after(...parts, readBack(message("d", 103), message("c", 102)))
    assert.deepStrictEqual([whole.items, whole.state._tag], [["a", "CaughtUp", "b", "c", "d", "CaughtUp"], "Live"])
  })

  it("keeps pending signals between two parts, but for messages that are newer than the first page was", () => {
    const pending = signals(
      liveAt("newer", 301),
      liveAt("not read yet", 300),
      Signal.connected(2),
      liveAt("in the gap", 101.5)
    )
    const part: Event = {
      _tag: "HistoryRead",
      sessions: 1,
      messages: [message("c", 102), message("a", 100)],
      previousThrough: null,
      newestSeconds: 300,
      hasMore: true
    }
    const { items, state } = after(startedAtA, signals(Signal.overflow), pending, part)
    assert.deepStrictEqual(items, ["a", "CaughtUp", "c", "in the gap late"])
    assert(state._tag === "CatchingUp")
    assert.deepStrictEqual(state.pending, [liveAt("not read yet", 300), Signal.connected(2)])
  })

  it("P1.1: reads back to the time at which a read in parts was begun, even if its parts had newer messages", () => {
    const merge = makeMerge()
    const part = (hasMore: boolean, ...messages: ReadonlyArray<ConversationMessage>): Event => ({
      _tag: "HistoryRead",
      sessions: 1,
      messages,
      previousThrough: null,
      newestSeconds: 300,
      hasMore
    })
    let state: State = initial
    for (
      const event of [
        startedAtA,
        signals(Signal.overflow),
        part(true, message("b", 200), message("a", 100)),
        part(false, message("d", 400), message("c", 300), message("b", 200))
      ]
    ) {
      state = transition(state, event, { merge, isIncluded: () => true }).state
    }
    assert.deepStrictEqual([state._tag, merge.readBackTo()], ["Live", 290])
  })

  it.each([
    { messages: [], to: null },
    { messages: [message("z", 300), message("y", 200)], to: 200_000 }
  ])("P3.3: emits a gap up to the oldest message that was read: $to", ({ messages, to }) => {
    const merge = makeMerge()
    merge.acceptAll([message("a", 100)])
    const state: State = { _tag: "CatchingUp", pending: [], emitsCaughtUp: true }
    const [gap] = transition(state, readBack(...messages), { merge, isIncluded: () => true }).items
    assert(gap?._tag === "Gap")
    assert.deepStrictEqual(
      [gap.from.epochMilliseconds, gap.to?.epochMilliseconds ?? null, gap.reason],
      [90_000, to, "history-too-short"]
    )
  })

  it("P3.3: emits no gap when the oldest message that was read has the time up to which messages are known", () => {
    const { items } = after(startedAtA, signals(Signal.overflow), readBack(message("b", 200), message("late", 100)))
    assert.deepStrictEqual(items, ["a", "CaughtUp", "late", "b", "CaughtUp"])
  })

  it.each([
    { messages: [message("b", 200), message("a", 100)], through: 200_000 },
    { messages: [], through: null }
  ])("says with CaughtUp the time of the newest message: $through", ({ messages, through }) => {
    const dependencies = { merge: makeMerge(), isIncluded: () => true }
    const caughtUp = transition(initial, started(reached(...messages)), dependencies).items.at(-1)
    assert(caughtUp?._tag === "CaughtUp")
    assert.strictEqual(caughtUp.through?.epochMilliseconds ?? null, through)
  })

  it("P1.4: does not count what comes after an event that could not be decoded while it catches up", () => {
    const merge = makeMerge()
    let state: State = initial
    const catchingUp = [startedAtA, signals(Signal.overflow), signals(undecodable)]
    for (const event of [...catchingUp, readBack(message("a", 100)), signals(liveAt("z", 1000))]) {
      state = transition(state, event, { merge, isIncluded: () => true }).state
    }
    assert.strictEqual(merge.readBackTo(), 90)
  })

  it("emits CaughtUp when only the first part of a requested read recovers a message", () => {
    const first = readPart(message("b", 101), message("a", 100))
    const { items } = after(startedAtA, signals(Signal.requested), first, readBack(message("b", 101)))
    assert.deepStrictEqual(items, ["a", "CaughtUp", "b", "CaughtUp"])
  })

  it("P1.2: reads all of history first, when it starts with all of it", () => {
    const startedUnread: Event = { _tag: "StartedUnread" }
    const whole = readBack(message("b", 2), message("a", 1))
    assert.deepStrictEqual(after(signals(liveAt("c", 3)), startedUnread, whole).items, ["a", "b", "CaughtUp", "c"])
  })

  it("emits no gap when nothing was known", () => {
    const { items } = after(started(reached()), signals(Signal.overflow), readBack(message("z", 200)))
    assert.deepStrictEqual(items, ["CaughtUp", "z", "CaughtUp"])
  })

  it("reads history before it ends", () => {
    const behind = [startedAtA, signals(Signal.overflow), ended]
    assert.strictEqual(after(...behind).state._tag, "CatchingUp")
    const caughtUp = [...behind, readBack(message("b", 101), message("a", 100))]
    assert.deepStrictEqual(after(...caughtUp).items, ["a", "CaughtUp", "b", "CaughtUp"])
    assert.strictEqual(after(...caughtUp, ended).state._tag, "Ended")
  })

  it.each([[failed], [startedAtA, failed], [startedAtA, signals(Signal.overflow), failed]])(
    "fails in every state, and keeps the error",
    (...events) => {
      assert.deepStrictEqual(after(...events).state, { _tag: "Failed", error })
    }
  )

  const everything = [
    startedAtA,
    { _tag: "StartedUnread" } satisfies Event,
    { _tag: "Resumed", resumePoint: resumePointOf(makeMerge()) } satisfies Event,
    signals(liveAt("z", 300), Signal.overflow),
    readBack(message("z", 300)),
    failed,
    ended
  ]

  it.each(everything)("emits nothing after it failed: $_tag", (event) => {
    assert.deepStrictEqual(after(failed, event), { state: { _tag: "Failed", error }, items: [], recovered: 0 })
  })

  it.each(everything)("emits nothing after it ended: $_tag", (event) => {
    const { items, state } = after(startedAtA, ended, event)
    assert.deepStrictEqual([state._tag, items], ["Ended", ["a", "CaughtUp"]])
  })

  it.each([readBack(message("z", 300)), ended])(
    "waits for its start: $_tag",
    (event) => {
      assert.deepStrictEqual(after(event), { state: initial, items: [], recovered: 0 })
    }
  )

  it.each([startedAtA, readBack(message("z", 300))])("does not start or read back twice: $_tag", (event) => {
    const { items, state } = after(startedAtA, event)
    assert.deepStrictEqual([state._tag, items], ["Live", ["a", "CaughtUp"]])
  })
})
