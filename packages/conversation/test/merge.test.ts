import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import { AddressId, ConversationId, SubscriberId } from "@effect-signalwire/schema/Ids"
import { assert, describe, it } from "@effect/vitest"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Merge from "../src/internal/merge.ts"
import { compare } from "../src/internal/position.ts"
import { copy, cutShort, message, reached, savedOf } from "./support.ts"

const make = () => Merge.make({ overlapSeconds: 10, memory: 64, trustLive: true })

/** Few ids and few times, so that repetitions and equal times happen. */
const Happening = Schema.Struct({
  how: Schema.Literals(["live", "read", "note"]),
  ids: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 })))
})

/** The same, and a restart before some are read. */
const Restarting = Schema.Struct({ ...Happening.fields, how: Schema.Literals(["live", "read", "restart"]) })

/** A message's time follows from its id: three messages share each second. */
const numbered = (id: number) => message(`m${id}`, Math.floor(id / 3))

/** Every send but those of ten messages is stored a second time, five seconds later, by a server of some dialect. */
const copied = (id: number) =>
  id < 10
    ? numbered(id)
    : copy(`m${id}`, Math.floor(id / 3), `send ${id % 10}`, {
      fromAddressId: id % 2 === 0 ? AddressId.make("a1") : null
    })

describe("the merge", () => {
  it("lets a message through once, however it comes again", () => {
    const merge = make()
    assert.isDefined(merge.admit(message("a", 1)))
    assert.isUndefined(merge.admit(message("a", 1)))
    assert.deepStrictEqual(merge.admitAll([message("a", 1)]), [])
  })

  it("P3.1: lets what one read brings through by time, then id", () => {
    const merge = make()
    const admitted = merge.admitAll([message("c", 2), message("b", 1), message("a", 2)])
    assert.deepStrictEqual(admitted.map(({ message }) => message.id), ["b", "a", "c"])
    assert.isTrue(admitted.every(({ late }) => !late))
  })

  it("marks late what stands before something that was let through", () => {
    const merge = make()
    merge.admit(message("b", 2))
    assert.strictEqual(merge.admit(message("a", 1))?.late, true)
    assert.strictEqual(merge.admit(message("c", 2))?.late, false)
  })

  it("does not let through what it took note of", () => {
    const merge = make()
    merge.note(reached(message("a", 1)))
    assert.isUndefined(merge.admit(message("a", 1)))
    assert.isDefined(merge.admit(message("b", 1)))
  })

  it("asks for everything while it knows nothing, then for the overlap before the frontier", () => {
    const merge = make()
    assert.isNull(merge.readBackTo())
    merge.admit(message("a", 100))
    assert.strictEqual(merge.readBackTo(), 90)
  })

  it("P1.5: lets nothing through that a page brings from before the point the re-read was to reach", () => {
    const earlier = make()
    earlier.admitAll([message("a", 1), message("b", 100)])
    const merge = make()
    merge.resume(savedOf(earlier))
    assert.deepStrictEqual(merge.admitAll([message("b", 100), message("a", 1)]), [])
    const begun = make()
    begun.note(reached(message("b", 100)))
    assert.deepStrictEqual(begun.admitAll([message("b", 100), message("a", 1)]), [])
  })

  it("P1.5: goes on after a restart without what it had forgotten before", () => {
    const earlier = make()
    const messages = Array.from({ length: 200 }, (_, index) => message(`m${index}`, 1000 + index / 100))
    earlier.admitAll(messages)
    const merge = make()
    merge.resume(savedOf(earlier))
    assert.deepStrictEqual(merge.admitAll(messages), [])
  })

  it("P2.1: recognises all of a read when it is pushed again, however much that was", () => {
    const merge = make()
    const messages = Array.from({ length: 500 }, (_, index) => message(`m${index}`, 1000 + index))
    merge.admitAll(messages)
    assert.deepStrictEqual(messages.flatMap((again) => merge.admit(again) ?? []), [])
  })

  it("takes note of a read that is longer than a call may have arguments", () => {
    const merge = make()
    merge.note({ messages: Arr.makeBy(200_000, (second) => message(`m${second}`, second)), end: "limit" })
    assert.strictEqual(merge.frontier()?.epochSeconds, 199_999)
  })

  it("does not go behind a read that was cut short", () => {
    const merge = make()
    merge.note(cutShort(message("c", 100), message("b", 99)))
    assert.deepStrictEqual(merge.admitAll([message("c", 100), message("b", 99), message("a", 98)]), [])
  })

  it("lets nothing through twice that a re-read brings from before what it remembers", () => {
    const merge = make()
    const messages = Array.from({ length: 1000 }, (_, index) => message(`m${index}`, 1000 + index / 200))
    merge.admitAll(messages)
    assert.deepStrictEqual(merge.admitAll(messages), [])
  })

  it("asks for everything since the last read, when live events are not trusted to be all", () => {
    const merge = Merge.make({ overlapSeconds: 10, memory: 64, trustLive: false })
    merge.admitAll([message("a", 100)])
    merge.admit(message("z", 500))
    assert.strictEqual(merge.readBackTo(), 90)
    assert.deepStrictEqual(merge.admitAll([message("m", 300)]).map(({ late }) => late), [true])
    assert.strictEqual(merge.readBackTo(), 290)
  })

  it("P1.1: counts a read as verified up to what was newest when it began, and no further", () => {
    const merge = Merge.make({ overlapSeconds: 10, memory: 64, trustLive: true })
    merge.admitAll([message("b", 200), message("a", 100)], 150)
    assert.strictEqual(merge.readBackTo(), 140)
    assert.deepStrictEqual(merge.admitAll([message("late", 145)]).map(({ late }) => late), [true])
  })

  it("goes on where another stood", () => {
    const merge = make()
    merge.admitAll([message("a", 95), message("b", 100)])
    const next = make()
    next.resume(savedOf(merge))
    assert.strictEqual(next.readBackTo(), 90)
    const admitted = next.admitAll([message("c", 101), message("b", 100), message("a", 95)])
    assert.deepStrictEqual(admitted.map(({ message }) => message.id), ["c"])
  })

  it("P2.3: lets one of two stored copies of a send through, whichever comes first", () => {
    const read = make()
    const both = [copy("second", 7, "send"), copy("first", 2, "send")]
    assert.deepStrictEqual(read.admitAll(both).map(({ message }) => message.id), ["first"])
    const live = make()
    assert.isDefined(live.admit(copy("second", 7, "send")))
    assert.isUndefined(live.admit(copy("first", 2, "send")))
    assert.deepStrictEqual(live.admitAll(both), [])
  })

  it("P2.3: does not let a copy through of what it took note of", () => {
    const merge = make()
    merge.note(reached(copy("first", 2, "send")))
    assert.isUndefined(merge.admit(copy("second", 7, "send")))
  })

  it("P2.3: counts a copy as read, so that it is not read again and again", () => {
    const merge = Merge.make({ overlapSeconds: 10, memory: 64, trustLive: false })
    merge.admitAll([copy("first", 100, "send")])
    merge.admitAll([copy("second", 500, "send")])
    assert.deepStrictEqual([merge.readBackTo(), merge.reached(), merge.frontier()?.id], [490, 500, "first"])
  })

  it("marks nothing late for a copy that was not let through", () => {
    const merge = make()
    merge.admit(copy("first", 100, "send"))
    merge.admit(copy("second", 200, "send"))
    assert.deepStrictEqual([merge.admit(message("a", 150))?.late, merge.admit(message("b", 149))?.late], [false, true])
  })

  it.each([
    ["another sender", { userId: SubscriberId.make("grace") }],
    ["another conversation", { conversationId: ConversationId.make("other") }],
    ["a sender that is not told", { userId: null }]
  ])("lets the same client id through again, of %s", (_, fields) => {
    const merge = make()
    merge.admit(copy("a", 1, "send"))
    assert.isDefined(merge.admit(copy("b", 2, "send", fields)))
  })

  it.each([
    ["no sender is told", null, null],
    ["two senders are told by their addresses", "a1", "a2"]
  ])("lets the same client id through again where %s", (_, first, second) => {
    const from = (id: string | null) => ({ userId: null, fromAddressId: id === null ? null : AddressId.make(id) })
    const merge = make()
    merge.admit(copy("a", 1, "send", from(first)))
    const next = make()
    next.resume(savedOf(merge))
    assert.isDefined(merge.admit(copy("b", 2, "send", from(second))))
    assert.isDefined(next.admit(copy("b", 2, "send", from(second))))
  })

  it.each([
    ["only its subscriber", { fromAddressId: null }, { fromAddressId: null }],
    ["only its address", { userId: null }, { userId: null }],
    ["its address too", {}, { userId: null }],
    ["its subscriber too", { fromAddressId: null }, {}]
  ])("P2.3: knows a sender of which a copy tells %s", (_, first, second) => {
    const from = { fromAddressId: AddressId.make("a1") }
    const merge = make()
    merge.admit(copy("a", 1, "send", { ...from, ...first }))
    const next = make()
    next.resume(savedOf(merge))
    const again = copy("b", 2, "send", { ...from, addressId: AddressId.make("learned meanwhile"), ...second })
    assert.isUndefined(merge.admit(again))
    assert.isUndefined(next.admit(again))
  })

  it("P1.5 P2.3: recognises copies after restart upon restart, long after the overlap", () => {
    let merge = make()
    merge.admitAll([copy("first", 100, "send")])
    merge.admitAll([message("a", 1000)])
    for (let restarts = 0; restarts < 3; restarts++) {
      const next = make()
      next.resume(savedOf(merge))
      next.admitAll([message("a", 1000), message(`after ${restarts}`, 1001 + restarts)])
      merge = next
    }
    assert.isUndefined(merge.admit(copy("second", 1010, "send")))
  })

  it("P7.3: forgets what an earlier one knew, when it would have forgotten it itself", () => {
    const earlier = make()
    earlier.admitAll([copy("first", 100, "send")])
    const merge = make()
    merge.resume(savedOf(earlier))
    for (let n = 0; n < 64; n++) merge.admit(message(`m${n}`, 200 + n))
    assert.isUndefined(merge.standing().earlier)
  })

  it.effect.prop(
    "P2.1: nothing twice, nothing lost, and late exactly when out of order, whatever happens",
    { happenings: Schema.Array(Happening) },
    ({ happenings }) =>
      Effect.sync(() => {
        const merge = Merge.make({ overlapSeconds: 1000, memory: 64, trustLive: false })
        const told = new Set<string>()
        const out: Array<Merge.Admitted<ConversationMessage>> = []
        const noted = new Set<string>()
        let frontier: ConversationMessage | undefined
        for (const { how, ids } of happenings) {
          const messages = ids.map(numbered)
          if (how === "note") {
            for (const { id } of messages) if (!told.has(id)) noted.add(id)
            merge.note({ messages, end: "reached" })
          } else if (how === "read") out.push(...merge.admitAll(messages))
          else out.push(...messages.flatMap((message) => merge.admit(message) ?? []))
          for (const { id } of messages) told.add(id)
        }
        const ids = out.map(({ message }) => message.id)
        assert.strictEqual(new Set(ids).size, ids.length)
        assert.deepStrictEqual(new Set([...ids, ...noted]), told)
        for (const { late, message } of out) {
          if (noted.size > 0) break
          assert.strictEqual(late, frontier !== undefined && compare(message, frontier) <= 0)
          if (!late) frontier = message
        }
      }),
    { arbitrary: { runs: 500 } }
  )

  it.effect.prop(
    "P1.5 P2.3: lets one copy of every send through, in order or marked late, whatever happens between restarts",
    { happenings: Schema.Array(Restarting) },
    ({ happenings }) =>
      Effect.sync(() => {
        const fresh = () => Merge.make({ overlapSeconds: 1000, memory: 64, trustLive: false })
        let merge = fresh()
        const told = new Set<string>()
        const out: Array<string> = []
        let frontier: ConversationMessage | undefined
        for (const { how, ids } of happenings) {
          if (how === "restart") {
            const earlier = merge
            merge = fresh()
            merge.resume(savedOf(earlier))
          }
          const messages = ids.map(copied)
          const admitted = how === "live"
            ? messages.flatMap((message) => merge.admit(message) ?? [])
            : merge.admitAll(messages)
          for (const { clientId, id } of messages) told.add(clientId ?? id)
          for (const { late, message } of admitted) {
            out.push(message.clientId ?? message.id)
            assert.strictEqual(late, frontier !== undefined && compare(message, frontier) <= 0)
            if (!late) frontier = message
          }
        }
        assert.strictEqual(new Set(out).size, out.length)
        assert.deepStrictEqual(new Set(out), told)
      }),
    { arbitrary: { runs: 500 } }
  )
})
