import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import { AddressId, ConversationId, SubscriberId } from "@effect-signalwire/schema/Ids"
import { assert, describe, it } from "@effect/vitest"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Accepted, Merge } from "../src/internal/merge.ts"
import { compare } from "../src/internal/position.ts"
import { copy, limited, message, reached, resumePointOf } from "./support.ts"

const make = () => new Merge({ overlapSeconds: 10, memory: 64, countsLiveAsVerified: true })

/** Few ids and few times, so that duplicates and equal times occur. */
const Step = Schema.Struct({
  how: Schema.Literals(["live", "read", "mark"]),
  ids: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 })))
})

/** Also restarts, each followed by a read. */
const StepOrRestart = Schema.Struct({ ...Step.fields, how: Schema.Literals(["live", "read", "restart"]) })

/** A message's time follows from its id: three messages share each second. */
const numbered = (id: number) => message(`m${id}`, Math.floor(id / 3))

/** Every send but those of the first ten messages is stored twice or more, with an interval of some seconds. */
const copied = (id: number) =>
  id < 10
    ? numbered(id)
    : copy(`m${id}`, Math.floor(id / 3), `send ${id % 10}`, {
      fromAddressId: id % 2 === 0 ? AddressId.make("a1") : null
    })

describe("Merge", () => {
  it("accepts a message once, however it comes again", () => {
    const merge = make()
    assert.isDefined(merge.accept(message("a", 1)))
    assert.isUndefined(merge.accept(message("a", 1)))
    assert.deepStrictEqual(merge.acceptAll([message("a", 1)]), [])
  })

  it("P3.1: accepts the messages of a read by time, then id", () => {
    const merge = make()
    const accepted = merge.acceptAll([message("c", 2), message("b", 1), message("a", 2)])
    assert.deepStrictEqual(accepted.map(({ message }) => message.id), ["b", "a", "c"])
    assert.isTrue(accepted.every(({ late }) => !late))
  })

  it("marks a message late that precedes an accepted one", () => {
    const merge = make()
    merge.accept(message("b", 2))
    assert.strictEqual(merge.accept(message("a", 1))?.late, true)
    assert.strictEqual(merge.accept(message("c", 2))?.late, false)
  })

  it("does not accept messages that were marked as seen", () => {
    const merge = make()
    merge.markSeen(reached(message("a", 1)))
    assert.isUndefined(merge.accept(message("a", 1)))
    assert.isDefined(merge.accept(message("b", 1)))
  })

  it("reads back to the beginning at first, then to the overlap before the newest position", () => {
    const merge = make()
    assert.isNull(merge.readBackTo())
    merge.accept(message("a", 100))
    assert.strictEqual(merge.readBackTo(), 90)
  })

  it("P1.5: ignores messages of a page that precede the point to which history is read back", () => {
    const previous = make()
    previous.acceptAll([message("a", 1), message("b", 100)])
    const merge = make()
    merge.resume(resumePointOf(previous))
    assert.deepStrictEqual(merge.acceptAll([message("b", 100), message("a", 1)]), [])
    const begun = make()
    begun.markSeen(reached(message("b", 100)))
    assert.deepStrictEqual(begun.acceptAll([message("b", 100), message("a", 1)]), [])
  })

  it("P1.5: does not repeat forgotten messages after a restart", () => {
    const previous = make()
    const messages = Array.from({ length: 200 }, (_, index) => message(`m${index}`, 1000 + index / 100))
    for (const message of messages) previous.accept(message)
    assert.isAtLeast(previous.readBackTo() ?? 0, 1000)
    const merge = make()
    merge.resume(resumePointOf(previous))
    assert.deepStrictEqual(merge.acceptAll(messages), [])
  })

  it("P1.5: does not repeat forgotten messages after a restart when nothing but one time is remembered", () => {
    const previous = make()
    const forgotten = Array.from({ length: 64 }, (_, index) => message(`m${index}`, 1001))
    for (const message of forgotten) previous.accept(message)
    for (let index = 0; index < 64; index++) previous.accept(message(`n${index}`, 1002))
    previous.acceptAll(Array.from({ length: 2000 }, (_, index) => message(`o${index}`, 1002)))
    const merge = make()
    merge.resume(resumePointOf(previous))
    assert.deepStrictEqual(merge.acceptAll(forgotten), [])
  })

  it("P2.1: recognizes all messages of a large read when they are pushed again", () => {
    const merge = make()
    const messages = Array.from({ length: 500 }, (_, index) => message(`m${index}`, 1000 + index))
    merge.acceptAll(messages)
    assert.deepStrictEqual(messages.flatMap((again) => merge.accept(again) ?? []), [])
  })

  it("P2.1: recognizes all messages of a large read that was marked as seen when they are pushed", () => {
    const merge = make()
    const messages = Array.from({ length: 500 }, (_, index) => message(`m${index}`, 1000 + index))
    merge.markSeen({ messages, end: "reached" })
    assert.deepStrictEqual(messages.flatMap((again) => merge.accept(again) ?? []), [])
  })

  it("P2.1: accepts no pending message of a time that is forgotten", () => {
    const merge = make()
    merge.markSeen(limited(message("b", 100), message("a", 99)))
    assert.isUndefined(merge.acceptPending(message("another", 99)))
    assert.isDefined(merge.acceptPending(message("after", 99.5)))
  })

  it("verifies a message of the time zero", () => {
    const merge = make()
    merge.acceptAll([message("a", 0)])
    assert.strictEqual(merge.readBackTo(), -10)
  })

  it("marks a read as seen that has more messages than a call may have arguments", () => {
    const merge = make()
    merge.markSeen({ messages: Arr.makeBy(200_000, (second) => message(`m${second}`, second)), end: "limit" })
    assert.strictEqual(merge.newest()?.epochSeconds, 199_999)
  })

  it("does not read back beyond a read that reached its limit", () => {
    const merge = make()
    merge.markSeen(limited(message("c", 100), message("b", 99)))
    assert.deepStrictEqual(merge.acceptAll([message("c", 100), message("b", 99), message("a", 98)]), [])
  })

  it("P1.1 P3.2: accepts a message that becomes visible within a read that reached its limit", () => {
    const merge = make()
    merge.markSeen(limited(message("c", 100), message("b", 90)))
    const accepted = merge.acceptAll([message("c", 100), message("late", 95), message("b", 90), message("a", 89)])
    assert.deepStrictEqual(accepted.map(({ late, message }) => [message.id, late]), [["late", true]])
  })

  it("P3.2: keeps its newest position when a late message follows, also after a restart", () => {
    const merge = make()
    merge.accept(message("newest", 100))
    merge.accept(message("late", 95))
    const next = make()
    next.resume(resumePointOf(merge))
    assert.deepStrictEqual([merge.newest()?.id, next.newest()?.id], ["newest", "newest"])
    assert.isTrue(next.accept(message("later still", 97))?.late)
  })

  it("P3.2: keeps its newest position when older messages are marked as seen", () => {
    const merge = make()
    merge.markSeen(reached(message("newest", 100), message("older", 95)))
    assert.strictEqual(merge.newest()?.id, "newest")
    assert.strictEqual(merge.readBackTo(), 90)
  })

  it("accepts no message twice when a re-read goes back beyond what it remembers", () => {
    const merge = make()
    const messages = Array.from({ length: 1000 }, (_, index) => message(`m${index}`, 1000 + index / 200))
    merge.acceptAll(messages)
    assert.deepStrictEqual(merge.acceptAll(messages), [])
  })

  it("reads back to the last read when live events do not count as verified", () => {
    const merge = new Merge({ overlapSeconds: 10, memory: 64, countsLiveAsVerified: false })
    merge.acceptAll([message("a", 100)])
    merge.accept(message("z", 500))
    assert.strictEqual(merge.readBackTo(), 90)
    assert.deepStrictEqual(merge.acceptAll([message("m", 300)]).map(({ late }) => late), [true])
    assert.strictEqual(merge.readBackTo(), 290)
  })

  it("P2.3: does not verify the time of a live copy that was not accepted", () => {
    const merge = make()
    merge.accept(copy("first", 100, "send"))
    merge.accept(copy("second", 500, "send"))
    assert.strictEqual(merge.readBackTo(), 90)
  })

  it("knows all messages through the newest, even before it was verified", () => {
    const merge = new Merge({ overlapSeconds: 10, memory: 64, countsLiveAsVerified: false })
    assert.isNull(merge.knownThrough())
    merge.acceptAll([message("a", 100)])
    merge.accept(message("z", 500))
    assert.deepStrictEqual([merge.knownThrough(), merge.readBackTo()], [500, 90])
  })

  it("P1.1: verifies a read only up to the newest message when it began", () => {
    const merge = new Merge({ overlapSeconds: 10, memory: 64, countsLiveAsVerified: true })
    merge.acceptAll([message("b", 200), message("a", 100)], 150)
    assert.strictEqual(merge.readBackTo(), 140)
    assert.deepStrictEqual(merge.acceptAll([message("late", 145)]).map(({ late }) => late), [true])
  })

  it("resumes where another merge stopped", () => {
    const merge = make()
    merge.acceptAll([message("a", 95), message("b", 100)])
    const next = make()
    next.resume(resumePointOf(merge))
    assert.strictEqual(next.readBackTo(), 90)
    const accepted = next.acceptAll([message("c", 101), message("b", 100), message("a", 95)])
    assert.deepStrictEqual(accepted.map(({ message }) => message.id), ["c"])
  })

  it("P2.3: accepts one of two stored copies of a send, whichever comes first", () => {
    const read = make()
    const both = [copy("second", 7, "send"), copy("first", 2, "send")]
    assert.deepStrictEqual(read.acceptAll(both).map(({ message }) => message.id), ["first"])
    const live = make()
    assert.isDefined(live.accept(copy("second", 7, "send")))
    assert.isUndefined(live.accept(copy("first", 2, "send")))
    assert.deepStrictEqual(live.acceptAll(both), [])
  })

  it("P2.3: does not accept a copy of a message that was marked as seen", () => {
    const merge = make()
    merge.markSeen(reached(copy("first", 2, "send")))
    assert.isUndefined(merge.accept(copy("second", 7, "send")))
  })

  it("P2.3: counts a copy as read, so that it is not read again and again", () => {
    const merge = new Merge({ overlapSeconds: 10, memory: 64, countsLiveAsVerified: false })
    merge.acceptAll([copy("first", 100, "send")])
    merge.acceptAll([copy("second", 500, "send")])
    assert.deepStrictEqual([merge.readBackTo(), merge.knownThrough(), merge.newest()?.id], [490, 500, "first"])
  })

  it("does not mark messages late because of a copy that was not accepted", () => {
    const merge = make()
    merge.accept(copy("first", 100, "send"))
    merge.accept(copy("second", 200, "send"))
    assert.deepStrictEqual([merge.accept(message("a", 150))?.late, merge.accept(message("b", 149))?.late], [
      false,
      true
    ])
  })

  it.each([
    ["another sender", { userId: SubscriberId.make("grace") }],
    ["another conversation", { conversationId: ConversationId.make("other") }],
    ["an unknown sender", { userId: null }]
  ])("accepts the same client id of %s", (_, fields) => {
    const merge = make()
    merge.accept(copy("a", 1, "send"))
    assert.isDefined(merge.accept(copy("b", 2, "send", fields)))
  })

  it.each([
    ["the senders are unknown", null, null],
    ["two senders are identified by their addresses", "a1", "a2"]
  ])("accepts the same client id when %s", (_, first, second) => {
    const from = (id: string | null) => ({ userId: null, fromAddressId: id === null ? null : AddressId.make(id) })
    const merge = make()
    merge.accept(copy("a", 1, "send", from(first)))
    const next = make()
    next.resume(resumePointOf(merge))
    assert.isDefined(merge.accept(copy("b", 2, "send", from(second))))
    assert.isDefined(next.accept(copy("b", 2, "send", from(second))))
  })

  it.each([
    ["only its subscriber", { fromAddressId: null }, { fromAddressId: null }],
    ["only its address", { userId: null }, { userId: null }],
    ["its address too", {}, { userId: null }],
    ["its subscriber too", { fromAddressId: null }, {}]
  ])("P2.3: recognizes a sender when a copy has %s", (_, first, second) => {
    const from = { fromAddressId: AddressId.make("a1") }
    const merge = make()
    merge.accept(copy("a", 1, "send", { ...from, ...first }))
    const next = make()
    next.resume(resumePointOf(merge))
    const again = copy("b", 2, "send", { ...from, addressId: AddressId.make("detected meanwhile"), ...second })
    assert.isUndefined(merge.accept(again))
    assert.isUndefined(next.accept(again))
  })

  it("P1.5 P2.3: recognizes copies after several restarts, long after the overlap", () => {
    let merge = make()
    merge.acceptAll([copy("first", 100, "send")])
    merge.acceptAll([message("a", 1000)])
    for (let restarts = 0; restarts < 3; restarts++) {
      const next = make()
      next.resume(resumePointOf(merge))
      next.acceptAll([message("a", 1000), message(`after ${restarts}`, 1001 + restarts)])
      merge = next
    }
    assert.isUndefined(merge.accept(copy("second", 1010, "send")))
  })

  it("P7.3: forgets the messages of the previous merge after as many new ones as it remembers", () => {
    const previous = make()
    previous.acceptAll([copy("first", 100, "send")])
    const merge = make()
    merge.resume(resumePointOf(previous))
    for (let n = 0; n < 64; n++) merge.accept(message(`m${n}`, 200 + n))
    assert.isUndefined(merge.state().previous)
  })

  it("P1.5: keeps the messages of the previous merge while it accepts what precedes its newest message", () => {
    const previous = make()
    previous.acceptAll([message("newest", 300)])
    const merge = make()
    merge.resume(resumePointOf(previous))
    for (let n = 0; n < 100; n++) merge.accept(message(`late ${n}`, 295))
    assert.isDefined(merge.state().previous)
    assert.isUndefined(merge.accept(message("newest", 300)))
  })

  it("P7.3: remembers at most twice as many messages as it has to, after live events only", () => {
    const merge = new Merge({ overlapSeconds: 1_000_000, memory: 64, countsLiveAsVerified: true })
    for (let n = 0; n < 1000; n++) merge.accept(copy(`m${n}`, n, `send ${n}`))
    const { ids, sends } = merge.state()
    assert.isAtMost(ids.length, 2 * 64)
    assert.isAtMost(sends.length, 2 * 64)
    assert.isAtLeast(ids.length, 64)
  })

  it("P7.3: remembers at most two reads and twice as many messages as it has to, after reads only", () => {
    const merge = new Merge({ overlapSeconds: 1_000_000, memory: 64, countsLiveAsVerified: true })
    for (let n = 0; n < 1000; n += 10) {
      merge.acceptAll(Array.from({ length: 10 }, (_, index) => message(`m${n + index}`, n + index)))
    }
    assert.isAtMost(merge.state().ids.length, 2 * (64 + 10))
  })

  it.effect.prop(
    "P2.1: repeats and loses no message, and marks exactly those out of order late, for any input",
    { steps: Schema.Array(Step) },
    ({ steps }) =>
      Effect.sync(() => {
        const merge = new Merge({ overlapSeconds: 1000, memory: 64, countsLiveAsVerified: false })
        const passed = new Set<string>()
        const out: Array<Accepted<ConversationMessage>> = []
        const marked = new Set<string>()
        let newest: ConversationMessage | undefined
        for (const { how, ids } of steps) {
          const messages = ids.map(numbered)
          if (how === "mark") {
            for (const { id } of messages) if (!passed.has(id)) marked.add(id)
            merge.markSeen({ messages, end: "reached" })
          } else if (how === "read") out.push(...merge.acceptAll(messages))
          else out.push(...messages.flatMap((message) => merge.accept(message) ?? []))
          for (const { id } of messages) passed.add(id)
        }
        const ids = out.map(({ message }) => message.id)
        assert.strictEqual(new Set(ids).size, ids.length)
        assert.deepStrictEqual(new Set([...ids, ...marked]), passed)
        for (const { late, message } of out) {
          if (marked.size > 0) break
          assert.strictEqual(late, newest !== undefined && compare(message, newest) <= 0)
          if (!late) newest = message
        }
      }),
    { arbitrary: { runs: 500 } }
  )

  it.effect.prop(
    "P1.5 P2.3: accepts one copy of every send, in order or marked late, across any restarts",
    { steps: Schema.Array(StepOrRestart) },
    ({ steps }) =>
      Effect.sync(() => {
        const makeLarge = () => new Merge({ overlapSeconds: 1000, memory: 64, countsLiveAsVerified: false })
        let merge = makeLarge()
        const passed = new Set<string>()
        const out: Array<string> = []
        let newest: ConversationMessage | undefined
        for (const { how, ids } of steps) {
          if (how === "restart") {
            const previous = merge
            merge = makeLarge()
            merge.resume(resumePointOf(previous))
          }
          const messages = ids.map(copied)
          const accepted = how === "live"
            ? messages.flatMap((message) => merge.accept(message) ?? [])
            : merge.acceptAll(messages)
          for (const { clientId, id } of messages) passed.add(clientId ?? id)
          for (const { late, message } of accepted) {
            out.push(message.clientId ?? message.id)
            assert.strictEqual(late, newest !== undefined && compare(message, newest) <= 0)
            if (!late) newest = message
          }
        }
        assert.strictEqual(new Set(out).size, out.length)
        assert.deepStrictEqual(new Set(out), passed)
      }),
    { arbitrary: { runs: 500 } }
  )
})
